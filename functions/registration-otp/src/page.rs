//! The second page of step 4.

use askama::Template;
use web::{
    one_time_code::SentCode,
    page::{Form, Page},
};

/// The code from the text message, and what to do when none arrives.
#[derive(Debug, Template)]
#[template(path = "otp.html")]
pub(crate) struct OtpPage {
    /// The layout's.
    pub(crate) page: Page,
    /// Errors only: the code is never shown again.
    pub(crate) form: Form,
    /// The code that was sent.
    pub(crate) code: SentCode,
    /// Where another code is to go: carried by the form, so that its MAC need not wait for the registration.
    pub(crate) number: String,
}
