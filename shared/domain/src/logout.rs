//! What a relying party is to be told when a session ends: the message between signing out and the function that
//! makes the logout token (OpenID Connect Back-Channel Logout 1.0).

use serde::{Deserialize, Serialize};

use crate::signing_keys::Algorithm;

/// One relying party to tell. The token is made when it is sent: its minutes begin then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutNotice {
    /// The relying party.
    pub client_id: String,
    /// Where it wants to be told; one that registered nothing is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Who, in the relying party's sector.
    pub sub: String,
    /// The session's name at this relying party.
    pub sid: String,
    /// What its ID tokens are signed with.
    pub algorithm: Algorithm,
}
