//! One-time codes by text message: how they are made, how long they live, what the text says.
//!
//! NIST SP 800-63B-4 section 3.1.3: at most 10 minutes, single use, rate limited. Ours are stricter.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

use crate::{
    digits::fold,
    language::{Language, Text},
    mobile_number::MobileNumber,
    reason::Reason,
    sealed::Mac,
};

/// How long a code can be used.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How long before another code can be asked for.
pub const RESEND_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Wrong codes before a code is dead.
pub const TRIES: u8 = 5;

/// A six-digit code, as sent and as typed.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct OtpCode(String);

impl OtpCode {
    /// A code from 64 random bits. All of 000000 to 999999 can come; the bias of the remainder is below 2^-44.
    pub fn from_random(random: u64) -> Self {
        Self(format!("{:06}", random % 1_000_000))
    }

    /// The six digits.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OtpCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OtpCode(redacted)")
    }
}

impl FromStr for OtpCode {
    type Err = OtpCodeError;

    /// Accepts Thai digits, and the spaces and dashes people and phones put in.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = fold(text);
        if digits.is_empty() {
            return Err(OtpCodeError::Missing);
        }
        if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(OtpCodeError::NotSixDigits)
        }
    }
}

/// Why a typed code cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtpCodeError {
    /// Nothing was typed.
    #[error("no code")]
    Missing,
    /// Something other than six digits.
    #[error("not six digits")]
    NotSixDigits,
}

impl Reason for OtpCodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "required",
            Self::NotSixDigits => "invalid_format",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Missing => Text {
                th: "กรุณาระบุรหัส OTP จากข้อความที่ได้รับ",
                en: "Enter the OTP code from the text message",
            },
            Self::NotSixDigits => Text {
                th: "กรุณาระบุรหัส OTP ให้ถูกต้อง เป็นตัวเลข 6 หลัก",
                en: "Enter the OTP code, 6 digits",
            },
        }
    }
}

/// Four characters that show which text message belongs to the page. Not a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// Without vowels and look-alikes: no words, nothing misread.
    const ALPHABET: [char; 24] = [
        'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z', '2', '3',
        '4', '7',
    ];

    /// A reference from four random bytes.
    pub fn from_random(random: [u8; 4]) -> Self {
        let pick = |byte: u8| Self::ALPHABET.iter().cycle().nth(usize::from(byte)).copied().unwrap_or('B');
        Self(random.map(pick).iter().collect())
    }

    /// The four characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code that was sent, as stored: what is needed to check it, and not the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Otp {
    /// Random, so that a verifier cannot be matched across codes.
    pub id: String,
    /// Shown on the page and in the text.
    pub reference: Reference,
    /// The number it went to.
    pub number: MobileNumber,
    /// KMS MAC over purpose, transaction, this id, number and code.
    pub mac: Mac,
    /// Comparisons made, carried over when the code is sent again.
    pub tries: u8,
    /// When it was sent.
    pub sent_at: Timestamp,
}

impl Otp {
    /// An id from 16 random bytes.
    pub fn id_from_random(random: [u8; 16]) -> String {
        hex::encode(random)
    }

    /// When it stops being accepted.
    pub fn expires_at(&self) -> Timestamp {
        self.sent_at + LIFETIME
    }

    /// When another may be asked for.
    pub fn resend_at(&self) -> Timestamp {
        self.sent_at + RESEND_AFTER
    }

    /// Comparisons left.
    pub const fn attempts_left(&self) -> u8 {
        TRIES.saturating_sub(self.tries)
    }
}

/// What a code is for, as the text says: nobody should read a sign-in's code to somebody who "only checks the number".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To verify a number.
    Registration,
    /// To sign in.
    SignIn,
}

impl Purpose {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::SignIn => "sign_in",
        }
    }
}

/// The text message: within one UCS-2 segment of 70 units, ending as WebOTP wants it (`@host #code`), so that a phone
/// offers to fill the code in, and only on our pages.
///
/// What does not fit beside a long host is left out from the end: first the warning, then the word "reference".
pub fn text(purpose: Purpose, code: &OtpCode, reference: &Reference, host: &str, language: Language) -> String {
    let code = code.expose();
    let reference = reference.as_str();
    let tail = format!("\n@{host} #{code}");
    let candidates = match (purpose, language) {
        (Purpose::Registration, Language::Th) => {
            [format!("รหัส OTP {code} อ้างอิง {reference} ห้ามบอกใคร"), format!("รหัส OTP {code} อ้างอิง {reference}")]
        }
        (Purpose::Registration, Language::En) => {
            [format!("{code} is your OTP, ref {reference}. Tell no one."), format!("OTP {code} ref {reference}")]
        }
        (Purpose::SignIn, Language::Th) => {
            [format!("รหัสเข้าระบบ {code} อ้างอิง {reference} ห้ามบอกใคร"), format!("รหัสเข้าระบบ {code} อ้างอิง {reference}")]
        }
        (Purpose::SignIn, Language::En) => {
            [format!("{code} signs you in, ref {reference}. Tell no one."), format!("Sign-in {code} ref {reference}")]
        }
    };
    candidates
        .into_iter()
        .map(|head| head + &tail)
        .find(|text| fits_one_segment(text))
        .unwrap_or_else(|| format!("OTP {code} {reference}{tail}"))
}

/// The longest host whose texts fit; start-up refuses a longer one.
pub const LONGEST_HOST: usize = 45;

/// Whether a text costs one message: 70 UTF-16 units.
fn fits_one_segment(text: &str) -> bool {
    text.encode_utf16().count() <= 70
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_ends_can_be_issued_and_typed() {
        assert_eq!(OtpCode::from_random(0).expose(), "000000");
        assert_eq!(OtpCode::from_random(999_999).expose(), "999999");
        assert_eq!("000000".parse::<OtpCode>().unwrap().expose(), "000000");
        assert_eq!("999999".parse::<OtpCode>().unwrap().expose(), "999999");
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(" ๑๒๓-456 ".parse::<OtpCode>().unwrap().expose(), "123456");
        assert_eq!("".parse::<OtpCode>(), Err(OtpCodeError::Missing));
        for text in ["12345", "1234567", "12345a", "１２３４５６", "12345\0"] {
            assert_eq!(text.parse::<OtpCode>(), Err(OtpCodeError::NotSixDigits), "{text}");
        }
    }

    #[test]
    fn the_usual_text_warns_and_fits() {
        let reference = Reference::from_random([0, 1, 2, 3]);
        let code = OtpCode::from_random(42);
        let thai = text(Purpose::Registration, &code, &reference, "digitalid.go.th", Language::Th);
        assert_eq!(thai, "รหัส OTP 000042 อ้างอิง BCDF ห้ามบอกใคร\n@digitalid.go.th #000042");
        let english = text(Purpose::Registration, &code, &reference, "digitalid.go.th", Language::En);
        assert_eq!(english, "000042 is your OTP, ref BCDF. Tell no one.\n@digitalid.go.th #000042");
        let thai = text(Purpose::SignIn, &code, &reference, "digitalid.go.th", Language::Th);
        assert_eq!(thai, "รหัสเข้าระบบ 000042 อ้างอิง BCDF ห้ามบอกใคร\n@digitalid.go.th #000042");
        let english = text(Purpose::SignIn, &code, &reference, "digitalid.go.th", Language::En);
        assert_eq!(english, "000042 signs you in, ref BCDF. Tell no one.\n@digitalid.go.th #000042");
    }

    proptest! {
        #[test]
        fn every_text_is_one_segment(
            random in any::<u64>(), bytes in any::<[u8; 4]>(), host in "[a-z0-9.-]{1,40}", english in any::<bool>(),
            signing_in in any::<bool>(),
        ) {
            let language = if english { Language::En } else { Language::Th };
            let purpose = if signing_in { Purpose::SignIn } else { Purpose::Registration };
            let (code, reference) = (OtpCode::from_random(random), Reference::from_random(bytes));
            let text = text(purpose, &code, &reference, &host, language);
            prop_assert!(fits_one_segment(&text), "{}", text);
            let end = format!("@{host} #{}", code.expose());
            prop_assert!(text.ends_with(&end));
        }

        #[test]
        fn whatever_is_typed_is_six_digits_or_refused(text in ".{0,12}") {
            if let Ok(code) = text.parse::<OtpCode>() {
                prop_assert!(code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }

    #[test]
    fn the_longest_host_fits() {
        let host = "h".repeat(LONGEST_HOST);
        for language in [Language::Th, Language::En] {
            let text =
                text(Purpose::SignIn, &OtpCode::from_random(1), &Reference::from_random([0; 4]), &host, language);
            assert!(fits_one_segment(&text), "{text}");
        }
    }
}
