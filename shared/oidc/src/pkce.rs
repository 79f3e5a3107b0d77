//! Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` would let whoever sees the request redeem its code.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// `BASE64URL(SHA256(code_verifier))`: 43 characters (RFC 7636 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Whether it was made from this verifier. In constant time.
    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.0.as_bytes()));
        self.0.as_bytes().ct_eq(challenge.as_bytes()).into()
    }
}

impl FromStr for CodeChallenge {
    type Err = PkceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(digest) if digest.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(PkceError),
        }
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// 43 to 128 unreserved characters (RFC 7636 section 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(String);

impl FromStr for CodeVerifier {
    type Err = PkceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PkceError)
        }
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeVerifier(redacted)")
    }
}

/// Not a challenge or verifier of the method S256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of PKCE's method S256")]
pub struct PkceError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let verifier: CodeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".parse().unwrap();
        let challenge: CodeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse().unwrap();
        assert!(challenge.is_met_by(&verifier));
        let other: CodeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl".parse().unwrap();
        assert!(!challenge.is_met_by(&other));
    }

    #[test]
    fn other_lengths_and_characters_are_refused() {
        assert!("x".repeat(42).parse::<CodeVerifier>().is_err());
        assert!("x".repeat(129).parse::<CodeVerifier>().is_err());
        assert!(format!("{}ก", "x".repeat(43)).parse::<CodeVerifier>().is_err());
        for challenge in
            ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(challenge.parse::<CodeChallenge>().is_err(), "{challenge}");
        }
    }
}
