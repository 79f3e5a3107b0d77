//! What becomes of a browser's session, and of the services signed in to in it, when somebody signs in or out there.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{
    Browser, Client, Person, RelyingParty, World,
    client::{encoded, returned, userinfo},
    key::claims,
};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

use crate::sso::registered;

/// A client that asks for no consent and listens to sign-outs.
async fn listener(world: &World, name: &str, listening: &RelyingParty) -> Client {
    let more = json!({ "backchannel_logout_uri": listening.url(), "skip_consent": true });
    Client::usual(world, name, more).await
}

/// The `aud` and `sid` of the logout tokens it was sent.
fn told(listening: &RelyingParty) -> BTreeSet<(String, String)> {
    let tokens = listening.bodies();
    let tokens = tokens.iter().map(|body| claims(body.strip_prefix("logout_token=").unwrap()));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    tokens.map(|claims| (text(&claims["aud"]), text(&claims["sid"]))).collect()
}

fn sid(tokens: &serde_json::Value) -> String {
    claims(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned()
}

async fn services(browser: &Browser<'_>) -> Vec<String> {
    let account = browser.get("/account").await.json();
    let services = account["session"]["services"].as_array().cloned().unwrap_or_default();
    services.iter().map(|service| service["client_id"].as_str().unwrap().to_owned()).collect()
}

/// Signs in with password and code, whoever is signed in already.
async fn sign_in_at(world: &World, browser: &Browser<'_>, person: &Person) {
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.sign_in_with_code(person).await.step(), "done");
}

#[tokio::test]
async fn somebody_elses_sign_in_signs_the_one_before_out_of_every_service() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let (one, two) = (listener(&world, "one", &listening).await, listener(&world, "two", &listening).await);
    let (browser, person) = registered(&world).await;
    let first = one.tokens(&browser, &person, &[]).await;
    let second = two.tokens(&browser, &person, &[]).await;
    let (_, other) = registered(&world).await;

    sign_in_at(&world, &browser, &other).await;
    world.local.queues().settled("LogoutNotices").await;
    let both = [("one".to_owned(), sid(&first)), ("two".to_owned(), sid(&second))];
    assert_eq!(told(&listening), BTreeSet::from(both));
    assert_eq!(services(&browser).await, Vec::<String>::new());
    let access = first["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&browser, access).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_again_takes_nothing_from_who_was_given_something_before() {
    let world = World::new().await;
    let (one, two) = (Client::usual(&world, "one", json!({})).await, Client::usual(&world, "two", json!({})).await);
    let (browser, person) = registered(&world).await;
    let first = one.tokens(&browser, &person, &[]).await;
    let before = browser.twin();
    let access = first["access_token"].as_str().unwrap();

    for again in [("prompt", "login"), ("acr_values", "aal2")] {
        world.pass(SignedDuration::from_mins(1));
        let later = two.tokens(&browser, &person, &[again]).await;
        assert_eq!(userinfo(&browser, access).await.status, StatusCode::OK, "{again:?}: the token lives on");
        let introspected = two.introspect(&browser, later["access_token"].as_str().unwrap()).await;
        assert_eq!(introspected["active"], true, "{again:?}");
    }
    assert_eq!(before.get("/account").await.code(), "not_signed_in", "the old cookie opens nothing");
    assert_eq!(services(&browser).await, ["one", "two"]);

    let hint = first["id_token"].as_str().unwrap().to_owned();
    let out = browser.get(&format!("/connect/endsession?{}", encoded(&[("id_token_hint".into(), hint)]))).await;
    assert_eq!(out.step(), "signed_out", "its hint is still this session's: {}", out.body);
    assert_eq!(userinfo(&browser, access).await.status, StatusCode::UNAUTHORIZED, "it ends with the session");
}

#[tokio::test]
async fn the_session_before_stays_where_the_new_one_does_not_begin() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = listener(&world, "rp", &listening).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let (_, other) = registered(&world).await;
    let down = || {
        let refused = Fault::Refuse(Refusal::InternalServerError);
        world.local.faults().add(Rule::new(Service::DynamoDb, "TransactWriteItems", refused).times(3));
    };

    down();
    let failed = browser.sign_in(&person).await;
    assert_eq!(
        (failed.status, world.local.faults().pending()),
        (StatusCode::SERVICE_UNAVAILABLE, 0),
        "{}",
        failed.body
    );
    assert_eq!(services(&browser).await, ["rp"], "still signed in");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.sign_in(&other).await.step(), "otp");
    down();
    let failed = browser.enter_sign_in_code(&other).await;
    assert_eq!(
        (failed.status, world.local.faults().pending()),
        (StatusCode::SERVICE_UNAVAILABLE, 0),
        "{}",
        failed.body
    );
    assert_eq!(services(&browser).await, ["rp"], "still signed in");
    assert_eq!(browser.enter_sign_in_code(&other).await.step(), "done", "the same code, once all is well");
    world.local.queues().settled("LogoutNotices").await;
    assert!(!told(&listening).is_empty());
}

#[tokio::test]
async fn notices_that_cannot_be_sent_keep_somebody_else_from_signing_in_over_the_session() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = listener(&world, "rp", &listening).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let (_, other) = registered(&world).await;
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.sign_in(&other).await.step(), "otp");
    let down = Fault::Refuse(Refusal::InternalServerError);
    world.local.faults().add(Rule::new(Service::Sqs, "SendMessageBatch", down).times(u32::MAX));
    let failed = browser.enter_sign_in_code(&other).await;
    world.local.faults().clear();
    assert_eq!((failed.status, failed.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(services(&browser).await, ["rp"]);
    assert_eq!(browser.enter_sign_in_code(&other).await.step(), "done");
    world.local.queues().settled("LogoutNotices").await;
    assert_eq!(told(&listening).len(), 1);
}

/// A world that those who interrupt can hold.
pub(crate) async fn lasting() -> &'static World {
    Box::leak(Box::new(World::new().await))
}

/// Lets this browser be sent to a client just before the next call of this name, and get its code.
fn code_before(world: &'static World, call: &str, browser: &Browser<'static>, rp: &Client) {
    let (browser, query) = (browser.twin(), encoded(&rp.request(&[])));
    let browser = std::sync::Arc::new(browser);
    world.calls.interrupt(call, 1, move || {
        let (browser, path) = (std::sync::Arc::clone(&browser), format!("/connect/authorize?{query}"));
        Box::pin(async move {
            let answer = browser.get(&path).await;
            assert!(answer.header("location").contains("code="), "{} {}", answer.status, answer.header("location"));
        })
    });
}

#[tokio::test]
async fn a_service_that_got_its_code_while_the_person_signed_in_again_is_not_forgotten() {
    let world = lasting().await;
    let listening = RelyingParty::answering("200 OK").await;
    let (one, two) = (listener(world, "one", &listening).await, listener(world, "two", &listening).await);
    let (browser, person) = registered(world).await;
    one.tokens(&browser, &person, &[]).await;
    code_before(world, "TransactWriteItems", &browser, &two);
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_eq!(world.calls.interruptions_left(), 0);
    assert_eq!(services(&browser).await, ["one", "two"]);
}

/// The button pressed twice, or an answer that was lost: what signed in meanwhile is what goes on.
#[tokio::test]
async fn signing_in_twice_at_once_forgets_no_service() {
    let world = lasting().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = listener(world, "rp", &listening).await;
    let (browser, person) = registered(world).await;
    rp.tokens(&browser, &person, &[]).await;
    let (first, typed) = (std::sync::Arc::new(browser.twin()), std::sync::Arc::new(person.clone()));
    world.calls.interrupt("TransactWriteItems", 1, move || {
        let (first, typed) = (std::sync::Arc::clone(&first), std::sync::Arc::clone(&typed));
        Box::pin(async move { assert_eq!(first.sign_in(&typed).await.step(), "done") })
    });
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_eq!((world.calls.interruptions_left(), services(&browser).await), (0, vec!["rp".to_owned()]));
}

/// The other press of the button, whose answer the browser keeps.
#[tokio::test]
async fn who_signs_in_with_the_cookie_before_goes_on_with_the_same_session() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = listener(&world, "rp", &listening).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let before = browser.twin();
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_eq!(before.sign_in(&person).await.step(), "done");
    assert_eq!(services(&before).await, ["rp"]);
    assert_eq!(browser.get("/account").await.code(), "not_signed_in", "one cookie opens it");
    world.local.queues().settled("LogoutNotices").await;
    assert!(told(&listening).is_empty(), "nobody signed out");
}

#[tokio::test]
async fn a_service_that_got_its_code_while_the_person_signed_out_is_told() {
    let world = lasting().await;
    let listening = RelyingParty::answering("200 OK").await;
    let (one, two) = (listener(world, "one", &listening).await, listener(world, "two", &listening).await);
    let (browser, person) = registered(world).await;
    one.tokens(&browser, &person, &[]).await;
    code_before(world, "DeleteItem", &browser, &two);
    assert_eq!(browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await.step(), "signed_out");
    assert_eq!(world.calls.interruptions_left(), 0);
    world.local.queues().settled("LogoutNotices").await;
    let clients: BTreeSet<_> = told(&listening).into_iter().map(|(client, _)| client).collect();
    assert_eq!(clients, BTreeSet::from(["one".to_owned(), "two".to_owned()]));
}

#[tokio::test]
async fn twenty_codes_at_once_name_one_session() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "skip_consent": true })).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    world.pass(SignedDuration::from_mins(1));
    browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    assert_eq!(browser.sign_in_with_code(&person).await.step(), "done");

    let tabs: Vec<_> = (0..20).map(|_| browser.twin()).collect();
    let answers = join_all(tabs.iter().map(|tab| rp.authorize(tab, &[("prompt", "none")]))).await;
    let mut sids = BTreeSet::new();
    for answer in answers {
        let code = returned(answer.header("location")).remove("code");
        let code = code.unwrap_or_else(|| panic!("{} {}", answer.status, answer.header("location")));
        sids.insert(sid(&rp.redeem(&browser, &code).await.json()));
    }
    assert_eq!(sids.len(), 1, "{sids:?}");
}
