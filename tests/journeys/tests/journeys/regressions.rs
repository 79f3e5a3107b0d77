//! What a review of the wizard found, each as it was reported.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use bytes::Bytes;
use domain::{
    entropy::Entropy,
    limit::{SIGN_IN_FAILURES_PER_ADDRESS, address_subject},
};
use http::{Request, StatusCode};
use jiff::SignedDuration;
use journeys::{Answer, Browser, Person, World};
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;
use store::{Table, accounts::Accounts};

type Item = HashMap<String, AttributeValue>;

fn client(world: &World) -> Client {
    Client::new(&world.local.sdk_config())
}

async fn items(world: &World, table: &str) -> Vec<Item> {
    client(world).scan().table_name(table).send().await.unwrap().items.unwrap_or_default()
}

/// What the counters whose key begins with `prefix` have counted.
async fn counted(world: &World, prefix: &str) -> i64 {
    let items = items(world, "Limits").await;
    let fitting = items.iter().filter(|item| item["id"].as_s().unwrap().starts_with(prefix));
    fitting.filter_map(|item| item.get("used")).map(|used| used.as_n().unwrap().parse::<i64>().unwrap()).sum()
}

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
    assert_eq!(counted(&world, "already-registered").await, 0);
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
    assert_eq!(counted(&world, "already-registered").await, 0);
    assert_eq!(browser.confirm().await.status, StatusCode::CREATED);
    assert_eq!(counted(&world, "already-registered").await, 0);
}

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
    assert_eq!(counted(&world, "sends-address").await, 6);
    let code = json!({ "code": world.code_sent_to(&person.e164()).unwrap() });
    let twins = [(); 5].map(|()| browser.twin());
    let [a, b, c, d, e] = twins.each_ref().map(|twin| twin.post("/registration/otp", &code));
    tokio::join!(a, b, c, d, e);
    assert_eq!(counted(&world, "sends-address").await, 5);
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
    assert_eq!(counted(&world, "sends-address").await, 1, "the neighbour's");
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
    assert_eq!(counted(&world, "sends-address").await + counted(&world, "registration-texts").await, 2);
}

#[tokio::test]
async fn a_failure_whose_answer_was_lost_is_counted_once() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let faults = world.local.faults();
    faults.add(Rule::new(Service::DynamoDb, "UpdateItem", Fault::LoseAnswer).of("Limits").times(2));
    assert_eq!(browser.sign_in(&person).await.code(), "sign_in_failed");
    assert_eq!(faults.pending(), 0);
    let items = items(&world, "Limits").await;
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
async fn declining_ends_the_registration_that_was_open() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    let twin = browser.twin();
    let declined =
        browser.post("/registration/terms", &json!({ "terms_version": "2026-11-01", "consent": "decline" })).await;
    assert_eq!(declined.json(), json!({ "step": "declined" }));
    assert_eq!(browser.cookie("registration"), None);
    assert_eq!(twin.get("/registration").await.code(), "no_registration");
    assert!(items(&world, "Registrations").await.is_empty());
}

#[tokio::test]
async fn accepting_again_leaves_no_registration_behind() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    let twin = browser.twin();
    assert_eq!(browser.accept_terms().await.step(), "identity");
    assert_eq!(twin.get("/registration").await.code(), "no_registration");
    assert_eq!(items(&world, "Registrations").await.len(), 1);
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
    client(&world).put_item().table_name("Limits").set_item(Some(row.into())).send().await.unwrap();
    world.pass(SignedDuration::from_secs(2));
    assert_eq!(attacker.sign_in(&person).await.code(), "too_many_requests");
    person.password = right;
    assert_eq!(owner.sign_in(&person).await.status, StatusCode::OK, "the owner has waited two seconds");
}

#[tokio::test]
async fn the_language_switch_never_leads_to_another_host() {
    let world = World::new().await;
    let answer = world.browser().with_pages().get("//evil.example/x?a=b").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!answer.body.contains("href=\"//"), "{}", answer.body);
    assert!(answer.body.contains("href=\"?lang=en&#38;a=b\""), "{}", answer.body);
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

#[tokio::test]
async fn the_tombstone_of_a_registration_holds_the_username_and_nothing_else_of_the_person() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    assert_eq!(browser.walk(&person, 6).await.status, StatusCode::CREATED);
    let items = items(&world, "Registrations").await;
    let [tombstone] = items.as_slice() else { panic!("one row: {items:?}") };
    let text = format!("{tombstone:?}");
    assert!(text.contains(&person.username), "{text}");
    let mut names: Vec<_> = tombstone.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["closed", "expires", "id", "secret", "username", "version", "write"]);
}

#[tokio::test]
async fn a_password_is_verified_by_one_row_only() {
    let world = World::new().await;
    world.browser().walk(&world.person(), 6).await;
    let holding: Vec<_> = items(&world, "Accounts")
        .await
        .iter()
        .filter(|item| format!("{item:?}").contains("argon2id"))
        .map(|item| item["pk"].as_s().unwrap().split('#').next().unwrap().to_owned())
        .collect();
    assert_eq!(holding, ["username"]);
}

/// The deletion is refused twice, so that the confirmation is faster.
#[tokio::test]
async fn cancelling_what_has_become_an_account_does_not_say_cancelled() {
    for pages in [false, true] {
        let world = World::new().await;
        let (browser, person) = (world.browser(), world.person());
        browser.walk_to_review(&person).await;
        let (one, other) = (browser.twin(), browser.twin());
        let other = if pages { other.with_pages() } else { other };
        let refusal = Fault::Refuse(Refusal::Throttling);
        world.local.faults().add(Rule::new(Service::DynamoDb, "DeleteItem", refusal).times(2));
        let cancel = async {
            if pages {
                other.post_form("/registration/cancel", "").await
            } else {
                other.post("/registration/cancel", &json!({})).await
            }
        };
        let (confirmed, cancelled) = tokio::join!(one.confirm(), cancel);
        assert_eq!(confirmed.status, StatusCode::CREATED, "{}", confirmed.body);
        if pages {
            assert_eq!(cancelled.header("location"), "/registration/done");
        } else {
            assert_eq!(cancelled.code(), "no_registration");
        }
    }
}

#[tokio::test]
async fn a_verifier_is_replaced_only_where_it_is_the_one_that_was_read() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    let accounts = Accounts::new(Table::new(client(&world), "Accounts", Entropy::new(|bytes| bytes.fill(7))));
    let username = person.username.parse().unwrap();
    let read = accounts.login(&username).await.unwrap().unwrap().password;
    let mut new = read.clone();
    new.mac.tag = "00".repeat(32);
    assert!(!accounts.replace_verifier(&username, &new, &read).await.unwrap());
    assert_eq!(browser.sign_in(&person).await.status, StatusCode::OK, "nothing was written");
    assert!(accounts.replace_verifier(&username, &read, &new).await.unwrap());
    assert_eq!(accounts.login(&username).await.unwrap().unwrap().password, new);
}

#[tokio::test]
async fn a_title_before_the_first_name_is_pointed_out() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.accept_terms().await;
    person.first_name = "นายสมชาย".into();
    assert_eq!(browser.prove(&person).await.field_errors(), ["first_name:title"]);
    person.first_name = "สมชาย".into();
    person.last_name = "นายกองดี".into();
    assert_eq!(browser.prove(&person).await.step(), "account", "a surname may begin so");
}

#[tokio::test]
async fn a_button_without_a_page_of_its_own_leads_back_to_one() {
    let world = World::new().await;
    let (browser, person) = (world.browser().with_pages(), world.person());
    browser.walk(&person, 3).await;
    let refusal = Fault::Refuse(Refusal::Throttling);
    world.local.faults().add(Rule::new(Service::DynamoDb, "DeleteItem", refusal).times(u32::MAX));
    let answer = browser.post_form("/registration/cancel", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("class=\"go\" href=\"/registration\""), "{}", answer.body);
}

#[tokio::test]
async fn a_form_that_fails_for_our_sake_shows_the_request_id() {
    let world = World::new().await;
    let (browser, person) = (world.browser().with_pages(), world.person());
    browser.walk(&person, 3).await;
    let refusal = Fault::Refuse(Refusal::Throttling);
    world.local.faults().add(Rule::new(Service::Sns, "Publish", refusal));
    let answer = browser.post_form("/registration/mobile", "mobile_number=0891111111").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(answer.body.contains(answer.header("x-request-id")), "{}", answer.body);
    let wrong = browser.post_form("/registration/mobile", "mobile_number=1").await;
    assert!(!wrong.body.contains(wrong.header("x-request-id")), "only where it is our fault");
}

#[tokio::test]
async fn the_button_pressed_twice_on_the_number_page_leads_to_the_page_for_the_code() {
    let world = World::new().await;
    let (browser, person) = (world.browser().with_pages(), world.person());
    browser.walk(&person, 3).await;
    let form = format!("mobile_number={}", person.mobile_number);
    let first = browser.post_form("/registration/mobile", &form).await;
    assert_eq!(first.header("location"), "/registration/otp");
    let second = browser.post_form("/registration/mobile", &form).await;
    assert_eq!((second.status, second.header("location")), (StatusCode::SEE_OTHER, "/registration/otp?wait=60"));
    world.pass(SignedDuration::from_mins(6));
    browser.post_form("/registration/mobile", "mobile_number=0861234567").await;
    browser.post_form("/registration/mobile", "mobile_number=0861234568").await;
    let limited = browser.post_form("/registration/mobile", "mobile_number=0861234569").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "no code waits for that number");
}

#[tokio::test]
async fn a_right_code_sent_twice_leads_on_with_the_new_cookie() {
    let world = World::new().await;
    let (browser, person) = (world.browser().with_pages(), world.person());
    browser.walk(&person, 4).await;
    let twin = browser.twin();
    let form = format!("code={}", world.code_sent_to(&person.e164()).unwrap());
    assert_eq!(browser.post_form("/registration/otp", &form).await.header("location"), "/registration/review");
    let second = twin.post_form("/registration/otp", &form).await;
    assert!(second.body.contains("href=\"/registration\""), "{}", second.body);
    assert_eq!(browser.get("/registration").await.header("location"), "/registration/review");
}

#[tokio::test]
async fn a_program_is_never_answered_with_a_page() {
    let world = World::new().await;
    let browser = world.browser();
    for (path, step) in [
        ("/registration/declined", "declined"),
        ("/registration/cancelled", "cancelled"),
        ("/registration/done", "done"),
        ("/account/signed-out", "signed_out"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.step().as_str()), (StatusCode::OK, step), "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
    let home = browser.send(Request::get("/").header("host", "localhost:8080"), Bytes::new()).await;
    assert_eq!(home.json()["registration_url"], "http://localhost:8080/registration", "{}", home.body);
}

#[tokio::test]
async fn a_slash_too_many_is_no_page() {
    let world = World::new().await;
    let browser = world.browser();
    for path in ["/registration/terms/", "/registration/", "/sign-in/"] {
        assert_eq!(browser.get(path).await.code(), "not_found", "GET {path}");
    }
    for path in ["/registration/terms/", "/sign-in/", "/account/sign-out/"] {
        assert_eq!(browser.post(path, &json!({})).await.code(), "not_found", "POST {path}");
    }
}

#[tokio::test]
async fn a_method_without_a_route_is_answered_by_the_gateway_as_on_aws() {
    let world = World::new().await;
    for request in
        [Request::put("/registration/terms"), Request::head("/registration/terms"), Request::post("/account")]
    {
        let answer = world.browser().send(request, Bytes::new()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(world.browser().send(Request::delete("/elsewhere"), Bytes::new()).await.code(), "method_not_allowed");
}

#[test]
fn logs_outlive_the_stack() {
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")).unwrap();
    let groups = template.split("    Type: AWS::Logs::LogGroup\n").skip(1).collect::<Vec<_>>();
    assert!(!groups.is_empty());
    let default =
        template.split("\n  DeletionPolicy:\n").nth(1).and_then(|rest| rest.split("Default: ").nth(1)).unwrap();
    assert!(default.starts_with("Retain\n"), "{}", &default[..20]);
    for group in groups {
        let retained = "    DeletionPolicy: !If [Kept, RetainExceptOnCreate, Delete]\n    UpdateReplacePolicy: !Ref DeletionPolicy\n";
        assert!(group.starts_with(retained), "{}", &group[..80]);
    }
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

#[tokio::test]
async fn consent_is_to_the_words_that_were_shown() {
    let world = World::new().await;
    let mut browser = world.browser().with_pages();
    browser.language = "en";
    let page = browser.get("/registration/terms").await;
    assert!(page.body.contains("name=\"language\" value=\"en\""), "{}", page.body);
    // The language is switched in another tab before the button of this one is pressed.
    browser.language = "th";
    let form = "terms_version=2026-11-01&language=en&consent=accept";
    assert_eq!(browser.post_form("/registration/terms", form).await.status, StatusCode::SEE_OTHER);
    let shown = world.browser().get("/registration/terms?lang=en").await.json();
    let rows = items(&world, "Registrations").await;
    let consent = rows[0]["registration"].as_m().unwrap()["consent"].as_m().unwrap();
    assert_eq!(consent["language"].as_s().unwrap(), "en");
    assert_eq!(consent["sha256"].as_s().unwrap(), shown["sha256"].as_str().unwrap());
}

#[tokio::test]
async fn the_consent_page_tells_a_name_once_and_misses_no_middle_name_that_nobody_has() {
    let world = World::new().await;
    let rp = journeys::Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 6).await;
    browser.sign_in(&person).await;
    let asked = rp.authorize(&browser, &[("scope", "openid profile phone")]).await;
    let page = browser.with_pages().get(asked.header("location")).await.body;
    let name = format!("{} {}", person.first_name, person.last_name);
    assert_eq!((page.matches(&name).count(), page.matches(&person.first_name).count()), (1, 1), "{page}");
    assert!(!page.contains("ชื่อกลาง"), "{page}");
    let mobile = &person.mobile_number;
    assert!(page.contains(&format!("{}-{}-{}", &mobile[..3], &mobile[3..6], &mobile[6..])), "{page}");
}
