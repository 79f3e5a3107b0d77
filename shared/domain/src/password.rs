//! Passwords: what can be one at all, and what the policy lets somebody choose (NIST SP 800-63B-4 section 3.1.1).

mod breached;

use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use crate::{
    citizen_id::CitizenId, digits, language::Text, mobile_number::MobileNumber, reason::Reason, username::Username,
};

/// In code points, as 800-63B-4 counts. Long enough for any passphrase, short enough to hash.
const LONGEST: usize = 128;

/// How much of a password zxcvbn is shown. It stops at 100 characters of its own accord, but its time grows faster
/// than the square of the length where signs can be read as letters (`4@8({[<`): 0.85 s for 100 of them, 0.18 s for 48
/// on the machine this was written on. What is hard to guess by its first 48 characters is hard to guess.
const ESTIMATED: usize = 48;

/// Words that anybody would try first here.
const OUR_WORDS: [&str; 5] = ["digitalid", "digital", "thaid", "thailand", "government"];

/// A password as typed: 1 to 128 code points, any of them, none cut off. Secret, wiped when dropped.
///
/// In NFC, as RFC 8265 section 4.2 has it and 800-63B-4 asks of who accepts Unicode: keyboards compose letters and
/// marks differently, and the same password typed on another telephone must give the same hash. Nothing else is
/// changed: case, width and spaces are the person's own.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password, for the hash function alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// At sign-in any text may be somebody's password; what may be chosen is [`PasswordPolicy::accept`]'s to say.
impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(PasswordError::Required);
        }
        // NFC makes a text at most three times as long (UAX 15): the buffer never grows and leaves no copy behind.
        let mut password = Zeroizing::new(String::with_capacity(text.len() * 3));
        password.extend(text.nfc());
        if password.chars().count() > LONGEST { Err(PasswordError::TooLong) } else { Ok(Self(password)) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(redacted)")
    }
}

/// What may be chosen as a password. No rules on composition: they make passwords worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest code points.
    pub minimum: usize,
}

/// Who chooses: their own username and names are the first things others would guess.
#[derive(Clone, Default)]
pub struct PasswordContext<'a> {
    /// The username, where it is known and well-formed.
    pub username: Option<&'a Username>,
    /// First, middle and last name.
    pub names: Vec<&'a str>,
}

impl fmt::Debug for PasswordContext<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordContext(redacted)")
    }
}

impl PasswordPolicy {
    /// Parses a password that somebody chooses for an account.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn accept(&self, text: &str, context: &PasswordContext<'_>) -> Result<Password, PasswordError> {
        let password: Password = text.parse()?;
        if password.0.chars().count() < self.minimum {
            return Err(PasswordError::TooShort { minimum: self.minimum });
        }
        let lower = Zeroizing::new(password.0.to_lowercase());
        if context.username.is_some_and(|username| lower.contains(username.as_str())) {
            return Err(PasswordError::Username);
        }
        if CitizenId::from_str(&password.0).is_ok() {
            return Err(PasswordError::CitizenId);
        }
        if MobileNumber::from_str(&password.0).is_ok() {
            return Err(PasswordError::MobileNumber);
        }
        if breached::contains(&lower) {
            return Err(PasswordError::Breached);
        }
        if is_guessable(&password, context) { Err(PasswordError::Guessable) } else { Ok(password) }
    }
}

/// zxcvbn's score of 3 ("safely unguessable": 10^8 guesses) is the least we take.
fn is_guessable(password: &Password, context: &PasswordContext<'_>) -> bool {
    // Thai digits are as guessable as the Latin ones that zxcvbn knows.
    let start = Zeroizing::new(digits::latin(&password.0).chars().take(ESTIMATED).collect::<String>());
    let mut known = context.names.clone();
    known.extend(context.username.map(Username::as_str));
    known.extend(OUR_WORDS);
    zxcvbn(&start, &known).score() < Score::Three
}

/// Why a text cannot be a password, or may not be chosen as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("no password")]
    Required,
    /// Fewer code points than the policy's minimum.
    #[error("the password is shorter than {minimum} code points")]
    TooShort {
        /// The policy's minimum.
        minimum: usize,
    },
    /// Over 128 code points.
    #[error("the password is longer than 128 code points")]
    TooLong,
    /// It is the username, or the username is in it.
    #[error("the username is in the password")]
    Username,
    /// It is a citizen ID, whoever's.
    #[error("the password is a citizen id")]
    CitizenId,
    /// It is a mobile number, whoever's.
    #[error("the password is a mobile number")]
    MobileNumber,
    /// It is in the list of passwords that leaked elsewhere.
    #[error("the password is in a breached list")]
    Breached,
    /// Too few guesses would find it.
    #[error("the password is guessable")]
    Guessable,
}

impl Reason for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::Username => "contains_username",
            Self::CitizenId => "is_citizen_id",
            Self::MobileNumber => "is_mobile_number",
            Self::Breached => "breached",
            Self::Guessable => "guessable",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => {
                Text { th: "กรุณาระบุรหัสผ่าน", en: "Enter a password" }
            }
            Self::TooShort { minimum: 12 } => Text {
                th: "รหัสผ่านสั้นเกินไป กรุณาใช้อย่างน้อย 12 ตัวอักษร เช่น นำคำหลายคำมาต่อกัน",
                en: "The password is too short. Use at least 12 characters, for example several words together",
            },
            Self::TooShort { minimum: 15 } => Text {
                th: "รหัสผ่านสั้นเกินไป กรุณาใช้อย่างน้อย 15 ตัวอักษร เช่น นำคำหลายคำมาต่อกัน",
                en: "The password is too short. Use at least 15 characters, for example several words together",
            },
            Self::TooShort { .. } => Text {
                th: "รหัสผ่านสั้นเกินไป กรุณาเพิ่มความยาว เช่น นำคำหลายคำมาต่อกัน",
                en: "The password is too short. Make it longer, for example several words together",
            },
            Self::TooLong => Text {
                th: "รหัสผ่านยาวเกินไป กรุณาใช้ไม่เกิน 128 ตัวอักษร",
                en: "The password is too long. Use at most 128 characters",
            },
            Self::Username => Text {
                th: "รหัสผ่านมีบัญชีผู้ใช้งานอยู่ด้วย ซึ่งผู้อื่นเดาได้ กรุณาตั้งรหัสผ่านที่ไม่มีบัญชีผู้ใช้งาน",
                en: "The password has your username in it, which others can guess. Choose one without it",
            },
            Self::CitizenId => Text {
                th: "ผู้อื่นอาจรู้เลขประจำตัวประชาชน กรุณาตั้งรหัสผ่านอื่นที่ไม่ใช่เลขประจำตัวประชาชน",
                en: "Others may know a citizen ID. Choose a password that is not one",
            },
            Self::MobileNumber => Text {
                th: "ผู้อื่นอาจรู้เบอร์โทรศัพท์ กรุณาตั้งรหัสผ่านอื่นที่ไม่ใช่เบอร์โทรศัพท์",
                en: "Others may know a telephone number. Choose a password that is not one",
            },
            Self::Breached => Text {
                th: "รหัสผ่านนี้เคยรั่วไหลจากเว็บไซต์อื่น ผู้ไม่หวังดีจะลองรหัสนี้ก่อน กรุณาตั้งรหัสผ่านอื่น",
                en: "This password has leaked from another website, and attackers try those first. Choose another",
            },
            Self::Guessable => Text {
                th: "รหัสผ่านนี้เดาได้ง่าย กรุณาใช้คำหลายคำที่ไม่เกี่ยวข้องกัน และไม่ใช้ชื่อ วันเกิด หรือตัวอักษรที่เรียงหรือซ้ำกัน",
                en: "This password is easy to guess. Use several unrelated words, not names, dates, sequences or repeats",
            },
        }
    }
}

#[cfg(test)]
mod tests;
