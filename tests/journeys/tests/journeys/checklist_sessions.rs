//! Line 29: where an account is signed in, for its owner to see and to end.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Client, Person, RelyingParty, World,
    client::{go_on, userinfo},
    key::claims,
};
use serde_json::{Value, json};

use crate::sso::registered;

const PATH: &str = "/account/sessions";
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36";

async fn sessions(browser: &Browser<'_>) -> Vec<Value> {
    let answer = browser.get(PATH).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["sessions"].as_array().unwrap().clone()
}

async fn end(browser: &Browser<'_>, what: &str) -> Answer {
    browser.post(PATH, &json!({ "end": what })).await
}

fn id(session: &Value) -> &str {
    session["session_id"].as_str().unwrap()
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/account").await.status == StatusCode::OK
}

/// The session of somebody's other browser, in the list that this one sees.
async fn other(browser: &Browser<'_>) -> Value {
    let all = sessions(browser).await;
    all.into_iter().find(|session| session["current"] == false).unwrap()
}

/// Somebody signed in at two browsers: the one they registered in, and a new one.
async fn at_two(world: &World) -> (Browser<'_>, Browser<'_>, Person) {
    let (browser, person) = registered(world).await;
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    let elsewhere = world.browser();
    assert_eq!(elsewhere.sign_in_with_code(&person).await.step(), "done");
    (browser, elsewhere, person)
}

#[tokio::test]
async fn checklist_29_one_sees_where_one_is_signed_in_since_when_how_and_with_which_services() {
    let world = World::new().await;
    let names = json!({ "client_name#th": "นัดหมายคลินิก", "client_name#en": "Clinic appointments" });
    let rp = Client::usual(&world, "clinic", names).await;
    let (browser, person) = registered(&world).await;
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    let begun = world.now();
    world.pass(SignedDuration::from_mins(7));
    let phone = world.browser();
    phone.sign_in(&person).await;
    let code = json!({ "code": phone.code_sent_to(&person) }).to_string();
    let request = Request::post("/sign-in/otp").header(header::USER_AGENT, PHONE);
    let done = phone.send(request.header(header::CONTENT_TYPE, "application/json"), Bytes::from(code)).await;
    assert_eq!(done.step(), "done", "{}", done.body);
    rp.tokens(&phone, &person, &[]).await;
    world.pass(SignedDuration::from_mins(2));

    let told = sessions(&browser).await;
    let [this, elsewhere]: [Value; 2] = told.try_into().unwrap();
    assert_eq!((&this["current"], &elsewhere["current"]), (&json!(true), &json!(false)), "{this} {elsewhere}");
    assert_eq!((&this["acr"], &this["amr"]), (&json!("aal1"), &json!(["pwd"])));
    assert_eq!((&elsewhere["acr"], &elsewhere["amr"]), (&json!("aal2"), &json!(["pwd", "otp", "sms", "mfa"])));
    assert_eq!(elsewhere["browser"], "Chrome, Android");
    assert_eq!(this["authenticated_at"], begun.to_string());
    assert_eq!(elsewhere["seen_at"], (begun + SignedDuration::from_mins(7)).to_string());
    assert_eq!(this["services"], json!([]));
    assert_eq!(elsewhere["services"][0]["client_id"], "clinic");
    assert_eq!(elsewhere["services"][0]["name"], "นัดหมายคลินิก");
    let english = browser.get("/account/sessions?lang=en").await.json();
    assert_eq!(english["sessions"][1]["services"][0]["name"], "Clinic appointments", "{english}");
    assert_eq!(this["seen_at"], world.now().to_string(), "looking is using");

    let page = browser.twin().with_pages().get(PATH).await;
    for shown in ["Chrome, Android", "Clinic appointments", "action=\"/account/sessions\"", id(&elsewhere)] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains(&format!("value=\"{}\"", id(&this))), "this one is not ended as an other");
}

#[tokio::test]
async fn checklist_29_a_session_that_ended_or_ran_out_is_not_shown() {
    let world = World::new().await;
    let (browser, elsewhere, person) = at_two(&world).await;
    assert_eq!(sessions(&browser).await.len(), 2);
    elsewhere.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    assert_eq!(sessions(&browser).await.len(), 1, "signed out there");
    elsewhere.sign_in(&person).await;
    elsewhere.sign_in(&person).await;
    assert_eq!(sessions(&browser).await.len(), 2, "a renewed one is one");
    for _ in 0..2 {
        world.pass(SignedDuration::from_mins(16));
        assert!(is_signed_in(&browser).await);
    }
    assert_eq!(sessions(&browser).await.len(), 1, "the other was not used for half an hour");
    assert_eq!(world.browser().get(PATH).await.code(), "not_signed_in");
}

#[tokio::test]
async fn checklist_29_ending_a_session_ends_it_everywhere() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let told = json!({ "backchannel_logout_uri": listening.url() });
    let (one, two) = (Client::usual(&world, "one", told.clone()).await, Client::usual(&world, "two", told).await);
    let (browser, elsewhere, person) = at_two(&world).await;
    let mut sids = BTreeSet::new();
    let mut access = Vec::new();
    for client in [&one, &two] {
        let tokens = client.tokens(&elsewhere, &person, &[]).await;
        sids.insert(claims(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned());
        access.push(tokens["access_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(userinfo(&world.browser(), &access[0]).await.status, StatusCode::OK);
    let pending = one.authorize(&elsewhere, &[]).await.header("location").to_owned();
    let code = pending.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();

    let gone = other(&browser).await;
    assert_eq!(end(&browser, id(&gone)).await.json(), json!({ "ended": 1, "signed_out": false }));
    assert!(!is_signed_in(&elsewhere).await);
    assert!(is_signed_in(&browser).await);
    for token in &access {
        assert_eq!(userinfo(&world.browser(), token).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(one.introspect(&world.browser(), &access[0]).await, json!({ "active": false }));
    world.local.queues().settled("LogoutNotices").await;
    let bodies = listening.bodies();
    let heard: BTreeSet<_> = bodies
        .iter()
        .map(|body| claims(body.strip_prefix("logout_token=").unwrap())["sid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((bodies.len(), heard), (2, sids), "each relying party of it once, by the name it knows it by");
    assert_eq!(one.redeem(&world.browser(), &code).await.json()["error"], "invalid_grant");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(elsewhere.sign_in(&person).await.step(), "otp", "that browser is a stranger again");
    assert_eq!(end(&browser, id(&gone)).await.json(), json!({ "ended": 0, "signed_out": false }), "ended is ended");
}

#[tokio::test]
async fn checklist_29_of_fifty_who_end_a_session_at_once_one_does() {
    let world = World::new().await;
    let (browser, elsewhere, _) = at_two(&world).await;
    let gone = other(&browser).await;
    let answers = join_all((0..50).map(|_| end(&browser, id(&gone)))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    assert_eq!(answers.iter().filter(|answer| answer.json()["ended"] == 1).count(), 1);
    assert!(!is_signed_in(&elsewhere).await && is_signed_in(&browser).await);
}

#[tokio::test]
async fn checklist_29_a_session_is_ended_by_its_owner_alone() {
    let world = World::new().await;
    let (_, victim, _) = at_two(&world).await;
    let (stranger, person) = registered(&world).await;
    stranger.sign_in(&person).await;
    let [named]: [Value; 1] = sessions(&victim)
        .await
        .into_iter()
        .filter(|session| session["current"] == true)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let another = end(&stranger, id(&named)).await;
    let unknown = end(&stranger, &"0".repeat(32)).await;
    assert_eq!((another.status, another.json()), (unknown.status, unknown.json()));
    assert!(is_signed_in(&victim).await);
    assert_eq!(sessions(&stranger).await.len(), 1, "nor seen by anybody else");
    end(&stranger, "all").await;
    assert!(is_signed_in(&victim).await);
    assert_eq!(end(&stranger, id(&named)).await.code(), "not_signed_in");
    for nonsense in ["", "everything", "../x", &"0".repeat(31)] {
        assert_eq!(end(&victim, nonsense).await.code(), "invalid_input", "{nonsense}");
    }
    // Its name opens nothing, with whatever secret.
    let forged = world.browser();
    forged.set_cookie("session", &format!("{}.{}", id(&named), "0".repeat(64)));
    assert!(!is_signed_in(&forged).await);
    forged.sign_in_with_code(&person).await;
    assert!(is_signed_in(&victim).await, "nor does a sign-in with it end it");
}

#[tokio::test]
async fn checklist_29_the_others_or_all_are_ended_together() {
    let world = World::new().await;
    let (browser, elsewhere, person) = at_two(&world).await;
    world.pass(SignedDuration::from_mins(1));
    let third = world.browser();
    third.sign_in_with_code(&person).await;
    assert_eq!(end(&browser, "others").await.json(), json!({ "ended": 2, "signed_out": false }));
    assert!(is_signed_in(&browser).await && !is_signed_in(&elsewhere).await && !is_signed_in(&third).await);
    assert_eq!(end(&browser, "others").await.json()["ended"], 0);

    world.pass(SignedDuration::from_mins(1));
    elsewhere.sign_in_with_code(&person).await;
    elsewhere.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    world.pass(SignedDuration::from_mins(15));
    let pages = browser.twin().with_pages();
    let out = pages.post_form(PATH, "end=all").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/account/signed-out"));
    assert_eq!(pages.cookie("session").unwrap_or_default(), "");
    assert!(!is_signed_in(&browser).await);
    assert_eq!(elsewhere.sign_in(&person).await.step(), "otp", "browsers without a session are strangers too");
    assert_eq!(browser.sign_in(&person).await.code(), "too_many_requests", "and so is this one");
}

#[tokio::test]
async fn checklist_29_one_ends_this_very_session_from_the_list() {
    let world = World::new().await;
    let (browser, elsewhere, person) = at_two(&world).await;
    let this = sessions(&browser).await.into_iter().find(|session| session["current"] == true).unwrap();
    assert_eq!(end(&browser, id(&this)).await.json(), json!({ "ended": 1, "signed_out": true }));
    assert!(!is_signed_in(&browser).await && is_signed_in(&elsewhere).await);
    assert_eq!(browser.sign_in(&person).await.step(), "done", "known as after any sign-out");
}

#[tokio::test]
async fn checklist_29_a_session_begun_beside_the_ending_is_there_or_ended_and_never_hidden() {
    let world = World::new().await;
    let (browser, _, person) = at_two(&world).await;
    let known: Vec<_> = (0..5).map(|_| browser.twin()).collect();
    let (_, answers) = tokio::join!(end(&browser, "others"), join_all(known.iter().map(|twin| twin.sign_in(&person))));
    let done = answers.iter().filter(|answer| answer.step() == "done").count();
    assert!(done > 0, "{:?}", answers.iter().map(|answer| &answer.body).collect::<Vec<_>>());
    let mut living = BTreeSet::new();
    for twin in &known {
        if is_signed_in(twin).await {
            living.insert(
                sessions(twin).await.iter().find(|session| session["current"] == true).map(id).unwrap().to_owned(),
            );
        }
    }
    for twin in &known {
        if is_signed_in(twin).await {
            let shown: BTreeSet<_> = sessions(twin).await.iter().map(|session| id(session).to_owned()).collect();
            assert!(living.is_subset(&shown), "{living:?} {shown:?}");
        }
    }
}

#[tokio::test]
async fn checklist_29_a_queue_that_is_down_leaves_the_session_to_be_ended_again() {
    use local::aws::faults::{Fault, Refusal, Rule, Service};
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = Client::usual(&world, "rp", json!({ "backchannel_logout_uri": listening.url() })).await;
    let (browser, elsewhere, person) = at_two(&world).await;
    let begun = rp.authorize(&elsewhere, &[]).await;
    go_on(&elsewhere, &person, begun).await;
    let down = Rule::new(Service::Sqs, "SendMessageBatch", Fault::Refuse(Refusal::Throttling)).times(u32::MAX);
    world.local.faults().add(down);
    assert_eq!(end(&browser, "others").await.code(), "unavailable");
    assert_eq!(end(&browser, "all").await.code(), "unavailable");
    assert!(is_signed_in(&elsewhere).await, "with nobody told, it stands");
    assert!(is_signed_in(&browser).await, "and who asked can ask again");
    world.local.faults().clear();
    assert_eq!(end(&browser, "others").await.json()["ended"], 1);
    world.local.queues().settled("LogoutNotices").await;
    assert_eq!(listening.bodies().len(), 1);
}
