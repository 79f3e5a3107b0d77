//! The strings a grant hands out. Each begins with the grant's id, so that one read finds it, and ends in a secret of
//! which only the SHA-256 is kept.
//!
//! | token | form |
//! |---|---|
//! | authorization code | `<grant id, 32 hex>.<secret, 64 hex>` |
//! | opaque access token | `<grant id, 32 hex>.<secret, 64 hex>` |
//! | id (`jti`) of a JWT access token | `<grant id, 32 hex>.<random, 32 hex>` |
//! | refresh token | `<grant id, 32 hex>.<family, 32 hex><secret, 64 hex>` |
//!
//! Every token of a grant shows its id; the family part of a refresh token is what only the holder of a refresh token
//! has ever seen, so that rubbish with a known id in front is not taken for a stolen token.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::secret::{Secret, TokenDigest};

/// The name of a grant: 16 random bytes, never derived from an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId([u8; 16]);

impl GrantId {
    /// An id from 16 random bytes.
    pub const fn from_random(random: [u8; 16]) -> Self {
        Self(random)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GrantId({self})")
    }
}

impl FromStr for GrantId {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode(text).map(Self)
    }
}

impl TryFrom<String> for GrantId {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GrantId> for String {
    fn from(id: GrantId) -> Self {
        id.to_string()
    }
}

/// An authorization code (RFC 6749 section 4.1.2).
#[derive(Clone)]
pub struct Code {
    grant: GrantId,
    secret: Secret<32>,
}

/// An opaque access token (RFC 6749 section 1.4).
#[derive(Clone)]
pub struct AccessToken {
    grant: GrantId,
    secret: Secret<32>,
}

/// The `jti` of a JWT access token (RFC 9068 section 2.2): public, but no more guessable than a secret.
#[derive(Clone)]
pub struct AccessTokenId {
    grant: GrantId,
    secret: Secret<16>,
}

/// The same four things for each token made of a grant id and one secret.
macro_rules! token {
    ($name:ident, $bytes:literal) => {
        impl $name {
            /// A token from fresh random bytes.
            pub fn new(grant: GrantId, random: [u8; $bytes]) -> Self {
                Self { grant, secret: Secret::new(random) }
            }

            /// The grant it says it belongs to.
            pub const fn grant(&self) -> GrantId {
                self.grant
            }

            /// The form that travels.
            pub fn expose(&self) -> String {
                format!("{}.{}", self.grant, self.secret.expose())
            }

            /// What is stored of it.
            pub fn digest(&self) -> TokenDigest {
                self.secret.digest()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({}, redacted)"), self.grant)
            }
        }

        impl FromStr for $name {
            type Err = TokenError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (grant, secret) = text.split_once('.').ok_or(TokenError)?;
                Ok(Self { grant: grant.parse()?, secret: Secret::new(decode(secret)?) })
            }
        }
    };
}

token!(Code, 32);
token!(AccessToken, 32);
token!(AccessTokenId, 16);

/// A refresh token (RFC 6749 section 1.5).
#[derive(Clone)]
pub struct RefreshToken {
    grant: GrantId,
    family: Secret<16>,
    secret: Secret<32>,
}

impl RefreshToken {
    /// The first token of a family, from fresh random bytes.
    pub fn new(grant: GrantId, family: [u8; 16], random: [u8; 32]) -> Self {
        Self { grant, family: Secret::new(family), secret: Secret::new(random) }
    }

    /// The token that takes this one's place, from fresh random bytes.
    pub fn successor(&self, random: [u8; 32]) -> Self {
        Self { grant: self.grant, family: self.family.clone(), secret: Secret::new(random) }
    }

    /// The grant it says it belongs to.
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// The form that travels.
    pub fn expose(&self) -> String {
        format!("{}.{}{}", self.grant, self.family.expose(), self.secret.expose())
    }

    /// What is stored of the part all tokens of the family share.
    pub fn family_digest(&self) -> TokenDigest {
        self.family.digest()
    }

    /// What is stored of the part that is this token's own.
    pub fn digest(&self) -> TokenDigest {
        self.secret.digest()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RefreshToken({}, redacted)", self.grant)
    }
}

impl FromStr for RefreshToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (grant, rest) = text.split_once('.').ok_or(TokenError)?;
        let (family, secret) = rest.split_at_checked(32).ok_or(TokenError)?;
        Ok(Self { grant: grant.parse()?, family: Secret::new(decode(family)?), secret: Secret::new(decode(secret)?) })
    }
}

/// Not a token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of ours")]
pub struct TokenError;

/// Lower-case hexadecimal only: a token has one form.
fn decode<const N: usize>(text: &str) -> Result<[u8; N], TokenError> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(TokenError);
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| TokenError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: GrantId = GrantId::from_random([1; 16]);

    #[test]
    fn the_forms_are_the_documented_ones() {
        assert_eq!(Code::new(ID, [2; 32]).expose(), format!("{}.{}", "01".repeat(16), "02".repeat(32)));
        assert_eq!(AccessToken::new(ID, [2; 32]).expose(), format!("{}.{}", "01".repeat(16), "02".repeat(32)));
        assert_eq!(AccessTokenId::new(ID, [2; 16]).expose(), format!("{}.{}", "01".repeat(16), "02".repeat(16)));
        assert_eq!(
            RefreshToken::new(ID, [2; 16], [3; 32]).expose(),
            format!("{}.{}{}", "01".repeat(16), "02".repeat(16), "03".repeat(32))
        );
    }

    #[test]
    fn debug_shows_the_grant_and_no_secret() {
        for shown in [
            format!("{:?}", Code::new(ID, [0xab; 32])),
            format!("{:?}", AccessToken::new(ID, [0xab; 32])),
            format!("{:?}", RefreshToken::new(ID, [0xab; 16], [0xab; 32])),
        ] {
            assert!(!shown.contains("abab"), "{shown}");
        }
    }

    #[test]
    fn a_successor_shares_the_family_and_nothing_else() {
        let token = RefreshToken::new(ID, [2; 16], [3; 32]);
        let next = token.successor([4; 32]);
        assert_eq!(next.grant(), ID);
        assert_eq!(next.family_digest(), token.family_digest());
        assert_ne!(next.digest(), token.digest());
    }

    #[test]
    fn an_upper_case_form_is_no_token() {
        let text = Code::new(ID, [0xab; 32]).expose().to_uppercase();
        assert!(text.parse::<Code>().is_err());
    }

    proptest! {
        #[test]
        fn every_token_comes_back_as_it_went(id: [u8; 16], family: [u8; 16], secret: [u8; 32]) {
            let id = GrantId::from_random(id);
            let code = Code::new(id, secret);
            prop_assert_eq!(code.expose().parse::<Code>().unwrap().digest(), code.digest());
            prop_assert_eq!(code.expose().parse::<Code>().unwrap().grant(), id);
            let refresh = RefreshToken::new(id, family, secret);
            let back: RefreshToken = refresh.expose().parse().unwrap();
            prop_assert_eq!(back.digest(), refresh.digest());
            prop_assert_eq!(back.family_digest(), refresh.family_digest());
            let jti = AccessTokenId::new(id, family);
            prop_assert_eq!(jti.expose().parse::<AccessTokenId>().unwrap().digest(), jti.digest());
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in any::<String>()) {
            let _ = text.parse::<Code>();
            let _ = text.parse::<AccessTokenId>();
            let _ = text.parse::<RefreshToken>();
        }

        #[test]
        fn a_token_of_another_length_is_none(text in "[0-9a-f]{32}\\.[0-9a-f]{0,120}") {
            prop_assert_eq!(text.parse::<Code>().is_ok(), text.len() == 97);
            prop_assert_eq!(text.parse::<AccessTokenId>().is_ok(), text.len() == 65);
            prop_assert_eq!(text.parse::<RefreshToken>().is_ok(), text.len() == 129);
        }
    }
}
