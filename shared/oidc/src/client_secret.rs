//! A client's secret: shown once when it is made, stored as a hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// A secret as a client presents it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A new secret from 256 random bits: 64 hexadecimal digits, the same in every encoding.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(hex::encode(random))
    }

    /// What somebody presents as one.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for the answer to a registration, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(hex::encode(Sha256::digest(self.0.as_bytes())))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientSecret(redacted)")
    }
}

/// SHA-256 of a secret, in hexadecimal. A slow hash would only slow the token endpoint: 256 random bits are not guessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretDigest(String);

impl SecretDigest {
    /// Whether this secret was the one.
    pub fn is_of(&self, secret: &ClientSecret) -> bool {
        *self == secret.digest()
    }
}

/// In constant time: how much of a guess was right must not show.
impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.0.as_bytes().ct_eq(other.0.as_bytes()))
    }
}

impl Eq for SecretDigest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_itself_matches_and_nothing_else() {
        let secret = ClientSecret::from_random([7; 32]);
        assert_eq!(secret.expose().len(), 64);
        let digest = secret.digest();
        assert!(digest.is_of(&ClientSecret::presented(secret.expose())));
        for other in ["", "07", &secret.expose().to_uppercase().replace('0', "O"), &digest.0] {
            assert!(!digest.is_of(&ClientSecret::presented(other)), "{other}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", ClientSecret::from_random([7; 32])), "ClientSecret(redacted)");
    }
}
