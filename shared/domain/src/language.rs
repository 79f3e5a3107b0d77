//! The two languages the service speaks, and text written in both.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language of the service. Thai is the default: most people read it first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// ไทย
    #[default]
    Th,
    /// English
    En,
}

impl Language {
    /// The BCP 47 tag, as in `lang="th"` and `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Th => "th",
            Self::En => "en",
        }
    }

    /// The other language, for the switch on every page.
    pub const fn other(self) -> Self {
        match self {
            Self::Th => Self::En,
            Self::En => Self::Th,
        }
    }

    /// The first of these tags, parted by spaces, that is one of ours (`ui_locales`).
    pub fn first_known(tags: &str) -> Option<Self> {
        tags.split(' ').find_map(|tag| tag.parse().ok())
    }

    /// The text of this language.
    pub const fn say<'a>(self, th: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Th => th,
            Self::En => en,
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a tag, region and case ignored: `th`, `th-TH`, `EN-gb`.
    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        match tag.split('-').next() {
            Some(primary) if primary.eq_ignore_ascii_case("th") => Ok(Self::Th),
            Some(primary) if primary.eq_ignore_ascii_case("en") => Ok(Self::En),
            _ => Err(UnknownLanguage),
        }
    }
}

/// A text in both languages that somebody else wrote: a relying party's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localised {
    /// In Thai.
    pub th: String,
    /// In English.
    pub en: String,
}

impl Localised {
    /// The text in a language.
    pub fn in_language(&self, language: Language) -> &str {
        language.say(&self.th, &self.en)
    }
}

/// A tag of a language that the service does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language of this service")]
pub struct UnknownLanguage;

/// A sentence written in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Thai.
    pub th: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// The sentence in `language`.
    pub const fn in_language(self, language: Language) -> &'static str {
        language.say(self.th, self.en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_whatever_its_case_and_region() {
        assert_eq!("TH-th".parse(), Ok(Language::Th));
        assert_eq!("en-GB".parse(), Ok(Language::En));
        assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
        assert_eq!("".parse::<Language>(), Err(UnknownLanguage));
    }
}
