//! DPoP proofs (RFC 9449): a request shows that its sender holds a private key.

mod target;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    jti::Jti,
    jwk::{JwkError, PublicKey, Thumbprint},
    jwt::{JwsAlgorithm, Jwt, JwtError, Times, check_times},
    numeric_date::NumericDate,
};

/// How old a proof may be.
const OLDEST: SignedDuration = SignedDuration::from_secs(60);
/// How far ahead of ours its maker's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_secs(10);

/// What proofs may be signed with: for every client what FAPI 2.0 section 5.4.1 leaves, so that it holds at userinfo too,
/// where the client is known only by its token.
pub const ALGORITHMS: [JwsAlgorithm; 2] = JwsAlgorithm::FAPI2;

/// The request a proof is to be made for.
#[derive(Clone, Copy, Debug)]
pub struct ProvedRequest<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The URL as its sender knows it: of the issuer, not what API Gateway rewrote.
    pub url: &'a str,
}

/// A verified proof, good once: `jti` is to be remembered until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of the key.
    pub jkt: Thumbprint,
    /// Its name, unique for the key.
    pub jti: Jti,
    /// When it is too old to be accepted, and can be forgotten.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    jti: Jti,
    htm: String,
    htu: String,
    iat: NumericDate,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    ath: Option<String>,
}

/// The one `DPoP` header of a request, if it has one (RFC 9449 section 4.3, check 1).
///
/// # Errors
/// [`DpopError::Several`]
pub fn the_header<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Option<&'a str>, DpopError> {
    let mut values = values.into_iter();
    let first = values.next();
    // Proxies join several fields of one name with a comma, which no JWT has.
    let joined = first.is_some_and(|value| value.contains(','));
    if joined || values.next().is_some() { Err(DpopError::Several) } else { Ok(first) }
}

/// Verifies a proof for this request, and for this access token where one comes with it (RFC 9449 section 4.3). The
/// caller has still to see that the `jti` is new, and that the token is bound to the key.
///
/// # Errors
/// [`DpopError`]: `invalid_dpop_proof` in each case.
pub fn verify(
    proof: &str,
    request: &ProvedRequest<'_>,
    access_token: Option<&str>,
    now: Timestamp,
) -> Result<Proof, DpopError> {
    let jwt = Jwt::parse(proof)?;
    if !jwt.is_typ("dpop+jwt") {
        return Err(DpopError::Type);
    }
    let key = PublicKey::from_jwk(jwt.jwk().ok_or(DpopError::NoKey)?)?;
    let claims: Claims = jwt.claims([&key], &ALGORITHMS)?;
    if claims.htm != request.method {
        return Err(DpopError::Method);
    }
    if !target::same(&claims.htu, request.url) {
        return Err(DpopError::Url);
    }
    check_times(Times { exp: claims.exp, nbf: claims.nbf, iat: Some(claims.iat) }, AHEAD, now)?;
    let expires_at = claims.iat.timestamp() + OLDEST;
    if now > expires_at {
        return Err(DpopError::Jwt(JwtError::Expired));
    }
    if access_token.is_some_and(|token| !is_hash_of(claims.ath.as_deref(), token)) {
        return Err(DpopError::AccessToken);
    }
    Ok(Proof { jkt: key.thumbprint(), jti: claims.jti, expires_at })
}

/// `ath`: SHA-256 of the token's characters in base64url (RFC 9449 section 4.2).
fn is_hash_of(ath: Option<&str>, token: &str) -> bool {
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()));
    ath.is_some_and(|ath| bool::from(ath.as_bytes().ct_eq(hash.as_bytes())))
}

/// Why a proof proves nothing: `invalid_dpop_proof` (RFC 9449 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// More than one header.
    #[error("there must be one DPoP header")]
    Several,
    /// `typ` is not `dpop+jwt`.
    #[error("typ of the proof must be dpop+jwt")]
    Type,
    /// No `jwk` in the header.
    #[error("the proof has no jwk")]
    NoKey,
    /// The `jwk` is not a public key we use.
    #[error(transparent)]
    Key(#[from] JwkError),
    /// The JWT itself is not good.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// Made for another method.
    #[error("htm of the proof is not the request's method")]
    Method,
    /// Made for another URL.
    #[error("htu of the proof is not the request's URL")]
    Url,
    /// Made for another access token, or for none.
    #[error("ath of the proof is not the access token's hash")]
    AccessToken,
}

#[cfg(test)]
mod tests;
