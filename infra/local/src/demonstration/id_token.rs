//! The ID token, checked as OpenID Connect Core section 3.1.3.7 has it; for one that came with a refresh, section 12.2.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{failure::Failure, jws::Verified};

/// How far the provider's clock may be from this one.
pub(super) const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// An ID token that was verified and checked.
#[derive(Clone)]
pub(super) struct IdToken {
    pub(super) header: Value,
    pub(super) claims: Value,
    /// The person, as this agency alone knows them.
    pub(super) sub: String,
    /// The provider's session, for signing out.
    pub(super) sid: String,
    pub(super) acr: String,
    auth_time: i64,
}

/// What was asked, and what the token must therefore say.
#[derive(Default)]
pub(super) struct Expected<'a> {
    /// The request's `nonce`.
    pub(super) nonce: Option<&'a str>,
    /// The person it was before.
    pub(super) sub: Option<&'a str>,
    /// The level that was asked for.
    pub(super) acr: Option<&'a str>,
    /// When the password was to be given anew.
    pub(super) signed_in_since: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    acr: String,
    nonce: Option<String>,
}

impl IdToken {
    /// Checks a token whose signature, issuer and audience are verified.
    pub(super) fn check(token: Verified, expected: &Expected<'_>, now: Timestamp) -> Result<Self, Failure> {
        let Verified { header, claims } = token;
        // A token of another kind says so, and is no ID token (RFC 8725 section 3.11).
        let typ = header.get("typ").and_then(Value::as_str);
        if typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(Failure::Untrusted("typ is not an ID token's"));
        }
        let read: Claims =
            serde_json::from_value(claims.clone()).map_err(|_| Failure::Untrusted("a claim is missing"))?;
        let rules = [
            (now.as_second() < read.exp, "the ID token has expired"),
            (read.iat <= (now + SKEW).as_second(), "the ID token is from the future"),
            (expected.nonce.is_none_or(|nonce| read.nonce.as_deref() == Some(nonce)), "nonce is not the request's"),
            (expected.sub.is_none_or(|sub| read.sub == sub), "sub is another person's"),
            (expected.acr.is_none_or(|acr| read.acr == acr), "acr is not the level that was asked for"),
            (
                expected.signed_in_since.is_none_or(|since| read.auth_time >= (since - SKEW).as_second()),
                "auth_time is from before the password was asked for",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, broken)) => Err(Failure::Untrusted(broken)),
            None => {
                let Claims { sub, sid, acr, auth_time, .. } = read;
                Ok(Self { header, claims, sub, sid, acr, auth_time })
            }
        }
    }

    /// When the person last proved who they are.
    pub(super) fn authenticated_at(&self) -> Timestamp {
        Timestamp::from_second(self.auth_time).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(more: &Value) -> Verified {
        let mut claims = json!({
            "sub": "s", "sid": "t", "exp": 1300, "iat": 1000, "auth_time": 990, "acr": "aal1", "nonce": "n",
        });
        if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
            claims.extend(more.clone());
        }
        Verified { header: json!({ "typ": "JWT" }), claims }
    }

    fn refused(token: Verified, expected: &Expected<'_>) -> Option<Failure> {
        IdToken::check(token, expected, Timestamp::from_second(1000).unwrap()).err()
    }

    #[test]
    fn a_token_that_says_what_was_asked_is_taken() {
        let asked = Timestamp::from_second(1040).unwrap();
        let expected = Expected { nonce: Some("n"), sub: Some("s"), acr: Some("aal1"), signed_in_since: Some(asked) };
        assert_eq!(refused(token(&json!({})), &expected), None);
        assert_eq!(refused(token(&json!({ "iat": 1060, "nonce": null })), &Expected::default()), None);
    }

    #[test]
    fn a_token_that_does_not_is_refused() {
        let nonce = || Expected { nonce: Some("n"), ..Expected::default() };
        let later = Timestamp::from_second(1100).unwrap();
        for (more, expected) in [
            (json!({ "exp": 1000 }), nonce()),
            (json!({ "iat": 1061 }), nonce()),
            (json!({ "nonce": "m" }), nonce()),
            (json!({ "nonce": null }), nonce()),
            (json!({ "sid": null }), nonce()),
            (json!({}), Expected { sub: Some("another"), ..nonce() }),
            (json!({}), Expected { acr: Some("aal2"), ..nonce() }),
            (json!({}), Expected { signed_in_since: Some(later), ..nonce() }),
        ] {
            assert!(matches!(refused(token(&more), &expected), Some(Failure::Untrusted(_))), "{more}");
        }
        let logout = Verified { header: json!({ "typ": "logout+jwt" }), ..token(&json!({})) };
        assert!(refused(logout, &nonce()).is_some(), "a logout token signs nobody in");
    }
}
