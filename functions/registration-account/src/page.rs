//! The page of step 3.

use askama::Template;
use web::page::{Form, Page};

/// The username and the password, under the name that step 2 established.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage {
    /// The layout's.
    pub(crate) page: Page,
    /// `first_name` and `last_name` as established, `username` as typed; never the passwords.
    pub(crate) form: Form,
    /// The fewest code points a password may have.
    pub(crate) minimum: usize,
}
