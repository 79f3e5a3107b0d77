//! The page that asks for the current password and a new one.

use askama::Template;
use domain::{password::PasswordPolicy, session::Session};
use web::{
    Incoming,
    page::{Form, Page},
};

/// The current password, the new one twice, and whether the other sessions end.
#[derive(Debug, Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordPage {
    /// The layout's.
    page: Page,
    /// `end_others`; never the passwords.
    form: Form,
    /// So that password managers know whose password it is.
    username: String,
    /// The fewest code points a password may have.
    minimum: usize,
}

impl PasswordPage {
    pub(crate) fn new(incoming: &Incoming, session: &Session, form: Form, policy: PasswordPolicy) -> Self {
        Self {
            page: incoming.page().attending(&form),
            form,
            username: session.username.as_str().to_owned(),
            minimum: policy.minimum,
        }
    }
}
