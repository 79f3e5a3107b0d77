//! A code that was sent, as it is shown: the contract's `otp` in JSON, and what the page that takes the code tells.

use domain::{language::Language, otp::Otp};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    incoming::Incoming,
    page::{Alert, Form, Moment},
    problem::Problem,
};

/// The contract's `otp`.
#[derive(Debug, Serialize)]
pub struct OtpView<'a> {
    reference: &'a str,
    expires_at: String,
    resend_at: String,
    attempts_left: u8,
}

impl<'a> OtpView<'a> {
    /// The view of a code, and how often it can still be tried.
    pub fn of(otp: &'a Otp, attempts_left: u8) -> Self {
        Self {
            reference: otp.reference.as_str(),
            expires_at: otp.expires_at().to_string(),
            resend_at: otp.resend_at().to_string(),
            attempts_left,
        }
    }
}

/// What the page that takes a code tells about it.
#[derive(Debug)]
pub struct SentCode {
    /// Where the text went, masked.
    pub number: String,
    /// The four characters that stand in the text too.
    pub reference: String,
    /// Until when the code can be used.
    pub expires_at: Moment,
    /// From when another can be asked for.
    pub resend_at: Moment,
    /// Comparisons left for this code.
    pub attempts_left: u8,
    /// Whether the code can still be entered: it is neither too old nor used up.
    pub can_enter: bool,
}

impl SentCode {
    /// A code as it stands at `now`, and how often it can still be tried.
    pub fn of(otp: &Otp, attempts_left: u8, now: Timestamp, language: Language) -> Self {
        Self {
            number: otp.number.masked(),
            reference: otp.reference.as_str().to_owned(),
            expires_at: Moment::of(otp.expires_at(), language),
            resend_at: Moment::of(otp.resend_at(), language),
            attempts_left,
            can_enter: attempts_left > 0 && now < otp.expires_at(),
        }
    }
}

/// The form, with why no other code was sent, where the page that asked for one led back here.
pub fn resend_refused(incoming: &Incoming) -> Form {
    let wait = incoming
        .query("wait")
        .and_then(|seconds| seconds.parse().ok())
        .filter(|seconds| (1..=86_400).contains(seconds));
    let problem = match (wait, incoming.query("unsent")) {
        (Some(retry_after), _) => Problem::TooManyRequests { retry_after },
        (None, Some("yes")) => Problem::SmsNotSent,
        _ => return Form::empty(),
    };
    Form::empty().with_alert(Alert { code: problem.code(), detail: problem.detail(incoming.language) })
}
