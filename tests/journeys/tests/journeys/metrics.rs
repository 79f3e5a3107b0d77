//! What the service counts of its work, journey by journey, read from its log.

use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Client, Person, World};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

use crate::sso::{exchange, registered};

/// Step, and what became of it.
pub(crate) fn step(step: &str, outcome: &str) -> String {
    format!("RegistrationStep step={step} outcome={outcome}")
}

fn code(purpose: &str, outcome: &str) -> String {
    format!("Otp purpose={purpose} outcome={outcome}")
}

fn sign_in(outcome: &str) -> String {
    format!("SignIn outcome={outcome}")
}

pub(crate) fn registry(outcome: &str) -> String {
    format!("Registry outcome={outcome}")
}

pub(crate) fn latency() -> String {
    "RegistryLatency".to_owned()
}

pub(crate) fn refuse(service: Service, operation: &str, refusal: Refusal) -> Rule {
    Rule::new(service, operation, Fault::Refuse(refusal))
}

#[tokio::test]
async fn a_registration_is_counted_step_by_step() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let steps = [
        vec![step("terms", "done")],
        vec![latency(), registry("confirmed"), step("identity", "done")],
        vec![step("account", "done")],
        vec![code("registration", "sent"), step("mobile", "done")],
        vec![step("otp", "done"), code("registration", "verified")],
        vec![step("review", "done")],
    ];
    let answers = [
        browser.accept_terms().await.status,
        browser.prove(&person).await.status,
        browser.choose(&person).await.status,
        browser.ask_for_code(&person).await.status,
        browser.enter_code(&person).await.status,
        browser.confirm().await.status,
    ];
    assert!(answers.iter().all(StatusCode::is_success));
    assert_eq!(world.measured.take(), steps.concat());
}

#[tokio::test]
async fn a_page_that_is_looked_at_counts_nothing() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 5).await;
    world.measured.take();
    for path in ["/registration", "/registration/terms", "/registration/identity", "/registration/review", "/sign-in"] {
        browser.get(path).await;
    }
    assert_eq!(world.measured.take(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_done_again_passes_no_step_twice() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    world.measured.take();
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    assert_eq!(world.measured.take(), [code("registration", "sent")], "another code for the same number");
    person.mobile_number = "0891239999".to_owned();
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    assert_eq!(world.measured.take(), [code("registration", "sent")], "and one for another");
    browser.enter_code(&person).await;
    world.measured.take();
    assert_eq!(browser.choose(&person).await.step(), "review");
    assert_eq!(world.measured.take(), Vec::<String>::new(), "another username from the review");
}

#[tokio::test]
async fn what_a_registration_was_refused_is_counted_where_it_was() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 1).await;
    world.measured.take();
    let stranger = Person { citizen_id: "1000000000149".to_owned(), ..person.clone() };
    assert_eq!(browser.prove(&stranger).await.code(), "identity_not_confirmed");
    assert_eq!(world.measured.take(), [latency(), registry("refused"), step("identity", "refused")]);
    assert_eq!(browser.post("/registration/identity", &json!({})).await.code(), "invalid_input");
    assert_eq!(world.measured.take(), [step("identity", "refused")], "the registry was not asked");
    assert_eq!(browser.choose(&person).await.code(), "wrong_step");
    assert_eq!(world.measured.take(), [step("account", "refused")]);
    browser.prove(&person).await;
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    world.measured.take();
    assert_eq!(browser.post("/registration/otp", &json!({ "code": "x" })).await.code(), "invalid_input");
    assert_eq!(world.measured.take(), [step("otp", "refused")], "no code was typed");
    let wrong = if browser.code_sent_to(&person) == "000000" { "000001" } else { "000000" };
    assert_eq!(browser.post("/registration/otp", &json!({ "code": wrong })).await.code(), "otp_incorrect");
    assert_eq!(world.measured.take(), [code("registration", "failed"), step("otp", "refused")]);
    let foreign = http::Request::post("/registration/review").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(foreign, bytes::Bytes::new()).await.code(), "cross_site_request");
    assert_eq!(world.measured.take(), [step("review", "refused")]);
}

/// A page that leads elsewhere says no less than one that stays.
#[tokio::test]
async fn a_refusal_that_another_page_tells_is_counted_too() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let asked = browser.walk(&person, 4).await.json();
    world.measured.take();
    let pages = browser.with_pages();
    let seen = asked["otp"]["reference"].as_str().unwrap();
    let number = format!("mobile_number={}&after={seen}", person.mobile_number);
    let again = pages.post_form("/registration/mobile", &number).await;
    assert!(again.header("location").starts_with("/registration/otp?wait="), "{}", again.header("location"));
    assert_eq!(world.measured.take(), [step("mobile", "refused")]);
    world.pass(SignedDuration::from_mins(1));
    world.local.faults().add(refuse(Service::Sns, "Publish", Refusal::Throttling));
    let unsent = pages.post_form("/registration/mobile", &number).await;
    assert_eq!(unsent.header("location"), "/registration/otp?unsent=yes");
    assert_eq!(world.measured.take(), [code("registration", "not_sent"), step("mobile", "failed")]);
    let review = pages.post_form("/registration/review", "confirm=yes").await;
    assert_eq!((review.status, review.header("location")), (StatusCode::SEE_OTHER, "/registration/otp"));
    assert_eq!(world.measured.take(), [step("review", "refused")]);
}

#[tokio::test]
async fn a_registration_that_is_given_up_is_counted_where_it_stood() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let decline = json!({ "terms_version": "2026-11-01", "consent": "decline" });
    assert_eq!(browser.post("/registration/terms", &decline).await.step(), "declined");
    assert_eq!(world.measured.take(), [step("terms", "declined")]);
    browser.walk(&person, 3).await;
    world.measured.take();
    assert_eq!(browser.post("/registration/cancel", &json!({})).await.step(), "cancelled");
    assert_eq!(world.measured.take(), [step("mobile", "cancelled")]);
}

#[tokio::test]
async fn a_registry_that_cannot_be_asked_is_no_refusal() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    world.measured.take();
    world.local.registry_outage().begin();
    assert_eq!(browser.prove(&person).await.code(), "identity_check_unavailable");
    assert_eq!(world.measured.take(), [latency(), registry("unavailable"), step("identity", "failed")]);
    let asserted = browser.post("/registration/identity", &person.own_word()).await;
    assert_eq!(asserted.step(), "account");
    assert_eq!(world.measured.take(), [step("identity", "done")], "one's own word asks nobody");
}

#[tokio::test]
async fn a_sign_in_is_counted_by_how_it_ended() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    world.measured.take();
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_eq!(world.measured.take(), [sign_in("done")], "a browser that was seen");
    let mut wrong = person.clone();
    wrong.password.push('x');
    assert_eq!(browser.sign_in(&wrong).await.code(), "sign_in_failed");
    assert_eq!(world.measured.take(), [sign_in("failed")]);
    assert_eq!(browser.post("/sign-in", &json!({})).await.code(), "invalid_input");
    assert_eq!(world.measured.take(), Vec::<String>::new(), "nobody tried to sign in");

    let new = world.browser();
    assert_eq!(new.sign_in(&person).await.step(), "otp");
    assert_eq!(world.measured.take(), [code("sign_in", "sent"), sign_in("otp")]);
    let mistyped = if new.code_sent_to(&person) == "000000" { "000001" } else { "000000" };
    assert_eq!(new.post("/sign-in/otp", &json!({ "code": mistyped })).await.code(), "otp_incorrect");
    assert_eq!(world.measured.take(), [code("sign_in", "failed")], "the sign-in waits on");
    assert_eq!(new.enter_sign_in_code(&person).await.step(), "done");
    assert_eq!(world.measured.take(), [sign_in("done"), code("sign_in", "verified")]);
}

#[tokio::test]
async fn a_sign_in_that_could_not_be_looked_at_is_none_that_failed() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let new = world.browser();
    world.measured.take();
    world.local.faults().add(refuse(Service::Sns, "Publish", Refusal::Throttling));
    assert_eq!(new.sign_in(&person).await.code(), "sms_not_sent");
    assert_eq!(world.measured.take(), [code("sign_in", "not_sent"), sign_in("error")]);
    let nobody = Person { username: "nobody.here".to_owned(), ..person.clone() };
    let stranger = world.browser();
    let limited = async |person: &Person| stranger.sign_in(person).await.code() == "too_many_requests";
    while !limited(&nobody).await {
        assert_eq!(world.measured.take(), [sign_in("failed")]);
    }
    assert_eq!(world.measured.take(), [sign_in("limited")]);
}

#[tokio::test]
async fn tokens_are_counted_by_grant_and_client_and_refusals_are_not() {
    let world = World::new().await;
    let more = json!({
        "grant_types": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange"
        ],
        "scope": "openid profile offline_access tax.read", "exchange_audiences": ["two"],
    });
    let one = Client::usual(&world, "one", more).await;
    Client::usual(&world, "two", json!({})).await;
    let (browser, person) = registered(&world).await;
    let returned = one.sign_in(&browser, &person, &[("scope", "openid profile offline_access")]).await;
    world.measured.take();
    let token = |grant: &str| [format!("Token grant={grant} client=one")];
    let told = one.redeem(&browser, &returned["code"]).await.json();
    assert_eq!(world.measured.take(), token("authorization_code"));
    let text = |name: &str| told[name].as_str().unwrap();
    let exchanged = exchange(&one, &browser, text("access_token"), &[("audience", "two")]).await;
    assert_eq!(exchanged.status, StatusCode::OK, "{}", exchanged.body);
    assert_eq!(world.measured.take(), token("urn:ietf:params:oauth:grant-type:token-exchange"));
    one.refresh(&browser, text("refresh_token")).await;
    assert_eq!(world.measured.take(), token("refresh_token"));
    one.call(&browser, "/connect/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(world.measured.take(), token("client_credentials"));
    assert_eq!(one.redeem(&browser, &returned["code"]).await.json()["error"], "invalid_grant");
    let wrong = Client { secret: Some("wrong".to_owned()), ..one };
    let refused = wrong.call(&browser, "/connect/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(refused.json()["error"], "invalid_client");
    assert_eq!(world.measured.take(), Vec::<String>::new());
}

/// What stands beside a metric leads to its request, and to nobody.
#[tokio::test]
async fn a_metric_names_its_request_and_no_person() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 5).await;
    let confirmed = browser.confirm().await;
    let text = world.measured.text();
    let Person { citizen_id, first_name, last_name, mobile_number, username, .. } = &person;
    for value in [citizen_id, first_name, last_name, &mobile_number[1..], username] {
        assert!(!text.contains(value), "{value}");
    }
    let last = world.measured.documents().pop().unwrap();
    let members: Vec<_> = last.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["RegistrationStep", "_aws", "function", "outcome", "request_id", "step"]);
    assert_eq!(last["function"], "registration-review");
    assert_eq!(last["request_id"], confirmed.header("x-request-id"));
    assert_eq!(last["_aws"]["Timestamp"], world.now().as_millisecond(), "the time is the service's");
}
