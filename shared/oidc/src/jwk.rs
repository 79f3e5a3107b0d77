//! Public keys as JSON Web Keys (RFC 7517): P-256 and RSA, for signatures, and never a private member.

mod client_keys;
mod spki;
mod thumbprint;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use client_keys::{ClientKey, ClientKeys, ClientKeysError};
pub use spki::SpkiError;
pub use thumbprint::{Thumbprint, ThumbprintError};

use crate::{jws::SigningAlgorithm, jwt::JwsAlgorithm};

/// RSA moduli, in bits: NIST SP 800-131A asks for 2048; above 4096 a verification costs more than a request is worth.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A public key that verifies signatures. Serialised as the bare JWK: `kty` and its members.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Members")]
pub enum PublicKey {
    /// `kty: EC`, `crv: P-256` (RFC 7518 section 6.2).
    P256 {
        /// The x coordinate, big-endian.
        x: [u8; 32],
        /// The y coordinate, big-endian.
        y: [u8; 32],
    },
    /// `kty: RSA` (RFC 7518 section 6.3).
    Rsa {
        /// The modulus, big-endian, without leading zeros.
        n: Vec<u8>,
        /// The exponent, likewise.
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// The key in a JWK; members other than the key's own are not looked at.
    ///
    /// # Errors
    /// [`JwkError`], one for each way not to be a usable public key.
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return Err(JwkError::Private);
        }
        match (member("kty"), member("crv")) {
            (Some("EC"), Some("P-256")) => Ok(Self::P256 { x: coordinate(member("x"))?, y: coordinate(member("y"))? }),
            (Some("RSA"), _) => Self::rsa(decoded(member("n"))?, decoded(member("e"))?),
            (Some(_), _) => Err(JwkError::Unsupported),
            (None, _) => Err(JwkError::Malformed),
        }
    }

    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, JwkError> {
        let (Some(first), Some(last)) = (n.first(), n.last()) else {
            return Err(JwkError::Malformed);
        };
        if *first == 0 || last % 2 == 0 {
            return Err(JwkError::Malformed);
        }
        let bits = n.len() * 8 - first.leading_zeros() as usize;
        // FIPS 186-5 section 5.4: an odd exponent above 2^16. All in use are far below 2^32.
        let exponent = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if !RSA_BITS.contains(&bits) || e.len() > 4 || e.first() == Some(&0) || exponent <= 65536 || exponent % 2 == 0 {
            return Err(JwkError::Weak);
        }
        Ok(Self::Rsa { n, e })
    }

    /// The hash that names it (RFC 7638): our `kid`, DPoP's `jkt`.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(self)
    }

    fn members(&self) -> Members {
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        match self {
            Self::P256 { x, y } => {
                Members { crv: Some("P-256"), e: None, kty: "EC", n: None, x: encode(x), y: encode(y) }
            }
            Self::Rsa { n, e } => Members { crv: None, e: encode(e), kty: "RSA", n: encode(n), x: None, y: None },
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.thumbprint())
    }
}

impl TryFrom<Value> for PublicKey {
    type Error = JwkError;

    fn try_from(jwk: Value) -> Result<Self, Self::Error> {
        Self::from_jwk(&jwk)
    }
}

impl From<PublicKey> for Members {
    fn from(key: PublicKey) -> Self {
        key.members()
    }
}

/// Members only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2, 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The required members in the order of their names, without spaces when serialised: what RFC 7638 hashes.
#[derive(Serialize)]
struct Members {
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

/// Why a JWK is not a public key we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Members are missing or not what they should be.
    #[error("not a JSON Web Key")]
    Malformed,
    /// It shows a private or symmetric key.
    #[error("the key is not a public one")]
    Private,
    /// Another kind of key.
    #[error("only P-256 and RSA keys are supported")]
    Unsupported,
    /// RSA of fewer than 2048 or more than 4096 bits, or with a dangerous exponent.
    #[error("RSA keys have 2048 to 4096 bits and an odd exponent of 65537 or more")]
    Weak,
}

fn decoded(member: Option<&str>) -> Result<Vec<u8>, JwkError> {
    URL_SAFE_NO_PAD.decode(member.ok_or(JwkError::Malformed)?).map_err(|_| JwkError::Malformed)
}

/// Of full length, leading zeros included (RFC 7518 section 6.2.1.2).
fn coordinate(member: Option<&str>) -> Result<[u8; 32], JwkError> {
    decoded(member)?.try_into().map_err(|_| JwkError::Malformed)
}

/// One of our keys as the JWKS serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedKey {
    /// `kty` and the key's members.
    #[serde(flatten)]
    key: PublicKey,
    kid: Thumbprint,
    alg: SigningAlgorithm,
    #[serde(rename = "use")]
    usage: ForSignatures,
}

/// `use: sig`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ForSignatures {
    #[serde(rename = "sig")]
    Sig,
}

impl ServedKey {
    /// A key from what KMS `GetPublicKey` answers (DER `SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`SpkiError`] if it is not a key for this algorithm.
    pub fn from_spki(algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, SpkiError> {
        let key = PublicKey::from_spki(der)?;
        match (algorithm, &key) {
            (SigningAlgorithm::Es256, PublicKey::P256 { .. }) | (SigningAlgorithm::Rs256, PublicKey::Rsa { .. }) => {
                Ok(Self { kid: key.thumbprint(), alg: algorithm, usage: ForSignatures::Sig, key })
            }
            _ => Err(SpkiError::Unsupported),
        }
    }

    /// Its name in headers: the RFC 7638 thumbprint.
    pub const fn kid(&self) -> &Thumbprint {
        &self.kid
    }

    /// What it signs with.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.alg
    }

    /// The key.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// The JWK set we serve (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedKeys {
    /// Next, current and retiring, of every algorithm.
    pub keys: Vec<ServedKey>,
}

impl ServedKeys {
    /// The key a header names, if it signs with the header's algorithm. A token of ours always names its key.
    pub fn named(&self, kid: Option<&str>, algorithm: JwsAlgorithm) -> impl Iterator<Item = &PublicKey> {
        let named = move |key: &&ServedKey| Some(key.kid.as_str()) == kid && key.alg.as_str() == algorithm.as_str();
        self.keys.iter().filter(named).map(|key| &key.key)
    }
}

#[cfg(test)]
mod tests;
