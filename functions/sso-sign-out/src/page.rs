//! The pages of signing out: the question, the end, and a request that cannot be acted on.

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Incoming, Response, accept::Representation, answer, page::Page};

use crate::request::EndSession;

/// Whether the person wants to sign out.
#[derive(Debug, Template)]
#[template(path = "ask.html")]
pub(crate) struct AskPage {
    page: Page,
    client_name: Option<String>,
    carried: Vec<(String, String)>,
}

impl AskPage {
    pub(crate) fn of(incoming: &Incoming, asked: &EndSession) -> Self {
        let name = asked.client.as_ref().map(|client| client.name.in_language(incoming.language).to_owned());
        Self { page: incoming.page(), client_name: name, carried: asked.carried() }
    }
}

/// Nobody is signed in any more.
#[derive(Debug, Template)]
#[template(path = "ended.html")]
pub(crate) struct SignedOutPage {
    pub(crate) page: Page,
    /// Whether any service was told.
    pub(crate) are_told: bool,
}

/// The request cannot be acted on.
#[derive(Debug, Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    page: Page,
    reason: &'static str,
    request_id: String,
}

pub(crate) fn refused(incoming: &Incoming, reason: &'static str) -> Response {
    tracing::info!(reason, "sign-out refused");
    match incoming.representation {
        Representation::Json => {
            answer::json(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request", "error_description": reason }))
        }
        Representation::Html => {
            let page = RefusedPage { page: incoming.page(), reason, request_id: incoming.request_id.clone() };
            answer::page(StatusCode::BAD_REQUEST, &page)
        }
    }
}
