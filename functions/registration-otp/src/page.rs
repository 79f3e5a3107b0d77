//! The second page of step 4.

use askama::Template;
use web::page::{Form, Moment, Page};

/// The code from the text message, and what to do when none arrives.
#[derive(Debug, Template)]
#[template(path = "otp.html")]
pub(crate) struct OtpPage {
    /// The layout's.
    pub(crate) page: Page,
    /// Errors only: the code is never shown again.
    pub(crate) form: Form,
    /// Where the text went, masked.
    pub(crate) number: String,
    /// The four characters that stand in the text too.
    pub(crate) reference: String,
    /// Until when the code can be used.
    pub(crate) expires_at: Moment,
    /// From when another can be asked for.
    pub(crate) resend_at: Moment,
    /// Comparisons left for this code.
    pub(crate) attempts_left: u8,
    /// Whether the code can still be entered: it is neither too old nor used up.
    pub(crate) can_enter: bool,
}
