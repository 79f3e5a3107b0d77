//! What KMS made of a value that must not be readable at rest. Each remembers the key that made it, so that keys can
//! be replaced while old values still verify.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// A keyed MAC (HMAC-SHA-256 by KMS) over a value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mac {
    /// ARN of the key that made it.
    pub key: String,
    /// The 32 bytes, in lower-case hexadecimal.
    pub tag: String,
}

impl Mac {
    /// A MAC from the bytes KMS answered.
    pub fn new(key: impl Into<String>, tag: &[u8]) -> Self {
        Self { key: key.into(), tag: hex::encode(tag) }
    }
}

/// In constant time: how much of a guess was right must not show.
impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && bool::from(self.tag.as_bytes().ct_eq(other.tag.as_bytes()))
    }
}

impl Eq for Mac {}

/// A value encrypted by KMS; only the holder of `kms:Decrypt` on its key, with the same context, reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ciphertext {
    /// ARN of the key that encrypted it.
    pub key: String,
    /// The blob, in lower-case hexadecimal.
    pub blob: String,
}

impl Ciphertext {
    /// A ciphertext from the blob KMS answered.
    pub fn new(key: impl Into<String>, blob: &[u8]) -> Self {
        Self { key: key.into(), blob: hex::encode(blob) }
    }
}

/// What is stored of a password: the Argon2 parameters and salt as a PHC string **without its hash**, and a MAC over
/// what they bind together. Neither a copy of the table nor a row moved to another account helps a guesser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordVerifier {
    /// `$argon2id$v=19$m=19456,t=2,p=1$<salt>`
    pub phc: String,
    /// MAC over purpose, version, account, parameters, salt and Argon2's output.
    pub mac: Mac,
}
