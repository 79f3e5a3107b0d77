//! What every page is given: its language, where it is, and what the person typed when a form comes back.

use std::collections::BTreeMap;

use domain::language::{Language, Text};
use jiff::{Timestamp, tz::Offset};

/// What the layout needs to know of a page. Page templates hold it as `page` and extend `layout.html`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The language the page is written in.
    pub language: Language,
    /// The path of the page itself, for forms that post back and for the language switch.
    pub path: String,
    /// The query string without `lang`, empty or beginning with `&`, so that the language switch stays on the page.
    pub query: String,
    /// The service's own address, so that people know what to compare the address bar with.
    pub host: String,
    /// When the registration ends unless the person goes on; `None` outside the wizard.
    pub expires_at: Option<Timestamp>,
    /// Whether something on the page has to be corrected: the title then begins with "Error:".
    pub has_errors: bool,
}

impl Page {
    /// The same page, with "Error:" in its title if the form needs attention.
    #[must_use]
    pub fn attending(self, form: &Form) -> Self {
        Self { has_errors: form.needs_attention(), ..self }
    }

    /// The text in the page's language.
    pub fn say<'a>(&self, th: &'a str, en: &'a str) -> &'a str {
        self.language.say(th, en)
    }

    /// As [`Self::say`], of a text that holds both.
    pub fn text(&self, text: &Text) -> &'static str {
        text.in_language(self.language)
    }

    /// Whether the page is in Thai: for what is not one text in two languages.
    pub fn is_thai(&self) -> bool {
        self.language == Language::Th
    }

    /// Where the language switch leads: this page, in the other language. Relative, since a path that begins with two
    /// slashes would name another host.
    pub fn in_other_language(&self) -> String {
        format!("?lang={}{}", self.language.other().tag(), self.query)
    }

    /// The path of an asset, for templates of every crate, this one included.
    pub fn asset(&self, name: &str) -> String {
        crate::assets::url(name)
    }

    /// When the registration ends, as it is written on the page.
    pub fn ends(&self) -> Option<Moment> {
        self.expires_at.map(|at| Moment::of(at, self.language))
    }
}

/// A point in time as people in Thailand read it, and as a browser does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339 in UTC, to the second: for `<time datetime>` and the scripts.
    pub iso: String,
    /// The time of day: "14:35 น." or "14:35".
    pub time: String,
    /// The day: "24 พฤศจิกายน 2569" (Buddhist era) or "24 November 2026".
    pub date: String,
}

impl Moment {
    /// `at` in Bangkok, which has had UTC+7 since 1920 and no summer time.
    pub fn of(at: Timestamp, language: Language) -> Self {
        let local = Offset::constant(7).to_datetime(at);
        let clock = format!("{:02}:{:02}", local.hour(), local.minute());
        Self {
            iso: format!("{}Z", Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S")),
            time: match language {
                Language::Th => format!("{clock} น."),
                Language::En => clock,
            },
            date: written_date(language, local.year(), Some(local.month()), Some(local.day())),
        }
    }
}

/// A date as it is written out: in Thai with the Buddhist year, in English with the common one.
///
/// `year` is of the Common Era, `month` 1 to 12. What is not known is left out, as for people whose card bears a year
/// of birth only; a day without a month is not shown.
pub fn written_date(language: Language, year: i16, month: Option<i8>, day: Option<i8>) -> String {
    let year = match language {
        Language::Th => i32::from(year) + 543,
        Language::En => i32::from(year),
    };
    match (month.and_then(|month| month_name(language, month)), day) {
        (Some(month), Some(day)) => format!("{day} {month} {year}"),
        (Some(month), None) => format!("{month} {year}"),
        (None, _) => year.to_string(),
    }
}

fn month_name(language: Language, month: i8) -> Option<&'static str> {
    let index = usize::try_from(month).ok()?.checked_sub(1)?;
    MONTHS.get(index).map(|name| name.in_language(language))
}

/// The months, January first.
pub const MONTHS: [Text; 12] = [
    Text { th: "มกราคม", en: "January" },
    Text { th: "กุมภาพันธ์", en: "February" },
    Text { th: "มีนาคม", en: "March" },
    Text { th: "เมษายน", en: "April" },
    Text { th: "พฤษภาคม", en: "May" },
    Text { th: "มิถุนายน", en: "June" },
    Text { th: "กรกฎาคม", en: "July" },
    Text { th: "สิงหาคม", en: "August" },
    Text { th: "กันยายน", en: "September" },
    Text { th: "ตุลาคม", en: "October" },
    Text { th: "พฤศจิกายน", en: "November" },
    Text { th: "ธันวาคม", en: "December" },
];

/// A form as it is shown: what was typed, and what has to be corrected.
///
/// Passwords and codes are never among the values.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: BTreeMap<&'static str, String>,
    errors: Vec<FieldError>,
    alert: Option<Alert>,
    request_id: Option<String>,
}

/// One field that has to be corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, also the id of its input.
    pub field: &'static str,
    /// Stable, snake_case.
    pub code: &'static str,
    /// What to do, in both languages.
    pub text: Text,
}

/// Something to tell about the form as a whole: the registry said no, a limit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The problem's code.
    pub code: &'static str,
    /// What to do, in the person's language.
    pub detail: String,
}

impl Form {
    /// A form with nothing typed.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The same form with `value` in `field`.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(field, value.into());
        self
    }

    /// The same form with what has to be corrected.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same form with something to tell about it as a whole.
    #[must_use]
    pub fn with_alert(mut self, alert: Alert) -> Self {
        self.alert = Some(alert);
        self
    }

    /// The same form with the request's id, for the help centre, where the fault is ours.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// What stands in a field, empty if nothing does.
    pub fn value(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }

    /// The error of a field.
    pub fn error(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field)
    }

    /// All errors, in the order of the fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What is told about the form as a whole.
    pub fn alert(&self) -> Option<&Alert> {
        self.alert.as_ref()
    }

    /// The request's id, where the fault is ours.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whether the person has something to correct or to know.
    pub fn needs_attention(&self) -> bool {
        !self.errors.is_empty() || self.alert.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: &str, language: Language) -> Moment {
        Moment::of(at.parse().unwrap(), language)
    }

    #[test]
    fn a_moment_is_written_in_bangkok() {
        let written = moment("2026-11-24T07:35:09.5Z", Language::Th);
        assert_eq!(written.iso, "2026-11-24T07:35:09Z");
        assert_eq!(written.time, "14:35 น.");
        assert_eq!(written.date, "24 พฤศจิกายน 2569");
    }

    #[test]
    fn midnight_in_bangkok_begins_the_next_day() {
        let before = moment("2026-12-31T16:59:59Z", Language::En);
        assert_eq!((before.time.as_str(), before.date.as_str()), ("23:59", "31 December 2026"));
        let after = moment("2026-12-31T17:00:00Z", Language::Th);
        assert_eq!((after.time.as_str(), after.date.as_str()), ("00:00 น.", "1 มกราคม 2570"));
    }

    #[test]
    fn what_is_not_known_of_a_date_is_left_out() {
        assert_eq!(written_date(Language::Th, 1995, Some(3), Some(5)), "5 มีนาคม 2538");
        assert_eq!(written_date(Language::En, 1995, Some(3), None), "March 1995");
        assert_eq!(written_date(Language::Th, 1995, None, None), "2538");
        assert_eq!(written_date(Language::En, 1995, Some(13), Some(5)), "1995");
        assert_eq!(written_date(Language::En, 1995, Some(0), Some(5)), "1995");
    }

    #[test]
    fn the_language_switch_stays_on_the_page() {
        let page = Page {
            language: Language::Th,
            path: "/sign-in".to_owned(),
            query: "&request=abc".to_owned(),
            host: String::new(),
            expires_at: None,
            has_errors: false,
        };
        assert_eq!(page.in_other_language(), "?lang=en&request=abc");
        assert!(page.ends().is_none());
    }
}
