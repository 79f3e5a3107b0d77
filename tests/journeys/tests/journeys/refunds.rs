//! What a limit costs: nothing where the failure was ours, and nobody else's.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::limit::{SIGN_IN_FAILURES_PER_ADDRESS, address_subject};
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, World};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

fn failing(service: Service, operation: &str) -> Rule {
    Rule::new(service, operation, Fault::Refuse(Refusal::InternalServerError)).times(u32::MAX)
}

/// On one's own word, as far as the review.
async fn walk_on_own_word(browser: &Browser<'_>, person: &Person) -> Answer {
    browser.accept_terms().await;
    browser.post("/registration/identity", &person.own_word()).await;
    browser.choose(person).await;
    browser.ask_for_code(person).await;
    browser.enter_code(person).await
}

#[tokio::test]
async fn a_full_number_asks_at_the_review_three_times_a_day_whether_an_id_is_taken() {
    let world = World::new().await;
    let number = "0861234567";
    for _ in 0..3 {
        let (browser, mut person) = (world.browser(), world.person());
        person.mobile_number = number.into();
        walk_on_own_word(&browser, &person).await;
        assert_eq!(browser.confirm().await.status, StatusCode::CREATED);
    }
    let (browser, mut person) = (world.browser(), world.person());
    person.mobile_number = number.into();
    assert_eq!(walk_on_own_word(&browser, &person).await.step(), "review");
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(browser.confirm().await.code());
    }
    assert_eq!(codes, ["number_in_use", "number_in_use", "number_in_use", "too_many_requests"]);
}

#[tokio::test]
async fn an_account_that_was_opened_costs_its_number_no_guess() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    walk_on_own_word(&browser, &person).await;
    assert_eq!(browser.confirm().await.status, StatusCode::CREATED);
    assert_eq!(world.counted("already-registered").await, 0);
}

#[tokio::test]
async fn what_is_given_back_costs_no_trip_of_its_own() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    browser.post("/registration/identity", &person.own_word()).await;
    browser.choose(&person).await;
    for step in ["otp", "review", "done"] {
        world.calls.take();
        let answer = match step {
            "otp" => browser.ask_for_code(&person).await,
            "review" => browser.enter_code(&person).await,
            _ => browser.confirm().await,
        };
        assert_eq!(answer.step(), step, "{}", answer.body);
        let calls = world.calls.take();
        assert_eq!(calls.iter().map(|call| call.depth).max(), Some(3), "{step}: {calls:?}");
    }
}

#[tokio::test]
async fn a_review_that_failed_for_our_sake_costs_no_guess() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    walk_on_own_word(&browser, &person).await;
    let faults = world.local.faults();
    faults.add(failing(Service::DynamoDb, "TransactWriteItems"));
    assert_eq!(browser.confirm().await.status, StatusCode::SERVICE_UNAVAILABLE);
    faults.clear();
    assert_eq!(world.counted("already-registered").await, 0);
    assert_eq!(browser.confirm().await.status, StatusCode::CREATED);
    assert_eq!(world.counted("already-registered").await, 0);
}

/// Refunds fail here, so that what is left shows what was counted at all.
#[tokio::test]
async fn who_is_at_their_own_limit_uses_up_nothing_of_the_owners() {
    let world = World::new().await;
    let (attacker, owner, person) = (world.browser(), world.browser(), world.person());
    let mut wrong = person.clone();
    wrong.citizen_id = "1000000000149".into();
    attacker.accept_terms().await;
    for _ in 0..5 {
        assert_eq!(attacker.prove(&wrong).await.code(), "identity_not_confirmed");
    }
    let faults = world.local.faults();
    for _ in 0..50 {
        faults.add(failing(Service::DynamoDb, "UpdateItem").of("Limits").after(3));
        assert_eq!(attacker.prove(&wrong).await.code(), "too_many_requests");
        faults.clear();
    }
    owner.accept_terms().await;
    assert_eq!(owner.prove(&wrong).await.code(), "identity_not_confirmed");
}

#[tokio::test]
async fn the_checks_of_an_id_are_limited_by_address_and_by_day() {
    let world = World::new().await;
    let mut wrong = world.person();
    wrong.citizen_id = "1000000000149".into();
    for address in 0..10 {
        let browser = world.browser();
        browser.accept_terms().await;
        for _ in 0..5 {
            assert_eq!(browser.prove(&wrong).await.code(), "identity_not_confirmed", "{address}");
        }
        let told = browser.prove(&wrong).await;
        assert_eq!(told.code(), "too_many_requests");
        // At 08:00 UTC: the six hours end at 12:00; the day, whose fifty are used up by the tenth, at midnight.
        let seconds = if address < 9 { 4 * 3600 } else { 16 * 3600 };
        assert_eq!(told.header("retry-after"), seconds.to_string(), "{address}");
    }
    let elsewhere = world.browser();
    elsewhere.accept_terms().await;
    assert_eq!(elsewhere.prove(&wrong).await.code(), "too_many_requests");
    world.pass(SignedDuration::from_hours(16));
    elsewhere.accept_terms().await;
    assert_eq!(elsewhere.prove(&wrong).await.code(), "identity_not_confirmed");
}

#[tokio::test]
async fn a_check_that_was_no_refusal_is_given_back() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    for _ in 0..7 {
        assert_eq!(browser.prove(&person).await.status, StatusCode::OK);
    }
    let mut unreachable = world.person();
    unreachable.citizen_id = "1000000000068".into();
    for _ in 0..7 {
        assert_eq!(browser.prove(&unreachable).await.code(), "identity_check_unavailable");
    }
}

#[tokio::test]
async fn a_code_that_could_not_be_compared_costs_no_try() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let faults = world.local.faults();
    faults.add(failing(Service::Kms, "GenerateMac"));
    assert_eq!(browser.enter_code(&person).await.status, StatusCode::SERVICE_UNAVAILABLE);
    faults.clear();
    assert_eq!(browser.get("/registration").await.json()["otp"]["attempts_left"], 5);
    assert_eq!(browser.enter_code(&person).await.step(), "review");
}

#[tokio::test]
async fn a_right_code_that_could_not_be_saved_costs_no_try() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let faults = world.local.faults();
    faults.add(failing(Service::DynamoDb, "PutItem"));
    faults.add(failing(Service::DynamoDb, "TransactWriteItems"));
    assert_eq!(browser.enter_code(&person).await.status, StatusCode::SERVICE_UNAVAILABLE);
    faults.clear();
    assert_eq!(browser.get("/registration").await.json()["otp"]["attempts_left"], 5);
    assert_eq!(browser.enter_code(&person).await.step(), "review");
}

#[tokio::test]
async fn an_instance_whose_clock_is_behind_lets_the_owner_in() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    let right = std::mem::replace(&mut person.password, "not the password at all".into());
    assert_eq!(browser.sign_in(&person).await.code(), "sign_in_failed");
    world.pass(SignedDuration::from_secs(-1));
    person.password = right;
    assert_eq!(browser.sign_in(&person).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_at_its_limit_does_not_keep_a_username_waiting() {
    let world = World::new().await;
    let (owner, attacker, mut person) = (world.browser(), world.browser(), world.person());
    owner.walk(&person, 6).await;
    let right = std::mem::replace(&mut person.password, "not the password at all".into());
    for _ in 0..6 {
        world.pass(SignedDuration::from_secs(2));
        assert_eq!(owner.sign_in(&person).await.code(), "sign_in_failed");
    }
    let address = address_subject(attacker.address);
    let full = SIGN_IN_FAILURES_PER_ADDRESS.bucket(&address, world.now());
    let row =
        [("id".to_owned(), AttributeValue::S(full.key)), ("used".to_owned(), AttributeValue::N(full.most.to_string()))];
    world.dynamodb().put_item().table_name("Limits").set_item(Some(row.into())).send().await.unwrap();
    world.pass(SignedDuration::from_secs(2));
    assert_eq!(attacker.sign_in(&person).await.code(), "too_many_requests");
    person.password = right;
    assert_eq!(owner.sign_in(&person).await.status, StatusCode::OK, "the owner has waited two seconds");
}

#[tokio::test]
async fn another_numbers_code_starts_with_all_its_tries_and_fifteen_are_all_there_are() {
    let world = World::new().await;
    world.force_code(Some(123_456));
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let wrong = json!({ "code": "000000" });
    let mut left = Vec::new();
    for number in ["0861234567", "0861234568", ""] {
        for _ in 0..4 {
            left.push(browser.post("/registration/otp", &wrong).await.json()["attempts_left"].as_i64().unwrap());
        }
        if !number.is_empty() {
            person.mobile_number = number.into();
            assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 5, "{number}");
        }
    }
    assert_eq!(left, [4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1]);
    world.pass(SignedDuration::from_mins(16));
    person.mobile_number = "0861234569".into();
    assert_eq!(browser.ask_for_code(&person).await.json()["otp"]["attempts_left"], 3, "of the fifteen");
    assert_eq!(browser.post("/registration/otp", &wrong).await.json()["attempts_left"], 2);
}

#[tokio::test]
async fn a_text_that_sns_failed_on_may_have_left() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    let faults = world.local.faults();
    faults.add(Rule::new(Service::Sns, "Publish", Fault::Refuse(Refusal::InternalServerError)));
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    world.pass(SignedDuration::from_secs(61));
    faults.add(Rule::new(Service::Sns, "Publish", Fault::Refuse(Refusal::Throttling)));
    assert_eq!(browser.ask_for_code(&person).await.code(), "sms_not_sent");
}
