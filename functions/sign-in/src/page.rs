//! The sign-in page.

use askama::Template;
use authentication::{Serving, serving};
use web::{
    Incoming,
    page::{Form, Page},
};

/// Username and password.
#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage {
    /// The layout's.
    page: Page,
    /// `username`; never the password.
    form: Form,
    /// The request that it serves.
    serving: Option<Serving>,
    /// Where the form goes, and where registering begins: both carry the request.
    action: String,
    register: String,
}

impl SignInPage {
    pub(crate) fn new(incoming: &Incoming, serving: Option<Serving>, form: Form) -> Self {
        Self {
            page: incoming.page().attending(&form),
            form,
            action: serving::path("/sign-in", serving.as_ref()),
            register: serving::path("/registration/terms", serving.as_ref()),
            serving,
        }
    }

    /// The request's handle, as the form carries it.
    fn handle(&self) -> Option<&str> {
        self.serving.as_ref().map(|serving| serving.handle.as_str())
    }
}
