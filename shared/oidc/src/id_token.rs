//! The ID token (OpenID Connect Core section 2), and the one that comes back as `id_token_hint`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::assurance::Ial;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    acr::Acr,
    client::ClientId,
    grant::{Authorization, Person},
    jwk::ServedKeys,
    jwt::{JwsAlgorithm, Jwt, JwtError},
    numeric_date::NumericDate,
};

/// How long an ID token can be taken for a sign-in.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// The claims of an ID token. Nothing personal is among them: that is userinfo's.
#[derive(Clone, Debug, Serialize)]
pub struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a ClientId,
    exp: NumericDate,
    iat: NumericDate,
    auth_time: NumericDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: Acr,
    amr: &'a [String],
    ial_level: Ial,
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
}

impl<'a> IdToken<'a> {
    /// The token that comes with a code's redemption: with the request's nonce.
    pub fn new(issuer: &'a str, granted: &'a Authorization, person: &'a Person, now: Timestamp) -> Self {
        Self { nonce: person.nonce.as_deref(), ..Self::refreshed(issuer, granted, person, now) }
    }

    /// The token that comes with a refresh: no nonce (OpenID Connect Core section 12.2).
    pub fn refreshed(issuer: &'a str, granted: &'a Authorization, person: &'a Person, now: Timestamp) -> Self {
        Self {
            iss: issuer,
            sub: &granted.subject,
            aud: &granted.client_id,
            exp: (now + LIFETIME).into(),
            iat: now.into(),
            auth_time: person.auth_time.into(),
            nonce: None,
            acr: person.acr,
            amr: &person.amr,
            ial_level: person.ial,
            sid: &person.sid,
            at_hash: None,
        }
    }

    /// With the hash of the access token beside it (section 3.1.3.6).
    #[must_use]
    pub fn beside(self, access_token: &str) -> Self {
        Self { at_hash: Some(at_hash(access_token)), ..self }
    }
}

/// The left half of the token's SHA-256, both our algorithms' hash.
fn at_hash(access_token: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(access_token.as_bytes()).into();
    let (left, _) = hash.split_at(16);
    URL_SAFE_NO_PAD.encode(left)
}

/// What an `id_token_hint` says, verified to be a token of ours.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    iss: String,
    /// The person, in the client's sector.
    pub sub: String,
    /// The client it was issued to.
    #[serde(rename = "aud")]
    pub client_id: ClientId,
    /// The session.
    pub sid: String,
}

impl IdTokenHint {
    /// Verifies an ID token as a hint: ours, whole, but perhaps long expired (OpenID Connect RP-Initiated Logout
    /// section 2: `exp` does not matter).
    ///
    /// # Errors
    /// [`JwtError`]; a token of another issuer or without one of our keys is [`JwtError::UnknownKey`].
    pub fn verify(hint: &str, issuer: &str, keys: &ServedKeys) -> Result<Self, JwtError> {
        let jwt = Jwt::parse(hint)?;
        // Our other JWTs say what they are, and are no hints.
        if !jwt.is_typ("jwt") {
            return Err(JwtError::Malformed);
        }
        let named = keys.named(jwt.kid(), jwt.algorithm());
        let claims: Self = jwt.claims(named, &[JwsAlgorithm::Es256, JwsAlgorithm::Rs256])?;
        if claims.iss == issuer { Ok(claims) } else { Err(JwtError::UnknownKey) }
    }
}

#[cfg(test)]
mod tests;
