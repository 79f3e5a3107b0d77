//! The wizard from end to end, by JSON: what each step answers, and what going back clears.

use http::StatusCode;
use jiff::SignedDuration;
use journeys::World;
use rstest::rstest;
use serde_json::json;

#[tokio::test]
async fn a_person_registers_and_signs_in_on_the_next_request() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());

    let terms = browser.get("/registration/terms").await.json();
    assert_eq!(terms["clauses"].as_array().unwrap().len(), 10);
    let begun = browser.accept_terms().await;
    assert_eq!((begun.status, begun.step().as_str()), (StatusCode::CREATED, "identity"));

    let proven = browser.prove(&person).await;
    assert_eq!((proven.status, proven.step().as_str()), (StatusCode::OK, "account"), "{}", proven.body);
    let identity = &proven.json()["identity"];
    let id = &person.citizen_id;
    assert_eq!(identity["citizen_id"], format!("{}-xxxx-xxxxx-{}-{}", &id[..1], &id[10..12], &id[12..]));
    assert_eq!((&identity["ial"], &identity["method"]), (&json!("1.3"), &json!("id_card")));

    let chosen = browser.choose(&person).await;
    assert_eq!((chosen.status, chosen.step().as_str()), (StatusCode::OK, "mobile"), "{}", chosen.body);
    let asked = browser.ask_for_code(&person).await;
    assert_eq!((asked.status, asked.step().as_str()), (StatusCode::OK, "otp"), "{}", asked.body);
    assert_eq!(asked.json()["otp"]["attempts_left"], 5);
    let verified = browser.enter_code(&person).await;
    assert_eq!((verified.status, verified.step().as_str()), (StatusCode::OK, "review"), "{}", verified.body);

    let done = browser.confirm().await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
    let expected = json!({
        "step": "done", "username": person.username, "account_url": "http://localhost:8080/account",
    });
    assert_eq!(done.json(), expected);
    assert_eq!(browser.cookie("registration"), None);
    assert_eq!(browser.confirm().await.code(), "no_registration");

    let signed_in = browser.sign_in(&person).await;
    assert_eq!(signed_in.json(), json!({ "step": "done", "next": "/account" }), "{}", signed_in.body);
    let account = browser.get("/account").await.json();
    assert_eq!((&account["username"], &account["first_name"]), (&json!(person.username), &json!(person.first_name)));
    let out = browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    assert_eq!(out.status, StatusCode::OK);
    assert_eq!(browser.get("/account").await.code(), "not_signed_in");
}

#[tokio::test]
async fn refusing_the_terms_stores_nothing() {
    let world = World::new().await;
    let browser = world.browser();
    world.calls.take();
    let answer = {
        let body = json!({ "terms_version": "2026-11-01", "consent": "decline" });
        browser.post("/registration/terms", &body).await
    };
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "step": "declined" })));
    assert_eq!(world.calls.take(), []);
    assert_eq!(browser.cookie("registration"), None);
}

#[tokio::test]
async fn consent_to_a_version_not_in_force_is_no_consent() {
    let world = World::new().await;
    let body = json!({ "terms_version": "2020-01-01", "consent": "accept" });
    let answer = world.browser().post("/registration/terms", &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "terms_outdated"));
}

#[rstest]
#[case(0, "none")]
#[case(1, "identity")]
#[case(2, "account")]
#[case(3, "mobile")]
#[case(4, "otp")]
#[case(5, "review")]
#[tokio::test]
async fn every_endpoint_at_every_step(#[case] walked: usize, #[case] step: &str) {
    const ORDER: [&str; 5] = ["identity", "account", "mobile", "otp", "review"];
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    if walked > 0 {
        assert_eq!(browser.walk(&person, walked).await.step(), step);
    }
    let reached = ORDER.iter().position(|name| *name == step);
    for (index, name) in ORDER.iter().enumerate() {
        for method in ["get", "post"] {
            let path = format!("/registration/{name}");
            let answer = match method {
                "get" => browser.twin().get(&path).await,
                _ => {
                    let body = match *name {
                        "identity" => person.identity(),
                        "account" => person.account(),
                        "mobile" => json!({ "mobile_number": "0898765432" }),
                        "otp" => json!({ "code": "000000" }),
                        _ => json!({ "confirm": "yes" }),
                    };
                    // Only what is not allowed is posted: the others are walked above.
                    if reached.is_some_and(|reached| index <= reached) {
                        continue;
                    }
                    browser.twin().post(&path, &body).await
                }
            };
            match reached {
                None => assert_eq!(answer.code(), "no_registration", "{method} {name}"),
                Some(reached) if index <= reached => assert_eq!(answer.status, StatusCode::OK, "{method} {name}"),
                Some(_) => {
                    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "wrong_step"));
                    assert_eq!(answer.step(), step, "{method} {name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn another_identity_clears_the_account_part_only() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let again = browser.prove(&world.person()).await;
    assert_eq!(again.step(), "account");
    assert!(again.json()["account"].is_null());
    assert_eq!(again.json()["mobile"]["verified"], true);
    assert_eq!(browser.choose(&person).await.step(), "review", "the number is not asked for again");
}

#[tokio::test]
async fn an_identity_that_is_refused_does_not_leave_the_old_one_behind() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    person.citizen_id = "1000000000149".into();
    assert_eq!(browser.prove(&person).await.code(), "identity_not_confirmed");
    assert_eq!(browser.confirm().await.step(), "identity");
}

#[tokio::test]
async fn an_identity_that_may_not_be_asked_about_loses_nothing() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    person.citizen_id = "1000000000149".into();
    let other = world.browser().at(browser.address);
    other.accept_terms().await;
    for _ in 0..5 {
        assert_eq!(other.prove(&person).await.code(), "identity_not_confirmed");
    }
    assert_eq!(browser.prove(&person).await.code(), "too_many_requests");
    assert_eq!(browser.confirm().await.step(), "done", "all that was known still is");
}

#[tokio::test]
async fn another_number_clears_the_verification_and_the_same_keeps_it() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let texts = world.local.outbox().texts().len();
    assert_eq!(browser.ask_for_code(&person).await.step(), "review");
    assert_eq!(world.local.outbox().texts().len(), texts);
    person.mobile_number = "0861234567".into();
    let changed = browser.ask_for_code(&person).await;
    assert_eq!((changed.step().as_str(), &changed.json()["mobile"]["verified"]), ("otp", &json!(false)));
    assert_eq!(browser.enter_code(&person).await.step(), "review");
}

#[tokio::test]
async fn checklist_35_old_cookies_die_when_identity_and_number_are_confirmed() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    let before_identity = browser.twin();
    browser.prove(&person).await;
    assert_eq!(before_identity.get("/registration").await.code(), "no_registration");
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    let before_number = browser.twin();
    browser.enter_code(&person).await;
    assert_eq!(before_number.get("/registration").await.code(), "no_registration");
    assert_eq!(before_number.confirm().await.code(), "no_registration");
    assert_eq!(browser.get("/registration").await.step(), "review");
}

#[tokio::test]
async fn a_registration_ends_half_an_hour_after_its_last_step_and_can_be_extended() {
    let world = World::new().await;
    let browser = world.browser();
    browser.accept_terms().await;
    world.pass(SignedDuration::from_mins(29));
    assert_eq!(browser.post("/registration/extend", &json!({})).await.step(), "identity");
    world.pass(SignedDuration::from_mins(29));
    assert_eq!(browser.get("/registration").await.step(), "identity");
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.get("/registration").await.code(), "no_registration");
}

#[tokio::test]
async fn cancelling_leaves_nothing() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    browser.walk_to_review(&person).await;
    let twin = browser.twin();
    let cancelled = browser.post("/registration/cancel", &json!({})).await;
    assert_eq!(cancelled.json(), json!({ "step": "cancelled" }));
    assert_eq!(browser.cookie("registration"), None);
    assert_eq!(twin.get("/registration").await.code(), "no_registration");
}

#[tokio::test]
async fn somebody_elses_name_is_refused_at_the_account_step() {
    let world = World::new().await;
    let (browser, mut person) = (world.browser(), world.person());
    browser.walk(&person, 2).await;
    person.first_name = "สมชาย".into();
    let answer = browser.choose(&person).await;
    assert_eq!(answer.field_errors(), ["first_name:not_the_confirmed_name"]);
}

#[tokio::test]
async fn on_ones_own_word_the_level_is_lower_and_somebody_proven_takes_the_id_back() {
    let world = World::new().await;
    let (impostor, owner) = (world.browser(), world.browser());
    let (first, mut second) = (world.person(), world.person());
    second.citizen_id.clone_from(&first.citizen_id);

    impostor.accept_terms().await;
    let asserted = impostor.post("/registration/identity", &first.own_word()).await;
    assert_eq!(asserted.json()["identity"]["ial"], "1.1");
    impostor.choose(&first).await;
    impostor.ask_for_code(&first).await;
    impostor.enter_code(&first).await;
    assert_eq!(impostor.confirm().await.status, StatusCode::CREATED);
    assert_eq!(impostor.sign_in(&first).await.status, StatusCode::OK);

    let opened = owner.walk(&second, 6).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    assert_eq!(owner.sign_in(&second).await.status, StatusCode::OK);
    assert_eq!(impostor.get("/account").await.code(), "not_signed_in", "its sessions are dead");
    assert_eq!(impostor.sign_in(&first).await.code(), "sign_in_failed");
}

#[tokio::test]
async fn already_registered_is_told_to_the_card_after_the_registry_and_to_ones_word_at_the_review() {
    let world = World::new().await;
    let person = world.person();
    world.browser().walk(&person, 6).await;

    let by_card = world.browser();
    by_card.accept_terms().await;
    let told = by_card.prove(&person).await;
    assert_eq!((told.status, told.code().as_str()), (StatusCode::CONFLICT, "already_registered"));
    assert_eq!(by_card.get("/registration").await.code(), "no_registration", "it ends the registration");

    let (by_word, mut other) = (world.browser(), world.person());
    other.citizen_id.clone_from(&person.citizen_id);
    by_word.accept_terms().await;
    assert_eq!(by_word.post("/registration/identity", &other.own_word()).await.step(), "account");
    by_word.choose(&other).await;
    by_word.ask_for_code(&other).await;
    by_word.enter_code(&other).await;
    assert_eq!(by_word.confirm().await.code(), "already_registered");
    assert_eq!(by_word.get("/registration").await.code(), "no_registration");
}
