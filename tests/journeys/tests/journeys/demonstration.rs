//! The demonstration e-Service: a relying party that lives at the run's own address and reaches the provider over HTTP.

use std::path::PathBuf;

use http::{StatusCode, header};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Client, Key, Person, RelyingParty, World,
    client::{ISSUER, encoded, go_on, returned},
    page::Page,
};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

use crate::{
    logout::{notice, queue, told},
    sso::registered,
};

const FRONT: &str = "/_local/rp";
const CALLBACK: &str = "/_local/rp/callback";
const SIGNED_IN: &str = "เข้าสู่ระบบแล้ว";
const WELCOME: &str = "นัดพบแพทย์ใกล้บ้าน";

/// Follows one redirect of the e-Service's, within the run.
async fn follow(browser: &Browser<'_>, answer: &Answer) -> Answer {
    let location = answer.header("location");
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let path = location.strip_prefix(ISSUER).unwrap_or(location).split('#').next().unwrap();
    browser.get(path).await
}

/// From the e-Service's button through the provider's pages to the address that leads back.
async fn way_back(browser: &Browser<'_>, person: &Person, query: &str) -> String {
    let begun = browser.get(&format!("/_local/rp/sign-in{query}")).await;
    let asked = follow(browser, &begun).await;
    let returned = go_on(browser, person, asked).await;
    format!("{CALLBACK}?{}", encoded(&returned.into_iter().collect::<Vec<_>>()))
}

/// The whole way, to the page that follows.
async fn signed_in(browser: &Browser<'_>, person: &Person, query: &str) -> Answer {
    let back = way_back(browser, person, query).await;
    let answer = browser.get(&back).await;
    follow(browser, &answer).await
}

/// A button of the e-Service's, and the page that follows.
async fn press(browser: &Browser<'_>, action: &str) -> String {
    let answer = browser.post_form(&format!("{FRONT}/{action}"), "").await;
    text(&follow(browser, &answer).await)
}

/// A page's text, its JSON as it was.
fn text(page: &Answer) -> String {
    page.body.replace("&#34;", "\"")
}

fn title(page: &Answer) -> String {
    Page::read(&page.body).title
}

#[track_caller]
fn is_called(page: &Answer, heading: &str) {
    assert!(title(page).starts_with(&format!("{heading} – ")), "{} {}", page.status, title(page));
}

#[tokio::test]
async fn the_e_service_shows_what_it_received_and_what_its_tokens_can_do() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    is_called(&browser.get(FRONT).await, WELCOME);

    let page = signed_in(&browser, &person, "").await;
    is_called(&page, SIGNED_IN);
    let shown = text(&page);
    for known in [&person.last_name, &person.citizen_id, &person.e164(), "5 มีนาคม 2538"] {
        assert!(shown.contains(known), "{known} in {shown}");
    }
    for claim in [r#""aud": "demo-clinic""#, r#""alg": "ES256""#, r#""typ": "JWT""#, r#""token_type": "Bearer""#] {
        assert!(shown.contains(claim), "{claim} in {shown}");
    }
    // A token is shown by its first twelve characters.
    assert!(shown.matches("eyJ").count() == 1 && shown.split("eyJ").nth(1).unwrap().chars().nth(9) == Some('…'));
    assert!(page.header("content-security-policy").contains("default-src 'none'"), "{:?}", page.headers);

    let refreshed = press(&browser, "refresh").await;
    assert!(refreshed.contains("ได้โทเคนชุดใหม่แล้ว"), "{refreshed}");
    let introspected = press(&browser, "introspect").await;
    assert!(
        introspected.contains(r#""client_id": "demo-clinic""#) && introspected.contains("โทเคนยังใช้ได้"),
        "{introspected}"
    );
    let exchanged = press(&browser, "exchange").await;
    for seen in [r#""issued_token_type""#, r#""demo-records""#, r#""act": {"#, r#""scope": "profile""#] {
        assert!(exchanged.contains(seen), "{seen} in {exchanged}");
    }
    let subs: Vec<_> = exchanged.split(r#""sub": ""#).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let [by_records, in_id_token, in_userinfo] = subs[..] else { panic!("{subs:?}") };
    assert_eq!(in_id_token, in_userinfo);
    assert_ne!(by_records, in_id_token, "the two agencies know the person by different names");

    let revoked = press(&browser, "revoke").await;
    assert!(revoked.contains("เพิกถอนโทเคนแล้ว"), "{revoked}");
    let introspected = press(&browser, "introspect").await;
    assert!(introspected.contains(r#""active": false"#), "{introspected}");
    for action in ["refresh", "exchange"] {
        let refused = press(&browser, action).await;
        assert!(refused.contains("Digital ID ไม่ได้ทำตามที่ขอ") && refused.contains("<code>invalid_"), "{refused}");
    }
}

#[tokio::test]
async fn whoever_signs_out_of_digital_id_is_signed_out_of_the_e_service() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    signed_in(&browser, &person, "").await;
    let (another, somebody_else) = registered(&world).await;
    signed_in(&another, &somebody_else, "").await;

    browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    world.local.queues().settled("LogoutNotices").await;
    assert!(world.local.queues().messages("LogoutNoticesDead").is_empty());
    let page = browser.get(FRONT).await;
    is_called(&page, WELCOME);
    assert!(page.body.contains("การเข้าใช้เว็บนี้สิ้นสุดแล้ว"), "{}", page.body);
    is_called(&another.get(FRONT).await, SIGNED_IN);
}

#[tokio::test]
async fn whoever_signs_out_of_the_e_service_is_signed_out_of_digital_id_and_comes_back() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    signed_in(&browser, &person, "").await;
    let browser = browser.with_pages();
    let out = browser.post_form("/_local/rp/sign-out", "").await;
    assert!(browser.cookie("clinic-session").is_none());
    let at_digital_id = follow(&browser, &out).await;
    let back = follow(&browser, &at_digital_id).await;
    is_called(&back, WELCOME);
    assert!(back.body.contains("ทั้งจากเว็บนี้และจาก Digital ID"), "{}", back.body);
    assert_eq!(browser.get("/account").await.header("location"), "/sign-in");
    let claimed = browser.get("/_local/rp?state=anything").await;
    assert!(!claimed.body.contains("ออกจากระบบแล้ว"), "a link from elsewhere says nothing");
}

#[tokio::test]
async fn an_answer_is_taken_once_in_the_browser_that_asked_and_from_the_provider_alone() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    let back = way_back(&browser, &person, "").await;

    let stranger = world.browser();
    stranger.get("/_local/rp/sign-in").await;
    for nobody in [&stranger, &world.browser()] {
        let answer = nobody.get(&back).await;
        is_called(&follow(nobody, &answer).await, "กรุณาเริ่มเข้าสู่ระบบใหม่");
        assert!(nobody.cookie("clinic-session").is_none());
    }
    let answer = browser.get(&back).await;
    is_called(&follow(&browser, &answer).await, SIGNED_IN);
    let again = browser.get(&back).await;
    is_called(&follow(&browser, &again).await, "กรุณาเริ่มเข้าสู่ระบบใหม่");

    let mixed_up = way_back(&browser, &person, "").await.replace("localhost%3A8080", "evil.example");
    let answer = browser.get(&mixed_up).await;
    let failed = follow(&browser, &answer).await;
    is_called(&failed, "เข้าสู่ระบบไม่สำเร็จ");
    assert!(failed.body.contains("iss is another provider"), "{}", failed.body);

    // A code that was stolen, put into a request of one's own: its verifier is another's.
    let (stolen, own) = (way_back(&browser, &person, "").await, way_back(&browser, &person, "").await);
    let code = |address: &str| {
        let code = address.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        code.to_owned()
    };
    let answer = browser.get(&own.replace(&code(&own), &code(&stolen))).await;
    let failed = follow(&browser, &answer).await;
    assert!(failed.body.contains("<code>invalid_grant</code>"), "{}", failed.body);
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_on_a_page() {
    let world = World::new().await;
    let browser = world.browser();
    let begun = browser.get("/_local/rp/sign-in?prompt=none").await;
    let refused = follow(&browser, &begun).await;
    let answer = follow(&browser, &refused).await;
    let page = follow(&browser, &answer).await;
    is_called(&page, "Digital ID ยังไม่รู้ว่าเป็นคุณ");
    assert!(page.body.contains("<code>login_required</code>"), "{}", page.body);

    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let begun = browser.get("/_local/rp/sign-in").await;
    let asked = follow(&browser, &begun).await;
    let handle = returned(asked.header("location"))["request"].clone();
    let denied = browser.post("/consent", &json!({ "decision": "deny", "request": handle })).await;
    let next = denied.json()["next"].as_str().unwrap_or_else(|| denied.header("location")).to_owned();
    let mut answer = browser.get(next.strip_prefix(ISSUER).unwrap_or(&next)).await;
    while answer.status == StatusCode::SEE_OTHER {
        answer = follow(&browser, &answer).await;
    }
    is_called(&answer, "คุณไม่ได้อนุญาตให้ส่งข้อมูล");
    assert!(answer.body.contains("<code>access_denied</code>"), "{}", answer.body);
}

#[tokio::test]
async fn when_the_provider_cannot_sign_nobody_is_signed_in() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    let back = way_back(&browser, &person, "").await;
    let refusal = Fault::Refuse(Refusal::InternalServerError);
    world.local.faults().add(Rule::new(Service::Kms, "Sign", refusal).times(u32::MAX));
    let answer = browser.get(&back).await;
    is_called(&follow(&browser, &answer).await, "ยังติดต่อ Digital ID ไม่ได้");
    assert!(browser.cookie("clinic-session").is_none());
}

#[tokio::test]
async fn the_e_service_can_ask_for_more() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    let page = signed_in(&browser, &person, "").await;
    assert!(text(&page).contains(r#""acr": "aal1""#), "{}", page.body);
    let page = signed_in(&browser, &person, "?acr_values=aal2").await;
    assert!(text(&page).contains(r#""acr": "aal2""#), "{}", page.body);
    world.pass(SignedDuration::from_mins(5));
    let before = text(&browser.get(FRONT).await);
    let page = text(&signed_in(&browser, &person, "?prompt=login").await);
    let auth_time = |page: &str| page.split(r#""auth_time": "#).nth(1).unwrap()[..10].parse::<i64>().unwrap();
    assert!(auth_time(&page) >= auth_time(&before) + 300, "the password was given anew");
}

#[tokio::test]
async fn a_logout_token_that_is_not_the_e_services_ends_nothing() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    signed_in(&browser, &person, "").await;
    let listening = RelyingParty::answering("200 OK").await;
    let [another_clients]: [String; 1] = told(&world, &listening, "ES256").await.try_into().unwrap();
    let claims = json!({
        "iss": ISSUER, "aud": "demo-clinic", "sub": "s", "sid": "t", "jti": "j", "iat": world.now().as_second(),
        "exp": world.now().as_second() + 60, "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    let kid = crate::logout::part(&another_clients, 0)["kid"].clone();
    let header = json!({ "typ": "logout+jwt", "alg": "ES256", "kid": kid });
    let forged = Key::generate().jwt(&header, &claims);
    for token in [another_clients.as_str(), &forged, "rubbish", ""] {
        let answer = world.browser().post_form("/_local/rp/backchannel-logout", &format!("logout_token={token}")).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (StatusCode::BAD_REQUEST, Some("invalid_request"))
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    is_called(&browser.get(FRONT).await, SIGNED_IN);

    // One that is the e-Service's, about a session it does not know, is done with.
    let mut ours = notice(&format!("{ISSUER}/_local/rp/backchannel-logout"), "ES256");
    ours["client_id"] = "demo-clinic".into();
    queue(&world).send(&[ours]).await.unwrap();
    world.local.queues().settled("LogoutNotices").await;
    assert!(world.local.queues().messages("LogoutNoticesDead").is_empty());
    is_called(&browser.get(FRONT).await, SIGNED_IN);
}

#[tokio::test]
async fn a_form_from_another_site_presses_no_button() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    signed_in(&browser, &person, "").await;
    for action in ["sign-out", "revoke", "refresh", "exchange", "introspect"] {
        let request = http::Request::post(format!("{FRONT}/{action}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site");
        assert_eq!(browser.send(request, bytes::Bytes::new()).await.status, StatusCode::FORBIDDEN, "{action}");
    }
    let page = press(&browser, "introspect").await;
    assert!(page.contains("โทเคนยังใช้ได้"), "{page}");
    assert_eq!(browser.post_form("/_local/rp/nothing", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_on_an_earlier_runs_data_has_its_own_addresses_and_secrets() {
    let folder = Folder::new();
    let person = {
        let world = World::kept_in(&folder.0).await;
        let (browser, person) = registered(&world).await;
        is_called(&signed_in(&browser, &person, "").await, SIGNED_IN);
        let elsewhere = json!({
            "action": "update", "client_id": "demo-clinic", "redirect_uris": ["https://elsewhere.example/"],
        });
        let answer = world.browser().post("/_local/clients", &elsewhere).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        person
    };
    let world = World::kept_in(&folder.0).await;
    is_called(&signed_in(&world.browser(), &person, "").await, SIGNED_IN);
}

#[tokio::test]
async fn nobody_gets_the_secret_of_the_e_service() {
    let world = World::new().await;
    let clinic = json!({ "client_id": "demo-clinic", "redirect_uris": ["https://evil.example/"] });
    let answer = world.browser().post("/_local/clients", &clinic).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("client_exists")));
    let without = Client { id: "demo-clinic".into(), secret: None, redirect_uri: format!("{ISSUER}{CALLBACK}") };
    let answer = without
        .call(&world.browser(), "/connect/token", &[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await;
    assert_eq!(answer.json()["error"], "invalid_client", "{}", answer.body);
}

/// A folder of one's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("digital-id-demonstration-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
