//! The keys a client registers or serves at its `jwks_uri` (RFC 7517 section 5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JwkError, PublicKey};
use crate::jwt::JwsAlgorithm;

/// The largest set, in bytes: what is fetched from a registered URL.
const LARGEST: usize = 64 * 1024;
/// The most keys in a set.
const MOST: usize = 32;
/// The longest `kid`, in bytes.
const LONGEST_KID: usize = 255;

/// One key of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientKey {
    #[serde(flatten)]
    key: PublicKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<JwsAlgorithm>,
}

/// The keys a client signs its assertions with: at least one, public, usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct ClientKeys {
    keys: Vec<ClientKey>,
}

impl ClientKeys {
    /// The keys in a JWK set as it came.
    ///
    /// # Errors
    /// As [`ClientKeys::from_jwks`]; [`ClientKeysError::TooLarge`] above 64 KiB.
    pub fn parse(json: &[u8]) -> Result<Self, ClientKeysError> {
        if json.len() > LARGEST {
            return Err(ClientKeysError::TooLarge);
        }
        Self::from_jwks(&serde_json::from_slice(json).map_err(|_| ClientKeysError::Malformed)?)
    }

    /// The keys in a JWK set. Keys that are for something else are passed over (RFC 7517 section 5); a private or a
    /// weak one refuses the set, for whoever publishes it must hear of it.
    ///
    /// # Errors
    /// [`ClientKeysError`]
    pub fn from_jwks(jwks: &Value) -> Result<Self, ClientKeysError> {
        let all = jwks.get("keys").and_then(Value::as_array).ok_or(ClientKeysError::Malformed)?;
        if all.len() > MOST {
            return Err(ClientKeysError::TooLarge);
        }
        let mut keys = Vec::new();
        for jwk in all {
            match ClientKey::from_jwk(jwk) {
                Ok(Some(key)) => keys.push(key),
                Ok(None) | Err(JwkError::Unsupported) => {}
                Err(error) => return Err(ClientKeysError::Key(error)),
            }
        }
        if keys.is_empty() { Err(ClientKeysError::Empty) } else { Ok(Self { keys }) }
    }

    /// The keys a header may mean: by `kid` where it names one, else all; of the algorithm's kind in either case.
    pub fn candidates(&self, kid: Option<&str>, algorithm: JwsAlgorithm) -> impl Iterator<Item = &PublicKey> {
        self.keys
            .iter()
            .filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
            .filter(move |key| key.alg.is_none_or(|alg| alg == algorithm))
            .map(|key| &key.key)
            .filter(move |key| algorithm.is_for(key))
    }
}

impl ClientKey {
    /// `None` for a key that is not for signatures of ours.
    fn from_jwk(jwk: &Value) -> Result<Option<Self>, JwkError> {
        let key = PublicKey::from_jwk(jwk)?;
        let text = |name: &str| match jwk.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(JwkError::Malformed),
        };
        let kid = text("kid")?;
        if kid.is_some_and(|kid| kid.is_empty() || kid.len() > LONGEST_KID) {
            return Err(JwkError::Malformed);
        }
        let operations = jwk.get("key_ops").and_then(Value::as_array);
        let verifies = operations.is_none_or(|operations| operations.iter().any(|each| each == "verify"));
        let alg = match text("alg")?.map(str::parse) {
            None => None,
            Some(Ok(alg)) => Some(alg),
            Some(Err(_)) => return Ok(None),
        };
        if text("use")?.is_some_and(|usage| usage != "sig") || !verifies {
            return Ok(None);
        }
        Ok(Some(Self { key, kid: kid.map(str::to_owned), alg }))
    }
}

impl TryFrom<Value> for ClientKeys {
    type Error = ClientKeysError;

    fn try_from(jwks: Value) -> Result<Self, Self::Error> {
        Self::from_jwks(&jwks)
    }
}

/// Why a JWK set is not one a client can authenticate with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeysError {
    /// Not a JSON object with `keys`.
    #[error("not a JWK set")]
    Malformed,
    /// More than 64 KiB or 32 keys.
    #[error("the JWK set is too large")]
    TooLarge,
    /// No key for ES256, PS256 or RS256 signatures.
    #[error("the JWK set has no key for signatures")]
    Empty,
    /// One of the keys must not be there.
    #[error(transparent)]
    Key(JwkError),
}
