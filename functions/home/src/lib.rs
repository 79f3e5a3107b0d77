//! The front page, what each problem type means, and the page for addresses that lead nowhere.

mod page;

use http::{Method, StatusCode};
use page::{Home as HomePage, NotFound};
use serde::Serialize;
use web::{
    Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer, cookie::CookieName,
    message::MessagePage,
};

/// The function.
#[derive(Clone, Copy, Debug)]
pub struct Home;

impl Function for Home {
    const NAME: &'static str = "home";

    async fn start(_: &Environment) -> Result<Self, StartError> {
        Ok(Self)
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if let Some(problem) = incoming.path.strip_prefix("/problems/").and_then(documented) {
            return Ok(explanation(incoming, &problem));
        }
        if incoming.path != "/" {
            return match incoming.representation {
                Representation::Html => Ok(answer::page(StatusCode::NOT_FOUND, &NotFound { page: incoming.page() })),
                Representation::Json => Err(Problem::NotFound),
            };
        }
        if incoming.method == Method::POST {
            return Err(Problem::MethodNotAllowed);
        }
        if incoming.representation == Representation::Json {
            return Ok(answer::json(StatusCode::OK, &Links::of(&incoming.site.issuer)));
        }
        // Whether the session still lives is for the page behind the link to say; this one asks no table.
        let signed_in = incoming.cookie(CookieName::Session).is_some();
        Ok(answer::page(StatusCode::OK, &HomePage { page: incoming.page(), signed_in }))
    }
}

/// Where a program goes on from the front page.
#[derive(Serialize)]
struct Links {
    registration_url: String,
    sign_in_url: String,
    account_url: String,
}

impl Links {
    fn of(issuer: &str) -> Self {
        Self {
            registration_url: format!("{issuer}/registration"),
            sign_in_url: format!("{issuer}/sign-in"),
            account_url: format!("{issuer}/account"),
        }
    }
}

/// The problem whose `type` ends with this code.
fn documented(code: &str) -> Option<Problem> {
    Problem::EVERY.into_iter().find(|problem| problem.code() == code)
}

/// What a problem's `type` leads to (RFC 9457 section 3.1.1).
fn explanation(incoming: &Incoming, problem: &Problem) -> Response {
    match incoming.representation {
        Representation::Html => answer::page(StatusCode::OK, &MessagePage::of(incoming, problem)),
        Representation::Json => {
            let body = problem.body(&incoming.site.issuer, &incoming.request_id, incoming.language);
            answer::json(StatusCode::OK, &body)
        }
    }
}
