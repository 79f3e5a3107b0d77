//! Thai mobile numbers, by the number plan that libphonenumber gives for region TH.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{digits, language::Text, reason::Reason};

/// A number that a text message can be sent to, in E.164: `+66` and nine digits.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MobileNumber(String);

impl MobileNumber {
    /// `+66812345678`, as it is stored and as SNS takes it.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// `081-234-5678`, as people write it.
    pub fn national(&self) -> String {
        let (area, middle, end) = self.parts();
        format!("0{area}-{middle}-{end}")
    }

    /// `081-xxx-5678`: what may be shown where somebody else may look.
    pub fn masked(&self) -> String {
        let (area, _, end) = self.parts();
        format!("0{area}-xxx-{end}")
    }

    /// Two, three and four digits.
    fn parts(&self) -> (&str, &str, &str) {
        let subscriber = self.subscriber();
        let part = |range| subscriber.get(range).unwrap_or_default();
        (part(0..2), part(2..5), part(5..9))
    }

    /// The nine digits after `+66` or `0`.
    fn subscriber(&self) -> &str {
        self.0.strip_prefix("+66").unwrap_or_default()
    }
}

impl FromStr for MobileNumber {
    type Err = MobileNumberError;

    /// Accepts `081-234-5678`, `+66 81 234 5678`, `+66 (0)81...`, `0066...`, `66...`, Thai digits, spaces, dashes,
    /// brackets and dots.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: String =
            digits::fold(text).chars().filter(|c| !matches!(c, '(' | ')' | '[' | ']' | '.' | '/')).collect();
        if number.is_empty() {
            return Err(MobileNumberError::Required);
        }
        let plain = number.strip_prefix(['+', '\u{FF0B}']);
        if !digits::all_digits(plain.unwrap_or(&number)) {
            return Err(MobileNumberError::Characters);
        }
        let subscriber = subscriber(&number, plain)?;
        match kind(subscriber) {
            Kind::Mobile => Ok(Self(format!("+66{subscriber}"))),
            Kind::Voip => Err(MobileNumberError::Voip),
            Kind::TooShortOrLong => Err(MobileNumberError::Length),
            Kind::Other => Err(MobileNumberError::NotMobile),
        }
    }
}

impl TryFrom<String> for MobileNumber {
    type Error = MobileNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What follows the prefix for Thailand; `plain` is the number without its plus, if it has one.
fn subscriber<'a>(number: &'a str, plain: Option<&'a str>) -> Result<&'a str, MobileNumberError> {
    let international = plain.or_else(|| number.strip_prefix("00"));
    // Without a plus, 66 is the country only where nine digits follow; a Thai number itself begins with 0.
    let country_typed_plainly = number.strip_prefix("66").filter(|rest| matches!(rest.len(), 9 | 10));
    match international {
        Some(international) => international
            .strip_prefix("66")
            .map(|rest| rest.strip_prefix('0').unwrap_or(rest))
            .ok_or(MobileNumberError::Foreign),
        None => country_typed_plainly
            .map(|rest| rest.strip_prefix('0').unwrap_or(rest))
            .or_else(|| number.strip_prefix('0'))
            .ok_or(MobileNumberError::Length),
    }
}

enum Kind {
    Mobile,
    Voip,
    TooShortOrLong,
    Other,
}

/// The plan: `6[1-6]`, `[89]`, and of `67` the blocks 10-18 and 24-27; `60` and `68` are VoIP, which anybody can rent.
fn kind(subscriber: &str) -> Kind {
    match subscriber.as_bytes() {
        digits if digits.len() != 9 => Kind::TooShortOrLong,
        [b'8' | b'9', ..]
        | [b'6', b'1'..=b'6', ..]
        | [b'6', b'7', b'1', b'0'..=b'8', ..]
        | [b'6', b'7', b'2', b'4'..=b'7', ..] => Kind::Mobile,
        [b'6', b'0' | b'8', ..] => Kind::Voip,
        _ => Kind::Other,
    }
}

impl fmt::Debug for MobileNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MobileNumber(redacted)")
    }
}

/// Why a text is not a mobile number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MobileNumberError {
    /// Nothing was typed.
    #[error("no mobile number")]
    Required,
    /// Something that is not in a number.
    #[error("a mobile number has digits only")]
    Characters,
    /// Too few or too many digits, or no 0 in front.
    #[error("a mobile number has ten digits and begins with 0")]
    Length,
    /// A country code other than 66.
    #[error("not a number of Thailand")]
    Foreign,
    /// A landline, or a block not given to mobile telephones.
    #[error("not a mobile number")]
    NotMobile,
    /// 060 and 068: internet telephony.
    #[error("an internet telephony number")]
    Voip,
}

impl Reason for MobileNumberError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Characters => "characters",
            Self::Length => "length",
            Self::Foreign => "foreign",
            Self::NotMobile => "not_mobile",
            Self::Voip => "voip",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือ", en: "Enter your mobile number"
            },
            Self::Characters => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือเป็นตัวเลขเท่านั้น เช่น 081 234 5678",
                en: "Enter your mobile number in digits, such as 081 234 5678",
            },
            Self::Length => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือให้ครบ 10 หลัก ขึ้นต้นด้วย 0 เช่น 081 234 5678",
                en: "Enter all 10 digits of your mobile number, beginning with 0, such as 081 234 5678",
            },
            Self::Foreign => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือของประเทศไทย เช่น 081 234 5678",
                en: "Enter a Thai mobile number, such as 081 234 5678",
            },
            Self::NotMobile => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือที่รับ SMS ได้ ขึ้นต้นด้วย 06, 08 หรือ 09",
                en: "Enter a mobile number that receives text messages. It begins with 06, 08 or 09",
            },
            Self::Voip => Text {
                th: "กรุณาระบุเบอร์โทรศัพท์มือถือเบอร์อื่น เบอร์โทรศัพท์ผ่านอินเทอร์เน็ต (060 และ 068) ใช้ยืนยันตัวตนไม่ได้",
                en: "Enter another mobile number. Internet telephony numbers (060 and 068) cannot be used to verify you",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<MobileNumber, MobileNumberError> {
        text.parse()
    }

    #[test]
    fn it_is_accepted_as_people_type_it() {
        for typed in [
            "0812345678",
            "081-234-5678",
            "081 234 5678",
            "081.234.5678",
            "(081) 234-5678",
            "+66812345678",
            "+66 81 234 5678",
            "+66 (0)81 234 5678",
            "+66-081-234-5678",
            "0066812345678",
            "00 66 81 234 5678",
            "66812345678",
            "๐๘๑-๒๓๔-๕๖๗๘",
            "+๖๖ ๘๑ ๒๓๔ ๕๖๗๘",
            "\u{202A}081\u{2011}234\u{A0}5678\u{202C}",
        ] {
            assert_eq!(parse(typed).unwrap().e164(), "+66812345678", "{typed}");
        }
    }

    #[test]
    fn the_number_plan_at_its_edges() {
        for good in ["061", "066", "06710", "06718", "06724", "06727", "080", "099"] {
            assert!(parse(&format!("{good:0<10}")).is_ok(), "{good}");
        }
        for other in ["069", "06700", "06719", "06720", "06723", "06728", "014", "02", "070"] {
            assert_eq!(parse(&format!("{other:0<10}")), Err(MobileNumberError::NotMobile), "{other}");
        }
        for voip in ["060", "068"] {
            assert_eq!(parse(&format!("{voip:0<10}")), Err(MobileNumberError::Voip), "{voip}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        for (typed, error) in [
            ("", MobileNumberError::Required),
            (" - ", MobileNumberError::Required),
            ("081-CALL-ME", MobileNumberError::Characters),
            ("+", MobileNumberError::Characters),
            ("081+2345678", MobileNumberError::Characters),
            ("081234567", MobileNumberError::Length),
            ("08123456789", MobileNumberError::Length),
            ("812345678", MobileNumberError::Length),
            ("+6681234567", MobileNumberError::Length),
            ("66", MobileNumberError::Length),
            ("+1 202 555 0100", MobileNumberError::Foreign),
            ("0044 20 7946 0000", MobileNumberError::Foreign),
        ] {
            assert_eq!(parse(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn it_is_shown_and_hidden() {
        let number = parse("081-234-5678").unwrap();
        assert_eq!(number.national(), "081-234-5678");
        assert_eq!(number.masked(), "081-xxx-5678");
        assert_eq!(format!("{number:?}"), "MobileNumber(redacted)");
    }

    #[test]
    fn it_is_stored_as_e164_and_read_back_through_the_parser() {
        let number = parse("0812345678").unwrap();
        let json = serde_json::to_string(&number).unwrap();
        assert_eq!(json, r#""+66812345678""#);
        assert_eq!(serde_json::from_str::<MobileNumber>(&json).unwrap(), number);
        let error = serde_json::from_str::<MobileNumber>(r#""+66212345678""#).unwrap_err().to_string();
        assert!(!error.contains("212345678"), "{error}");
    }

    proptest! {
        #[test]
        fn the_canonical_form_parses_to_itself(digits in "[89][0-9]{8}|6[1-6][0-9]{7}") {
            let number = parse(&format!("0{digits}")).unwrap();
            prop_assert_eq!(parse(number.e164()), Ok(number.clone()));
            prop_assert_eq!(parse(&number.national()), Ok(number.clone()));
            prop_assert_eq!(number.masked(), format!("0{}-xxx-{}", &digits[..2], &digits[5..]));
        }

        #[test]
        fn garbage_is_refused_quietly(text in "[+0-9 ()-]{0,16}|\\PC*") {
            if let Ok(number) = parse(&text) {
                prop_assert_eq!(number.e164().len(), 12);
            }
        }
    }
}
