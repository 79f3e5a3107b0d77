//! A client that has keys in place of a secret, as FAPI 2.0 wants them: every call is signed anew, by one key for who it
//! is and by another that its tokens are bound to.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::{Answer, Browser},
    client::{Client, ISSUER, Returned, VERIFIER, encoded, go_on},
    key::Key,
    person::Person,
    world::World,
};

/// `client_assertion_type` of RFC 7523 section 2.2.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client, and its keys.
#[derive(Debug)]
pub struct KeyedClient<'a> {
    world: &'a World,
    /// As it is registered.
    pub client: Client,
    /// What it signs assertions with.
    pub key: Key,
    /// What it signs proofs with.
    pub proving: Key,
}

impl<'a> KeyedClient<'a> {
    /// Registers one with the profile `fapi2`, with these members laid over.
    pub async fn register(world: &'a World, name: &str, more: Value) -> Self {
        let key = Key::generate();
        let mut metadata = json!({ "profile": "fapi2", "jwks": { "keys": [key.jwk()] } });
        if let (Some(metadata), Value::Object(more)) = (metadata.as_object_mut(), more) {
            metadata.extend(more);
        }
        let client = Client::usual(world, name, metadata).await;
        Self { world, client, key, proving: Key::generate() }
    }

    /// A call with an assertion and a proof of its own.
    pub async fn call(&self, browser: &Browser<'_>, path: &str, form: &[(&str, &str)]) -> Answer {
        let assertion = self.assertion();
        self.call_with(browser, path, form, &assertion, Some(&self.proof(path))).await
    }

    /// The same with this assertion, and this proof or none.
    pub async fn call_with(
        &self,
        browser: &Browser<'_>,
        path: &str,
        form: &[(&str, &str)],
        assertion: &str,
        proof: Option<&str>,
    ) -> Answer {
        let authentication = [("client_assertion", assertion), ("client_assertion_type", ASSERTION_TYPE)];
        let form: Vec<_> = form.iter().copied().chain(authentication).collect();
        let headers: Vec<_> = proof.into_iter().map(|proof| ("dpop", proof)).collect();
        self.client.call_with(browser, path, &form, &headers).await
    }

    /// An assertion not used before.
    pub fn assertion(&self) -> String {
        self.key.assertion(&self.client.id, ISSUER, self.world.now().as_second(), &json!({}))
    }

    /// A proof, not used before, for a POST to this path.
    pub fn proof(&self, path: &str) -> String {
        self.proving.proof("POST", &format!("{ISSUER}{path}"), self.world.now().as_second(), &json!({}))
    }

    /// Pushes a request.
    pub async fn push(&self, browser: &Browser<'_>, more: &[(&str, &str)]) -> Answer {
        let request = self.client.request(more);
        let form: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.call(browser, "/connect/par", &form).await
    }

    /// Sends a browser to the authorization endpoint with a request that was pushed.
    pub async fn authorize(&self, browser: &Browser<'_>, request_uri: &str) -> Answer {
        let query =
            [("client_id".to_owned(), self.client.id.clone()), ("request_uri".to_owned(), request_uri.to_owned())];
        browser.get(&format!("/connect/authorize?{}", encoded(&query))).await
    }

    /// The whole way, to what comes back.
    ///
    /// # Panics
    /// If it leads nowhere.
    pub async fn sign_in(&self, browser: &Browser<'_>, person: &Person, more: &[(&str, &str)]) -> Returned {
        let pushed = self.push(browser, more).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        let begun = self.authorize(browser, pushed.json()["request_uri"].as_str().unwrap_or_default()).await;
        go_on(browser, person, begun).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, browser: &Browser<'_>, code: &str) -> Answer {
        self.call(browser, "/connect/token", &self.redemption(code)).await
    }

    /// The form that redeems a code.
    pub fn redemption<'b>(&'b self, code: &'b str) -> [(&'b str, &'b str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.client.redirect_uri),
            ("code_verifier", VERIFIER),
        ]
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, browser: &Browser<'_>, token: &str) -> Answer {
        self.call(browser, "/connect/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}
