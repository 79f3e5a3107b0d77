//! How a birth date is read, and what can be wrong with it, part by part.

use jiff::civil::Date;

use super::{BUDDHIST_ERA, BirthDate, month};
use crate::{digits, language::Text, reason::Reason};

/// Nobody has lived longer.
const LONGEST_LIFE: i16 = 130;

/// The era a field asks for.
#[derive(Clone, Copy)]
enum Era {
    Common,
    Buddhist,
}

pub(super) fn iso(text: &str, today: Date) -> Result<BirthDate, BirthDateError> {
    let (year, month, day) = iso_parts(text)?;
    let year = common_year(year, Era::Common, today)?;
    plausible(valid(year, month, day)?, today)
}

/// Each part on its own first, so that all that are wrong are told; then together.
pub(super) fn buddhist_parts(
    day: &str,
    month: &str,
    year: &str,
    today: Date,
) -> Result<BirthDate, Vec<BirthDateError>> {
    let [day, month, year] = [day, month, year].map(|part| digits::latin(part.trim()));
    if [&day, &month, &year].iter().all(|part| part.is_empty()) {
        return Err(vec![BirthDateError::Required]);
    }
    let day = match day.as_str() {
        "" => Ok(0),
        text => number(text).filter(|day| (0..=31).contains(day)).ok_or(BirthDateError::Day),
    };
    let month = match month.as_str() {
        "" => Ok(0),
        text => number(text)
            .filter(|month| (0..=12).contains(month))
            .or_else(|| month::of_name(text))
            .ok_or(BirthDateError::Month),
    };
    let year = match year.as_str() {
        "" => Err(BirthDateError::YearRequired),
        text => number(text)
            .filter(|_| text.len() == 4)
            .ok_or(BirthDateError::Year)
            .and_then(|year| common_year(year, Era::Buddhist, today)),
    };
    match (year, month, day) {
        (Ok(year), Ok(month), Ok(day)) => {
            valid(year, month, day).and_then(|date| plausible(date, today)).map_err(|error| vec![error])
        }
        (year, month, day) => Err([day.err(), month.err(), year.err()].into_iter().flatten().collect()),
    }
}

pub(super) fn stored(text: &str) -> Result<BirthDate, BirthDateError> {
    let (year, month, day) = iso_parts(text)?;
    valid(year, month, day)
}

/// `YYYY-MM-DD` in parts, not yet a date.
fn iso_parts(text: &str) -> Result<(i16, i8, i8), BirthDateError> {
    let text = digits::latin(text.trim());
    if text.is_empty() {
        return Err(BirthDateError::Required);
    }
    let mut parts = text.split(digits::is_dash);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
            number(year).zip(number(month)).zip(number(day)).map(|((year, month), day)| (year, month, day))
        }
        _ => None,
    }
    .ok_or(BirthDateError::Form)
}

/// Digits alone: `i16::from_str` would take a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    digits::all_digits(text).then(|| text.parse().ok()).flatten()
}

/// The year in the Common Era. The years of a life in one era are none in the other, so a year of the wrong era shows
/// and is understood.
fn common_year(year: i16, asked: Era, today: Date) -> Result<i16, BirthDateError> {
    let lived = today.year() - LONGEST_LIFE..=today.year();
    let [as_asked, otherwise] = match asked {
        Era::Common => [year, year - BUDDHIST_ERA],
        Era::Buddhist => [year - BUDDHIST_ERA, year],
    };
    if lived.contains(&as_asked) {
        Ok(as_asked)
    } else if lived.contains(&otherwise) {
        Ok(otherwise)
    } else if as_asked > today.year() {
        Err(BirthDateError::YearInFuture)
    } else {
        Err(BirthDateError::TooLongAgo)
    }
}

/// A date of the calendar, as far as it is known; zero is unknown.
fn valid(year: i16, month: i8, day: i8) -> Result<BirthDate, BirthDateError> {
    let date = match (month, day) {
        (0, 0) => BirthDate { year, month: None, day: None },
        (0, 1..=31) => return Err(BirthDateError::MonthRequired),
        (1..=12, 0) => BirthDate { year, month: Some(month), day: None },
        (0..=12, 1..=31) => {
            Date::new(year, month, day).map_err(|_| BirthDateError::NoSuchDay)?;
            BirthDate { year, month: Some(month), day: Some(day) }
        }
        (0..=12, _) => return Err(BirthDateError::Day),
        _ => return Err(BirthDateError::Month),
    };
    if year > 0 { Ok(date) } else { Err(BirthDateError::Year) }
}

/// Where a part is unknown, the date is good if any day it may stand for is.
fn plausible(date: BirthDate, today: Date) -> Result<BirthDate, BirthDateError> {
    let earliest = (date.year, date.month.unwrap_or(1), date.day.unwrap_or(1));
    let latest = (date.year, date.month.unwrap_or(12), date.day.unwrap_or(31));
    if earliest > (today.year(), today.month(), today.day()) {
        return Err(if date.month > Some(today.month()) {
            BirthDateError::MonthInFuture
        } else {
            BirthDateError::DayInFuture
        });
    }
    if latest < (today.year() - LONGEST_LIFE, today.month(), today.day()) {
        return Err(BirthDateError::TooLongAgo);
    }
    Ok(date)
}

/// The part of a date that has to be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `birth_day`; also where the date as a whole is wrong, as it is the first field.
    Day,
    /// `birth_month`
    Month,
    /// `birth_year`
    Year,
}

/// Why a text is not a birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// Nothing was typed.
    #[error("no birth date")]
    Required,
    /// Not of the form `YYYY-MM-DD`.
    #[error("a birth date is written YYYY-MM-DD")]
    Form,
    /// Not a day of a month.
    #[error("not a day of a month")]
    Day,
    /// The month is shorter, or the year is no leap year.
    #[error("the month has no such day")]
    NoSuchDay,
    /// This month, but a later day.
    #[error("the day is in the future")]
    DayInFuture,
    /// Neither a month's number nor its name.
    #[error("not a month")]
    Month,
    /// A day without a month.
    #[error("a day without a month")]
    MonthRequired,
    /// This year, but a later month.
    #[error("the month is in the future")]
    MonthInFuture,
    /// Not four digits.
    #[error("a year has four digits")]
    Year,
    /// The year is what must be known.
    #[error("no year")]
    YearRequired,
    /// A later year.
    #[error("the year is in the future")]
    YearInFuture,
    /// Over 130 years ago.
    #[error("the date is too long ago")]
    TooLongAgo,
}

impl BirthDateError {
    /// Which part has to be corrected.
    pub const fn part(&self) -> Part {
        match self {
            Self::Required | Self::Form | Self::Day | Self::NoSuchDay | Self::DayInFuture => Part::Day,
            Self::Month | Self::MonthRequired | Self::MonthInFuture => Part::Month,
            Self::Year | Self::YearRequired | Self::YearInFuture | Self::TooLongAgo => Part::Year,
        }
    }
}

impl Reason for BirthDateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required | Self::MonthRequired | Self::YearRequired => "required",
            Self::Form => "form",
            Self::Day => "day",
            Self::NoSuchDay => "no_such_day",
            Self::DayInFuture | Self::MonthInFuture | Self::YearInFuture => "in_future",
            Self::Month => "month",
            Self::Year => "year",
            Self::TooLongAgo => "too_long_ago",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Required => {
                Text { th: "กรุณาระบุวันเกิด", en: "Enter your date of birth" }
            }
            Self::Form => Text {
                th: "กรุณาระบุวันเกิดในรูปแบบ ปี ค.ศ.-เดือน-วัน เช่น 1995-03-05 หากไม่ทราบวันหรือเดือนให้ใส่ 00",
                en: "Enter the date of birth as YYYY-MM-DD, such as 1995-03-05, with 00 for an unknown day or month",
            },
            Self::Day => Text {
                th: "กรุณาระบุวันที่เกิดเป็นตัวเลข 1 ถึง 31 หรือเว้นว่างหากบัตรไม่ระบุวันที่",
                en: "Enter the day of birth as a number from 1 to 31, or leave it empty if your card shows none",
            },
            Self::NoSuchDay => Text {
                th: "กรุณาตรวจวันที่เกิดอีกครั้ง เดือนที่ระบุไม่มีวันที่นี้",
                en: "Check the day of birth. The month you entered does not have that day",
            },
            Self::DayInFuture | Self::MonthInFuture | Self::YearInFuture => Text {
                th: "กรุณาตรวจวันเกิดอีกครั้ง วันเกิดต้องไม่ใช่วันในอนาคต",
                en: "Check the date of birth. It must not be in the future",
            },
            Self::Month => Text {
                th: "กรุณาระบุเดือนเกิดเป็นตัวเลข 1 ถึง 12 หรือชื่อเดือน เช่น 3 หรือ มีนาคม",
                en: "Enter the month of birth as a number or a name, such as 3 or March",
            },
            Self::MonthRequired => Text {
                th: "กรุณาระบุเดือนเกิด หรือเว้นวันที่ว่างไว้หากบัตรไม่ระบุเดือน",
                en: "Enter the month of birth, or leave the day empty too if your card shows no month",
            },
            Self::Year => Text {
                th: "กรุณาระบุปีเกิดเป็นปี พ.ศ. 4 หลัก เช่น 2538",
                en: "Enter the year of birth as four digits of the Buddhist era, such as 2538",
            },
            Self::YearRequired => Text {
                th: "กรุณาระบุปีเกิด (พ.ศ.)", en: "Enter the year of birth in the Buddhist era"
            },
            Self::TooLongAgo => Text {
                th: "กรุณาตรวจปีเกิดอีกครั้ง ให้ตรงกับบัตรประจำตัวประชาชน เช่น 2538",
                en: "Check the year of birth against your card. In the Buddhist era it looks like 2538",
            },
        }
    }
}
