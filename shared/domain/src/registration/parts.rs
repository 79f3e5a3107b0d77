//! The parts of a registration: its id, its steps, and what each step adds.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    mobile_number::MobileNumber,
    sealed::{Mac, PasswordVerifier},
    username::Username,
};

/// The registration's name in the store and in the cookie, beside its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegistrationId(String);

impl RegistrationId {
    /// An id from 16 random bytes.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for RegistrationId {
    type Err = RegistrationIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(RegistrationIdError) }
    }
}

/// Not a registration's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a registration id")]
pub struct RegistrationIdError;

/// The step a registration is at: what it asks for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Who the person is.
    Identity,
    /// Username and password.
    Account,
    /// The mobile number.
    Mobile,
    /// The code sent to it.
    Otp,
    /// A last look, and the confirmation.
    Review,
}

impl Step {
    /// All of them, in order.
    pub const EVERY: [Self; 5] = [Self::Identity, Self::Account, Self::Mobile, Self::Otp, Self::Review];

    /// The name in JSON and in paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Account => "account",
            Self::Mobile => "mobile",
            Self::Otp => "otp",
            Self::Review => "review",
        }
    }
}

/// What the account will be used with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Reserved only when the account is made.
    pub username: Username,
    /// What the password is checked against.
    pub password: PasswordVerifier,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(redacted)")
    }
}

/// The number, and since when it is known to be the person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mobile {
    /// The number.
    pub number: MobileNumber,
    /// MAC of the number, for what is counted by number.
    pub number_mac: Mac,
    /// When a code sent to it came back.
    pub verified_at: Option<Timestamp>,
}

/// One text sent, for the limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// To which number.
    pub number: MobileNumber,
    /// When.
    pub at: Timestamp,
    /// The address's counter it was charged to, until that was given back: when the number is verified.
    pub charged_to: Option<String>,
}
