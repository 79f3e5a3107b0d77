//! The text messages that would have been sent, kept for the developer and the tests to read.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;

/// How many texts are kept: enough to look at, little enough to forget about.
const KEPT: usize = 1000;

/// Every text sent since the process began, up to the last thousand.
#[derive(Debug, Default)]
pub struct Outbox {
    texts: Mutex<Vec<Text>>,
}

/// A text message, as `GET /_local/sms` shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The number, E.164.
    pub to: String,
    /// What it says.
    pub text: String,
    /// When it was handed over.
    pub sent_at: Timestamp,
}

impl Outbox {
    /// Keeps a text.
    pub fn put(&self, text: Text) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() == KEPT {
            texts.remove(0);
        }
        texts.push(text);
    }

    /// The texts, newest last.
    pub fn texts(&self) -> Vec<Text> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest text to a number, E.164.
    pub fn last_to(&self, number: &str) -> Option<Text> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().rev().find(|text| text.to == number).cloned()
    }
}

/// Numbers and codes stay out of the log, here too.
impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Text(redacted, {})", self.sent_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: usize) -> Text {
        Text { to: format!("+6681000{number:04}"), text: format!("{number}"), sent_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn the_newest_text_is_the_last() {
        let outbox = Outbox::default();
        outbox.put(text(1));
        outbox.put(text(2));
        assert_eq!(outbox.texts(), [text(1), text(2)]);
        assert_eq!(outbox.last_to("+66810000001"), Some(text(1)));
        assert_eq!(outbox.last_to("+66819999999"), None);
    }

    #[test]
    fn only_the_last_thousand_are_kept() {
        let outbox = Outbox::default();
        (0..KEPT + 2).for_each(|number| outbox.put(text(number)));
        let texts = outbox.texts();
        assert_eq!((texts.len(), texts.first()), (KEPT, Some(&text(2))));
    }

    #[test]
    fn a_text_is_three_fields_and_its_debug_none() {
        let json = serde_json::to_value(text(1)).unwrap();
        assert_eq!(json, serde_json::json!({"to": "+66810000001", "text": "1", "sent_at": "1970-01-01T00:00:00Z"}));
        assert!(!format!("{:?}", text(1)).contains("6681"));
    }
}
