//! The logout token, checked as OpenID Connect Back-Channel Logout section 2.6 has it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{failure::Failure, id_token::SKEW, jws::Verified};

/// The event it is about.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The oldest that is taken, in seconds, whatever its `exp` says.
const OLDEST: i64 = 300;

/// A logout token that was verified and checked.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct LogoutToken {
    /// The person.
    pub(super) sub: Option<String>,
    /// The session; without, every session of the person's.
    pub(super) sid: Option<String>,
    /// Its name: it is taken once.
    pub(super) jti: String,
    iat: i64,
    exp: i64,
}

impl LogoutToken {
    /// Checks a token whose signature, issuer and audience are verified.
    pub(super) fn check(token: Verified, now: Timestamp) -> Result<Self, Failure> {
        let Verified { header, claims } = token;
        let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default();
        let is_event = claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
        let has_nonce = claims.get("nonce").is_some();
        let read: Self = serde_json::from_value(claims).map_err(|_| Failure::Untrusted("a claim is missing"))?;
        let second = now.as_second();
        let rules = [
            (typ.eq_ignore_ascii_case("logout+jwt"), "typ is not a logout token's"),
            (is_event, "events is not a logout's"),
            (!has_nonce, "a logout token has no nonce"),
            (read.sub.is_some() || read.sid.is_some(), "neither sub nor sid"),
            (second < read.exp, "the logout token has expired"),
            (read.iat <= (now + SKEW).as_second(), "the logout token is from the future"),
            (read.iat > second - OLDEST, "the logout token is old"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, broken)) => Err(Failure::Untrusted(broken)),
            None => Ok(read),
        }
    }

    /// Whether it is about this person's session.
    pub(super) fn is_about(&self, sub: &str, sid: &str) -> bool {
        self.sub.as_deref().is_none_or(|ended| ended == sub) && self.sid.as_deref().is_none_or(|ended| ended == sid)
    }

    /// Until when it could be sent again.
    pub(super) fn expires_at(&self) -> Timestamp {
        Timestamp::from_second(self.exp).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(typ: &str, more: &Value) -> Result<LogoutToken, Failure> {
        let mut claims = json!({
            "sub": "s", "sid": "t", "jti": "j", "iat": 1000, "exp": 1120, "events": { EVENT: {} },
        });
        if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
            claims.extend(more.clone());
        }
        LogoutToken::check(Verified { header: json!({ "typ": typ }), claims }, Timestamp::from_second(1000).unwrap())
    }

    #[test]
    fn a_token_of_the_right_form_is_taken_and_names_whom_it_is_about() {
        let token = checked("logout+jwt", &json!({})).unwrap();
        assert!(token.is_about("s", "t"));
        assert!(!token.is_about("s", "u") && !token.is_about("r", "t"));
        let everywhere = checked("logout+jwt", &json!({ "sid": null })).unwrap();
        assert!(everywhere.is_about("s", "t") && everywhere.is_about("s", "u") && !everywhere.is_about("r", "t"));
    }

    #[test]
    fn a_token_of_any_other_form_is_refused() {
        for typ in ["JWT", "at+jwt", ""] {
            assert!(checked(typ, &json!({})).is_err(), "{typ}");
        }
        for more in [
            json!({ "nonce": "n" }),
            json!({ "events": {} }),
            json!({ "events": { EVENT: true } }),
            json!({ "events": null }),
            json!({ "sub": null, "sid": null }),
            json!({ "jti": null }),
            json!({ "exp": 1000 }),
            json!({ "iat": 1061 }),
            json!({ "iat": 700, "exp": 9000 }),
        ] {
            assert!(checked("logout+jwt", &more).is_err(), "{more}");
        }
    }
}
