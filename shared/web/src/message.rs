//! A page that tells one thing: what happened, and the way on.

use askama::Template;
use http::Method;

use crate::{incoming::Incoming, page::Page, problem::Problem};

/// A page with a heading, a sentence and at most one way on.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// The layout's.
    pub page: Page,
    /// What happened.
    pub heading: String,
    /// What to do.
    pub body: String,
    /// For the help centre, where the fault may be ours.
    pub request_id: Option<String>,
    /// The way on: where to, and what it is called.
    pub action: Option<(String, String)>,
}

impl MessagePage {
    /// The page of a problem.
    pub fn of(incoming: &Incoming, problem: &Problem) -> Self {
        let language = incoming.language;
        let action = match problem {
            // Another tab, or a second press of the button, may have renewed the cookie: what it opens goes on from there.
            Problem::NoRegistration => Some(("/registration", incoming.say("ไปที่หน้าลงทะเบียน", "Go to registration"))),
            Problem::TermsOutdated => {
                Some(("/registration/terms", incoming.say("ไปที่หน้าลงทะเบียน", "Go to registration")))
            }
            Problem::AlreadyRegistered => Some(("/sign-in", incoming.say("เข้าสู่ระบบ", "Sign in"))),
            Problem::Busy | Problem::Unavailable | Problem::Internal => {
                Some((again(incoming), incoming.say("ลองอีกครั้ง", "Try again")))
            }
            _ => Some(("/", incoming.say("ไปที่หน้าแรก", "Go to the home page"))),
        };
        let ours = problem.status().is_server_error();
        Self {
            page: incoming.page(),
            heading: problem.title().in_language(language).to_owned(),
            body: problem.detail(language),
            request_id: ours.then(|| incoming.request_id.clone()),
            action: action.map(|(href, label)| (href.to_owned(), label.to_owned())),
        }
    }
}

/// The page that failed, or where the form that did belongs: not every address that takes a form shows a page.
fn again(incoming: &Incoming) -> &'static str {
    match incoming.method {
        Method::POST if incoming.path.starts_with("/account") => "/account",
        Method::POST => "/registration",
        _ => "?",
    }
}
