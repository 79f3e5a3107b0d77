//! What a review of the wizard found, each as it was reported.

use bytes::Bytes;
use domain::entropy::Entropy;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use journeys::World;
use local::aws::faults::{Fault, Refusal, Rule, Service};
use serde_json::json;
use store::{Table, accounts::Accounts};

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
    assert!(world.items("Registrations").await.is_empty());
}

#[tokio::test]
async fn accepting_again_leaves_no_registration_behind() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk(&person, 3).await;
    let twin = browser.twin();
    assert_eq!(browser.accept_terms().await.step(), "identity");
    assert_eq!(twin.get("/registration").await.code(), "no_registration");
    assert_eq!(world.items("Registrations").await.len(), 1);
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
async fn the_tombstone_of_a_registration_holds_the_username_and_nothing_else_of_the_person() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    assert_eq!(browser.walk(&person, 6).await.status, StatusCode::CREATED);
    let items = world.items("Registrations").await;
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
    let holding: Vec<_> = world
        .items("Accounts")
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
    let accounts = Accounts::new(Table::new(world.dynamodb(), "Accounts", Entropy::new(|bytes| bytes.fill(7))));
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
    let rows = world.items("Registrations").await;
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
