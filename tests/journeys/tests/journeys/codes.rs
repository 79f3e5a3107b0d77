//! The code by text: how often it may be guessed, how long it lives, what it is bound to.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, World, tally};
use rstest::rstest;
use serde_json::json;

const RIGHT: u64 = 123_456;

/// A registration whose code, which is [`RIGHT`], has been sent.
async fn asked(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = (world.browser(), world.person());
    world.force_code(Some(RIGHT));
    assert_eq!(browser.walk(&person, 4).await.step(), "otp");
    (browser, person)
}

async fn enter(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post("/registration/otp", &json!({ "code": code })).await
}

/// So many wrong codes, one after the other.
async fn fail(browser: &Browser<'_>, times: usize) {
    for _ in 0..times {
        assert_eq!(enter(browser, "654321").await.code(), "otp_incorrect");
    }
}

/// Fifty wrong codes at once, each another.
async fn fifty_wrong(browser: &Browser<'_>) -> Vec<Answer> {
    join_all((0..50).map(|number| async move { enter(&browser.twin(), &format!("{:06}", 200_000 + number)).await }))
        .await
}

fn attempts_left(answer: &Answer) -> Option<u64> {
    answer.json()["attempts_left"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_27_of_fifty_wrong_codes_at_once_five_are_compared() {
    let world = World::new().await;
    let (browser, _) = asked(&world).await;
    let answers = fifty_wrong(&browser).await;
    let expected = [("422 otp_incorrect".to_owned(), 5), ("429 otp_exhausted".to_owned(), 45)];
    assert_eq!(tally(&answers), expected.into());
    let left: BTreeSet<_> = answers.iter().filter_map(attempts_left).collect();
    assert_eq!(left, BTreeSet::from([0, 1, 2, 3, 4]), "each of the five is told its own");
    let late = enter(&browser, "123456").await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "otp_exhausted"));
    assert_eq!(browser.get("/registration").await.json()["otp"]["attempts_left"], 0);
}

#[tokio::test]
async fn checklist_27_a_code_sent_again_keeps_the_tries_used_and_one_after_exhaustion_starts_at_none() {
    let world = World::new().await;
    let (browser, person) = asked(&world).await;
    fail(&browser, 3).await;
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 2);
    fail(&browser, 2).await;
    assert_eq!(enter(&browser, "123456").await.code(), "otp_exhausted");
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 5);
    assert_eq!(enter(&browser, "123456").await.step(), "review");
}

#[tokio::test]
async fn another_numbers_code_has_tries_of_its_own_within_the_fifteen() {
    let world = World::new().await;
    let (browser, mut person) = asked(&world).await;
    fail(&browser, 4).await;
    let first = person.mobile_number.clone();
    person.mobile_number = "0861234567".into();
    assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 5);
    fail(&browser, 5).await;
    // Nine comparisons: whatever the number, the fifteen of the registration bound them all.
    world.pass(SignedDuration::from_secs(60));
    person.mobile_number = first;
    let back = browser.ask_for_code(&person).await.json();
    assert_eq!(back["otp"]["attempts_left"], 5);
    fail(&browser, 5).await;
    world.pass(SignedDuration::from_mins(16));
    assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_has_fifteen_tries_in_all() {
    let world = World::new().await;
    let (browser, person) = asked(&world).await;
    let mut compared = 0;
    for round in 0..4 {
        if round > 0 {
            world.pass(SignedDuration::from_mins(8));
            let again = browser.ask_for_code(&person).await;
            assert_eq!(again.status == StatusCode::OK, round < 3, "{}", again.body);
        }
        // One short, so that the last code is asked for with a try to go.
        let wrong = if round == 2 { 4 } else { 5 };
        if round < 3 {
            fail(&browser, wrong).await;
            compared += wrong;
        }
        if round == 2 {
            let answers = fifty_wrong(&browser).await;
            compared += answers.iter().filter(|answer| answer.code() == "otp_incorrect").count();
            for refused in answers.iter().filter(|answer| answer.code() != "otp_incorrect") {
                assert_eq!(refused.code(), "too_many_requests");
                assert_eq!(refused.header("retry-after"), "1800", "when this registration is over");
            }
        }
    }
    assert_eq!(compared, 15);
    assert_eq!(enter(&browser, "123456").await.code(), "otp_expired", "the right one neither, by now");
    let asked = browser.ask_for_code(&person).await;
    assert_eq!((asked.code().as_str(), asked.header("retry-after")), ("too_many_requests", "1320"));
}

#[rstest]
#[case(0, "000000")]
#[case(999_999, "999999")]
#[case(42, "000042")]
#[tokio::test]
async fn the_first_and_the_last_code_can_be_issued_and_accepted(#[case] number: u64, #[case] code: &str) {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    world.force_code(Some(number));
    browser.ask_for_code(&person).await;
    assert_eq!(world.code_sent_to(&person.e164()).unwrap(), code);
    assert_eq!(enter(&browser, code).await.step(), "review");
}

#[tokio::test]
async fn a_code_lives_five_minutes() {
    let world = World::new().await;
    let (browser, person) = asked(&world).await;
    world.pass(SignedDuration::from_mins(5));
    let late = enter(&browser, "123456").await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::GONE, "otp_expired"));
    browser.ask_for_code(&person).await;
    world.pass(SignedDuration::from_secs(299));
    assert_eq!(enter(&browser, "123456").await.step(), "review");
}

#[tokio::test]
async fn checklist_27_a_code_is_used_once_and_only_the_last_one_sent() {
    let world = World::new().await;
    let (browser, person) = asked(&world).await;
    world.force_code(Some(222_222));
    world.pass(SignedDuration::from_secs(60));
    browser.ask_for_code(&person).await;
    assert_eq!(enter(&browser, "123456").await.code(), "otp_incorrect", "the one before is dead");
    assert_eq!(enter(&browser, "222222").await.step(), "review");
    assert_eq!(enter(&browser, "222222").await.code(), "otp_expired");
}

#[tokio::test]
async fn checklist_27_a_code_is_of_its_registration_alone() {
    let world = World::new().await;
    let (first, mut person) = asked(&world).await;
    let second = world.browser();
    world.force_code(Some(222_222));
    person.username = "somebody.else".into();
    second.walk(&person, 4).await;
    assert_eq!(enter(&second, "123456").await.code(), "otp_incorrect", "sent to the same number, for the first");
    assert_eq!(enter(&first, "222222").await.code(), "otp_incorrect");

    // Even somebody who could write the table could not carry a code over.
    let id = |browser: &Browser<'_>| browser.cookie("registration").unwrap().split_once('.').unwrap().0.to_owned();
    let (from, to) = (id(&first), id(&second));
    let rows = world.items("Registrations").await;
    let row = rows.iter().find(|row| row["id"].as_s().unwrap() == &from).unwrap();
    let otp = row["registration"].as_m().unwrap()["otp"].clone();
    let update = world.dynamodb().update_item().table_name("Registrations").key("id", AttributeValue::S(to));
    let update = update.update_expression("SET registration.otp = :otp").expression_attribute_values(":otp", otp);
    update.send().await.unwrap();
    assert_eq!(enter(&second, "123456").await.code(), "otp_incorrect");
    assert_eq!(enter(&first, "123456").await.step(), "review");
}

#[rstest]
#[case("th")]
#[case("en")]
#[tokio::test]
async fn the_text_is_one_segment_and_bears_the_reference_of_the_page(#[case] language: &'static str) {
    let world = World::new().await;
    let (mut browser, person) = (world.browser(), world.person());
    browser.language = language;
    let reference = browser.walk(&person, 4).await.json()["otp"]["reference"].as_str().unwrap().to_owned();
    assert_eq!(reference.chars().count(), 4);
    let text = world.local.outbox().last_to(&person.e164()).unwrap().text;
    assert!(text.encode_utf16().count() <= 70, "{text}");
    assert!(text.contains(&format!(" {reference}")), "{text}");
    let code = world.code_sent_to(&person.e164()).unwrap();
    assert!(text.ends_with(&format!("\n@localhost #{code}")), "{text}");
    assert_eq!(text.contains("รหัส"), language == "th", "{text}");
    let page = browser.with_pages().get("/registration/otp").await.body;
    assert!(page.contains(&format!(">{reference}<")), "the page shows it too");
    assert!(!page.contains(&code));
}
