//! The part of a token nobody can guess, and what is stored of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// Random bytes that are a token's secret. No `Debug`: whoever holds one says what may be shown.
#[derive(Clone, ZeroizeOnDrop)]
pub(super) struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    pub(super) const fn new(random: [u8; N]) -> Self {
        Self(random)
    }

    pub(super) fn expose(&self) -> String {
        hex::encode(self.0)
    }

    pub(super) fn digest(&self) -> TokenDigest {
        TokenDigest(hex::encode(Sha256::digest(self.0)))
    }
}

/// SHA-256 of a secret in hexadecimal, as stored. A fast hash is right for what cannot be guessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenDigest(String);

/// In constant time: how much of a guess was right must not show.
impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.0.as_bytes().ct_eq(other.0.as_bytes()))
    }
}

impl Eq for TokenDigest {}
