//! Line 29: a changed password, and what it ends.

use std::sync::Arc;

use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Browser, Client, Person, World, client::userinfo};
use serde_json::{Value, json};

use crate::{sessions::lasting, sso::registered};

const PATH: &str = "/account/password";
const OFFLINE: (&str, &str) = ("scope", "openid profile offline_access");
const NEW: &str = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก";

async fn signed_in(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = registered(world).await;
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    world.pass(SignedDuration::from_secs(1));
    (browser, person)
}

fn fields(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "password": new, "password_confirmation": new })
}

async fn change(browser: &Browser<'_>, person: &Person, new: &str) -> Answer {
    browser.post(PATH, &fields(&person.password, new)).await
}

async fn change_and_end(browser: &Browser<'_>, person: &Person, new: &str) -> Answer {
    let mut fields = fields(&person.password, new);
    fields["end_others"] = "yes".into();
    browser.post(PATH, &fields).await
}

fn with(person: &Person, password: &str) -> Person {
    Person { password: password.to_owned(), ..person.clone() }
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/account").await.status == StatusCode::OK
}

#[tokio::test]
async fn checklist_29_a_changed_password_is_the_only_one_and_the_cookie_is_renewed() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let before = browser.twin();
    let done = change(&browser, &person, NEW).await;
    assert_eq!(done.json(), json!({ "changed": true, "others": "kept" }), "{}", done.body);
    assert_ne!(browser.cookie("session"), before.cookie("session"));
    assert!(is_signed_in(&browser).await);
    assert!(!is_signed_in(&before).await, "the old cookie is dead");
    assert_eq!(browser.sign_in(&person).await.code(), "sign_in_failed", "and so is the old password");
    assert_eq!(browser.sign_in(&with(&person, NEW)).await.step(), "done", "this browser is known still");
    assert_eq!(world.browser().sign_in(&with(&person, NEW)).await.step(), "otp");
}

#[tokio::test]
async fn checklist_29_a_cookie_from_before_the_password_changed_ends_nothing() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let before = browser.twin();
    assert_eq!(change(&browser, &person, NEW).await.status, StatusCode::OK);
    let (_, other) = registered(&world).await;
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(before.sign_in_with_code(&other).await.step(), "done");
    assert!(is_signed_in(&browser).await, "somebody else's sign-in with the old cookie is beside it");
}

#[tokio::test]
async fn checklist_29_a_changed_password_ends_the_others_if_asked_with_all_that_was_granted_there() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = signed_in(&world).await;
    let elsewhere = world.browser();
    elsewhere.sign_in_with_code(&person).await;
    let lasting = [("scope", "openid profile offline_access")];
    let there = rp.tokens(&elsewhere, &person, &lasting).await;
    let here = rp.tokens(&browser, &person, &lasting).await;
    let plain = rp.tokens(&browser, &person, &[]).await;
    world.pass(SignedDuration::from_secs(1));
    let done = change_and_end(&browser, &person, NEW).await;
    assert_eq!(done.json(), json!({ "changed": true, "others": "ended" }), "{}", done.body);
    assert!(is_signed_in(&browser).await && !is_signed_in(&elsewhere).await);
    let refreshed = |tokens: &Value| tokens["refresh_token"].as_str().unwrap().to_owned();
    let server = world.browser();
    assert_eq!(rp.refresh(&server, &refreshed(&there)).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(userinfo(&server, there["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(rp.refresh(&server, &refreshed(&here)).await.status, StatusCode::OK, "what was granted here goes on");
    let token = plain["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&server, token).await.status, StatusCode::OK, "through the renewed cookie too");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(elsewhere.sign_in(&with(&person, NEW)).await.step(), "otp", "that browser is a stranger again");
}

#[tokio::test]
async fn checklist_29_a_changed_password_leaves_the_others_if_not_asked_but_makes_strangers_of_them() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let elsewhere = world.browser();
    elsewhere.sign_in_with_code(&person).await;
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(change(&browser, &person, NEW).await.json()["others"], "kept");
    assert!(is_signed_in(&elsewhere).await);
    assert_eq!(elsewhere.sign_in(&with(&person, NEW)).await.step(), "otp");
}

#[tokio::test]
async fn checklist_29_a_grant_of_a_session_long_over_ends_with_the_password_too() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = signed_in(&world).await;
    let tokens = rp.tokens(&browser, &person, &[("scope", "openid offline_access")]).await;
    browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    world.pass(SignedDuration::from_hours(24));
    let refreshed = rp.refresh(&world.browser(), tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::OK, "it outlives its session: {}", refreshed.body);
    browser.sign_in(&person).await;
    assert_eq!(change_and_end(&browser, &person, NEW).await.json()["others"], "ended");
    let token = refreshed.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(rp.refresh(&world.browser(), &token).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn checklist_29_a_sign_in_begun_with_the_old_password_is_not_completed_with_it() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let thief = world.browser();
    assert_eq!(thief.sign_in(&person).await.step(), "otp");
    world.pass(SignedDuration::from_secs(1));
    change_and_end(&browser, &person, NEW).await;
    let late = thief.enter_sign_in_code(&person).await;
    assert_eq!(late.code(), "sign_in_failed", "{}", late.body);
    assert!(!is_signed_in(&thief).await);
}

#[tokio::test]
async fn checklist_29_a_password_changed_while_it_is_compared_lets_nobody_in_with_the_one_before() {
    let world = lasting().await;
    let (browser, person) = signed_in(world).await;
    // A browser that is known, and needs no code.
    let thief = world.browser();
    assert_eq!(thief.sign_in_with_code(&person).await.step(), "done");
    let (owner, typed) = (Arc::new(browser.twin()), Arc::new(person.clone()));
    world.calls.interrupt("VerifyMac", 1, move || {
        let (owner, typed) = (Arc::clone(&owner), Arc::clone(&typed));
        Box::pin(async move { assert_eq!(change_and_end(&owner, &typed, NEW).await.json()["others"], "ended") })
    });
    let late = thief.sign_in(&person).await;
    assert_eq!((late.code(), world.calls.interruptions_left()), ("sign_in_failed".to_owned(), 0), "{}", late.body);
    assert!(!is_signed_in(&thief).await);
}

#[tokio::test]
async fn checklist_29_what_is_given_elsewhere_while_the_others_end_ends_with_them() {
    let world = lasting().await;
    let rp = Client::usual(world, "rp", json!({ "skip_consent": true })).await;
    let (browser, person) = signed_in(world).await;
    let elsewhere = world.browser();
    elsewhere.sign_in_with_code(&person).await;
    rp.tokens(&elsewhere, &person, &[OFFLINE]).await;
    let refresh = Arc::new(std::sync::Mutex::new(None));
    let (there, asking, seen) =
        (Arc::new(elsewhere.twin()), Arc::new((rp.clone(), person.clone())), Arc::clone(&refresh));
    world.calls.interrupt("TransactWriteItems", 1, move || {
        let (there, asking, seen) = (Arc::clone(&there), Arc::clone(&asking), Arc::clone(&seen));
        Box::pin(async move {
            let tokens = asking.0.tokens(&there, &asking.1, &[OFFLINE]).await;
            *seen.lock().unwrap() = Some(tokens["refresh_token"].as_str().unwrap().to_owned());
        })
    });
    assert_eq!(browser.post("/account/sessions", &json!({ "end": "others" })).await.json()["ended"], 1);
    let refresh = refresh.lock().unwrap().take().unwrap();
    assert_eq!(rp.refresh(&world.browser(), &refresh).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn checklist_29_a_waiting_code_of_the_old_password_gives_way_to_the_new_one() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let elsewhere = world.browser();
    assert_eq!(elsewhere.sign_in(&person).await.step(), "otp");
    change(&browser, &person, NEW).await;
    let new = with(&person, NEW);
    assert_eq!(elsewhere.sign_in(&new).await.code(), "too_many_requests", "the text was sent a moment ago");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(elsewhere.sign_in_with_code(&new).await.step(), "done");
}

#[tokio::test]
async fn checklist_29_of_fifty_who_change_a_password_at_once_one_does() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let twins: Vec<_> = (0..50).map(|_| browser.twin()).collect();
    let candidates: Vec<_> = (0..50).map(|number| format!("{NEW} {number}")).collect();
    let changes = twins.iter().zip(&candidates).map(|(twin, new)| change(twin, &person, new));
    let answers = join_all(changes).await;
    let winners: Vec<_> = (0..50).filter(|number| answers[*number].status == StatusCode::OK).collect();
    let said: Vec<_> = answers.iter().map(Answer::code).collect();
    assert_eq!(winners.len(), 1, "{said:?}");
    world.pass(SignedDuration::from_mins(15));
    for (number, twin) in twins.iter().enumerate() {
        assert_eq!(is_signed_in(twin).await, number == winners[0], "the winner's cookie is the only one");
    }
    let new = with(&person, &candidates[winners[0]]);
    assert_eq!(twins[winners[0]].sign_in(&new).await.step(), "done");
    let lost = with(&person, &candidates[(winners[0] + 1) % 50]);
    assert_eq!(twins[winners[0]].sign_in(&lost).await.code(), "sign_in_failed");
}

#[tokio::test]
async fn checklist_29_from_two_browsers_at_once_one_changes_it_and_the_other_is_told() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let elsewhere = world.browser();
    elsewhere.sign_in_with_code(&person).await;
    let (first, second) =
        tokio::join!(change(&browser, &person, NEW), change(&elsewhere, &person, "ปลาทูนึ่ง กับถนนคดเคี้ยว สี่สาย"));
    let (won, lost) = if first.status == StatusCode::OK { (first, second) } else { (second, first) };
    assert_eq!(won.status, StatusCode::OK, "{}", won.body);
    assert_eq!(lost.field_errors(), ["current_password:incorrect"], "{}", lost.body);
}

#[tokio::test]
async fn checklist_29_guessing_the_current_password_is_charged_like_a_sign_in() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    for _ in 0..10 {
        let told = browser.post(PATH, &fields("not the password at all", NEW)).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(told.field_errors(), ["current_password:incorrect"], "{}", told.body);
    }
    // Ten failures make this browser a stranger; from then on it shares the strangers' count.
    for _ in 0..5 {
        browser.post(PATH, &fields("not the password at all", NEW)).await;
    }
    let locked = change(&browser, &person, NEW).await;
    assert_eq!((locked.status, locked.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert_eq!(world.browser().sign_in(&person).await.code(), "sign_in_failed", "the same count");
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(change(&browser, &person, NEW).await.status, StatusCode::OK, "and not for good");
}

#[tokio::test]
async fn checklist_29_strangers_who_lock_the_username_do_not_keep_its_owner_from_changing_the_password() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    for _ in 0..7 {
        world.browser().sign_in(&with(&person, "not the password at all")).await;
    }
    assert_eq!(world.browser().sign_in(&person).await.code(), "sign_in_failed", "locked");
    assert_eq!(change(&browser, &person, NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn checklist_29_fifty_guesses_at_once_stay_within_the_limit() {
    let world = World::new().await;
    let (browser, _) = signed_in(&world).await;
    let wrong = fields("not the password at all", NEW);
    let answers = join_all((0..50).map(|_| browser.post(PATH, &wrong))).await;
    let compared = answers.iter().filter(|answer| answer.code() == "invalid_input").count();
    // Ten as a known browser, five as a stranger.
    assert!((1..=15).contains(&compared), "{compared}");
    assert!(answers.iter().all(|answer| matches!(answer.code().as_str(), "invalid_input" | "too_many_requests")));
}

#[tokio::test]
async fn checklist_29_the_new_password_keeps_the_rules_and_every_field_is_told() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let empty = browser.post(PATH, &json!({})).await;
    assert_eq!(
        empty.field_errors(),
        ["current_password:required", "password:required", "password_confirmation:required"]
    );
    for (new, code) in [
        ("short", "too_short"),
        (person.username.as_str(), "too_short"),
        ("กกกกกกกกกกกกกกกก", "guessable"),
        ("1234567890123456", "breached"),
        (&format!("{} and more of it", person.username), "contains_username"),
    ] {
        let told = change(&browser, &person, new).await;
        assert_eq!(told.field_errors(), [format!("password:{code}")], "{new}");
    }
    let mut different = fields(&person.password, NEW);
    different["password_confirmation"] = "another".into();
    let told = browser.post(PATH, &different).await;
    assert_eq!(told.field_errors(), ["password_confirmation:does_not_match"]);
    assert_eq!(browser.sign_in(&person).await.step(), "done", "nothing was changed");
    assert_eq!(world.browser().post(PATH, &different).await.code(), "not_signed_in");
    assert_eq!(world.browser().get(PATH).await.code(), "not_signed_in");
}

#[tokio::test]
async fn checklist_29_by_a_plain_form_with_the_box_checked() {
    let world = World::new().await;
    let (browser, person) = signed_in(&world).await;
    let pages = browser.twin().with_pages();
    let page = pages.get(PATH).await;
    assert!(page.body.contains("name=\"end_others\" value=\"yes\" checked"), "{}", page.body);
    let form = |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let typed = [("current_password", "wrong"), ("password", NEW), ("password_confirmation", NEW)];
    let again = pages.post_form(PATH, &form(&typed)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("id=\"current_password-error\"") && !again.body.contains(NEW));
    assert!(!again.body.contains("value=\"yes\" checked"), "unchecked stays unchecked");
    let typed = [
        ("current_password", person.password.as_str()),
        ("password", NEW),
        ("password_confirmation", NEW),
        ("end_others", "yes"),
    ];
    let done = pages.post_form(PATH, &form(&typed)).await;
    let location = "/account/sessions?done=password-others";
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, location), "{}", done.body);
    assert!(pages.get(location).await.body.contains("เปลี่ยนรหัสผ่านแล้ว"));
}
