//! The citizen ID: 13 digits, the last of them a check digit, printed on the card as `1-2345-67890-12-1`.

use std::{fmt, str::FromStr};

use zeroize::{Zeroize, Zeroizing};

use crate::{digits, language::Text, reason::Reason};

const LENGTH: usize = 13;

/// A citizen ID with a good check digit: 13 Latin digits, the first of them 1 to 8. Secret: it names a person for life.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenId(String);

impl CitizenId {
    /// The 13 digits, for the registry, a MAC or encryption. Never for a log or a page.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `1-xxxx-xxxxx-12-1`: what its owner may be shown of it. The first digit and the last three stay.
    pub fn masked(&self) -> String {
        self.0
            .char_indices()
            .flat_map(|(index, digit)| {
                let dash = matches!(index, 1 | 5 | 10 | 12).then_some('-');
                let shown = if (1..10).contains(&index) { 'x' } else { digit };
                dash.into_iter().chain([shown])
            })
            .collect()
    }
}

impl FromStr for CitizenId {
    type Err = CitizenIdError;

    /// Accepts Thai digits, spaces and dashes anywhere.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = Zeroizing::new(digits::fold(text));
        match id.bytes().next() {
            None => return Err(CitizenIdError::Required),
            Some(_) if !digits::all_digits(&id) => return Err(CitizenIdError::Characters),
            Some(_) if id.len() != LENGTH => return Err(CitizenIdError::Length),
            Some(b'1'..=b'8') => {}
            Some(_) => return Err(CitizenIdError::FirstDigit),
        }
        if id.bytes().next_back().map(value) != Some(check_digit(&id)) {
            return Err(CitizenIdError::CheckDigit);
        }
        Ok(Self(std::mem::take(&mut *id)))
    }
}

/// The rule of the Department of Provincial Administration: the first twelve digits weighted 13 down to 2, modulo 11,
/// taken from 11, modulo 10.
fn check_digit(id: &str) -> usize {
    let sum: usize = id.bytes().zip((2..=LENGTH).rev()).map(|(digit, weight)| value(digit) * weight).sum();
    (11 - sum % 11) % 10
}

fn value(digit: u8) -> usize {
    usize::from(digit - b'0')
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CitizenId(redacted)")
    }
}

impl Drop for CitizenId {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a text is not a citizen ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// Nothing was typed.
    #[error("no citizen id")]
    Required,
    /// Something other than digits, spaces and dashes.
    #[error("a citizen id has digits only")]
    Characters,
    /// Not 13 digits.
    #[error("a citizen id has 13 digits")]
    Length,
    /// It begins with 0 or 9, which no citizen's does.
    #[error("a citizen id begins with 1 to 8")]
    FirstDigit,
    /// The last digit does not follow from the others: one is mistyped, or two are swapped.
    #[error("the check digit of the citizen id is wrong")]
    CheckDigit,
}

impl Reason for CitizenIdError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Characters => "characters",
            Self::Length => "length",
            Self::FirstDigit => "first_digit",
            Self::CheckDigit => "check_digit",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => Text {
                th: "กรุณาระบุเลขประจำตัวประชาชน 13 หลัก", en: "Enter your 13-digit citizen ID"
            },
            Self::Characters => Text {
                th: "กรุณาระบุเลขประจำตัวประชาชน 13 หลัก เป็นตัวเลขเท่านั้น",
                en: "Enter your citizen ID as 13 digits, without letters",
            },
            Self::Length => Text {
                th: "กรุณาระบุเลขประจำตัวประชาชนให้ครบ 13 หลัก ตามที่อยู่บนหน้าบัตร",
                en: "Enter all 13 digits of your citizen ID, as on the front of your card",
            },
            Self::FirstDigit => Text {
                th: "กรุณาระบุเลขประจำตัวประชาชน 13 หลัก ซึ่งขึ้นต้นด้วยเลข 1 ถึง 8 ตามที่อยู่บนหน้าบัตร",
                en: "Enter the 13-digit number on the front of your card. It begins with a digit from 1 to 8",
            },
            Self::CheckDigit => Text {
                th: "กรุณาตรวจเลขประจำตัวประชาชนกับหน้าบัตรอีกครั้งทีละหลัก",
                en: "Check your citizen ID against the front of your card, digit by digit",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_known_examples() {
        for valid in ["1112034563562", "1234567890121"] {
            assert_eq!(valid.parse::<CitizenId>().unwrap().expose(), valid);
        }
        assert_eq!("1234567890123".parse::<CitizenId>(), Err(CitizenIdError::CheckDigit));
    }

    #[test]
    fn it_is_accepted_as_people_type_it() {
        for typed in ["1-2345-67890-12-1", " 1 2345 67890 12 1 ", "๑๒๓๔๕๖๗๘๙๐๑๒๑", "1\u{2013}2345\u{A0}67890‑12–๑"]
        {
            assert_eq!(typed.parse::<CitizenId>().unwrap().expose(), "1234567890121", "{typed}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        for (typed, error) in [
            ("", CitizenIdError::Required),
            (" - ", CitizenIdError::Required),
            ("123456789012a", CitizenIdError::Characters),
            ("+234567890121", CitizenIdError::Characters),
            ("123456789012", CitizenIdError::Length),
            ("12345678901211", CitizenIdError::Length),
            ("0234567890121", CitizenIdError::FirstDigit),
            ("9234567890121", CitizenIdError::FirstDigit),
        ] {
            assert_eq!(typed.parse::<CitizenId>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn the_mask_shows_the_first_digit_and_the_last_three() {
        assert_eq!("1234567890121".parse::<CitizenId>().unwrap().masked(), "1-xxxx-xxxxx-12-1");
        assert_eq!("1112034563562".parse::<CitizenId>().unwrap().masked(), "1-xxxx-xxxxx-56-2");
    }

    proptest! {
        #[test]
        fn one_check_digit_in_ten_is_good(twelve in "[1-8][0-9]{11}") {
            let good: Vec<_> = (0..10).filter_map(|last| format!("{twelve}{last}").parse::<CitizenId>().ok()).collect();
            prop_assert_eq!(good.len(), 1);
            prop_assert_eq!(good[0].expose().parse::<CitizenId>(), Ok(good[0].clone()));
            let debug = format!("{:?}", good[0]);
            prop_assert!(!debug.contains(|c: char| c.is_ascii_digit()));
        }

        #[test]
        fn garbage_is_refused_quietly(text in any::<String>()) {
            if let Ok(id) = text.parse::<CitizenId>() {
                prop_assert_eq!(id.expose().len(), 13);
            }
        }
    }
}
