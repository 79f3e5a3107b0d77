use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::reason::Reason;

const TODAY: Date = date(2026, 11, 24);

fn iso(text: &str) -> Result<BirthDate, BirthDateError> {
    BirthDate::parse_iso(text, TODAY)
}

fn parts(day: &str, month: &str, year: &str) -> Result<String, BirthDateError> {
    BirthDate::from_buddhist_parts(day, month, year, TODAY).map(BirthDate::iso).map_err(|errors| match errors[..] {
        [error] => error,
        _ => panic!("{errors:?}"),
    })
}

#[test]
fn a_date_is_read_kept_sent_and_written() {
    let date = iso("1995-03-05").unwrap();
    assert_eq!(date.iso(), "1995-03-05");
    assert_eq!(date.registry(), "25380305");
    assert_eq!(date.written(Language::Th), "5 มีนาคม 2538");
    assert_eq!(date.written(Language::En), "5 March 1995");
    assert_eq!((date.day(), date.month(), date.buddhist_year()), (Some(5), Some(3), 2538));
}

#[test]
fn what_is_unknown_is_zeros_for_the_registry_and_left_out_for_people() {
    let year = iso("1995-00-00").unwrap();
    assert_eq!((year.registry().as_str(), year.iso().as_str()), ("25380000", "1995-00-00"));
    assert_eq!((year.written(Language::Th).as_str(), year.written(Language::En).as_str()), ("พ.ศ. 2538", "1995"));
    let month = iso("1995-03-00").unwrap();
    assert_eq!((month.registry().as_str(), month.iso().as_str()), ("25380300", "1995-03-00"));
    assert_eq!(
        (month.written(Language::Th).as_str(), month.written(Language::En).as_str()),
        ("มีนาคม 2538", "March 1995")
    );
    assert_eq!(parts("", "", "2538"), Ok("1995-00-00".into()));
    assert_eq!(parts(" ", "3", "2538"), Ok("1995-03-00".into()));
    assert_eq!(parts("0", "00", "2538"), Ok("1995-00-00".into()));
}

#[test]
fn parts_are_accepted_as_people_type_them() {
    for month in ["3", "03", "๓", "มีนาคม", "มี.ค.", "มีค", "มี.ค", "มีนา", " March ", "MAR", "mar."]
    {
        assert_eq!(parts("๕", month, "๒๕๓๘"), Ok("1995-03-05".into()), "{month}");
    }
    let thai = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม";
    let short = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.";
    let said = "มกรา กุมภา มีนา เมษา พฤษภา มิถุนา กรกฎา สิงหา กันยา ตุลา พฤศจิกา ธันวา";
    let english = "January February March April May June July August September October November December";
    let abbreviated = "Jan. feb mar apr may jun jul aug sept oct nov dec";
    for names in [thai, short, said, english, abbreviated] {
        for (index, name) in names.split(' ').enumerate() {
            assert_eq!(parts("1", name, "2538"), Ok(format!("1995-{:02}-01", index + 1)), "{name}");
        }
    }
}

#[test]
fn a_year_of_the_other_era_is_understood() {
    assert_eq!(parts("5", "3", "1995"), Ok("1995-03-05".into()));
    assert_eq!(parts("5", "3", "1900"), Ok("1900-03-05".into()));
    assert_eq!(parts("29", "2", "2539"), Ok("1996-02-29".into()));
    assert_eq!(iso("2539-02-29").unwrap().iso(), "1996-02-29");
    assert_eq!(iso("๑๙๙๕-๐๓-๐๕").unwrap().iso(), "1995-03-05");
}

#[test]
fn each_mistake_is_told_at_its_part() {
    for (day, month, year, error, part) in [
        ("", "", "", BirthDateError::Required, Part::Day),
        ("32", "1", "2538", BirthDateError::Day, Part::Day),
        ("five", "1", "2538", BirthDateError::Day, Part::Day),
        ("-5", "1", "2538", BirthDateError::Day, Part::Day),
        ("31", "4", "2538", BirthDateError::NoSuchDay, Part::Day),
        ("29", "2", "2538", BirthDateError::NoSuchDay, Part::Day),
        ("25", "11", "2569", BirthDateError::DayInFuture, Part::Day),
        ("5", "13", "2538", BirthDateError::Month, Part::Month),
        ("5", "มีนาค", "2538", BirthDateError::Month, Part::Month),
        ("5", "", "2538", BirthDateError::MonthRequired, Part::Month),
        ("5", "0", "2538", BirthDateError::MonthRequired, Part::Month),
        ("1", "12", "2569", BirthDateError::MonthInFuture, Part::Month),
        ("", "12", "2569", BirthDateError::MonthInFuture, Part::Month),
        ("5", "3", "", BirthDateError::YearRequired, Part::Year),
        ("5", "3", "38", BirthDateError::Year, Part::Year),
        ("5", "3", "+995", BirthDateError::Year, Part::Year),
        ("5", "3", "25380", BirthDateError::Year, Part::Year),
        ("5", "3", "2570", BirthDateError::YearInFuture, Part::Year),
        ("5", "3", "2400", BirthDateError::TooLongAgo, Part::Year),
        ("5", "3", "0000", BirthDateError::TooLongAgo, Part::Year),
    ] {
        let refused = parts(day, month, year).unwrap_err();
        assert_eq!((refused, refused.part()), (error, part), "{day} {month} {year}");
        assert!(!refused.text().th.is_empty() && !refused.text().en.is_empty());
    }
    for text in ["1995", "1995-3-5", "1995/03/05", "05-03-1995", "1995-03-05-01", "1995-+3-05", "19950305"] {
        assert_eq!(iso(text), Err(BirthDateError::Form), "{text}");
    }
    assert_eq!(iso("1995-00-05"), Err(BirthDateError::MonthRequired));
    assert_eq!(iso(""), Err(BirthDateError::Required));
    assert_eq!(iso("9999-01-01"), Err(BirthDateError::YearInFuture));
}

#[test]
fn all_the_parts_that_are_wrong_are_told() {
    let refused = |day, month, year| BirthDate::from_buddhist_parts(day, month, year, TODAY).unwrap_err();
    assert_eq!(refused("32", "13", "abc"), [BirthDateError::Day, BirthDateError::Month, BirthDateError::Year]);
    assert_eq!(refused("x", "3", ""), [BirthDateError::Day, BirthDateError::YearRequired]);
}

#[test]
fn the_ends_of_a_life() {
    assert!(iso("2026-11-24").is_ok());
    assert!(iso("2026-11-00").is_ok());
    assert_eq!(iso("2026-11-25"), Err(BirthDateError::DayInFuture));
    assert!(iso("1896-11-24").is_ok());
    assert!(iso("1896-00-00").is_ok());
    assert_eq!(iso("1896-11-23"), Err(BirthDateError::TooLongAgo));
    assert_eq!(iso("1896-10-00"), Err(BirthDateError::TooLongAgo));
}

#[test]
fn a_stored_date_needs_no_today_and_shows_nothing() {
    let date: BirthDate = serde_json::from_str(r#""1850-02-00""#).unwrap();
    assert_eq!(serde_json::to_string(&date).unwrap(), r#""1850-02-00""#);
    assert_eq!(format!("{date:?}"), "BirthDate(redacted)");
    for bad in ["1995-02-30", "1995-00-01", "1995-13-01", "0000-01-01", ""] {
        let error = serde_json::from_str::<BirthDate>(&format!("{bad:?}")).unwrap_err().to_string();
        assert!(!error.contains("1995"), "{error}");
    }
}

proptest! {
    #[test]
    fn every_date_comes_back_from_each_of_its_forms(year in 1897i16..=2025, month in 0i8..=12, day in 0i8..=31) {
        let Ok(date) = iso(&format!("{year:04}-{month:02}-{day:02}")) else {
            prop_assert!(month == 0 || day > 28);
            return Ok(());
        };
        prop_assert_eq!(iso(&date.iso()), Ok(date));
        let json = serde_json::to_string(&date).unwrap();
        prop_assert_eq!(serde_json::from_str::<BirthDate>(&json).unwrap(), date);
        let [day, month] = [date.day(), date.month()].map(|part| part.map(|part| part.to_string()).unwrap_or_default());
        let typed = BirthDate::from_buddhist_parts(&day, &month, &date.buddhist_year().to_string(), TODAY);
        prop_assert_eq!(typed, Ok(date));
        for language in [Language::Th, Language::En] {
            let written = date.written(language);
            let words: Vec<_> = written.split(' ').collect();
            if let [day, month, year] = words[..] {
                prop_assert_eq!(BirthDate::from_buddhist_parts(day, month, year, TODAY), Ok(date));
            }
        }
    }

    #[test]
    fn garbage_is_refused_quietly(day in any::<String>(), month in any::<String>(), year in "[0-9]{0,5}|\\PC*") {
        let _ = BirthDate::from_buddhist_parts(&day, &month, &year, TODAY);
        let _ = iso(&day);
        let _ = iso(&format!("{year}-{month}-{day}"));
    }
}
