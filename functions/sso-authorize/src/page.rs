//! The pages of this endpoint: a request that cannot be trusted, what a person lacks, and the form that carries an answer.

use askama::Template;
use domain::{bearer::Bearer, language::Language};
use http::StatusCode;
use oidc::{
    authorization_request::{ResponseMode, ReturnAddress},
    decision::Requirement,
    error::{ErrorCode, OAuthError},
};
use serde_json::{Value, json};
use web::{Incoming, Response, accept::Representation, answer, page::Page};

use crate::{Standing, returned};

/// The request cannot be answered, and nobody is sent anywhere.
#[derive(Debug, Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    page: Page,
    /// For the service's developers, in English.
    reason: &'static str,
    request_id: String,
}

/// The person lacks what the client requires.
#[derive(Debug, Template)]
#[template(path = "lacking.html")]
struct LackingPage {
    page: Page,
    client_name: String,
    requirement: Requirement,
    /// Where it can be had today, if it can.
    register: Option<String>,
    way_back: WayBack,
}

/// Back to the client, without being signed in.
#[derive(Debug)]
enum WayBack {
    Link(String),
    Form { action: String, fields: Vec<(&'static str, String)> },
}

/// An answer in the form post response mode: sent on by a script, or by hand.
#[derive(Debug, Template)]
#[template(path = "posted.html")]
struct PostedPage {
    page: Page,
    action: String,
    fields: Vec<(&'static str, String)>,
}

pub(crate) fn refused(incoming: &Incoming, reason: &'static str) -> Response {
    tracing::info!(reason, "request refused without a redirect");
    match incoming.representation {
        Representation::Json => answer::json(
            StatusCode::BAD_REQUEST,
            &json!({ "error": ErrorCode::InvalidRequest.as_str(), "error_description": reason }),
        ),
        Representation::Html => {
            let page = RefusedPage { page: incoming.page(), reason, request_id: incoming.request_id.clone() };
            answer::page(StatusCode::BAD_REQUEST, &page)
        }
    }
}

/// `waiting` is the request that registering with the card comes back to, where that is a way.
pub(crate) fn lacking(
    incoming: &Incoming,
    standing: &Standing,
    requirement: Requirement,
    waiting: Option<&Bearer>,
) -> Response {
    let unmet =
        OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, "the person does not meet what is required");
    let answer_to = &standing.request.answer_to;
    let fields = returned::complete(incoming, answer_to, returned::error_fields(&unmet));
    match incoming.representation {
        Representation::Json => answer::json(StatusCode::FORBIDDEN, &in_json(answer_to, &unmet, requirement, fields)),
        Representation::Html => {
            let way_back = match answer_to.response_mode {
                ResponseMode::Query => WayBack::Link(returned::location(answer_to, &fields)),
                ResponseMode::FormPost => WayBack::Form { action: answer_to.redirect_uri.clone(), fields },
            };
            let page = leading_back(incoming, answer_to);
            let page = LackingPage {
                client_name: standing.client.name.in_language(page.language).to_owned(),
                page,
                requirement,
                register: waiting.map(|handle| format!("/registration/terms?request={}", handle.expose())),
                way_back,
            };
            led_back(StatusCode::FORBIDDEN, &page, page.page.language, answer_to)
        }
    }
}

/// An answer as a form, on a page that sends it.
pub(crate) fn posted(incoming: &Incoming, answer_to: &ReturnAddress, fields: Vec<(&'static str, String)>) -> Response {
    let page = leading_back(incoming, answer_to);
    let page = PostedPage { page, action: answer_to.redirect_uri.clone(), fields };
    led_back(StatusCode::OK, &page, page.page.language, answer_to)
}

/// What the layout needs to know, in the language that the request asked for, whichever way it came.
fn leading_back(incoming: &Incoming, answer_to: &ReturnAddress) -> Page {
    Page { language: incoming.language_for(answer_to.language), ..incoming.page() }
}

fn led_back(status: StatusCode, page: &impl Template, language: Language, answer_to: &ReturnAddress) -> Response {
    answer::in_language(answer::leading_back(answer::page(status, page), &answer_to.origin()), language)
}

/// For a program: what is lacking, and the client's answer for it to carry.
fn in_json(
    answer_to: &ReturnAddress,
    unmet: &OAuthError,
    requirement: Requirement,
    fields: Vec<(&'static str, String)>,
) -> Value {
    let requirement = match requirement {
        Requirement::Ial(level) => json!({ "ial": level }),
        Requirement::VerifiedMobile => json!({ "verified_mobile": true }),
        Requirement::VerifiedEmail => json!({ "verified_email": true }),
    };
    let (next, fields) = match answer_to.response_mode {
        ResponseMode::Query => (returned::location(answer_to, &fields), Value::Null),
        ResponseMode::FormPost => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            (answer_to.redirect_uri.clone(), Value::Object(fields.collect()))
        }
    };
    let mut body = json!({
        "error": unmet.code.as_str(),
        "error_description": unmet.description,
        "requirement": requirement,
        "next": next,
    });
    if let (Some(body), false) = (body.as_object_mut(), fields.is_null()) {
        body.insert("fields".to_owned(), fields);
    }
    body
}
