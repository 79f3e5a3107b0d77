//! The terms of use: versioned texts in both languages, and which of them is in force.

mod file;

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::file::TermsFileError;
use crate::{
    language::{Language, Text},
    reason::Reason,
};

/// A version's name: 1 to 32 of `A-Z a-z 0-9 . _ -`. Compared, never ordered: dates order the texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TermsVersion(String);

impl TermsVersion {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TermsVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TermsVersion {
    type Err = TermsVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        match text.len() {
            0 => Err(TermsVersionError::Required),
            1..=32 if text.chars().all(well_formed) => Ok(Self(text.to_owned())),
            _ => Err(TermsVersionError::Form),
        }
    }
}

impl TryFrom<String> for TermsVersion {
    type Error = TermsVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Why a text is not a version's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsVersionError {
    /// Nothing was sent.
    #[error("no version of the terms")]
    Required,
    /// Other characters, or too many.
    #[error("not the name of a version of the terms")]
    Form,
}

impl Reason for TermsVersionError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Form => "form",
        }
    }

    /// A page sends the version by itself: whoever reads this has an old or broken one.
    fn text(&self) -> Text {
        Text {
            th: "กรุณาโหลดหน้าข้อตกลงการใช้งานอีกครั้ง แล้วเลือกยินยอมหรือไม่ยินยอม",
            en: "Load the terms of use again, then choose whether you accept or decline",
        }
    }
}

/// One clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// From 1, without gaps.
    pub number: u8,
    /// One paragraph of plain text in NFC, without a line break.
    pub text: String,
}

/// The terms in one language. Made from a file by [`str::parse`]; written as one by [`fmt::Display`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// The version.
    pub version: TermsVersion,
    /// The language.
    pub language: Language,
    /// From when it is in force.
    pub effective_from: Timestamp,
    /// At least one.
    pub clauses: Vec<Clause>,
}

impl Terms {
    /// SHA-256 of the canonical text in lower-case hexadecimal: what a consent refers to.
    ///
    /// Anybody can compute it from the contract's JSON. The canonical text is UTF-8 in NFC, each line ended by one LF,
    /// the last one too: `version`, then `language`, then `effective_from` exactly as JSON shows it, then for each
    /// clause in order its `number`, one space and its `text`.
    pub fn sha256(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.version, self.language.tag(), self.effective_from);
        for Clause { number, text: clause } in &self.clauses {
            text.push_str(&format!("{number} {clause}\n"));
        }
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// One version in both languages: the same clauses, from the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    th: Terms,
    en: Terms,
}

impl Publication {
    /// Puts the two languages together, in either order.
    ///
    /// # Errors
    /// [`PublicationError`] if they are not one version in two languages.
    pub fn new(one: Terms, other: Terms) -> Result<Self, PublicationError> {
        let (th, en) = match (one.language, other.language) {
            (Language::Th, Language::En) => (one, other),
            (Language::En, Language::Th) => (other, one),
            _ => return Err(PublicationError::Languages),
        };
        if th.version != en.version {
            return Err(PublicationError::Versions);
        }
        if th.effective_from != en.effective_from {
            return Err(PublicationError::Dates);
        }
        if th.clauses.len() == en.clauses.len() { Ok(Self { th, en }) } else { Err(PublicationError::Clauses) }
    }

    /// The terms in `language`.
    pub const fn text(&self, language: Language) -> &Terms {
        match language {
            Language::Th => &self.th,
            Language::En => &self.en,
        }
    }

    /// Its version.
    pub const fn version(&self) -> &TermsVersion {
        &self.th.version
    }

    /// From when it is in force.
    pub const fn effective_from(&self) -> Timestamp {
        self.th.effective_from
    }
}

/// Why texts cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicationError {
    /// A text is not in the file's format.
    #[error(transparent)]
    File(#[from] TermsFileError),
    /// Not one text in Thai and one in English.
    #[error("terms are published in Thai and in English")]
    Languages,
    /// Of different versions.
    #[error("the two languages are of different versions")]
    Versions,
    /// In force from different moments.
    #[error("the two languages are in force from different moments")]
    Dates,
    /// With different numbers of clauses.
    #[error("the two languages have different numbers of clauses")]
    Clauses,
    /// A version is never changed once it is published: consents refer to its text.
    #[error("version {0} is published already")]
    Published(TermsVersion),
}

/// All versions ever published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publications(Vec<Publication>);

impl Publications {
    /// The versions that come with the service: `terms/` of this crate.
    ///
    /// # Errors
    /// [`PublicationError`] if a file is not good, which the tests of this crate rule out.
    pub fn shipped() -> Result<Self, PublicationError> {
        let th: Terms = include_str!("../terms/2026-11-01.th.txt").parse()?;
        let en: Terms = include_str!("../terms/2026-11-01.en.txt").parse()?;
        Self::default().with(Publication::new(th, en)?)
    }

    /// These and one more.
    ///
    /// # Errors
    /// [`PublicationError::Published`] if a version of that name is among them.
    pub fn with(mut self, publication: Publication) -> Result<Self, PublicationError> {
        if self.version(publication.version()).is_some() {
            return Err(PublicationError::Published(publication.version().clone()));
        }
        self.0.push(publication);
        Ok(self)
    }

    /// The version in force at `now`: the last to have come into force; of two from the same moment, the one published
    /// later. `None` before the first.
    pub fn in_force(&self, now: Timestamp) -> Option<&Publication> {
        self.0
            .iter()
            .filter(|publication| publication.effective_from() <= now)
            .max_by_key(|publication| publication.effective_from())
    }

    /// A version by its name, in force or not: what an old consent refers to.
    pub fn version(&self, version: &TermsVersion) -> Option<&Publication> {
        self.0.iter().find(|publication| publication.version() == version)
    }
}

#[cfg(test)]
mod tests;
