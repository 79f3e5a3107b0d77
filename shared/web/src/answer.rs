//! Answers: the same value as a page or as JSON, with the headers that every answer carries.

use askama::Template;
use domain::language::Language;
use http::{HeaderName, HeaderValue, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;

use crate::{
    accept::Representation,
    cookie::{self, SetCookie},
    incoming::Incoming,
    message::MessagePage,
    page::{Alert, FieldError, Form},
    problem::Problem,
};

/// An answer to API Gateway.
pub type Response = lambda_http::Response<Body>;

/// The policy of every page: nothing but our own files, no framing, forms only to ourselves.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => with_body(status, "application/json", body.into()),
        Err(_) => with_body(StatusCode::INTERNAL_SERVER_ERROR, "application/json", Body::Empty),
    }
}

/// A page.
pub fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => with_body(status, "text/html; charset=utf-8", body.into()),
        Err(_) => with_body(StatusCode::INTERNAL_SERVER_ERROR, "text/html; charset=utf-8", Body::Empty),
    }
}

/// The way on after a form: 303, so that neither a reload nor the back button posts again.
pub fn see_other(path: &str) -> Response {
    let mut response = with_body(StatusCode::SEE_OTHER, "text/html; charset=utf-8", Body::Empty);
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The way to the page that tells a problem, where that is another than the one that met it.
pub fn told_elsewhere(path: &str, problem: &Problem) -> Response {
    let mut response = see_other(path);
    response.extensions_mut().insert(Told::of(problem));
    response
}

/// A file that never changes under its name.
pub fn immutable(content_type: &'static str, body: &'static [u8]) -> Response {
    let mut response = with_body(StatusCode::OK, content_type, Body::Binary(body.to_vec()));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    response
}

/// A browser's question whether a script may call (Fetch standard, CORS-preflight).
pub(crate) fn preflight() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, DPoP"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

/// The same answer, readable by scripts of any origin. Never with credentials.
pub(crate) fn open_to_scripts(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    response
}

/// The same answer with a header that says how long anybody may keep it, in seconds.
#[must_use]
pub fn kept_for(mut response: Response, seconds: u32) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={seconds}")) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

/// The same answer with a cookie.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: &SetCookie) -> Response {
    if let Some(value) = cookie.header() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A problem, in JSON or as the form again: `form` makes the page from the form with its errors.
///
/// What has no place on a form is told on a page of its own; a step not reached yet leads to the one that is.
pub fn refusal<T: Template>(
    incoming: &Incoming,
    problem: &Problem,
    form: Form,
    make: impl FnOnce(Form) -> T,
) -> Response {
    let on_form = match problem {
        Problem::InvalidInput(errors) => form.with_errors(errors.clone()),
        _ => match problem.field() {
            Some(field) => form.with_errors(vec![FieldError { field, code: problem.code(), text: problem.title() }]),
            None => form,
        },
    };
    match (incoming.representation, problem) {
        (Representation::Html, Problem::InvalidInput(_)) => told(page(problem.status(), &make(on_form)), problem),
        (Representation::Html, problem) if belongs_on_form(problem) => {
            let alert = Alert { code: problem.code(), detail: problem.detail(incoming.language) };
            let form = on_form.with_alert(alert);
            let ours = problem.status().is_server_error();
            let form = if ours { form.with_request_id(&incoming.request_id) } else { form };
            told(page(problem.status(), &make(form)), problem)
        }
        _ => self::problem(incoming, problem),
    }
}

/// A problem on its own: problem details in JSON, or a page that says what to do.
pub fn problem(incoming: &Incoming, problem: &Problem) -> Response {
    let response = match (incoming.representation, problem) {
        (Representation::Json, _) => {
            let body = problem.body(&incoming.site.issuer, &incoming.request_id, incoming.language);
            let mut response = json(problem.status(), &body);
            let problem_json = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
            response
        }
        (Representation::Html, Problem::WrongStep(step)) => see_other(&format!("/registration/{}", step.as_str())),
        (Representation::Html, Problem::NotSignedIn) => see_other("/sign-in"),
        (Representation::Html, problem) => page(problem.status(), &MessagePage::of(incoming, problem)),
    };
    told(response, problem)
}

/// The same page, from which a form leads back to a relying party: browsers hold `form-action` against the redirects
/// that follow a form too (CSP Level 3 section 6.4.1). An origin that would not stay one source is left out.
#[must_use]
pub fn leading_back(mut response: Response, origin: &str) -> Response {
    let one_source = origin.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'\'' | b'*'));
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    if let (true, Ok(policy)) = (one_source, HeaderValue::from_str(&policy)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The same answer, which is in another language than its request came in.
#[must_use]
pub fn in_language(mut response: Response, language: Language) -> Response {
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response
}

/// What every answer carries, whatever made it.
pub fn finish(mut response: Response, incoming: &Incoming) -> Response {
    let headers = response.headers_mut();
    // What may be kept for ever is the same for everybody.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language, Cookie"));
    }
    let fixed = [
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_LANGUAGE).or_insert(HeaderValue::from_static(incoming.language.tag()));
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    if incoming.site.cookies.secure {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    if let Ok(request_id) = HeaderValue::from_str(&incoming.request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), request_id);
    }
    if incoming.language_chosen {
        let chosen = cookie::language(incoming.site.cookies, incoming.language.tag());
        return with_cookie(response, &chosen);
    }
    response
}

/// What the person can do something about right there.
const fn belongs_on_form(problem: &Problem) -> bool {
    match problem {
        Problem::InvalidInput(_)
        | Problem::IdentityNotConfirmed
        | Problem::IdentityCheckUnavailable
        | Problem::UsernameTaken(_)
        | Problem::OtpIncorrect { .. }
        | Problem::OtpExpired
        | Problem::OtpExhausted
        | Problem::SmsNotSent
        | Problem::NumberInUse
        | Problem::TooManyRequests { .. }
        | Problem::SignInFailed
        | Problem::Busy
        | Problem::Unavailable => true,
        Problem::MalformedRequest
        | Problem::UnsupportedMediaType
        | Problem::TooLarge
        | Problem::NoRegistration
        | Problem::WrongStep(_)
        | Problem::TermsOutdated
        | Problem::AlreadyRegistered
        | Problem::CrossSiteRequest
        | Problem::NotSignedIn
        | Problem::RequestGone
        | Problem::NotFound
        | Problem::MethodNotAllowed
        | Problem::Internal => false,
    }
}

/// Which problem an answer tells, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) code: &'static str,
    /// Whose: ours, or the request's.
    pub(crate) is_ours: bool,
}

impl Told {
    fn of(problem: &Problem) -> Self {
        Self { code: problem.code(), is_ours: problem.status().is_server_error() }
    }
}

/// The headers of a problem, and its code for the log.
fn told(mut response: Response, problem: &Problem) -> Response {
    response.extensions_mut().insert(Told::of(problem));
    if *problem == Problem::MethodNotAllowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    }
    if let Some(seconds) = problem.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_leads_back_admits_one_origin_more_and_nothing_else() {
        let page = || Response::new(Body::Empty);
        let policy = |response: &Response| response.headers().get(header::CONTENT_SECURITY_POLICY).cloned();
        let led = policy(&leading_back(page(), "https://rp.example:8443")).unwrap();
        assert!(led.to_str().unwrap().contains("form-action 'self' https://rp.example:8443; base-uri 'none'"));
        for wrong in ["https://a.example; script-src *", "https://a.example *", "*", "'unsafe-inline'", "a,b", "\n"] {
            assert_eq!(policy(&leading_back(page(), wrong)), None, "{wrong}");
        }
    }
}
