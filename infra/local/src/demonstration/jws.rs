//! What the provider signed for the e-Service, verified by its published keys. The clock is read by who looks at the
//! claims, and not by the library.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::Value;

use super::failure::Failure;

/// What the e-Service is registered to get: `id_token_signed_response_alg`. Nothing else is verified by (RFC 8725
/// section 3.1).
const ALGORITHM: Algorithm = Algorithm::ES256;

/// A JWT of the provider's for this client.
#[derive(Clone)]
pub(super) struct Verified {
    /// The JOSE header.
    pub(super) header: Value,
    /// The claims.
    pub(super) claims: Value,
}

/// The key that a token names.
pub(super) fn kid(token: &str) -> Result<String, Failure> {
    header(token)?.kid.ok_or(Failure::Untrusted("the token names no key"))
}

/// Verifies a token's signature, issuer and audience.
pub(super) fn verify(token: &str, keys: &JwkSet, issuer: &str, client_id: &str) -> Result<Verified, Failure> {
    let header = header(token)?;
    if header.alg != ALGORITHM {
        return Err(Failure::Untrusted("the token is not signed with ES256"));
    }
    if header.crit.is_some() {
        return Err(Failure::Untrusted("the token has extensions that are not understood"));
    }
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(Failure::Untrusted("no key of that name"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| Failure::Untrusted("the key cannot be used"))?;
    let mut validation = Validation::new(ALGORITHM);
    validation.set_required_spec_claims(&["iss", "aud"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[client_id]);
    validation.validate_exp = false;
    let decoded = decode(token, &key, &validation);
    let decoded = decoded.map_err(|_| Failure::Untrusted("the signature, the issuer or the audience is wrong"))?;
    Ok(Verified { header: part(token)?, claims: decoded.claims })
}

fn header(token: &str) -> Result<Header, Failure> {
    decode_header(token).map_err(|_| Failure::Untrusted("not a JWT"))
}

/// The header as it was sent.
fn part(token: &str) -> Result<Value, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap_or_default()).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Failure::Untrusted("not a JWT"))
}
