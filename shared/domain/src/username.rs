//! The username: what an account signs in with, one spelling of it only.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{language::Text, reason::Reason};

const SHORTEST: usize = 6;
const LONGEST: usize = 32;

/// Names that would let their holder pass for the service or its staff; compared without dots, dashes and underscores.
const RESERVED: [&str; 25] = [
    "admin",
    "administrator",
    "anonymous",
    "callcenter",
    "contact",
    "digitalid",
    "emergency",
    "government",
    "helpdesk",
    "hostmaster",
    "moderator",
    "noreply",
    "official",
    "operator",
    "postmaster",
    "registrar",
    "registry",
    "root",
    "security",
    "support",
    "sysadmin",
    "system",
    "thaid",
    "thaigov",
    "webmaster",
];

/// A username: `^[a-z][a-z0-9._-]{5,31}$`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Username(String);

impl Username {
    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of an account that may exist: reserved names too, since one that was taken before it was reserved stays
    /// its owner's. For signing in; a name to be taken is parsed by [`str::parse`].
    ///
    /// # Errors
    /// Any [`UsernameError`] but [`UsernameError::Reserved`].
    pub fn existing(text: &str) -> Result<Self, UsernameError> {
        // ASCII's lower case only: Unicode's would turn the Kelvin sign into a k.
        let name = text.trim().to_ascii_lowercase();
        let mut characters = name.chars();
        match characters.next() {
            None => return Err(UsernameError::Required),
            Some('a'..='z') => {}
            Some('0'..='9' | '.' | '_' | '-') => return Err(UsernameError::FirstLetter),
            Some(_) => return Err(UsernameError::Characters),
        }
        if !characters.all(|c| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
            return Err(UsernameError::Characters);
        }
        match name.len() {
            ..SHORTEST => Err(UsernameError::TooShort),
            SHORTEST..=LONGEST => Ok(Self(name)),
            _ => Err(UsernameError::TooLong),
        }
    }

    fn is_reserved(&self) -> bool {
        let letters: String = self.0.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        RESERVED.contains(&letters.as_str())
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    /// Trims and lower-cases; refuses reserved names.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = Self::existing(text)?;
        if name.is_reserved() { Err(UsernameError::Reserved) } else { Ok(name) }
    }
}

impl<'de> Deserialize<'de> for Username {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::existing(&text).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Username(redacted)")
    }
}

/// Why a text is not a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing was typed.
    #[error("no username")]
    Required,
    /// It does not begin with a letter.
    #[error("a username begins with a letter")]
    FirstLetter,
    /// Something other than Latin letters, digits, dots, underscores and dashes.
    #[error("a username has latin letters, digits, dots, underscores and dashes only")]
    Characters,
    /// Under six characters.
    #[error("a username has at least 6 characters")]
    TooShort,
    /// Over 32 characters.
    #[error("a username has at most 32 characters")]
    TooLong,
    /// It would pass for the service itself.
    #[error("the username is reserved")]
    Reserved,
}

impl Reason for UsernameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::FirstLetter => "first_letter",
            Self::Characters => "characters",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Reserved => "reserved",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => Text {
                th: "กรุณาระบุบัญชีผู้ใช้งาน", en: "Enter a username"
            },
            Self::FirstLetter => Text {
                th: "กรุณาตั้งบัญชีผู้ใช้งานให้ขึ้นต้นด้วยตัวอักษรภาษาอังกฤษ",
                en: "Begin your username with an English letter",
            },
            Self::Characters => Text {
                th: "กรุณาตั้งบัญชีผู้ใช้งานด้วยตัวอักษรภาษาอังกฤษ ตัวเลข จุด ขีดกลาง หรือขีดล่าง โดยไม่เว้นวรรค",
                en: "Use English letters, digits, dots, dashes and underscores in your username, without spaces",
            },
            Self::TooShort => Text {
                th: "กรุณาตั้งบัญชีผู้ใช้งานอย่างน้อย 6 ตัวอักษร",
                en: "Use at least 6 characters in your username",
            },
            Self::TooLong => Text {
                th: "กรุณาตั้งบัญชีผู้ใช้งานไม่เกิน 32 ตัวอักษร",
                en: "Use at most 32 characters in your username",
            },
            Self::Reserved => Text {
                th: "ชื่อนี้สงวนไว้สำหรับระบบ กรุณาตั้งบัญชีผู้ใช้งานเป็นชื่ออื่น",
                en: "This name is kept for the service. Choose another username",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_edges_do_not_make_another_name() {
        assert_eq!(" Somchai.J-9_ ".parse::<Username>().unwrap().as_str(), "somchai.j-9_");
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        for (typed, error) in [
            ("  ", UsernameError::Required),
            ("9somchai", UsernameError::FirstLetter),
            (".somchai", UsernameError::FirstLetter),
            ("สมชาย", UsernameError::Characters),
            ("som chai", UsernameError::Characters),
            ("somchai@example", UsernameError::Characters),
            ("soom\u{212A}ai", UsernameError::Characters),
            ("somch", UsernameError::TooShort),
            ("a23456789012345678901234567890123", UsernameError::TooLong),
            ("Administrator", UsernameError::Reserved),
            ("digital.id", UsernameError::Reserved),
            ("ad-min", UsernameError::Reserved),
        ] {
            assert_eq!(typed.parse::<Username>(), Err(error), "{typed}");
        }
        assert!("somcha".parse::<Username>().is_ok());
        assert!("a2345678901234567890123456789012".parse::<Username>().is_ok());
    }

    #[test]
    fn a_stored_name_stays_readable_when_the_name_is_reserved_later() {
        assert_eq!(serde_json::from_str::<Username>(r#""support""#).unwrap().as_str(), "support");
        assert!(serde_json::from_str::<Username>(r#""x""#).is_err());
    }

    proptest! {
        #[test]
        fn the_canonical_form_parses_to_itself(text in "[A-Za-z][A-Za-z0-9._-]{5,31}") {
            let Ok(name) = text.parse::<Username>() else { return Ok(()) };
            prop_assert_eq!(name.as_str().parse::<Username>(), Ok(name.clone()));
            let json = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Username>(&json).unwrap(), &name);
            prop_assert_eq!(format!("{name:?}"), "Username(redacted)");
        }

        #[test]
        fn garbage_is_refused_quietly(text in any::<String>()) {
            if let Ok(name) = text.parse::<Username>() {
                prop_assert!((6..=32).contains(&name.as_str().len()));
            }
        }
    }
}
