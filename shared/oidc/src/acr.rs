//! How a person was authenticated: the class (`acr`) and the methods (`amr`) tokens tell.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Authentication context class, weakest first (OpenID Connect Core section 2, `acr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acr {
    /// Password, in a browser known to belong to the account.
    Aal1,
    /// Password and a one-time code, both in this sign-in.
    Aal2,
}

impl Acr {
    /// The value in requests and tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
        }
    }

    /// The methods that earned it, in the words of RFC 8176 section 2.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Aal1 => &["pwd"],
            Self::Aal2 => &["pwd", "otp", "sms", "mfa"],
        }
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Acr {
    type Err = AcrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "aal1" => Ok(Self::Aal1),
            "aal2" => Ok(Self::Aal2),
            _ => Err(AcrError),
        }
    }
}

/// Not a class we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown authentication context class")]
pub struct AcrError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ordered_and_have_one_name_everywhere() {
        assert!(Acr::Aal1 < Acr::Aal2);
        for acr in [Acr::Aal1, Acr::Aal2] {
            assert_eq!(acr.to_string().parse(), Ok(acr));
            assert_eq!(serde_json::to_value(acr).unwrap(), acr.as_str());
        }
        assert_eq!("AAL2".parse::<Acr>(), Err(AcrError));
    }

    #[test]
    fn only_a_code_makes_it_two_factors() {
        assert!(!Acr::Aal1.amr().contains(&"mfa"));
        assert!(Acr::Aal2.amr().contains(&"mfa"));
    }
}
