//! The fields of a body, whether form or JSON, each parsed into its type, all of them reported if several are bad.

use std::{collections::BTreeMap, fmt, str::FromStr};

use domain::{
    language::Text,
    name::{Name, NameError, NamePart},
    reason::Reason,
};
use serde::{
    Deserialize,
    de::{MapAccess, Visitor},
};

use crate::{
    page::{FieldError, Form},
    problem::Problem,
};

/// The longest value that is looked at, in bytes: generous for a password of 128 code points.
const LONGEST_VALUE: usize = 2048;

/// What was sent under each name, and what was found wrong with it.
#[derive(Default)]
pub struct Fields {
    sent: BTreeMap<String, Value>,
    errors: Vec<FieldError>,
}

/// Shows which fields were sent and nothing of what was in them.
impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.sent.keys()).finish()
    }
}

#[derive(Clone)]
enum Value {
    Text(String),
    /// A number, a list ... where text belongs.
    WrongType,
    /// The same name more than once: which one was meant cannot be known.
    Duplicate,
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// [`Problem::MalformedRequest`] if it is not UTF-8, decoded or not.
    pub fn from_form(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Self::default();
        for (name, value) in pairs(body)? {
            fields.insert(name, Value::Text(value));
        }
        Ok(fields)
    }

    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`Problem::MalformedRequest`] if it is not one.
    pub fn from_json(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|_| Problem::MalformedRequest)
    }

    /// The field's text, for values that steer rather than inform (`resend`): absent if it is not plain text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.sent.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A field parsed into its type; `None` is noted as an error.
    pub fn required<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Reason,
    {
        self.parse(name, str::parse)
    }

    /// A field that may be left out or empty: then `Some(None)`.
    pub fn optional<T>(&mut self, name: &'static str) -> Option<Option<T>>
    where
        T: FromStr,
        T::Err: Reason,
    {
        match self.checked(name)? {
            text if text.trim().is_empty() => Some(None),
            text => self.noted(name, text.parse()).map(Some),
        }
    }

    /// A name, whose absence is told by what the field asks for; `None` is noted as an error.
    pub fn name(&mut self, name: &'static str, part: NamePart) -> Option<Name> {
        let text = self.checked(name)?;
        match text.parse::<Name>() {
            Err(missing @ NameError::Required) => {
                self.errors.push(FieldError { field: name, code: missing.code(), text: part.required() });
                None
            }
            Ok(titled) if part == NamePart::First && titled.is_first_name_with_title() => {
                self.noted(name, Err(NameError::Title))
            }
            parsed => self.noted(name, parsed),
        }
    }

    /// Whether anything was sent under this name.
    pub fn was_sent(&self, name: &str) -> bool {
        self.sent.contains_key(name)
    }

    /// A field parsed by `parse`, which is given an empty text where nothing was sent; `None` is noted as an error.
    pub fn parse<T, E: Reason>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.checked(name)?;
        self.noted(name, parse(&text))
    }

    /// Text of a usable type and length, empty where nothing was sent; `None` is noted as an error.
    pub fn checked(&mut self, name: &'static str) -> Option<String> {
        let fault = match self.sent.get(name) {
            None => return Some(String::new()),
            Some(Value::Text(text)) if text.len() <= LONGEST_VALUE => return Some(text.clone()),
            Some(Value::Text(_)) => Fault::TooLong,
            Some(Value::WrongType) => Fault::WrongType,
            Some(Value::Duplicate) => Fault::Duplicate,
        };
        self.note(name, &fault);
        None
    }

    /// Notes that a field has to be corrected.
    pub fn note(&mut self, name: &'static str, reason: &dyn Reason) {
        self.errors.push(FieldError { field: name, code: reason.code(), text: reason.text() });
    }

    /// All that was noted, as one problem.
    ///
    /// # Errors
    /// [`Problem::InvalidInput`] if anything was.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::InvalidInput(self.errors)) }
    }

    /// The form with what was typed in these fields. Passwords and codes are not to be named here.
    pub fn typed(&self, names: &[&'static str]) -> Form {
        names.iter().fold(Form::empty(), |form, name| match self.text(name) {
            Some(text) => form.with(name, text.chars().take(256).collect::<String>()),
            None => form,
        })
    }

    fn noted<T, E: Reason>(&mut self, name: &'static str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|reason| self.note(name, &reason)).ok()
    }

    fn insert(&mut self, name: String, value: Value) {
        self.sent.entry(name).and_modify(|before| *before = Value::Duplicate).or_insert(value);
    }
}

/// `confirm=yes`, as the buttons that make something final send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed;

impl FromStr for Confirmed {
    type Err = NotConfirmed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "yes" { Ok(Self) } else { Err(NotConfirmed) }
    }
}

/// Anything but `yes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotConfirmed;

impl Reason for NotConfirmed {
    fn code(&self) -> &'static str {
        "required"
    }

    fn text(&self) -> Text {
        Text {
            th: "กดปุ่มยืนยันเพื่อดำเนินการต่อ", en: "Press the button to confirm"
        }
    }
}

/// What can be wrong with a field before its own rules are asked.
enum Fault {
    TooLong,
    WrongType,
    Duplicate,
}

impl Reason for Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::WrongType => "wrong_type",
            Self::Duplicate => "duplicate",
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::TooLong => Text {
                th: "ข้อความยาวเกินไป กรุณาย่อให้สั้นลง",
                en: "This is too long. Enter something shorter",
            },
            Self::WrongType => Text {
                th: "กรุณาส่งค่าเป็นข้อความ", en: "Send this as text"
            },
            Self::Duplicate => Text {
                th: "กรุณาระบุค่านี้เพียงครั้งเดียว", en: "Send this only once"
            },
        }
    }
}

/// The pairs of a form in order, decoded.
pub(crate) fn pairs(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default())?;
            Ok((name, decoded(halves.next().unwrap_or_default())?))
        })
        .collect()
}

/// Percent-decoding that refuses what is not UTF-8 instead of replacing it: a changed password is a wrong one.
fn decoded(text: &[u8]) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(*digit).to_digit(16));
                let (high, low) = (digit(), digit());
                let value = high.zip(low).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or(Problem::MalformedRequest)?
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| Problem::MalformedRequest)
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    match value {
                        serde_json::Value::Null => continue,
                        serde_json::Value::String(text) => fields.insert(name, Value::Text(text)),
                        _ => fields.insert(name, Value::WrongType),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use domain::otp::OtpCode;

    use super::*;

    fn errors(mut fields: Fields) -> Vec<&'static str> {
        let _: Option<OtpCode> = fields.required("code");
        match fields.finish() {
            Err(Problem::InvalidInput(errors)) => errors.into_iter().map(|error| error.code).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn form_and_json_mean_the_same() {
        assert!(errors(Fields::from_form(b"code=123456").unwrap()).is_empty());
        assert!(errors(Fields::from_json(br#"{"code":"123456"}"#).unwrap()).is_empty());
        assert_eq!(errors(Fields::from_form(b"").unwrap()), ["required"]);
        assert_eq!(errors(Fields::from_json(br#"{"code":null}"#).unwrap()), ["required"]);
    }

    #[test]
    fn what_is_no_single_text_is_an_error_of_its_field() {
        assert_eq!(errors(Fields::from_json(br#"{"code":123456}"#).unwrap()), ["wrong_type"]);
        assert_eq!(errors(Fields::from_json(br#"{"code":"123456","code":"654321"}"#).unwrap()), ["duplicate"]);
        assert_eq!(errors(Fields::from_form(b"code=123456&code=123456").unwrap()), ["duplicate"]);
        let long = format!("code={}", "1".repeat(LONGEST_VALUE + 1));
        assert_eq!(errors(Fields::from_form(long.as_bytes()).unwrap()), ["too_long"]);
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for body in [&b"code=%ff"[..], b"code=%f", b"code=%zz", b"\xff=1"] {
            assert!(matches!(Fields::from_form(body), Err(Problem::MalformedRequest)), "{body:?}");
        }
        for body in [&b"[]"[..], b"", b"{", b"\"x\"", b"{\"a\":\"\xff\"}", b"{} x"] {
            assert!(matches!(Fields::from_json(body), Err(Problem::MalformedRequest)), "{body:?}");
        }
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let fields = Fields::from_form(b"password=secret").unwrap();
        assert_eq!(format!("{fields:?}"), r#"{"password"}"#);
    }
}
