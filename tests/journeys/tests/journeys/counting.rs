//! What is counted is counted once, whatever comes together and whatever answer is lost.

use jiff::SignedDuration;
use journeys::World;
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;

#[tokio::test]
async fn a_code_entered_five_times_at_once_gives_one_send_back() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    for _ in 0..5 {
        let mut neighbour = world.browser();
        neighbour.address = browser.address;
        neighbour.walk(&world.person(), 4).await;
    }
    browser.walk(&person, 4).await;
    assert_eq!(world.counted("sends-address").await, 6);
    let code = json!({ "code": world.code_sent_to(&person.e164()).unwrap() });
    let twins = [(); 5].map(|()| browser.twin());
    let [a, b, c, d, e] = twins.each_ref().map(|twin| twin.post("/registration/otp", &code));
    tokio::join!(a, b, c, d, e);
    assert_eq!(world.counted("sends-address").await, 5);
}

#[tokio::test]
async fn a_number_verified_again_gives_no_send_back_twice() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    let mut neighbour = world.browser();
    neighbour.address = browser.address;
    neighbour.walk(&world.person(), 4).await;
    browser.walk_to_review(&person).await;
    let first = person.mobile_number.clone();
    for number in ["0861234567", first.as_str()] {
        world.pass(SignedDuration::from_secs(61));
        person.mobile_number = number.into();
        assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
        assert_eq!(browser.enter_code(&person).await.step(), "review");
    }
    assert_eq!(world.counted("sends-address").await, 1, "the neighbour's");
}

#[tokio::test]
async fn a_count_whose_answer_was_lost_is_counted_once() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    let faults = world.local.faults();
    faults.add(Rule::new(Service::DynamoDb, "UpdateItem", Fault::LoseAnswer).of("Limits").times(2));
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    assert_eq!(faults.pending(), 0);
    assert_eq!(world.counted("sends-address").await + world.counted("registration-texts").await, 2);
}

#[tokio::test]
async fn a_failure_whose_answer_was_lost_is_counted_once() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let faults = world.local.faults();
    faults.add(Rule::new(Service::DynamoDb, "UpdateItem", Fault::LoseAnswer).of("Limits").times(2));
    assert_eq!(browser.sign_in(&person).await.code(), "sign_in_failed");
    assert_eq!(faults.pending(), 0);
    let items = world.items("Limits").await;
    let counts: Vec<_> =
        items.iter().filter_map(|item| item.get("failures").or(item.get("used"))?.as_n().ok()).collect();
    assert_eq!(counts, ["1", "1"]);
}

#[tokio::test]
async fn a_try_whose_answer_was_lost_is_counted_once() {
    let world = World::new().await;
    world.force_code(Some(123_456));
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let faults = world.local.faults();
    faults.add(Rule::new(Service::DynamoDb, "UpdateItem", Fault::LoseAnswer).of("Registrations"));
    let answer = browser.post("/registration/otp", &json!({ "code": "000000" })).await;
    assert_eq!(faults.pending(), 0);
    assert_eq!((answer.code().as_str(), &answer.json()["attempts_left"]), ("otp_incorrect", &json!(4)));
}

#[tokio::test]
async fn a_counter_that_others_do_not_leave_alone_keeps_nobody_from_verifying() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let conflict = Fault::Refuse(Refusal::TransactionConflict);
    world.local.faults().add(Rule::new(Service::DynamoDb, "TransactWriteItems", conflict).times(5));
    assert_eq!(browser.enter_code(&person).await.step(), "review");
    assert_eq!(world.local.faults().pending(), 0);
}

#[tokio::test]
async fn a_single_write_that_meets_a_transaction_is_sent_again() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 4).await;
    let faults = world.local.faults();
    for (operation, table) in [("UpdateItem", "Registrations"), ("PutItem", "Registrations")] {
        let conflict = Fault::Refuse(Refusal::TransactionConflict);
        faults.add(Rule::new(Service::DynamoDb, operation, conflict).of(table).times(2));
    }
    let wrong = browser.post("/registration/otp", &json!({ "code": "1234567" })).await;
    assert_eq!(wrong.code(), "invalid_input");
    assert_eq!(browser.enter_code(&person).await.step(), "review");
    assert_eq!(browser.choose(&person).await.step(), "review");
    assert_eq!(faults.pending(), 0);
}

#[tokio::test]
async fn counters_and_sessions_that_meet_a_transaction_are_written_again() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let conflict = || Fault::Refuse(Refusal::TransactionConflict);
    let faults = world.local.faults();
    browser.walk(&person, 3).await;
    faults.add(Rule::new(Service::DynamoDb, "UpdateItem", conflict()).of("Limits").times(2));
    assert_eq!(browser.ask_for_code(&person).await.step(), "otp");
    faults.add(Rule::new(Service::DynamoDb, "DeleteItem", conflict()).of("Registrations"));
    assert_eq!(browser.post("/registration/cancel", &json!({})).await.step(), "cancelled");
    assert_eq!(faults.pending(), 0);
}
