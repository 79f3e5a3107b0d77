//! Bearer secrets: 256 random bits in a cookie; only their SHA-256 is stored, so that a copy of a table opens nothing.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// A secret that identifies whoever presents it. Never stored, never logged.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Bearer([u8; 32]);

impl Bearer {
    /// A secret from 32 random bytes.
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The form that travels: 64 hexadecimal digits.
    pub fn expose(&self) -> String {
        hex::encode(self.0)
    }

    /// What is stored: SHA-256 of the 32 bytes, in hexadecimal. A fast hash is right for what cannot be guessed.
    pub fn digest(&self) -> BearerDigest {
        BearerDigest(hex::encode(Sha256::digest(self.0)))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer(redacted)")
    }
}

impl FromStr for Bearer {
    type Err = BearerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BearerError)?;
        Ok(Self(bytes))
    }
}

/// Not a bearer secret of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a bearer secret")]
pub struct BearerError;

/// SHA-256 of a bearer secret, as stored.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct BearerDigest(String);

impl BearerDigest {
    /// The 64 hexadecimal digits, for keys and conditions.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// In constant time: where a guess went wrong must not show.
impl PartialEq for BearerDigest {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.0.as_bytes().ct_eq(other.0.as_bytes()))
    }
}

impl Eq for BearerDigest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_travels_and_comes_back_the_same() {
        let secret = Bearer::new([7; 32]);
        let back: Bearer = secret.expose().parse().unwrap();
        assert_eq!(back.digest(), secret.digest());
        assert_ne!(Bearer::new([8; 32]).digest(), secret.digest());
    }

    #[test]
    fn only_64_hexadecimal_digits_are_a_secret() {
        for text in ["", "zz", &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            assert!(text.parse::<Bearer>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Bearer::new([7; 32])), "Bearer(redacted)");
    }
}
