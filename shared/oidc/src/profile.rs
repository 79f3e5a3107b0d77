//! How strict a client asked us to be with it: the registered `profile`.

use serde::{Deserialize, Serialize};

/// The security profile a client is registered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OAuth 2.1 and OpenID Connect Core.
    #[default]
    Standard,
    /// FAPI 2.0 Security Profile: PAR, `private_key_jwt` without RS256, sender-constrained tokens.
    Fapi2,
}
