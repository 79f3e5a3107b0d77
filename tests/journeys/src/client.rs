//! A relying party's own part of a sign-in: its requests, and the person's way through the pages between.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use form_urlencoded::{Serializer, parse};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    browser::{Answer, Browser},
    person::Person,
    world::World,
};

/// The verifier of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// The service's own name.
pub const ISSUER: &str = "http://localhost:8080";
/// The most pages between a request and its answer.
const MOST_PAGES: usize = 12;

/// A client that is registered.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`
    pub id: String,
    /// `client_secret`
    pub secret: Option<String>,
    /// The first of its `redirect_uris`.
    pub redirect_uri: String,
}

/// What a client gets back by redirect.
pub type Returned = BTreeMap<String, String>;

impl Client {
    /// Registers a client with this metadata.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn register(world: &World, metadata: &Value) -> Self {
        let answer = world.browser().post("/_local/clients", metadata).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let told = answer.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            id: text(&told["client_id"]).unwrap_or_default(),
            secret: text(&told["client_secret"]),
            redirect_uri: text(&told["redirect_uris"][0]).unwrap_or_default(),
        }
    }

    /// A client of the usual kind, at a host of its own, with these members laid over.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn usual(world: &World, name: &str, more: Value) -> Self {
        let mut metadata = json!({
            "client_id": name, "client_name": name,
            "redirect_uris": [format!("https://{name}.example/callback")],
            "post_logout_redirect_uris": [format!("https://{name}.example/bye")],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile phone offline_access",
        });
        if let (Some(metadata), Value::Object(more)) = (metadata.as_object_mut(), more) {
            metadata.extend(more);
        }
        Self::register(world, &metadata).await
    }

    /// The parameters of a request, with these in place of or beside its own; an empty value leaves one out.
    pub fn request(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let usual = [
            ("client_id", self.id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let pairs = kept.chain(more.iter().filter(|(_, value)| !value.is_empty()));
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Sends a browser to the authorization endpoint.
    pub async fn authorize(&self, browser: &Browser<'_>, more: &[(&str, &str)]) -> Answer {
        browser.get(&format!("/connect/authorize?{}", encoded(&self.request(more)))).await
    }

    /// The whole way, as the person goes it, to what comes back.
    ///
    /// # Panics
    /// If it leads nowhere.
    pub async fn sign_in(&self, browser: &Browser<'_>, person: &Person, more: &[(&str, &str)]) -> Returned {
        let begun = self.authorize(browser, more).await;
        go_on(browser, person, begun).await
    }

    /// The whole way, to the tokens.
    ///
    /// # Panics
    /// If it leads nowhere.
    pub async fn tokens(&self, browser: &Browser<'_>, person: &Person, more: &[(&str, &str)]) -> Value {
        let returned = self.sign_in(browser, person, more).await;
        let answer = self.redeem(browser, returned.get("code").map(String::as_str).unwrap_or_default()).await;
        assert_eq!(answer.status, StatusCode::OK, "{returned:?} {}", answer.body);
        answer.json()
    }

    /// A call with the client's own authentication, by Basic or by `client_id` alone.
    pub async fn call(&self, browser: &Browser<'_>, path: &str, form: &[(&str, &str)]) -> Answer {
        self.call_with(browser, path, form, &[]).await
    }

    /// The same with more headers.
    pub async fn call_with(
        &self,
        browser: &Browser<'_>,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        match &self.secret {
            Some(secret) => request = request.header(header::AUTHORIZATION, basic(&self.id, secret)),
            None if form.iter().any(|(name, _)| name == "client_id") => {}
            None => form.push(("client_id".to_owned(), self.id.clone())),
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.send(request, encoded(&form).into()).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, browser: &Browser<'_>, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.call(browser, "/connect/token", &form).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, browser: &Browser<'_>, token: &str) -> Answer {
        self.call(browser, "/connect/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Introspects a token.
    pub async fn introspect(&self, browser: &Browser<'_>, token: &str) -> Value {
        self.call(browser, "/connect/introspect", &[("token", token)]).await.json()
    }
}

/// Userinfo with a bearer token.
pub async fn userinfo(browser: &Browser<'_>, token: &str) -> Answer {
    let request = Request::get("/connect/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
    browser.send(request, Bytes::new()).await
}

/// From a redirect of ours on, through every page, until it leads to the client.
///
/// # Panics
/// If it leads nowhere.
#[expect(clippy::panic, reason = "only tests walk")]
pub async fn go_on(browser: &Browser<'_>, person: &Person, mut answer: Answer) -> Returned {
    for _ in 0..MOST_PAGES {
        let location = match answer.json()["next"].as_str() {
            Some(next) => next.to_owned(),
            None => answer.header("location").to_owned(),
        };
        let request = returned(&location).remove("request").unwrap_or_default();
        answer = match location.split('?').next().unwrap_or_default() {
            "/sign-in" => {
                let typed = json!({
                    "username": person.username, "password": person.password, "request": request,
                });
                let answer = browser.post("/sign-in", &typed).await;
                if answer.step() == "otp" { enter_code(browser, person, &request).await } else { answer }
            }
            "/consent" => browser.post("/consent", &json!({ "decision": "allow", "request": request })).await,
            "/connect/resume" => browser.get(&location).await,
            _ if location.contains("://") => return returned(&location),
            _ => panic!("leads nowhere: {} {location} {}", answer.status, answer.body),
        };
    }
    panic!("leads in circles");
}

async fn enter_code(browser: &Browser<'_>, person: &Person, request: &str) -> Answer {
    browser.post("/sign-in/otp", &json!({ "code": browser.code_sent_to(person), "request": request })).await
}

/// The parameters of a redirect to a client.
pub fn returned(location: &str) -> Returned {
    let query = location.split_once('?').map(|(_, query)| query).unwrap_or_default();
    parse(query.as_bytes()).into_owned().collect()
}

/// Pairs as a form or a query.
pub fn encoded(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64.encode(format!("{}:{}", encode(id), encode(secret))))
}
