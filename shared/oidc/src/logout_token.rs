//! The logout token (OpenID Connect Back-Channel Logout section 2.4): tells a relying party that a session is over.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{client::ClientId, numeric_date::NumericDate};

/// How long it can be taken for one: section 4 suggests two minutes at most.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(2);

/// The claims of a logout token. There must be no nonce among them, so that it is never taken for an ID token.
#[derive(Clone, Debug, Serialize)]
pub struct LogoutToken<'a> {
    iss: &'a str,
    aud: &'a ClientId,
    sub: &'a str,
    sid: &'a str,
    iat: NumericDate,
    exp: NumericDate,
    jti: String,
    events: Events,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Nothing,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Nothing {}

impl<'a> LogoutToken<'a> {
    /// For this client, about this person and session as the client knows them, with 16 random bytes for `jti`.
    pub fn new(
        issuer: &'a str,
        client_id: &'a ClientId,
        subject: &'a str,
        sid: &'a str,
        random: [u8; 16],
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer,
            aud: client_id,
            sub: subject,
            sid,
            iat: now.into(),
            exp: (now + LIFETIME).into(),
            jti: hex::encode(random),
            events: Events { logout: Nothing {} },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_what_the_specification_asks_for_and_no_nonce() {
        let now = "2026-11-25T08:00:00Z".parse().unwrap();
        let client_id = "rp".parse().unwrap();
        let token = LogoutToken::new("https://id.example", &client_id, "s", "sid-1", [1; 16], now);
        assert_eq!(
            serde_json::to_value(token).unwrap(),
            serde_json::json!({
                "iss": "https://id.example",
                "aud": "rp",
                "sub": "s",
                "sid": "sid-1",
                "iat": 1_795_593_600,
                "exp": 1_795_593_720,
                "jti": "01".repeat(16),
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            })
        );
    }
}
