//! What the endpoints that clients call themselves share: reading the call, authenticating the client, proof of
//! possession, and errors in OAuth's words.

mod answer;
mod authenticate;
mod call;
mod life;

pub use answer::{Failure, created, given, json, nothing};
pub use authenticate::{Caller, Clients, replayed, used_once};
pub use call::{Call, Presentation};
pub use life::lives;
