//! A browser, or a program, with its cookies: it goes through the same gateway as HTTP, without a socket.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{person::Person, world::World};

/// Gives every browser an address of its own.
static NEXT: AtomicU32 = AtomicU32::new(0x0a00_0001);

/// Somebody's browser, or a program.
#[derive(Debug)]
pub struct Browser<'a> {
    world: &'a World,
    cookies: Mutex<BTreeMap<String, String>>,
    /// Where it connects from.
    pub address: IpAddr,
    /// `Accept`.
    pub accept: &'static str,
    /// `Accept-Language`.
    pub language: &'static str,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON, `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A problem's code, empty if it is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A registration's step, or that of a problem, empty if there is none.
    pub fn step(&self) -> String {
        self.json()["step"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's value, empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A problem's field errors as `field:code`.
    pub fn field_errors(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| format!("{}:{}", text(&error["field"]), text(&error["code"]))).collect()
    }
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self {
            world,
            cookies: Mutex::default(),
            address: IpAddr::V4(Ipv4Addr::from(NEXT.fetch_add(1, Ordering::Relaxed))),
            accept: "application/json",
            language: "th",
        }
    }

    /// The same, as a person's browser: pages and forms.
    #[must_use]
    pub fn with_pages(mut self) -> Self {
        self.accept = "text/html";
        self
    }

    /// The same, connecting from another address.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    /// Another with the same cookies and address.
    #[must_use]
    pub fn twin(&self) -> Self {
        Self {
            cookies: Mutex::new(self.jar().clone()),
            ..Self { address: self.address, accept: self.accept, language: self.language, ..Self::new(self.world) }
        }
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    /// Sets a cookie, as a thief would.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar().insert(name.to_owned(), value.to_owned());
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), Bytes::new()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request, body.to_string().into()).await
    }

    /// POST of a form, already encoded.
    pub async fn post_form(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, body.to_owned().into()).await
    }

    /// Any request; the cookies are added, and what is set is kept.
    ///
    /// # Panics
    /// If the request is none.
    #[expect(clippy::expect_used, reason = "only tests send requests")]
    pub async fn send(&self, request: http::request::Builder, body: Bytes) -> Answer {
        let cookies: Vec<_> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("x-forwarded-for", self.address.to_string());
        request = request.header(header::HOST, "localhost:8080");
        let given = |request: &http::request::Builder, name| {
            request.headers_ref().is_some_and(|headers| headers.contains_key(name))
        };
        if !given(&request, header::ACCEPT) {
            request = request.header(header::ACCEPT, self.accept);
        }
        if !given(&request, header::USER_AGENT) {
            request = request.header(header::USER_AGENT, "journeys");
        }
        if !given(&request, header::HOST) {
            request = request.header(header::HOST, "localhost:8080");
        }
        request = request.header(header::ACCEPT_LANGUAGE, self.language);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let response = self.world.local.answer(&parts, body, Ipv4Addr::LOCALHOST.into()).await;
        let (parts, body) = response.into_parts();
        self.keep_cookies(&parts.headers);
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap_or_default();
            let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            if text.contains("Max-Age=0") {
                self.jar().remove(name);
            } else {
                self.jar().insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Step 1, accepted.
    pub async fn accept_terms(&self) -> Answer {
        let version = self
            .send(Request::get("/registration/terms").header(header::ACCEPT, "application/json"), Bytes::new())
            .await;
        let terms = json!({ "terms_version": version.json()["version"], "consent": "accept" });
        self.post("/registration/terms", &terms).await
    }

    /// Step 2, by the card.
    pub async fn prove(&self, person: &Person) -> Answer {
        self.post("/registration/identity", &person.identity()).await
    }

    /// Step 3.
    pub async fn choose(&self, person: &Person) -> Answer {
        self.post("/registration/account", &person.account()).await
    }

    /// Step 4, first half.
    pub async fn ask_for_code(&self, person: &Person) -> Answer {
        self.post("/registration/mobile", &json!({ "mobile_number": person.mobile_number })).await
    }

    /// Step 4, second half, with the code that was sent.
    pub async fn enter_code(&self, person: &Person) -> Answer {
        let code = self.world.code_sent_to(&person.e164()).unwrap_or_default();
        self.post("/registration/otp", &json!({ "code": code })).await
    }

    /// Step 5.
    pub async fn confirm(&self) -> Answer {
        self.post("/registration/review", &json!({ "confirm": "yes" })).await
    }

    /// Steps 1 to 4; the answer to the last one sent.
    pub async fn walk_to_review(&self, person: &Person) -> Answer {
        self.walk(person, 5).await
    }

    /// The first `steps` requests of the wizard: terms, identity, account, mobile, code, confirmation.
    pub async fn walk(&self, person: &Person, steps: usize) -> Answer {
        let mut answer = self.accept_terms().await;
        for step in 1..steps {
            answer = match step {
                1 => self.prove(person).await,
                2 => self.choose(person).await,
                3 => self.ask_for_code(person).await,
                4 => self.enter_code(person).await,
                _ => self.confirm().await,
            };
        }
        answer
    }

    /// Signing in with username and password.
    pub async fn sign_in(&self, person: &Person) -> Answer {
        self.post("/sign-in", &json!({ "username": person.username, "password": person.password })).await
    }

    /// The second half of signing in from a browser not seen before, with the code that was sent.
    pub async fn enter_sign_in_code(&self, person: &Person) -> Answer {
        let code = self.world.code_sent_to(&person.e164()).unwrap_or_default();
        self.post("/sign-in/otp", &json!({ "code": code })).await
    }

    /// The code in the newest text to a person, empty if there is none.
    pub fn code_sent_to(&self, person: &Person) -> String {
        self.world.code_sent_to(&person.e164()).unwrap_or_default()
    }

    /// Signing in from wherever: with the code, if one is asked for.
    pub async fn sign_in_with_code(&self, person: &Person) -> Answer {
        let answer = self.sign_in(person).await;
        if answer.step() == "otp" { self.enter_sign_in_code(person).await } else { answer }
    }
}
