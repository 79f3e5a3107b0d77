//! The e-Service's own cookies, kept to its own path: one for the browser, one for who is signed in.

use http::{HeaderValue, Response, header};
use lambda_http::Body;
use web::Incoming;

use super::PATH;

/// Binds sign-ins to the browser they were begun in.
const BROWSER: &str = "clinic-browser";
/// Who is signed in.
const SESSION: &str = "clinic-session";

/// The browser's value.
pub(super) fn browser(incoming: &Incoming) -> Option<&str> {
    value(incoming, BROWSER)
}

/// The session's value.
pub(super) fn session(incoming: &Incoming) -> Option<&str> {
    value(incoming, SESSION)
}

/// The same answer with the browser's value.
pub(super) fn with_browser(response: Response<Body>, value: &str) -> Response<Body> {
    with(response, &format!("{BROWSER}={value}"))
}

/// The same answer with the session's value.
pub(super) fn with_session(response: Response<Body>, value: &str) -> Response<Body> {
    with(response, &format!("{SESSION}={value}"))
}

/// The same answer, taking the session's value away.
pub(super) fn without_session(response: Response<Body>) -> Response<Body> {
    with(response, &format!("{SESSION}=; Max-Age=0"))
}

fn value<'a>(incoming: &'a Incoming, name: &str) -> Option<&'a str> {
    let pairs = incoming.headers("cookie").flat_map(|header| header.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Without Secure: the local run is plain http on loopback.
fn with(mut response: Response<Body>, pair: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&format!("{pair}; Path={PATH}; HttpOnly; SameSite=Lax")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
