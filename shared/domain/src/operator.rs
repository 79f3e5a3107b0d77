//! Operators: who gave an order, and why. Both are kept with what was done.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in code points.
const LONGEST_NAME: usize = 128;
/// The longest reason, in code points.
const LONGEST_REASON: usize = 500;

/// An operator's name, as the agency knows them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Operator(String);

/// Why something was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Justification(String);

/// Why a text names no operator, or is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// Empty, too long, or with control characters.
    #[error("an operator's name has 1 to 128 characters")]
    Name,
    /// The same of a reason.
    #[error("a reason has 1 to 500 characters")]
    Justification,
}

impl Operator {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Somebody who writes their own name in capitals is nobody else.
impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Eq for Operator {}

impl FromStr for Operator {
    type Err = OperatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        trimmed(text, LONGEST_NAME).map(Self).ok_or(OperatorError::Name)
    }
}

impl TryFrom<String> for Operator {
    type Error = OperatorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Operator> for String {
    fn from(operator: Operator) -> Self {
        operator.0
    }
}

impl Justification {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Justification {
    type Err = OperatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        trimmed(text, LONGEST_REASON).map(Self).ok_or(OperatorError::Justification)
    }
}

impl TryFrom<String> for Justification {
    type Error = OperatorError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Justification> for String {
    fn from(reason: Justification) -> Self {
        reason.0
    }
}

/// Without control characters, which could write a line of their own into a log.
fn trimmed(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_compared_without_case() {
        let name = |text: &str| text.parse::<Operator>();
        assert_eq!(name(" Somchai.R "), name("somchai.r"));
        assert_ne!(name("somchai"), name("somying"));
        for wrong in ["", "  ", "a\nb", &"x".repeat(129)] {
            assert_eq!(name(wrong), Err(OperatorError::Name), "{wrong:?}");
        }
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!("ตามหนังสือที่ 12".parse::<Justification>().unwrap().as_str(), "ตามหนังสือที่ 12");
        for wrong in ["", "\t", &"x".repeat(501)] {
            assert_eq!(wrong.parse::<Justification>(), Err(OperatorError::Justification), "{wrong:?}");
        }
    }
}
