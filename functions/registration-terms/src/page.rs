//! The pages of step 1: the terms of use, and the two ways a registration ends without an account.

use askama::Template;
use domain::terms::Clause;
use web::page::{Form, Page};

/// The terms, and the question whether the person consents.
#[derive(Debug, Template)]
#[template(path = "terms.html")]
pub(crate) struct TermsPage {
    /// The layout's.
    pub(crate) page: Page,
    /// Errors only; nothing is typed here.
    pub(crate) form: Form,
    /// Which text is agreed to.
    pub(crate) version: String,
    /// The written date from which it is in force.
    pub(crate) effective_from: String,
    /// The authorization request to go on with afterwards, where there is one.
    pub(crate) request: Option<String>,
    /// The text.
    pub(crate) clauses: Vec<ClauseView>,
    /// Of the canonical text, in hexadecimal: what was agreed to can be proved by it.
    pub(crate) sha256: String,
}

/// One clause of the terms.
#[derive(Debug)]
pub(crate) struct ClauseView {
    /// From 1.
    pub(crate) number: u8,
    /// Plain text.
    pub(crate) text: String,
}

impl ClauseView {
    /// A clause as it is shown.
    pub(crate) fn of(clause: &Clause) -> Self {
        Self { number: clause.number, text: clause.text.clone() }
    }
}

/// The person did not consent: nothing was stored.
#[derive(Debug, Template)]
#[template(path = "declined.html")]
pub(crate) struct DeclinedPage {
    /// The layout's.
    pub(crate) page: Page,
}

/// The person gave the registration up: what was stored is gone.
#[derive(Debug, Template)]
#[template(path = "cancelled.html")]
pub(crate) struct CancelledPage {
    /// The layout's.
    pub(crate) page: Page,
}
