//! A page that tells one thing: what happened, and the way on.

use askama::Template;
use http::Method;

use crate::{incoming::Incoming, page::Page, problem::Problem};

/// The longest query that a link is given: API Gateway takes 10 KB of request line and headers.
const LONGEST_QUERY: usize = 6 * 1024;

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
        let on = |href: &str, th, en| Some((href.to_owned(), incoming.say(th, en)));
        let action = match problem {
            // Another tab, or a second press of the button, may have renewed the cookie: what it opens goes on from there.
            Problem::NoRegistration => on("/registration", "ไปที่หน้าลงทะเบียน", "Go to registration"),
            Problem::TermsOutdated => on("/registration/terms", "ไปที่หน้าลงทะเบียน", "Go to registration"),
            Problem::AlreadyRegistered => on("/sign-in", "เข้าสู่ระบบ", "Sign in"),
            Problem::Busy | Problem::Unavailable | Problem::Internal => {
                again(incoming).and_then(|href| on(&href, "ลองอีกครั้ง", "Try again"))
            }
            _ => on("/", "ไปที่หน้าแรก", "Go to the home page"),
        };
        let ours = problem.status().is_server_error();
        Self {
            page: incoming.page(),
            heading: problem.title().in_language(language).to_owned(),
            body: problem.detail(language),
            request_id: ours.then(|| incoming.request_id.clone()),
            action: action.map(|(href, label)| (href, label.to_owned())),
        }
    }
}

/// The page that failed, or where the form that did belongs: not every address that takes a form shows a page. With the
/// authorization request that it serves, or the request itself: to lose it is to begin again at the service.
fn again(incoming: &Incoming) -> Option<String> {
    if incoming.method != Method::POST {
        return Some(format!("?{}", incoming.page().query.trim_start_matches('&')));
    }
    let path = incoming.path.as_str();
    let carried: Vec<_> = match path {
        "/sign-in" | "/sign-in/otp" | "/consent" => {
            let field = || incoming.fields().ok()?.text("request").map(str::to_owned);
            let request = incoming.query("request").map(str::to_owned).or_else(field);
            request.map(|request| ("request".to_owned(), request)).into_iter().collect()
        }
        // Both take by GET what they take by POST, the person's confirmation aside.
        "/connect/authorize" | "/connect/endsession" => {
            incoming.form().unwrap_or_default().into_iter().filter(|(name, _)| name != "confirm").collect()
        }
        _ if path.starts_with("/account") => return Some("/account".to_owned()),
        _ => return Some("/registration".to_owned()),
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(carried).finish();
    (query.len() <= LONGEST_QUERY).then(|| format!("{path}?{query}"))
}
