//! The sign-in page.

use askama::Template;
use web::page::{Form, Page};

/// Username and password.
#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage {
    /// The layout's.
    pub(crate) page: Page,
    /// `username`; never the password.
    pub(crate) form: Form,
}
