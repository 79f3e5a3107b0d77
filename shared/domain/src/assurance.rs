//! How sure we are of who somebody is: the method of proofing and the level it earns.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{language::Text, reason::Reason};

/// How a person's identity was established at registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofingMethod {
    /// The card registry confirmed ID, name, birth date and the laser code on the card's back.
    IdCard,
    /// The person's own word, for those whose card has no laser code or when the registry cannot be asked.
    SelfAsserted,
}

impl ProofingMethod {
    /// The name in forms and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdCard => "id_card",
            Self::SelfAsserted => "self_asserted",
        }
    }

    /// Whether somebody other than the person vouched for the identity.
    pub const fn is_proven(self) -> bool {
        match self {
            Self::IdCard => true,
            Self::SelfAsserted => false,
        }
    }
}

impl FromStr for ProofingMethod {
    type Err = ProofingMethodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "id_card" => Ok(Self::IdCard),
            "self_asserted" => Ok(Self::SelfAsserted),
            _ => Err(ProofingMethodError),
        }
    }
}

/// Not one of the methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown proofing method")]
pub struct ProofingMethodError;

impl Reason for ProofingMethodError {
    fn code(&self) -> &'static str {
        "unknown_method"
    }

    fn text(&self) -> Text {
        Text {
            th: "เลือกรูปแบบการพิสูจน์ตัวตน", en: "Choose how to prove who you are"
        }
    }
}

/// An identity assurance level as Thai relying parties know it: `1.1`, `1.3`, `2.3` ... Ordered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ial {
    major: u8,
    minor: u8,
}

impl fmt::Display for Ial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Debug for Ial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Ial({self})")
    }
}

impl FromStr for Ial {
    type Err = IalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |part: &str| match part.as_bytes() {
            [digit @ b'0'..=b'9'] => Ok(digit - b'0'),
            _ => Err(IalError),
        };
        let (major, minor) = text.split_once('.').ok_or(IalError)?;
        Ok(Self { major: digit(major)?, minor: digit(minor)? })
    }
}

impl TryFrom<String> for Ial {
    type Error = IalError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Ial> for String {
    fn from(level: Ial) -> Self {
        level.to_string()
    }
}

/// Not a level of the form `1.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an assurance level has the form 1.3")]
pub struct IalError;

/// What each method earns. Configuration: the agencies' table is not a law of nature (facts.md, confidence C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssuranceTable {
    /// Earned by `self_asserted`.
    pub self_asserted: Ial,
    /// Earned by `id_card`.
    pub id_card: Ial,
}

impl AssuranceTable {
    /// The level a method earns.
    pub const fn level(&self, method: ProofingMethod) -> Ial {
        match method {
            ProofingMethod::SelfAsserted => self.self_asserted,
            ProofingMethod::IdCard => self.id_card,
        }
    }
}

impl FromStr for AssuranceTable {
    type Err = IalError;

    /// Reads `self_asserted=1.1,id_card=1.3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let level = |name: &str| {
            text.split(',')
                .filter_map(|entry| entry.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .ok_or(IalError)?
                .1
                .parse()
        };
        Ok(Self { self_asserted: level("self_asserted")?, id_card: level("id_card")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_come_back_as_written() {
        let low: Ial = "1.1".parse().unwrap();
        let high: Ial = "2.3".parse().unwrap();
        assert!(low < high);
        assert_eq!(high.to_string(), "2.3");
        for text in ["", "1", "1.", ".3", "1.33", "a.b", "-1.3", "1.3 "] {
            assert_eq!(text.parse::<Ial>(), Err(IalError), "{text}");
        }
    }

    #[test]
    fn the_table_names_every_method() {
        let table: AssuranceTable = "self_asserted=1.1, id_card=1.3".parse().unwrap();
        assert_eq!(table.level(ProofingMethod::IdCard).to_string(), "1.3");
        assert_eq!(table.level(ProofingMethod::SelfAsserted).to_string(), "1.1");
        assert!("self_asserted=1.1".parse::<AssuranceTable>().is_err());
    }
}
