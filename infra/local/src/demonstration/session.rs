//! Somebody signed in at the e-Service, and what it holds about them.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::{failure::Failure, id_token::IdToken, outcome::Outcome};

/// A session. Never shown whole: it holds tokens and somebody's data.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) tokens: Tokens,
    /// Verified.
    pub(super) id_token: IdToken,
    pub(super) userinfo: Value,
    /// What the last button did.
    pub(super) last: Option<Outcome>,
}

/// The tokens, as the token endpoint gave them.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// The text of it: the hint for signing out.
    pub(super) id_token: String,
    pub(super) scope: String,
    pub(super) expires_at: Timestamp,
    /// The whole answer, its tokens shortened.
    pub(super) response: Value,
}

/// RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    token_type: String,
    expires_in: i64,
    refresh_token: Option<String>,
    id_token: Option<String>,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    /// The tokens in an answer; what it leaves out stays as it was (RFC 6749 section 6).
    pub(super) fn read(response: Value, before: Option<&Self>, now: Timestamp) -> Result<Self, Failure> {
        let read: TokenResponse =
            serde_json::from_value(response.clone()).map_err(|_| Failure::Untrusted("not a token response"))?;
        // Section 7.1: a token of a type one does not know is not to be used.
        if !read.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Failure::Untrusted("token_type is not Bearer"));
        }
        let lifetime = SignedDuration::from_secs(read.expires_in);
        Ok(Self {
            access_token: read.access_token,
            refresh_token: read.refresh_token.or_else(|| before?.refresh_token.clone()),
            id_token: read
                .id_token
                .or_else(|| Some(before?.id_token.clone()))
                .ok_or(Failure::Untrusted("there is no ID token"))?,
            scope: read.scope,
            expires_at: now.checked_add(lifetime).map_err(|_| Failure::Untrusted("expires_in is no lifetime"))?,
            response: shortened(response),
        })
    }
}

/// The same answer with nothing in it that opens anything.
pub(super) fn shortened(mut response: Value) -> Value {
    for name in ["access_token", "refresh_token", "id_token"] {
        if let Some(Value::String(token)) = response.get_mut(name) {
            let (first, length) = (token.chars().take(12).collect::<String>(), token.len());
            *token = format!("{first}… ({length} characters)");
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_shown_by_their_beginning() {
        let token = "0123456789abcdef".repeat(4);
        let shown =
            shortened(json!({ "access_token": token, "refresh_token": token, "id_token": token, "scope": "a" }));
        let short = "0123456789ab… (64 characters)";
        let expected = json!({ "access_token": short, "refresh_token": short, "id_token": short, "scope": "a" });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_refresh_keeps_what_its_answer_leaves_out() {
        let answer = json!({
            "access_token": "a", "token_type": "bearer", "expires_in": 60, "refresh_token": "r", "id_token": "i",
        });
        let first = Tokens::read(answer, None, Timestamp::UNIX_EPOCH).ok().unwrap();
        let answer = json!({ "access_token": "b", "token_type": "Bearer", "expires_in": 60 });
        let second = Tokens::read(answer.clone(), Some(&first), Timestamp::UNIX_EPOCH).ok().unwrap();
        assert_eq!((second.access_token.as_str(), second.refresh_token.as_deref()), ("b", Some("r")));
        assert_eq!((second.id_token.as_str(), second.expires_at.as_second()), ("i", 60));
        assert!(Tokens::read(answer, None, Timestamp::UNIX_EPOCH).is_err(), "no ID token at all");
        let other = json!({ "access_token": "b", "token_type": "DPoP", "expires_in": 60, "id_token": "i" });
        assert!(Tokens::read(other, None, Timestamp::UNIX_EPOCH).is_err(), "a type it cannot use");
    }
}
