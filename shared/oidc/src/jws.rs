//! A JSON Web Signature in compact form (RFC 7515), in the two steps that KMS makes of it: the input is digested here,
//! signed there, and the answer put behind it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
/// What we sign with (RFC 7518 section 3.1).
pub use domain::signing_keys::Algorithm as SigningAlgorithm;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{der, jwk::Thumbprint};

/// `typ`: what kind of JWT it is, so that none passes for another (RFC 8725 section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Typ {
    /// ID tokens; they had no type of their own before types mattered.
    #[serde(rename = "JWT")]
    Jwt,
    /// RFC 9068 section 2.1.
    #[serde(rename = "at+jwt")]
    AccessToken,
    /// OpenID Connect Back-Channel Logout section 2.4.
    #[serde(rename = "logout+jwt")]
    LogoutToken,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: SigningAlgorithm,
    typ: Typ,
    kid: &'a Thumbprint,
}

/// A JWS that lacks its signature.
#[derive(Clone, Debug)]
#[must_use]
pub struct Unsigned {
    algorithm: SigningAlgorithm,
    input: String,
}

impl Unsigned {
    /// Claims under the header that the key and the kind of token ask for.
    ///
    /// # Errors
    /// [`JwsError::Claims`] if they are not representable in JSON.
    pub fn new(
        algorithm: SigningAlgorithm,
        kid: &Thumbprint,
        typ: Typ,
        claims: &impl Serialize,
    ) -> Result<Self, JwsError> {
        let part = |json: serde_json::Result<Vec<u8>>| json.map(|json| URL_SAFE_NO_PAD.encode(json));
        let header = part(serde_json::to_vec(&Header { alg: algorithm, typ, kid })).map_err(JwsError::Claims)?;
        let payload = part(serde_json::to_vec(claims)).map_err(JwsError::Claims)?;
        Ok(Self { algorithm, input: format!("{header}.{payload}") })
    }

    /// What KMS is to sign with.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// What KMS is to sign, `MessageType: DIGEST`: SHA-256 of the signing input. A raw message could not be longer
    /// than 4096 bytes.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.input.as_bytes()).into()
    }

    #[cfg(test)]
    pub(crate) fn input(&self) -> &str {
        &self.input
    }

    /// The compact form, with the signature as KMS answers it: DER for ECDSA, the bare bytes for RSA.
    ///
    /// # Errors
    /// [`JwsError::Signature`] if it is not a signature of the algorithm.
    pub fn with_signature(self, signature: &[u8]) -> Result<String, JwsError> {
        let signature = match self.algorithm {
            SigningAlgorithm::Es256 => URL_SAFE_NO_PAD.encode(joint(signature).ok_or(JwsError::Signature)?),
            // As long as the modulus: 2048 to 4096 bits.
            SigningAlgorithm::Rs256 if (256..=512).contains(&signature.len()) => URL_SAFE_NO_PAD.encode(signature),
            SigningAlgorithm::Rs256 => return Err(JwsError::Signature),
        };
        Ok(format!("{}.{signature}", self.input))
    }
}

/// `r || s`, 32 bytes each (RFC 7518 section 3.4), out of a DER `ECDSA-Sig-Value` (RFC 3279 section 2.2.3).
fn joint(der: &[u8]) -> Option<[u8; 64]> {
    let (r, rest) = der::positive(der::whole(der::SEQUENCE, der)?)?;
    let (s, rest) = der::positive(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let mut joint = [0; 64];
    let (left, right) = joint.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        let start = half.len().checked_sub(number.len())?;
        half.get_mut(start..)?.copy_from_slice(number);
    }
    Some(joint)
}

/// Why a JWS could not be made.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be serialised")]
    Claims(#[source] serde_json::Error),
    /// What was answered is not a signature of the algorithm.
    #[error("not a signature of the algorithm")]
    Signature,
}

#[cfg(test)]
mod tests;
