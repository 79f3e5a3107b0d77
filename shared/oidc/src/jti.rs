//! `jti`: the name that makes a JWT usable once.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A JWT id somebody else chose (RFC 7519 section 4.1.7): 1 to 255 bytes.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jti(String);

impl Jti {
    /// SHA-256 in hexadecimal: a key of fixed length, whatever characters the id has.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }

    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Jti").field(&self.0).finish()
    }
}

impl FromStr for Jti {
    type Err = JtiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > 255 { Err(JtiError) } else { Ok(Self(text.to_owned())) }
    }
}

impl TryFrom<String> for Jti {
    type Error = JtiError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Jti> for String {
    fn from(jti: Jti) -> Self {
        jti.0
    }
}

/// Empty or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a jti has 1 to 255 bytes")]
pub struct JtiError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_255_bytes_and_nothing_else() {
        assert!("x".parse::<Jti>().is_ok());
        assert!("x".repeat(255).parse::<Jti>().is_ok());
        assert_eq!("".parse::<Jti>(), Err(JtiError));
        assert_eq!("x".repeat(256).parse::<Jti>(), Err(JtiError));
    }
}
