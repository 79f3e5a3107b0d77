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
pub(super) fn with_browser(response: Response<Body>, incoming: &Incoming, value: &str) -> Response<Body> {
    with(response, incoming, &format!("{}={value}", name(incoming, BROWSER)))
}

/// The same answer with the session's value.
pub(super) fn with_session(response: Response<Body>, incoming: &Incoming, value: &str) -> Response<Body> {
    with(response, incoming, &format!("{}={value}", name(incoming, SESSION)))
}

/// The same answer, taking the session's value away.
pub(super) fn without_session(response: Response<Body>, incoming: &Incoming) -> Response<Body> {
    with(response, incoming, &format!("{}=; Max-Age=0", name(incoming, SESSION)))
}

/// `__Secure-` and not `__Host-`, which admits no path (RFC 6265bis section 4.1.3).
fn name(incoming: &Incoming, bare: &str) -> String {
    format!("{}{bare}", if incoming.site.cookies.secure { "__Secure-" } else { "" })
}

fn value<'a>(incoming: &'a Incoming, bare: &str) -> Option<&'a str> {
    let name = name(incoming, bare);
    let pairs = incoming.headers("cookie").flat_map(|header| header.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn with(mut response: Response<Body>, incoming: &Incoming, pair: &str) -> Response<Body> {
    let secure = if incoming.site.cookies.secure { "; Secure" } else { "" };
    if let Ok(value) = HeaderValue::from_str(&format!("{pair}; Path={PATH}; HttpOnly; SameSite=Lax{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
