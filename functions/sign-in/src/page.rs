//! The sign-in page.

use askama::Template;
use authentication::{Serving, serving};
use domain::request_handle::RequestHandle;
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
    /// The request that it serves, where it could be read.
    serving: Option<Serving>,
    /// Its handle, which the form carries whether or not it could.
    handle: Option<RequestHandle>,
    /// Where the form goes, and where registering begins: both carry the request.
    action: String,
    register: String,
}

impl SignInPage {
    pub(crate) fn new(incoming: &Incoming, serving: Option<Serving>, form: Form) -> Self {
        Self {
            page: incoming.page().attending(&form),
            form,
            action: serving::path("/sign-in", incoming),
            register: serving::path("/registration/terms", incoming),
            handle: serving::handle(incoming).and_then(Result::ok),
            serving,
        }
    }

    /// The request's handle, as the form carries it.
    fn handle(&self) -> Option<&str> {
        self.handle.as_ref().map(RequestHandle::as_str)
    }
}
