//! The birth date, whose day, or day and month, may be unknown: registers of older people have only the year.
//!
//! People and the card registry count years in the Buddhist era, 543 ahead of the Common Era. We keep the Common Era
//! and add 543 wherever the registry is asked, also for January to March before 2484, when the year still began in
//! April: what must match is the year that the card prints.

mod month;
mod parse;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::parse::{BirthDateError, Part};
use crate::language::Language;

/// Years from the Common Era to the Buddhist era.
const BUDDHIST_ERA: i16 = 543;

/// A date that somebody may have been born on. A known day has a known month.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate {
    /// Common Era.
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
}

impl BirthDate {
    /// Reads `YYYY-MM-DD` in the Common Era, with `00` for an unknown month or day. A year that can only be of the
    /// Buddhist era is taken as that.
    ///
    /// # Errors
    /// What is wrong, and in which part.
    pub fn parse_iso(text: &str, today: Date) -> Result<Self, BirthDateError> {
        parse::iso(text, today)
    }

    /// Reads what the page asks for: the day and month possibly empty, the month as a number or a name in Thai or
    /// English, the year in the Buddhist era. A year that can only be of the Common Era is taken as that.
    ///
    /// # Errors
    /// What is wrong, of each part that is.
    pub fn from_buddhist_parts(day: &str, month: &str, year: &str, today: Date) -> Result<Self, Vec<BirthDateError>> {
        parse::buddhist_parts(day, month, year, today)
    }

    /// The day of the month, if it is known.
    pub const fn day(self) -> Option<i8> {
        self.day
    }

    /// The month, 1 to 12, if it is known.
    pub const fn month(self) -> Option<i8> {
        self.month
    }

    /// The year in the Buddhist era, as the form asks for it.
    pub const fn buddhist_year(self) -> i16 {
        self.year + BUDDHIST_ERA
    }

    /// `1995-03-05`, Common Era; `1995-00-00` where only the year is known. The claim `birthdate` of OpenID Connect
    /// Core 5.1 knows the form, and it is how the date is stored.
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month.unwrap_or(0), self.day.unwrap_or(0))
    }

    /// `25380305`, Buddhist era, zeros for what is unknown: the registry's `BirthDay`.
    pub fn registry(self) -> String {
        format!("{:04}{:02}{:02}", self.buddhist_year(), self.month.unwrap_or(0), self.day.unwrap_or(0))
    }

    /// As it is written: `5 มีนาคม 2538`, `5 March 1995`; less where less is known.
    pub fn written(self, language: Language) -> String {
        let year = match language {
            Language::Th => self.buddhist_year(),
            Language::En => self.year,
        };
        match (self.day, self.month.and_then(|month| month::name(month, language))) {
            (Some(day), Some(month)) => format!("{day} {month} {year}"),
            (None, Some(month)) => format!("{month} {year}"),
            (_, None) => format!("{}{year}", language.say("พ.ศ. ", "")),
        }
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        date.iso()
    }
}

/// A stored date: it was checked against the day it came on, and stays valid.
impl TryFrom<String> for BirthDate {
    type Error = BirthDateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse::stored(&text)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BirthDate(redacted)")
    }
}

#[cfg(test)]
mod tests;
