//! A person's first, middle or last name as the registry knows it: Thai letters or Latin ones, without a title.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{digits::is_invisible, language::Text, reason::Reason};

/// In code points of the canonical form.
const LONGEST: usize = 100;

/// One of a person's names, in its one spelling: NFC, single spaces, U+0E33 for U+0E4D U+0E32, nothing invisible. Equal
/// names are equal texts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// The name, for its owner's eyes, the registry, and whom the owner shares it with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(char::is_control) {
            return Err(NameError::Characters);
        }
        let name = canonical(text);
        if name.is_empty() {
            return Err(NameError::Required);
        }
        match (has_letter(&name, is_thai_consonant), has_letter(&name, is_latin_letter)) {
            (true, true) => return Err(NameError::MixedScripts),
            (true, false) if name.chars().all(|c| is_thai(c) || matches!(c, ' ' | '.' | '-')) => {}
            (false, true) if name.chars().all(is_latin) => {}
            _ => return Err(NameError::Characters),
        }
        if begins_with_title(&name) {
            return Err(NameError::Title);
        }
        if name.chars().count() > LONGEST { Err(NameError::TooLong) } else { Ok(Self(name)) }
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// One spelling for what looks the same, so that comparing names compares what people see.
fn canonical(text: &str) -> String {
    let composed: String = text.chars().filter(|&c| !is_invisible(c)).map(one_mark).nfc().collect();
    let sara_am = TONE_MARKS.iter().fold(composed.replace("\u{E4D}\u{E32}", "\u{E33}"), |name, tone| {
        // The tone mark may stand before or after the circle; keyboards put it before the whole sara am.
        name.replace(&format!("\u{E4D}{tone}\u{E32}"), &format!("{tone}\u{E33}"))
    });
    sara_am.split_whitespace().collect::<Vec<_>>().join(" ")
}

const TONE_MARKS: [char; 4] = ['\u{E48}', '\u{E49}', '\u{E4A}', '\u{E4B}'];

/// The apostrophe and the hyphen, however the keyboard made them.
const fn one_mark(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{2BC}' | '\u{2BB}' | '\u{B4}' | '`' => '\'',
        '\u{2010}'..='\u{2013}' => '-',
        other => other,
    }
}

fn has_letter(name: &str, is_letter: fn(char) -> bool) -> bool {
    name.chars().any(is_letter)
}

/// Letters, vowels and tone marks of Thai; neither its digits, nor the baht sign, nor its section marks.
const fn is_thai(c: char) -> bool {
    matches!(c, '\u{E01}'..='\u{E3A}' | '\u{E40}'..='\u{E4E}')
}

const fn is_thai_consonant(c: char) -> bool {
    matches!(c, '\u{E01}'..='\u{E2E}')
}

/// A letter of the Latin script, accents included; × and ÷ stand among them in Latin-1 and are none.
fn is_latin_letter(c: char) -> bool {
    let latin_block = matches!(c, 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{24F}' | '\u{259}' | '\u{1E00}'..='\u{1EFF}');
    latin_block && c.is_alphabetic()
}

/// A Latin letter, an accent that NFC has no single character for, or what stands between letters.
fn is_latin(c: char) -> bool {
    is_latin_letter(c) || matches!(c, '\u{300}'..='\u{36F}' | ' ' | '.' | '-' | '\'')
}

/// A title as a word of its own with a name behind it, or one written with dots. Names may begin with the letters of a
/// title (นายิกา, นางนวล, Missandei), and somebody may be called นาง and nothing else; no name begins with one of
/// the longer ones.
fn begins_with_title(name: &str) -> bool {
    const WORDS: [&str; 13] =
        ["นาย", "นาง", "นางสาว", "น.ส", "เด็กชาย", "เด็กหญิง", "ด.ช", "ด.ญ", "mr", "mrs", "ms", "miss", "mister"];
    const DOTTED: [&str; 7] = ["น.ส.", "ด.ช.", "ด.ญ.", "mr.", "mrs.", "ms.", "miss."];
    /// Written together with the name, as most people write them.
    const WHOLE: [&str; 3] = ["นางสาว", "เด็กชาย", "เด็กหญิง"];
    let lower = name.to_lowercase();
    if WHOLE.iter().any(|title| lower.strip_prefix(title).is_some_and(|rest| !rest.is_empty())) {
        return true;
    }
    let own_word = lower.split_once(' ').is_some_and(|(word, _)| WORDS.contains(&word));
    own_word || DOTTED.iter().any(|title| lower.starts_with(title))
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Name(redacted)")
    }
}

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was typed.
    #[error("no name")]
    Required,
    /// Something other than letters and what stands between them.
    #[error("a name has thai or latin letters")]
    Characters,
    /// Thai and Latin letters in one name: the registry holds one or the other.
    #[error("a name is in one script")]
    MixedScripts,
    /// A title in front.
    #[error("a name has no title")]
    Title,
    /// Over 100 code points.
    #[error("a name has at most 100 characters")]
    TooLong,
}

impl Reason for NameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Characters => "characters",
            Self::MixedScripts => "mixed_scripts",
            Self::Title => "title",
            Self::TooLong => "too_long",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => NamePart::Any.required(),
            Self::Characters => Text {
                th: "กรุณาระบุชื่อตามบัตรประจำตัวประชาชน ด้วยตัวอักษรไทยหรืออังกฤษ โดยไม่มีตัวเลขหรือสัญลักษณ์",
                en: "Enter the name as on your card, in Thai or English letters, without digits or symbols",
            },
            Self::MixedScripts => Text {
                th: "กรุณาระบุชื่อด้วยตัวอักษรไทยหรือตัวอักษรอังกฤษอย่างใดอย่างหนึ่ง",
                en: "Enter the name in Thai letters or in English letters, not both",
            },
            Self::Title => Text {
                th: "กรุณาระบุชื่อโดยไม่ต้องใส่คำนำหน้า เช่น นาย นาง หรือนางสาว",
                en: "Enter the name without a title such as Mr, Mrs or Miss",
            },
            Self::TooLong => Text {
                th: "กรุณาระบุชื่อไม่เกิน 100 ตัวอักษร", en: "Enter a name of at most 100 characters"
            },
        }
    }
}

impl Name {
    /// Whether a first name is one with นาย written before it, as นายสมชาย. Only first names are asked: surnames may
    /// begin with the word, and นาง begins names as well (นางนวล).
    pub fn is_first_name_with_title(&self) -> bool {
        let begins_a_syllable = |c: char| is_thai_consonant(c) || matches!(c, '\u{E40}'..='\u{E44}');
        let rest = self.0.strip_prefix("นาย").unwrap_or_default();
        rest.chars().next().is_some_and(begins_a_syllable) && rest.chars().count() > 1
    }
}

/// Which of a person's names a field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// ชื่อจริง
    First,
    /// ชื่อกลาง
    Middle,
    /// นามสกุล
    Last,
    /// Not known here.
    Any,
}

impl NamePart {
    /// What to say where this name is missing.
    pub const fn required(self) -> Text {
        match self {
            Self::First => {
                Text { th: "กรุณาระบุชื่อจริง", en: "Enter your first name" }
            }
            Self::Middle => {
                Text { th: "กรุณาระบุชื่อกลาง", en: "Enter your middle name" }
            }
            Self::Last => Text { th: "กรุณาระบุนามสกุล", en: "Enter your last name" },
            Self::Any => Text { th: "กรุณาระบุชื่อ", en: "Enter the name" },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Name, NameError> {
        text.parse()
    }

    #[test]
    fn names_of_both_scripts_are_accepted() {
        for name in [
            "สมชาย",
            "ใจดี",
            "ณ อยุธยา",
            "ม.ล.สมหญิง",
            "ศรี-สุข",
            "อ",
            "José María",
            "O'Brien",
            "Nguyễn",
            "Łukasz",
            "J. R.",
            "Əliyev",
            "A",
        ] {
            assert_eq!(parse(name).unwrap().expose(), name);
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (typed, canonical) in [
            ("  สมชาย \u{A0} ใจดี ", "สมชาย ใจดี"),
            ("สม\u{200B}ชาย\u{FEFF}", "สมชาย"),
            ("อ\u{E4D}\u{E32}นวย", "อำนวย"),
            ("น\u{E49}\u{E4D}\u{E32}", "น้ำ"),
            ("น\u{E4D}\u{E49}\u{E32}", "น้ำ"),
            ("ก\u{E48}\u{E39}", "กู่"),
            ("Jose\u{301}", "José"),
            ("O\u{2019}Brien", "O'Brien"),
            ("Anne\u{2010}Marie", "Anne-Marie"),
        ] {
            assert_eq!(parse(typed).unwrap().expose(), canonical, "{typed}");
        }
    }

    #[test]
    fn titles_are_refused_and_names_that_begin_like_them_are_not() {
        for title in [
            "นาย สมชาย",
            "นาง  สมหญิง",
            "นางสาว ใจ",
            "ด.ช.สมชาย",
            "ด.ญ. ใจ",
            "น.ส.ใจ",
            "Mr John",
            "MRS. Ann",
            "miss Ann",
            "นางสาวสมหญิง",
            "เด็กชายสมชาย",
            "เด็กหญิงใจ",
        ] {
            assert_eq!(parse(title), Err(NameError::Title), "{title}");
        }
        for name in ["นายิกา", "นางนวล", "นาง", "Missandei", "Mrunal", "Ms"] {
            assert!(parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_first_name_with_its_title_before_it_is_known() {
        for (name, titled) in [
            ("นายสมชาย", true),
            ("นายเอก", true),
            ("นาย", false),
            ("นายิกา", false),
            ("นางนวล", false),
            ("สมนายก", false),
        ] {
            assert_eq!(parse(name).unwrap().is_first_name_with_title(), titled, "{name}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        for (typed, error) in [
            ("", NameError::Required),
            (" \u{200B} ", NameError::Required),
            ("สมชาย9", NameError::Characters),
            ("สมชาย๙", NameError::Characters),
            ("<b>", NameError::Characters),
            ("สม\u{0}ชาย", NameError::Characters),
            ("สม\nชาย", NameError::Characters),
            ("O'สมชาย", NameError::MixedScripts),
            ("ส'ม", NameError::Characters),
            ("-.-", NameError::Characters),
            ("\u{E48}\u{E34}", NameError::Characters),
            ("山田", NameError::Characters),
            ("Иван", NameError::Characters),
            ("a×b", NameError::Characters),
            ("สมชาย John", NameError::MixedScripts),
        ] {
            assert_eq!(parse(typed), Err(error), "{typed}");
        }
        assert!(parse(&"ก".repeat(100)).is_ok());
        assert_eq!(parse(&"ก".repeat(101)), Err(NameError::TooLong));
    }

    #[test]
    fn debug_and_errors_show_nothing() {
        assert_eq!(format!("{:?}", parse("สมชาย").unwrap()), "Name(redacted)");
        assert!(!serde_json::from_str::<Name>(r#""Bad1""#).unwrap_err().to_string().contains("Bad1"));
    }

    proptest! {
        #[test]
        fn the_canonical_form_parses_to_itself(text in "[\u{E01}-\u{E3A}\u{E40}-\u{E4E} .-]{1,30}|[A-Za-zÀ-ž\u{300}-\u{36F} .'-]{1,30}") {
            let Ok(name) = parse(&text) else { return Ok(()) };
            prop_assert_eq!(parse(name.expose()), Ok(name.clone()));
            let json = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Name>(&json).unwrap(), &name);
        }

        #[test]
        fn garbage_is_refused_quietly(text in any::<String>()) {
            if let Ok(name) = parse(&text) {
                prop_assert!(name.expose().chars().count() <= 100);
            }
        }
    }
}
