//! The first page of step 4.

use askama::Template;
use web::page::{Form, Page};

/// Which number the code is sent to.
#[derive(Debug, Template)]
#[template(path = "mobile.html")]
pub(crate) struct MobilePage {
    /// The layout's.
    pub(crate) page: Page,
    /// `mobile_number`.
    pub(crate) form: Form,
}
