//! Somebody's visit to two relying parties, one request after the other, with what came of each.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::{Request, header};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Client, KeyedClient, Person, World,
    client::{ISSUER, encoded, returned, userinfo},
    key::{claims, sha256},
};
use serde_json::{Value, json};

use crate::step::Step;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

pub(crate) struct Visit<'a> {
    pub(crate) world: &'a World,
    pub(crate) person: Person,
    pub(crate) browser: Browser<'a>,
    server: Browser<'a>,
    pub(crate) keyed: KeyedClient<'a>,
    pub(crate) agency: Client,
    records: Client,
    request_uri: String,
    handle: String,
    code: String,
    access: String,
    refresh: String,
    id_token: String,
    /// Digests of the access tokens that arrived.
    received: BTreeSet<String>,
    /// How often userinfo told something.
    told: usize,
}

impl<'a> Visit<'a> {
    /// Registers a person and the relying parties, whose calls are nobody's trouble.
    pub(crate) async fn prepared(world: &'a World, logout_uri: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |kind: &str| format!("{kind}{number}");
        world.pass(SignedDuration::from_mins(1));
        let keyed = json!({
            "scope": "openid profile citizen_id offline_access", "backchannel_logout_uri": logout_uri,
        });
        let agency = json!({
            "skip_consent": true, "access_token_format": "jwt", "scope": "openid profile tax.read",
            "grant_types": ["authorization_code", "client_credentials", EXCHANGE],
            "exchange_audiences": [name("records")],
        });
        let person = world.person();
        let registered = world.browser().walk(&person, 6).await;
        assert!(registered.status.is_success(), "{}", registered.body);
        Self {
            world,
            person,
            browser: world.browser(),
            server: world.browser(),
            keyed: KeyedClient::register(world, &name("keyed"), keyed).await,
            records: Client::usual(world, &name("records"), json!({ "scope": "openid profile" })).await,
            agency: Client::usual(world, &name("agency"), agency).await,
            request_uri: String::new(),
            handle: String::new(),
            code: String::new(),
            access: String::new(),
            refresh: String::new(),
            id_token: String::new(),
            received: BTreeSet::new(),
            told: 0,
        }
    }

    /// Sends the step's request, and keeps what came of it if it went well.
    pub(crate) async fn send(&mut self, step: Step) -> Answer {
        let answer = self.sent(step).await;
        if went_well(step, &answer) {
            self.keep(step, &answer);
        }
        answer
    }

    async fn sent(&self, step: Step) -> Answer {
        let Self { browser, server, keyed, agency, person, .. } = self;
        let with_handle = |path: &str| format!("{path}?request={}", self.handle);
        match step {
            Step::Push => keyed.push(server, &[("scope", "openid profile citizen_id offline_access")]).await,
            Step::Begin => keyed.authorize(browser, &self.request_uri).await,
            Step::LookAtSignIn => browser.get(&with_handle("/sign-in")).await,
            Step::SignIn | Step::SignInAgain => {
                let typed = json!({
                    "username": person.username, "password": person.password, "request": self.handle,
                });
                browser.post("/sign-in", &typed).await
            }
            Step::LookAtCode => browser.get(&with_handle("/sign-in/otp")).await,
            Step::Code => {
                let typed = json!({ "code": browser.code_sent_to(person), "request": self.handle });
                browser.post("/sign-in/otp", &typed).await
            }
            Step::Resume | Step::Issue | Step::IssuePosted => browser.get(&with_handle("/connect/resume")).await,
            Step::LookAtConsent => browser.get(&with_handle("/consent")).await,
            Step::Consent => browser.post("/consent", &json!({ "decision": "allow", "request": self.handle })).await,
            Step::Redeem => keyed.redeem(server, &self.code).await,
            Step::Refresh => keyed.refresh(server, &self.refresh).await,
            Step::Userinfo => self.userinfo().await,
            Step::Introspect => keyed.call(server, "/connect/introspect", &[("token", &self.access)]).await,
            Step::BeginPosted => {
                let request = Request::post("/connect/authorize")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header("sec-fetch-site", "cross-site");
                browser.send(request, encoded(&agency.request(&[])).into()).await
            }
            Step::RedeemJwt => agency.redeem(server, &self.code).await,
            Step::UserinfoJwt => userinfo(server, &self.access).await,
            Step::Exchange => {
                let form = [
                    ("grant_type", EXCHANGE),
                    ("subject_token", &self.access),
                    ("subject_token_type", ACCESS_TOKEN),
                    ("audience", &self.records.id),
                ];
                agency.call(server, "/connect/token", &form).await
            }
            Step::ClientCredentials => {
                agency.call(server, "/connect/token", &[("grant_type", "client_credentials")]).await
            }
            Step::IntrospectJwt => agency.call(server, "/connect/introspect", &[("token", &self.access)]).await,
            Step::Silent => agency.authorize(browser, &[("prompt", "none"), ("id_token_hint", &self.id_token)]).await,
            Step::Revoke => agency.call(server, "/connect/revocation", &[("token", &self.access)]).await,
            Step::Again => {
                // Whoever signed in at this very moment did so for it.
                self.world.pass(SignedDuration::from_secs(1));
                agency.authorize(browser, &[("prompt", "login")]).await
            }
            Step::AskedToSignOut => browser.get("/connect/endsession").await,
            Step::SignOut => {
                let form = [("confirm", "yes"), ("id_token_hint", &self.id_token)];
                let form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                browser.post_form("/connect/endsession", &encoded(&form)).await
            }
        }
    }

    async fn userinfo(&self) -> Answer {
        let (url, more) = (format!("{ISSUER}/connect/userinfo"), json!({ "ath": sha256(&self.access) }));
        let proof = self.keyed.proving.proof("GET", &url, self.world.now().as_second(), &more);
        let request = Request::get("/connect/userinfo")
            .header(header::AUTHORIZATION, format!("DPoP {}", self.access))
            .header("dpop", proof);
        self.server.send(request, Bytes::new()).await
    }

    fn keep(&mut self, step: Step, answer: &Answer) {
        let (body, location) = (answer.json(), answer.header("location"));
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match step {
            Step::Push => self.request_uri = text("request_uri"),
            Step::Begin | Step::BeginPosted | Step::Again => {
                let (_, rest) = location.split_once("request=").unwrap();
                self.handle = rest.split('&').next().unwrap().to_owned();
            }
            Step::Issue | Step::IssuePosted | Step::Silent => self.code = returned(location)["code"].clone(),
            Step::Redeem | Step::Refresh | Step::RedeemJwt | Step::Exchange | Step::ClientCredentials => {
                self.received.insert(stored_as(&text("access_token")));
                if !matches!(step, Step::Exchange | Step::ClientCredentials) {
                    (self.access, self.refresh) = (text("access_token"), text("refresh_token"));
                    self.id_token = text("id_token");
                }
            }
            Step::Userinfo | Step::UserinfoJwt => self.told += 1,
            _ => {}
        }
    }

    /// Begins again where the same request is refused for good, as the person or the client is told to.
    pub(crate) async fn start_over(&mut self, step: Step) -> Answer {
        let first = match step {
            Step::Code => {
                self.world.pass(SignedDuration::from_mins(1));
                let asked = self.send(Step::SignIn).await;
                assert_eq!(asked.step(), "otp", "{}", asked.body);
                return self.send(Step::Code).await;
            }
            Step::Issue | Step::Redeem => {
                self.send(Step::Push).await;
                self.sent(Step::Begin).await
            }
            _ => self.agency.authorize(&self.browser, &[]).await,
        };
        assert!(went_well(Step::Issue, &first), "{} {}", first.header("location"), first.body);
        self.keep(Step::Issue, &first);
        if matches!(step, Step::Redeem | Step::RedeemJwt) { self.send(step).await } else { first }
    }

    /// How many texts went to the person.
    pub(crate) fn texts(&self) -> usize {
        let texts = self.world.local.outbox().texts();
        texts.iter().filter(|text| text.to == self.person.e164()).count()
    }

    /// Access tokens that are alive in the two clients' grants and that neither of them was given.
    pub(crate) async fn astray(&self) -> usize {
        let now = self.world.now();
        let mut astray = 0;
        for item in self.world.items("Grants").await {
            let Some(grant) = item.get("grant").and_then(|grant| grant.as_m().ok()) else { continue };
            let client = grant["authorization"].as_m().unwrap()["client_id"].as_s().unwrap();
            let ours = [&self.keyed.client.id, &self.agency.id].contains(&client);
            if !ours || grant.contains_key("revoked_at") {
                continue;
            }
            for access in grant["access"].as_l().unwrap() {
                let access = access.as_m().unwrap();
                let alive = access["expires_at"].as_s().unwrap().parse::<jiff::Timestamp>().unwrap() > now;
                astray += usize::from(alive && !self.received.contains(access["digest"].as_s().unwrap()));
            }
        }
        astray
    }

    /// Whether all that was told of the person is written down.
    pub(crate) async fn all_that_was_told_is_written_down(&self) -> bool {
        let rows = self.world.items("Disclosures").await;
        let to_ours = rows.iter().filter(|row| {
            let client = row["disclosure"].as_m().unwrap()["client_id"].as_s().unwrap();
            [&self.keyed.client.id, &self.agency.id].contains(&client)
        });
        to_ours.count() >= self.told
    }

    /// Whether the first client was told that the person signed out.
    pub(crate) fn is_told_of(&self, bodies: &[String]) -> bool {
        let tokens = bodies.iter().filter_map(|body| body.strip_prefix("logout_token="));
        tokens.map(claims).any(|claims| claims["aud"] == Value::String(self.keyed.client.id.clone()))
    }
}

/// Whether the request did what it was sent for.
pub(crate) fn went_well(step: Step, answer: &Answer) -> bool {
    let (location, told) = (answer.header("location"), answer.json());
    match step {
        Step::Begin | Step::Again => location.starts_with("/sign-in?"),
        Step::Resume => location.starts_with("/consent?"),
        Step::BeginPosted => location.starts_with("/connect/resume?"),
        Step::Issue | Step::IssuePosted | Step::Silent => location.contains("code="),
        Step::SignIn => told["step"] == "otp",
        Step::Code | Step::SignInAgain | Step::Consent => told["step"] == "done",
        Step::Introspect | Step::IntrospectJwt => told["active"] == true,
        Step::Userinfo => told["citizen_id"].is_string(),
        Step::AskedToSignOut => told["step"] == "sign_out",
        Step::SignOut => told["step"] == "signed_out",
        _ => answer.status.is_success(),
    }
}

/// What stands in the table of an access token: SHA-256 of its secret part, or of its `jti`'s.
fn stored_as(token: &str) -> String {
    let id = claims(token)["jti"].as_str().unwrap_or(token).to_owned();
    let secret = id.split_once('.').unwrap().1.as_bytes();
    let bytes: Vec<u8> =
        secret.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
    digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
