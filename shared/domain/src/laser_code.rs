//! The laser code on the back of an identity card: two letters and ten digits, engraved as `JT1-2345678-90`.

use std::{fmt, str::FromStr};

use zeroize::{Zeroize, Zeroizing};

use crate::{digits, language::Text, reason::Reason};

/// A well-formed laser code: two Latin capitals and ten digits. Secret, and never stored: with the citizen ID it proves
/// that somebody holds the card.
#[derive(Clone, PartialEq, Eq)]
pub struct LaserCode(String);

impl LaserCode {
    /// The twelve characters without dashes, for the registry alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for LaserCode {
    type Err = LaserCodeError;

    /// Accepts lower case, Thai digits, spaces and dashes anywhere.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut code = Zeroizing::new(digits::fold(text));
        if code.is_empty() {
            return Err(LaserCodeError::Required);
        }
        code.make_ascii_uppercase();
        let (letters, numbers) = code.split_at_checked(2).ok_or(LaserCodeError::Form)?;
        let well_formed =
            letters.bytes().all(|byte| byte.is_ascii_uppercase()) && numbers.len() == 10 && digits::all_digits(numbers);
        if well_formed { Ok(Self(std::mem::take(&mut *code))) } else { Err(LaserCodeError::Form) }
    }
}

impl fmt::Debug for LaserCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LaserCode(redacted)")
    }
}

impl Drop for LaserCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a text is not a laser code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaserCodeError {
    /// Nothing was typed.
    #[error("no laser code")]
    Required,
    /// Not two letters and ten digits.
    #[error("a laser code is two letters and ten digits")]
    Form,
}

impl Reason for LaserCodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Form => "form",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => Text {
                th: "กรุณาระบุรหัสหลังบัตรประจำตัวประชาชน",
                en: "Enter the code on the back of your identity card",
            },
            Self::Form => Text {
                th: "กรุณาระบุรหัสหลังบัตรประจำตัวประชาชนให้ถูกต้อง เป็นตัวอักษร 2 ตัวตามด้วยตัวเลข 10 ตัว เช่น JT1-2345678-90",
                en: "Enter the code on the back of your card: two letters and ten digits, such as JT1-2345678-90",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_accepted_as_people_type_it() {
        for typed in ["JT1-2345678-90", "jt1234567890", " Jt1 2345678 90", "JT๑-๒๓๔๕๖๗๘-๙๐", "j t 1 2 3 4 5 6 7 8 9 0"]
        {
            assert_eq!(typed.parse::<LaserCode>().unwrap().expose(), "JT1234567890", "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(" ".parse::<LaserCode>(), Err(LaserCodeError::Required));
        for typed in
            ["JT123456789", "JT12345678901", "J11234567890", "JTA234567890", "กข1234567890", "ก1234567890", "J"]
        {
            assert_eq!(typed.parse::<LaserCode>(), Err(LaserCodeError::Form), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_parses_to_itself(text in "[A-Za-z]{2}[0-9]-?[0-9]{7}-?[0-9]{2}") {
            let code: LaserCode = text.parse().unwrap();
            prop_assert_eq!(code.expose().parse::<LaserCode>(), Ok(code.clone()));
            prop_assert_eq!(format!("{code:?}"), "LaserCode(redacted)");
        }

        #[test]
        fn garbage_is_refused_quietly(text in any::<String>()) {
            if let Ok(code) = text.parse::<LaserCode>() {
                prop_assert_eq!(code.expose().len(), 12);
            }
        }
    }
}
