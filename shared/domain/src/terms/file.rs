//! The file that terms are written in, one per version and language:
//!
//! ```text
//! version: 2026-11-01
//! language: en
//! effective-from: 2026-11-01T00:00:00+07:00
//!
//! 1. The first clause, in one line.
//!
//! 2. The second clause.
//! ```
//!
//! A clause is one line however long: Thai is written without spaces, so a folded line could not be put together again.
//! Empty lines are for the reader. The text is brought to NFC; lines may end in CR LF.

use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization;

use super::{Clause, Terms};

impl FromStr for Terms {
    type Err = TermsFileError;

    fn from_str(file: &str) -> Result<Self, Self::Err> {
        let file: String = file.strip_prefix('\u{FEFF}').unwrap_or(file).nfc().collect();
        let mut lines = file.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut header = |name: &'static str| {
            let value = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(':'));
            value.map(str::trim).ok_or(TermsFileError::Header(name))
        };
        let version = header("version")?.parse().map_err(|_| TermsFileError::Header("version"))?;
        let language = header("language")?.parse().map_err(|_| TermsFileError::Header("language"))?;
        let effective_from = header("effective-from")?.parse().map_err(|_| TermsFileError::Header("effective-from"))?;
        let clauses: Vec<Clause> = lines.zip(1..=u8::MAX).map(clause).collect::<Result<_, _>>()?;
        if clauses.is_empty() {
            return Err(TermsFileError::Clause(1));
        }
        Ok(Self { version, language, effective_from, clauses })
    }
}

/// `3. text`, where 3 is what comes next.
fn clause((line, number): (&str, u8)) -> Result<Clause, TermsFileError> {
    let (written, text) = line.split_once(". ").ok_or(TermsFileError::Clause(number))?;
    let text = text.trim();
    if written != number.to_string() || text.is_empty() || text.chars().any(char::is_control) {
        return Err(TermsFileError::Clause(number));
    }
    Ok(Clause { number, text: text.to_owned() })
}

impl fmt::Display for Terms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "version: {}", self.version)?;
        writeln!(formatter, "language: {}", self.language.tag())?;
        writeln!(formatter, "effective-from: {}", self.effective_from)?;
        self.clauses.iter().try_for_each(|clause| writeln!(formatter, "\n{}. {}", clause.number, clause.text))
    }
}

/// Why a file is not terms of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsFileError {
    /// A line of the head is missing, out of order, or has no good value.
    #[error("the line `{0}: ...` is missing or wrong")]
    Header(&'static str),
    /// This clause is missing, out of order, empty, or not one line of text.
    #[error("clause {0} is missing or wrong")]
    Clause(u8),
}
