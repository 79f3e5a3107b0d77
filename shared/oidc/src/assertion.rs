//! `private_key_jwt`: a client shows who it is by a JWT of its own (RFC 7523 section 3, OpenID Connect Core section 9).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{
    client::ClientId,
    jti::Jti,
    jwk::ClientKeys,
    jwt::{JwsAlgorithm, Jwt, JwtError, SKEW, Times, check_times},
    numeric_date::NumericDate,
};

/// `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead `exp` may be: as long must its `jti` be remembered.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// What a client's clock may add to that (FAPI 2.0 section 5.3.2.1).
const AHEAD: SignedDuration = SignedDuration::from_secs(10);

/// What an assertion must satisfy, by the client's profile.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    algorithms: &'static [JwsAlgorithm],
    issuer: &'a str,
    /// Other names of ours that `aud` may use.
    endpoints: &'a [&'a str],
    /// Whether `aud` may be a list.
    lists: bool,
}

impl<'a> AssertionRules<'a> {
    /// For FAPI 2.0 clients: no RS256 (section 5.4.1), and `aud` is the issuer as a string (section 5.3.2.1).
    pub const fn fapi2(issuer: &'a str) -> Self {
        Self { algorithms: &JwsAlgorithm::FAPI2, issuer, endpoints: &[], lists: false }
    }

    /// For other clients: `aud` may name the token endpoint, or the one that is called, too (RFC 7523 section 3).
    pub const fn standard(issuer: &'a str, endpoints: &'a [&'a str]) -> Self {
        Self { algorithms: &JwsAlgorithm::EVERY, issuer, endpoints, lists: true }
    }

    /// Every name must be ours: an assertion that another server could use as well was perhaps sent to that one first.
    fn admits(&self, audience: &Audience) -> bool {
        let ours = |name: &String| name == self.issuer || self.endpoints.contains(&name.as_str());
        match audience {
            Audience::One(name) => ours(name),
            Audience::Several(names) => self.lists && !names.is_empty() && names.iter().all(ours),
        }
    }
}

/// A verified assertion, good once: `jti` is to be remembered until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Its name, unique for the client.
    pub jti: Jti,
    /// When it is expired, and can be forgotten.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    jti: Jti,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
}

/// Whom an assertion says it comes from, **not verified**: for looking up the client whose keys verify it.
///
/// # Errors
/// [`AssertionError`] if it is no JWT, or `sub` no client id.
pub fn claimed_client_id(assertion: &str) -> Result<ClientId, AssertionError> {
    #[derive(Deserialize)]
    struct Subject {
        sub: ClientId,
    }
    Ok(Jwt::parse(assertion)?.unverified_claims::<Subject>()?.sub)
}

/// Verifies an assertion of this client. The caller has still to see that the `jti` is new.
///
/// # Errors
/// [`AssertionError`]; `Jwt(UnknownKey)` where fetching the client's keys again may help.
pub fn verify(
    assertion: &str,
    client_id: &ClientId,
    keys: &ClientKeys,
    rules: &AssertionRules<'_>,
    now: Timestamp,
) -> Result<Assertion, AssertionError> {
    let jwt = Jwt::parse(assertion)?;
    let claims: Claims = jwt.claims(keys.candidates(jwt.kid(), jwt.algorithm()), rules.algorithms)?;
    if claims.iss != client_id.as_str() || claims.sub != client_id.as_str() {
        return Err(AssertionError::NotTheClient);
    }
    if !rules.admits(&claims.aud) {
        return Err(AssertionError::Audience);
    }
    check_times(Times { exp: Some(claims.exp), nbf: claims.nbf, iat: claims.iat }, SKEW, now)?;
    let expires_at = claims.exp.timestamp();
    if expires_at > now + LONGEST_LIFE + AHEAD {
        return Err(AssertionError::TooLong);
    }
    Ok(Assertion { jti: claims.jti, expires_at })
}

/// Why an assertion does not authenticate its client: `invalid_client` (RFC 7523 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// The JWT itself is not good.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// `iss` or `sub` is not the client.
    #[error("iss and sub of the assertion must be the client_id")]
    NotTheClient,
    /// `aud` names somebody else, or not only us.
    #[error("aud of the assertion must be the issuer")]
    Audience,
    /// `exp` is more than 5 minutes ahead.
    #[error("exp of the assertion is more than 5 minutes ahead")]
    TooLong,
}

#[cfg(test)]
mod tests;
