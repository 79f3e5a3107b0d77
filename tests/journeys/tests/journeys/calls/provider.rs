//! The endpoints of single sign-on, in the order that a person and two relying parties meet them.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use journeys::{Answer, Browser, Person};
use serde_json::{Value, json};

use super::Measured;

const CALLBACK: &str = "http://localhost:9000/cb";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REQUEST: &str = "client_id=rp&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcb\
                       &scope=openid+profile+citizen_id+offline_access\
                       &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) async fn measure(measured: &mut Measured<'_>, person: &Person) {
    let world = measured.world;
    let relying_party = register(&world.browser()).await;
    // The first request of all makes the rows of the keys; the others read them, once a minute.
    world.browser().get("/.well-known/openid-configuration/jwks").await;
    world.pass(jiff::SignedDuration::from_mins(1));
    for path in ["/.well-known/openid-configuration/jwks", "/.well-known/openid-configuration"] {
        world.calls.take();
        measured.get(&world.browser(), path).await;
    }
    let browser = world.browser();
    let resume = signed_on(measured, &browser, person).await;
    measured.note("GET /connect/resume (to the consent page)", &page(&browser, &resume).await);
    measured.get(&browser, &format!("/consent?{}", query(&resume))).await;
    let consent = json!({ "request": query(&resume).trim_start_matches("request="), "decision": "allow" });
    measured.note("POST /consent", &browser.post("/consent", &consent).await);
    let back = page(&browser, &resume).await;
    measured.note("GET /connect/resume (a code)", &back);
    let again = page(&browser, &format!("/connect/authorize?{REQUEST}")).await;
    measured.note("GET /connect/authorize (signed in)", &again);
    tokens(measured, &relying_party, &code(&again)).await;
    measured.note("GET /connect/endsession", &page(&browser, "/connect/endsession").await);
    measured.note("POST /connect/endsession", &browser.post_form("/connect/endsession", "confirm=yes").await);
}

/// From the relying party's button through a sign-in in a new browser; where it goes on.
async fn signed_on(measured: &mut Measured<'_>, browser: &Browser<'_>, person: &Person) -> String {
    let asked = page(browser, &format!("/connect/authorize?{REQUEST}")).await;
    measured.note("GET /connect/authorize (nobody signed in)", &asked);
    let from_elsewhere =
        Request::post("/connect/authorize").header("sec-fetch-site", "cross-site").header(header::CONTENT_TYPE, FORM);
    measured.note("POST /connect/authorize", &browser.send(from_elsewhere, REQUEST.into()).await);
    let sign_in = asked.header("location").to_owned();
    let credentials = json!({
        "username": person.username, "password": person.password, "request": query(&sign_in).trim_start_matches("request="),
    });
    measured.world.pass(jiff::SignedDuration::from_mins(1));
    measured.note("POST /sign-in (a new browser, for a service)", &browser.post("/sign-in", &credentials).await);
    measured.get(browser, "/sign-in/otp").await;
    measured.world.pass(jiff::SignedDuration::from_mins(1));
    let another = browser.post("/sign-in/otp", &json!({ "resend": "yes" })).await;
    measured.note("POST /sign-in/otp (another code)", &another);
    measured.note("POST /sign-in/otp", &browser.enter_sign_in_code(person).await);
    format!("/connect/resume?{}", query(&sign_in))
}

async fn tokens(measured: &mut Measured<'_>, relying_party: &RelyingParty, code: &str) {
    let program = measured.world.browser();
    let redeemed =
        format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}");
    let tokens = relying_party.post(&program, "/connect/token", &redeemed).await;
    measured.note("POST /connect/token (a code)", &tokens);
    let text = |name: &str| tokens.json()[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    for method in [Method::GET, Method::POST] {
        let asked = Request::builder().method(&method).uri("/connect/userinfo");
        let asked = asked.header(header::AUTHORIZATION, format!("Bearer {access}"));
        measured.note(&format!("{method} /connect/userinfo"), &program.send(asked, Bytes::new()).await);
    }
    let exchanged = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=records&subject_token={access}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
    );
    let bodies = [
        ("POST /connect/token (an exchange)", "/connect/token", exchanged),
        (
            "POST /connect/token (a refresh token)",
            "/connect/token",
            format!("grant_type=refresh_token&refresh_token={refresh}"),
        ),
        ("POST /connect/token (the client itself)", "/connect/token", "grant_type=client_credentials".to_owned()),
        ("POST /connect/introspect", "/connect/introspect", format!("token={access}")),
        ("POST /connect/revocation", "/connect/revocation", format!("token={access}")),
        ("POST /connect/par", "/connect/par", REQUEST.to_owned()),
    ];
    for (endpoint, path, body) in bodies {
        measured.note(endpoint, &relying_party.post(&program, path, &body).await);
    }
    for path in ["/connect/token", "/connect/userinfo"] {
        let preflight = Request::builder().method(Method::OPTIONS).uri(path);
        measured.note(&format!("OPTIONS {path}"), &program.send(preflight, Bytes::new()).await);
    }
}

/// A relying party, by its secret.
struct RelyingParty {
    authorization: String,
}

impl RelyingParty {
    async fn post(&self, program: &Browser<'_>, path: &str, form: &str) -> Answer {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, FORM).header(header::AUTHORIZATION, &self.authorization);
        program.send(request, form.to_owned().into()).await
    }
}

async fn register(operator: &Browser<'_>) -> RelyingParty {
    let mut secret = String::new();
    for (id, more) in [("records", json!({})), ("rp", json!({ "exchange_audiences": ["records"] }))] {
        let mut order = json!({
            "action": "register", "operator": "somchai", "second_operator": "malee", "reason": "calls are measured",
            "client_id": id, "redirect_uris": [CALLBACK], "scope": "openid profile citizen_id offline_access tax.read",
            "grant_types": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told: Value = operator.post("/_local/invoke/ops-clients", &order).await.json();
        secret = told["client_secret"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
    }
    RelyingParty { authorization: format!("Basic {}", STANDARD.encode(format!("rp:{secret}"))) }
}

/// A browser's GET.
async fn page(browser: &Browser<'_>, path: &str) -> Answer {
    browser.send(Request::get(path).header(header::ACCEPT, "text/html"), Bytes::new()).await
}

fn query(location: &str) -> &str {
    location.split_once('?').unwrap().1.split('&').next().unwrap()
}

fn code(answer: &Answer) -> String {
    let location = answer.header("location");
    let (_, rest) = location.split_once("code=").unwrap_or_else(|| panic!("{location}"));
    rest.split('&').next().unwrap().to_owned()
}
