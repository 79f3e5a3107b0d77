//! Signing in: the code that a new browser is asked for, its limits, and the session that comes of it.

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Person, World,
    calls::{Call, depth, operations},
};
use serde_json::json;

/// Somebody with an account, and the browser they registered in.
async fn registered(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = (world.browser(), world.person());
    let opened = browser.walk(&person, 6).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    (browser, person)
}

fn texts(world: &World) -> usize {
    world.local.outbox().texts().len()
}

async fn try_code(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post("/sign-in/otp", &json!({ "code": code })).await
}

async fn resend(browser: &Browser<'_>) -> Answer {
    browser.post("/sign-in/otp", &json!({ "resend": "yes" })).await
}

/// A code that is not the one that was sent.
fn wrong(world: &World, person: &Person) -> &'static str {
    if world.code_sent_to(&person.e164()).as_deref() == Some("123456") { "654321" } else { "123456" }
}

#[tokio::test]
async fn a_new_browser_needs_the_code_and_is_known_afterwards() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    let asked = browser.sign_in(&person).await;
    assert_eq!((asked.status, asked.step().as_str()), (StatusCode::OK, "otp"), "{}", asked.body);
    assert_eq!(asked.json()["otp"]["attempts_left"], 5);
    assert_eq!(browser.cookie("session"), None, "no session before the code");
    assert!(browser.cookie("browser").is_some());
    assert_eq!(browser.get("/account").await.code(), "not_signed_in");

    let done = browser.enter_sign_in_code(&person).await;
    assert_eq!(done.json(), json!({ "step": "done", "next": "/account" }), "{}", done.body);
    let account = browser.get("/account").await.json();
    assert_eq!(account["session"]["acr"], "aal2");
    assert_eq!(account["session"]["services"], json!([]));

    let before = texts(&world);
    let again = browser.sign_in(&person).await;
    assert_eq!(again.json(), json!({ "step": "done", "next": "/account" }), "{}", again.body);
    assert_eq!(texts(&world), before);
    assert_eq!(browser.get("/account").await.json()["session"]["acr"], "aal1");
}

#[tokio::test]
async fn the_browser_that_registered_has_been_seen() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    let before = texts(&world);
    assert_eq!(browser.sign_in(&person).await.step(), "done");
    assert_eq!(texts(&world), before);
}

#[tokio::test]
async fn a_sign_in_goes_as_deep_as_the_table_says() {
    let world = World::new().await;
    let (known, person) = registered(&world).await;
    world.calls.take();
    assert_eq!(known.sign_in(&person).await.step(), "done");
    let calls = world.calls.take();
    assert!(depth(&calls) <= 3, "{calls:?}");
    let stranger = world.browser();
    assert_eq!(stranger.sign_in(&person).await.step(), "otp");
    let calls = world.calls.take();
    assert!(depth(&calls) <= 4, "{calls:?}");
    assert_eq!(stranger.enter_sign_in_code(&person).await.step(), "done");
    let calls = world.calls.take();
    assert!(depth(&calls) <= 3, "{calls:?}");
    world.pass(SignedDuration::from_mins(1));
    let other = world.browser();
    other.sign_in(&person).await;
    world.pass(SignedDuration::from_mins(1));
    world.calls.take();
    assert_eq!(resend(&other).await.step(), "otp");
    let calls = world.calls.take();
    assert!(depth(&calls) <= 4, "{calls:?}");
}

#[tokio::test]
async fn checklist_27_a_code_is_single_use_and_bound_to_its_browser_and_number_of_tries() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let (browser, other) = (world.browser(), world.browser());
    browser.sign_in(&person).await;
    let code = world.code_sent_to(&person.e164()).unwrap();
    assert_eq!(try_code(&other, &code).await.code(), "not_signed_in", "another browser has no such sign-in");

    for left in [4, 3] {
        let told = try_code(&browser, wrong(&world, &person)).await;
        assert_eq!((told.code().as_str(), &told.json()["attempts_left"]), ("otp_incorrect", &json!(left)));
    }
    let soon = resend(&browser).await;
    assert_eq!(soon.code(), "too_many_requests");
    assert_eq!(soon.header("retry-after"), "60");
    world.pass(SignedDuration::from_secs(60));
    let resent = resend(&browser).await;
    assert_eq!(resent.json()["otp"]["attempts_left"], 3, "another code keeps the tries: {}", resent.body);
    for _ in 0..3 {
        try_code(&browser, wrong(&world, &person)).await;
    }
    let right = world.code_sent_to(&person.e164()).unwrap();
    assert_eq!(try_code(&browser, &right).await.code(), "otp_exhausted");
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(resend(&browser).await.json()["otp"]["attempts_left"], 5);
    let replayed = browser.twin();
    assert_eq!(browser.enter_sign_in_code(&person).await.step(), "done");
    assert_eq!(replayed.enter_sign_in_code(&person).await.code(), "not_signed_in", "once");
}

#[tokio::test]
async fn of_fifty_wrong_codes_at_once_five_are_compared() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    browser.sign_in(&person).await;
    let code = wrong(&world, &person);
    let answers = join_all((0..50).map(|_| try_code(&browser, code))).await;
    let told = |code: &str| answers.iter().filter(|answer| answer.code() == code).count();
    // A comparison whose count got no answer in time is counted again by the SDK: fewer than five then, never more.
    assert!((1..=5).contains(&told("otp_incorrect")), "{}", told("otp_incorrect"));
    assert_eq!(told("otp_incorrect") + told("otp_exhausted"), 50);
    assert_eq!(browser.enter_sign_in_code(&person).await.code(), "otp_exhausted");
}

#[tokio::test]
async fn of_fifty_right_codes_at_once_one_signs_in() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    browser.sign_in(&person).await;
    let code = world.code_sent_to(&person.e164()).unwrap();
    let twins: Vec<_> = (0..50).map(|_| browser.twin()).collect();
    let answers = join_all(twins.iter().map(|twin| try_code(twin, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.step() == "done").count(), 1);
}

#[tokio::test]
async fn ten_passwords_at_once_send_one_text() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    // The browser's cookie first: a twin without it would be another browser.
    browser.send(Request::get("/sign-in").header(header::ACCEPT, "text/html"), bytes::Bytes::new()).await;
    let before = texts(&world);
    let answers = join_all((0..10).map(|_| browser.sign_in(&person))).await;
    assert_eq!(texts(&world), before + 1);
    assert!(answers.iter().any(|answer| answer.step() == "otp"));
    assert_eq!(
        browser.enter_sign_in_code(&person).await.step(),
        "done",
        "the code that was sent is the one that waits"
    );
}

#[tokio::test]
async fn texts_are_budgeted_by_account_over_all_browsers() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    // Away from the edge of a window.
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(world.browser().sign_in(&person).await.step(), "otp");
    let soon = world.browser().sign_in(&person).await;
    assert_eq!((soon.status, soon.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    assert_eq!(soon.header("retry-after"), "60");
    for _ in 0..2 {
        world.pass(SignedDuration::from_secs(60));
        assert_eq!(world.browser().sign_in(&person).await.step(), "otp");
    }
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(world.browser().sign_in(&person).await.code(), "too_many_requests", "three in fifteen minutes");
    let mut sent = 3;
    for _ in 0..4 {
        world.pass(SignedDuration::from_mins(15));
        for _ in 0..3 {
            world.pass(SignedDuration::from_secs(60));
            sent += usize::from(world.browser().sign_in(&person).await.step() == "otp");
        }
    }
    assert_eq!(sent, 10, "ten a day");
}

#[tokio::test]
async fn checklist_34_the_registration_sends_of_a_number_used_up_leave_its_owners_sign_in_alone() {
    let world = World::with(&[("RegistrationTextsPerHour", "8")]).await;
    let (_, person) = registered(&world).await;
    let mut refused = false;
    for _ in 0..12 {
        let (stranger, mut other) = (world.browser(), world.person());
        other.mobile_number.clone_from(&person.mobile_number);
        stranger.walk(&other, 3).await;
        refused |= stranger.ask_for_code(&other).await.code() == "too_many_requests";
    }
    assert!(refused, "the number's budget for registrations is spent");
    let browser = world.browser();
    assert_eq!(browser.sign_in(&person).await.step(), "otp");
    assert_eq!(browser.enter_sign_in_code(&person).await.step(), "done");
}

#[tokio::test]
async fn checklist_28_whatever_fails_is_told_alike() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let mut unknown = world.person();
    unknown.password.clone_from(&person.password);
    let mut mistaken = person.clone();
    mistaken.password.push('x');
    let told = |answer: Answer| {
        let mut body = answer.json();
        body["request_id"].take();
        (answer.status, body)
    };
    world.calls.take();
    let first = told(world.browser().sign_in(&unknown).await);
    let for_nobody = world.calls.take();
    let second = told(world.browser().sign_in(&mistaken).await);
    let for_somebody = world.calls.take();
    assert_eq!(first.0, StatusCode::UNAUTHORIZED);
    assert_eq!(first, second);
    let sorted = |calls: &[Call]| {
        let mut names: Vec<_> = operations(calls).into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        (names, depth(calls))
    };
    assert_eq!(sorted(&for_nobody), sorted(&for_somebody), "the same work");
    assert_eq!(texts(&world), 1, "and no text");
}

#[tokio::test]
async fn checklist_29_the_session_is_renewed_at_sign_in_and_the_old_one_is_dead() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let before = browser.twin();
    assert_eq!(before.get("/account").await.status, StatusCode::OK);
    browser.sign_in(&person).await;
    assert_ne!(browser.cookie("session"), before.cookie("session"));
    assert_eq!(before.get("/account").await.code(), "not_signed_in");
    let after = browser.twin();
    browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    assert_eq!(after.get("/account").await.code(), "not_signed_in");
}

#[tokio::test]
async fn a_session_ends_idle_and_in_all() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    world.pass(SignedDuration::from_mins(29));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    world.pass(SignedDuration::from_mins(30));
    assert_eq!(browser.get("/account").await.code(), "not_signed_in", "idle");
    browser.sign_in(&person).await;
    for _ in 0..26 {
        world.pass(SignedDuration::from_mins(27));
        assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    }
    world.pass(SignedDuration::from_mins(18));
    assert_eq!(browser.get("/account").await.code(), "not_signed_in", "twelve hours in all");
}

#[tokio::test]
async fn a_code_waits_ten_minutes_and_five_each() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    browser.sign_in(&person).await;
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(browser.enter_sign_in_code(&person).await.code(), "otp_expired");
    assert_eq!(resend(&browser).await.step(), "otp");
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(browser.enter_sign_in_code(&person).await.code(), "not_signed_in", "the password is too long ago");
}

#[tokio::test]
async fn by_plain_forms_without_scripts() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser().with_pages();
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("action=\"/sign-in\"") && page.body.contains("name=\"password\""));
    let form = |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let typed = form(&[("username", &person.username), ("password", &person.password)]);
    let asked = browser.post_form("/sign-in", &typed).await;
    assert_eq!((asked.status, asked.header("location")), (StatusCode::SEE_OTHER, "/sign-in/otp"));
    let page = browser.get("/sign-in/otp").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("name=\"code\"") && page.body.contains("name=\"resend\" value=\"yes\""));
    assert!(!page.body.contains(&person.mobile_number), "the number is masked");
    let again = browser.post_form("/sign-in/otp", &form(&[("code", wrong(&world, &person))])).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("id=\"code-error\""));
    let code = world.code_sent_to(&person.e164()).unwrap();
    let done = browser.post_form("/sign-in/otp", &form(&[("code", &code)])).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/account"));
    let account = browser.get("/account").await;
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.body.contains("id=\"session-title\""));
    let nothing = browser.get("/sign-in/otp").await;
    assert_eq!((nothing.status, nothing.header("location")), (StatusCode::SEE_OTHER, "/sign-in?ended=yes"));
}

#[tokio::test]
async fn a_request_that_nobody_stored_is_to_be_begun_again() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    browser.sign_in(&person).await;
    let code = world.code_sent_to(&person.e164()).unwrap();
    let unknown = browser.get(&format!("/sign-in?request={}", "0".repeat(32))).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (StatusCode::GONE, "request_gone"));
    assert_eq!(try_code(&browser, &code).await.step(), "done", "a request nobody stored changes nothing");
}

#[tokio::test]
async fn registering_in_the_middle_of_a_request_leads_back_into_it() {
    let world = World::new().await;
    let (browser, person) = (world.browser(), world.person());
    let handle = "0123456789abcdef0123456789abcdef";
    let page = {
        let pages = world.browser().with_pages();
        pages.get(&format!("/registration/terms?request={handle}")).await
    };
    assert!(page.body.contains(&format!("name=\"request\" value=\"{handle}\"")));
    let version = browser.get("/registration/terms").await.json()["version"].clone();
    let accepted = json!({ "terms_version": version, "consent": "accept", "request": handle });
    browser.post("/registration/terms", &accepted).await;
    browser.prove(&person).await;
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    browser.enter_code(&person).await;
    let confirmed = Request::post("/registration/review")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let done = browser.send(confirmed, "confirm=yes".into()).await;
    let location = format!("/registration/done?request={handle}");
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, location.as_str()));
    let page = browser.send(Request::get(&location).header(header::ACCEPT, "text/html"), Bytes::new()).await;
    assert!(page.body.contains(&format!("href=\"/connect/resume?request={handle}\"")), "{}", page.body);
}

/// Checklist 27: neither another code nor the password typed again gives more tries.
#[tokio::test]
async fn the_password_typed_again_leaves_the_tries_as_they_were() {
    let world = World::new().await;
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    browser.sign_in(&person).await;
    for left in (1..5).rev() {
        assert_eq!(try_code(&browser, wrong(&world, &person)).await.json()["attempts_left"], left);
    }
    world.pass(SignedDuration::from_mins(1));
    let again = browser.sign_in(&person).await;
    assert_eq!(again.json()["otp"]["attempts_left"], 1, "{}", again.body);
    for round in 0..3 {
        let left = if round == 0 { 1 } else { 5 };
        for left in (0..left).rev() {
            assert_eq!(try_code(&browser, wrong(&world, &person)).await.json()["attempts_left"], left, "{round}");
        }
        // Within the ten minutes that a sign-in waits; three texts in a quarter of an hour are the account's.
        world.pass(SignedDuration::from_mins(9));
        let again = browser.sign_in(&person).await;
        if round < 2 {
            assert_eq!(again.json()["otp"]["attempts_left"], 5, "{round}: {}", again.body);
        } else {
            assert_eq!((again.status, again.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"), "15 in all");
        }
    }
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(browser.sign_in_with_code(&person).await.step(), "done", "the sign-in of the many tries is over");
}
