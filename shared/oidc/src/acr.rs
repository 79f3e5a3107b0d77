//! `acr` (OpenID Connect Core section 2): the session's own levels, under their names in requests and tokens.

pub use domain::session::{Acr, AcrError};
