//! JWTs from others, verified (RFC 7519, RFC 8725): the algorithm is one the caller allows, the key fits it, the clock is
//! an argument. Every JWT that anybody sends us passes through [`Jwt::claims`].

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{jwk::PublicKey, numeric_date::NumericDate};

/// The longest JWT read, in bytes.
const LONGEST: usize = 8 * 1024;
/// The most keys tried for one signature.
const MOST_KEYS: usize = 8;
/// How far ahead of ours a sender's clock may be (FAPI 2.0 section 5.3.2.1: 10 s must be accepted, 60 s at most may be).
pub const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The algorithms others may sign with (RFC 7518 section 3.1). There is no `none` and no HMAC to be confused into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JwsAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

impl JwsAlgorithm {
    /// Every one, as discovery lists them.
    pub const EVERY: [Self; 3] = [Self::Es256, Self::Ps256, Self::Rs256];
    /// Those FAPI 2.0 allows (section 5.4.1).
    pub const FAPI2: [Self; 2] = [Self::Es256, Self::Ps256];

    /// The name in headers and metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// Whether a key is of its kind.
    pub const fn is_for(self, key: &PublicKey) -> bool {
        match self {
            Self::Es256 => matches!(key, PublicKey::P256 { .. }),
            Self::Ps256 | Self::Rs256 => matches!(key, PublicKey::Rsa { .. }),
        }
    }

    const fn library(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::Ps256 => Algorithm::PS256,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

impl FromStr for JwsAlgorithm {
    type Err = JwtError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(JwtError::Algorithm)
    }
}

/// A JWT of which only the header has been read. What it claims is not known yet.
pub struct Jwt<'a> {
    text: &'a str,
    algorithm: JwsAlgorithm,
    header: Header,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    jwk: Option<Value>,
    crit: Option<Value>,
    b64: Option<Value>,
}

impl<'a> Jwt<'a> {
    /// Reads the header of a compact JWS.
    ///
    /// # Errors
    /// [`JwtError::Malformed`] and [`JwtError::Algorithm`]. Extensions marked critical are not understood, so they are
    /// malformed (RFC 7515 section 4.1.11).
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        let mut parts = text.split('.');
        let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(JwtError::Malformed);
        };
        if text.len() > LONGEST {
            return Err(JwtError::Malformed);
        }
        let header: Header = json(header)?;
        if header.crit.is_some() || header.b64.is_some() {
            return Err(JwtError::Malformed);
        }
        Ok(Self { text, algorithm: header.alg.parse()?, header })
    }

    /// `alg`
    pub const fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// `kid`
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whether `typ` is this type, with or without `application/` in front, in any case (RFC 7515 section 4.1.9).
    pub fn is_typ(&self, typ: &str) -> bool {
        let given = self.header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        given.strip_prefix("application/").unwrap_or(&given) == typ
    }

    /// `jwk`
    pub const fn jwk(&self) -> Option<&Value> {
        self.header.jwk.as_ref()
    }

    /// What it claims **without any verification**, for finding the key to verify it with.
    ///
    /// # Errors
    /// [`JwtError::Malformed`]
    pub fn unverified_claims<C: DeserializeOwned>(&self) -> Result<C, JwtError> {
        json(self.text.split('.').nth(1).unwrap_or_default())
    }

    /// What it claims, if one of these keys signed it with one of these algorithms. Times are the caller's to check,
    /// with [`check_times`].
    ///
    /// # Errors
    /// [`JwtError`]; [`JwtError::UnknownKey`] if no key is of the algorithm's kind.
    pub fn claims<'k, C: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = &'k PublicKey>,
        allowed: &[JwsAlgorithm],
    ) -> Result<C, JwtError> {
        if !allowed.contains(&self.algorithm) {
            return Err(JwtError::Algorithm);
        }
        let mut refusal = JwtError::UnknownKey;
        for key in keys.into_iter().filter(|key| self.algorithm.is_for(key)).take(MOST_KEYS) {
            match jsonwebtoken::decode(self.text, &decoding_key(key), &signature_alone(self.algorithm)) {
                Ok(token) => return Ok(token.claims),
                Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature) => {
                    refusal = JwtError::Signature;
                }
                Err(_) => return Err(JwtError::Malformed),
            }
        }
        Err(refusal)
    }
}

impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Jwt").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The library looks at the signature only: it would read its own clock for the times.
fn signature_alone(algorithm: JwsAlgorithm) -> Validation {
    let mut validation = Validation::new(algorithm.library());
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn decoding_key(key: &PublicKey) -> DecodingKey {
    match key {
        // The uncompressed point is what the library calls DER here.
        PublicKey::P256 { x, y } => DecodingKey::from_ec_der(&[&[0x04], &x[..], &y[..]].concat()),
        PublicKey::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
    }
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, JwtError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| JwtError::Malformed)
}

/// The times of a JWT (RFC 7519 sections 4.1.4 to 4.1.6).
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// When it stops being valid.
    pub exp: Option<NumericDate>,
    /// When it starts being valid.
    pub nbf: Option<NumericDate>,
    /// When it was made.
    pub iat: Option<NumericDate>,
}

/// Whether a JWT is valid at this moment: not expired, and neither made nor valid only more than `ahead` from now.
///
/// # Errors
/// [`JwtError::Expired`], [`JwtError::Premature`]
pub fn check_times(times: Times, ahead: SignedDuration, now: Timestamp) -> Result<(), JwtError> {
    if times.exp.is_some_and(|exp| now >= exp.timestamp()) {
        return Err(JwtError::Expired);
    }
    let premature = |time: Option<NumericDate>| time.is_some_and(|time| time.timestamp() > now + ahead);
    if premature(times.nbf) || premature(times.iat) { Err(JwtError::Premature) } else { Ok(()) }
}

/// Why a JWT is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not a compact JWS of JSON, or its claims are not of the expected form.
    #[error("not a JWT of the expected form")]
    Malformed,
    /// `none`, HMAC, or another algorithm that is not accepted here.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// No key of that name and kind: the client may have rotated.
    #[error("no key fits the JWT")]
    UnknownKey,
    /// Signed by somebody else, or changed since.
    #[error("the signature is not valid")]
    Signature,
    /// After `exp`.
    #[error("the JWT is expired")]
    Expired,
    /// Before `nbf` or `iat`.
    #[error("the JWT is not valid yet")]
    Premature,
}

#[cfg(test)]
mod tests;
