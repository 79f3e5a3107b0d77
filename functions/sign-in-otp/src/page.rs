//! The page that takes a sign-in's code.

use askama::Template;
use authentication::Serving;
use web::{
    one_time_code::SentCode,
    page::{Form, Page},
};

/// The code from the text message, and what to do when none arrives.
#[derive(Debug, Template)]
#[template(path = "sign-in-otp.html")]
pub(crate) struct OtpPage {
    /// The layout's.
    pub(crate) page: Page,
    /// Errors only: the code is never shown again.
    pub(crate) form: Form,
    /// The code that was sent.
    pub(crate) code: SentCode,
    /// The request that it serves.
    pub(crate) serving: Option<Serving>,
    /// Where both forms go, and the way back to the password: all carry the request.
    pub(crate) action: String,
    pub(crate) back: String,
}

impl OtpPage {
    /// The request's handle, as the forms carry it.
    fn handle(&self) -> Option<&str> {
        self.serving.as_ref().map(|serving| serving.handle.as_str())
    }
}
