//! Consent: who is asked, for what, and what the answer is good for.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Client, Form, Page, Person, World,
    client::{go_on, returned, userinfo},
};
use serde_json::{Value, json};

use crate::sso::registered;

/// The handle of a request that was led on.
fn handle(answer: &Answer) -> String {
    let (_, handle) = answer.header("location").split_once("request=").unwrap_or_else(|| panic!("{}", answer.body));
    handle.split('&').next().unwrap().to_owned()
}

/// The consent page of a request, as a browser gets it.
async fn page(browser: &Browser<'_>, handle: &str) -> Answer {
    let request = Request::get(format!("/consent?request={handle}&lang=en")).header(header::ACCEPT, "text/html");
    browser.send(request, Bytes::new()).await
}

fn form(page: &Answer) -> Form {
    Page::read(&page.body).form("/consent").unwrap_or_else(|| panic!("no form: {} {}", page.status, page.body)).clone()
}

/// Presses a button of a page.
async fn press(browser: &Browser<'_>, form: &Form, decision: &str) -> Answer {
    let request = Request::post("/consent")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(request, form.clone().with("decision", decision).encoded().into()).await
}

async fn allow(browser: &Browser<'_>, handle: &str) -> Answer {
    browser.post("/consent", &json!({ "decision": "allow", "request": handle })).await
}

/// Whether a silent request comes back with a code; else with which error.
async fn silently(rp: &Client, browser: &Browser<'_>, scope: &str) -> Result<(), String> {
    let answer = rp.authorize(browser, &[("prompt", "none"), ("scope", scope)]).await;
    match returned(answer.header("location")).remove("error") {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Somebody with an account on their own word, and the browser they registered in.
async fn on_their_own_word(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = (world.browser(), world.person());
    browser.accept_terms().await;
    browser.post("/registration/identity", &person.own_word()).await;
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    browser.enter_code(&person).await;
    assert_eq!(browser.confirm().await.status, StatusCode::CREATED);
    (browser, person)
}

async fn told(browser: &Browser<'_>, tokens: &Value) -> Value {
    userinfo(browser, tokens["access_token"].as_str().unwrap()).await.json()
}

#[tokio::test]
async fn an_answer_counts_for_the_account_that_was_asked_and_no_other() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, one) = registered(&world).await;
    let (_, other) = registered(&world).await;
    browser.sign_in(&one).await;
    let asked = handle(&rp.authorize(&browser, &[]).await);
    let shown = page(&browser, &asked).await;
    assert!(shown.body.contains(&one.username), "{}", shown.body);

    assert_eq!(browser.sign_in_with_code(&other).await.step(), "done", "in another tab");
    let again = press(&browser, &form(&shown), "allow").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.header("location"));
    assert!(again.body.contains(&other.username) && !again.body.contains(&one.username), "{}", again.body);
    assert_eq!(silently(&rp, &browser, "openid profile").await, Err("consent_required".to_owned()));

    let allowed = press(&browser, &form(&again), "allow").await;
    assert_eq!(allowed.status, StatusCode::SEE_OTHER, "who has read it can answer: {}", allowed.body);
    assert_eq!(silently(&rp, &browser, "openid profile").await, Ok(()));
}

#[tokio::test]
async fn an_answer_without_the_pages_fields_counts_where_no_other_account_was_shown_it() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, one) = registered(&world).await;
    let (_, other) = registered(&world).await;
    browser.sign_in(&one).await;
    let asked = handle(&rp.authorize(&browser, &[]).await);
    let told = browser.get(&format!("/consent?request={asked}")).await.json();
    assert_eq!(told["step"], "consent", "{told}");
    browser.sign_in_with_code(&other).await;
    let named = json!({ "decision": "allow", "request": asked, "shown": told["shown"] });
    let bare = json!({ "decision": "allow", "request": asked });
    for answer in [&named, &bare] {
        let refused = browser.post("/consent", answer).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        assert_eq!(refused.json()["errors"][0]["code"], "changed", "{}", refused.body);
    }
    let in_a_form = browser.post_form("/consent", &format!("decision=allow&request={asked}")).await;
    assert_eq!(in_a_form.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", in_a_form.body);

    browser.get(&format!("/consent?request={asked}")).await;
    assert_eq!(allow(&browser, &asked).await.step(), "done", "now it was the other who was asked");
    let unseen = handle(&rp.authorize(&browser, &[("scope", "openid phone")]).await);
    assert_eq!(allow(&browser, &unseen).await.step(), "done", "a program that looked at nothing was misled by nothing");
}

#[tokio::test]
async fn what_the_page_said_would_not_be_given_is_asked_for_when_it_can_be() {
    let world = World::new().await;
    let scope = "openid profile citizen_id offline_access";
    let rp = Client::usual(&world, "rp", json!({ "scope": scope })).await;
    let (browser, person) = on_their_own_word(&world).await;
    browser.sign_in(&person).await;
    let asked = handle(&rp.authorize(&browser, &[("scope", scope)]).await);
    let consent = browser.get(&format!("/consent?request={asked}")).await.json();
    let list = |name: &str| consent[name].to_string();
    assert!(list("not_given").contains(r#""citizen_id""#) && list("not_given").contains("middle_name"), "{consent}");
    assert!(list("claims").contains("given_name") && !list("claims").contains(r#""citizen_id""#), "{consent}");
    let tokens = rp.tokens(&browser, &person, &[("scope", scope)]).await;
    assert_eq!(silently(&rp, &browser, scope).await, Ok(()), "nobody is asked for what they have not got");

    let order = json!({
        "action": "update", "client_id": "rp", "unverified_citizen_id": true,
        "operator": "somchai", "second_operator": "malee", "reason": "a law",
    });
    let updated = world.browser().post("/_local/invoke/ops-clients", &order).await.json();
    assert_eq!(updated["unverified_citizen_id"], true, "{updated}");
    world.pass(SignedDuration::from_secs(61));
    assert_eq!(silently(&rp, &browser, scope).await, Err("consent_required".to_owned()));
    let refreshed = rp.refresh(&world.browser(), tokens["refresh_token"].as_str().unwrap()).await.json();
    let before = told(&browser, &refreshed).await;
    assert_eq!((&before["given_name"], &before["citizen_id"]), (&json!("สมหญิง"), &Value::Null), "{before}");

    let shown = page(&browser, &handle(&rp.authorize(&browser, &[("scope", scope)]).await)).await;
    assert!(shown.body.contains("Citizen ID"), "{}", shown.body);
    let tokens = rp.tokens(&browser, &person, &[("scope", scope)]).await;
    assert_eq!(told(&browser, &tokens).await["citizen_id"], json!(person.citizen_id));
}

#[tokio::test]
async fn what_a_client_may_do_at_an_agency_is_agreed_to_by_name() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "scope": "openid profile agency:read agency:write" })).await;
    let (browser, person) = registered(&world).await;
    rp.tokens(&browser, &person, &[]).await;
    let more = "openid profile agency:write";
    assert_eq!(silently(&rp, &browser, more).await, Err("consent_required".to_owned()));
    let asked = handle(&rp.authorize(&browser, &[("scope", more)]).await);
    let shown = page(&browser, &asked).await;
    assert!(shown.body.contains("agency:write") && !shown.body.contains("agency:read"), "{}", shown.body);
    assert_eq!(browser.get(&format!("/consent?request={asked}")).await.json()["scopes"], json!(["agency:write"]));
    press(&browser, &form(&shown), "allow").await;
    assert_eq!(silently(&rp, &browser, more).await, Ok(()));
    assert_eq!(silently(&rp, &browser, "openid agency:read").await, Err("consent_required".to_owned()));
}

#[tokio::test]
async fn nothing_is_shown_or_accepted_before_its_turn() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let strict = Client::usual(&world, "strict", json!({ "minimum_ial": "2.3" })).await;
    let (browser, person) = registered(&world).await;
    let waiting = handle(&strict.authorize(&browser, &[]).await);
    browser.sign_in(&person).await;
    world.pass(SignedDuration::from_secs(60));
    let again = handle(&rp.authorize(&browser, &[("prompt", "login")]).await);
    for waits in [&waiting, &again] {
        let shown = page(&browser, waits).await;
        let resume = format!("/connect/resume?request={waits}");
        assert_eq!(
            (shown.status, shown.header("location")),
            (StatusCode::SEE_OTHER, resume.as_str()),
            "{}",
            shown.body
        );
        assert!(!shown.body.contains(&person.username));
        assert_eq!(allow(&browser, waits).await.json(), json!({ "step": "done", "next": resume }));
    }
    let typed = json!({ "username": person.username, "password": person.password, "request": again });
    assert_eq!(browser.post("/sign-in", &typed).await.step(), "done");
    let next = browser.get(&format!("/connect/resume?request={again}")).await;
    assert!(next.header("location").starts_with("/consent?"), "asked after the sign-in: {}", next.header("location"));
}

#[tokio::test]
async fn a_request_is_over_once_its_client_was_told_no() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let asked = handle(&rp.authorize(&browser, &[]).await);
    let shown = page(&browser, &asked).await;
    let denied = press(&browser, &form(&shown), "deny").await;
    let back = returned(browser.get(denied.header("location")).await.header("location"));
    assert_eq!(back["error"], "access_denied");
    assert_eq!(press(&browser, &form(&shown), "allow").await.status, StatusCode::GONE);
    let resume = format!("/connect/resume?request={asked}");
    for path in [resume.clone(), format!("{resume}&denied=yes")] {
        let answer = browser.get(&path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::GONE, ""), "{}", answer.body);
    }

    // Somebody else signs in for a request about one person: told to the client, once.
    let (_, other) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    world.pass(SignedDuration::from_secs(1));
    let begun = rp.authorize(&browser, &[("id_token_hint", hint), ("prompt", "login")]).await;
    let resume = format!("/connect/resume?request={}", handle(&begun));
    assert_eq!(browser.sign_in_with_code(&other).await.step(), "done");
    assert_eq!(returned(browser.get(&resume).await.header("location"))["error"], "login_required");
    assert_eq!(browser.get(&resume).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_client_that_shares_its_name_for_people_is_said_to() {
    let world = World::new().await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    for (subject_type, alone) in [("pairwise", true), ("public", false)] {
        let rp = Client::usual(&world, subject_type, json!({ "subject_type": subject_type })).await;
        let shown = page(&browser, &handle(&rp.authorize(&browser, &[]).await)).await;
        assert_eq!(shown.body.contains("For this agency alone"), alone, "{}", shown.body);
        assert_eq!(shown.body.contains("Which other services you use"), alone, "{}", shown.body);
        assert_eq!(shown.body.contains("Other services get the same one"), !alone, "{}", shown.body);
    }
}

#[tokio::test]
async fn two_answers_at_once_are_both_kept() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    browser.sign_in(&person).await;
    let one = handle(&rp.authorize(&browser, &[("scope", "openid profile")]).await);
    let two = handle(&rp.authorize(&browser, &[("scope", "openid phone offline_access")]).await);
    let (one, two) = tokio::join!(allow(&browser, &one), allow(&browser, &two));
    assert_eq!((one.step().as_str(), two.step().as_str()), ("done", "done"));
    assert_eq!(silently(&rp, &browser, "openid profile").await, Ok(()));
    assert_eq!(silently(&rp, &browser, "openid phone offline_access").await, Ok(()));
    assert_eq!(silently(&rp, &browser, "openid profile phone offline_access").await, Ok(()));
}

#[tokio::test]
async fn who_lacks_something_is_told_what_can_be_done_and_a_program_in_json() {
    let world = World::new().await;
    let (browser, person) = on_their_own_word(&world).await;
    browser.sign_in(&person).await;
    let lacking = async |rp: &Client| {
        let query = journeys::client::encoded(&rp.request(&[]));
        let request = Request::get(format!("/connect/authorize?{query}&lang=en")).header(header::ACCEPT, "text/html");
        browser.send(request, Bytes::new()).await
    };
    let card = Client::usual(&world, "card", json!({ "minimum_ial": "1.3" })).await;
    let shown = lacking(&card).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    let links = Page::read(&shown.body).links;
    let registration = links.iter().find(|link| link.starts_with("/registration/terms?request="));
    assert!(registration.is_some(), "the card can be shown today, and the way leads back here: {}", shown.body);
    let face = Client::usual(&world, "face", json!({ "minimum_ial": "2.3" })).await;
    let shown = lacking(&face).await;
    assert!(!shown.body.contains("/registration/terms?"), "nothing they can do reaches it: {}", shown.body);

    let told = card.authorize(&browser, &[]).await;
    assert_eq!(
        (told.status, told.header("content-type")),
        (StatusCode::FORBIDDEN, "application/json"),
        "{}",
        told.body
    );
    let told = told.json();
    let expected = (&json!("unmet_authentication_requirements"), &json!({ "ial": "1.3" }));
    assert_eq!((&told["error"], &told["requirement"]), expected, "{told}");
    let back = returned(told["next"].as_str().unwrap());
    assert_eq!((back["error"].as_str(), back["state"].as_str()), ("unmet_authentication_requirements", "a state"));
    let posted = card.authorize(&browser, &[("response_mode", "form_post")]).await.json();
    assert_eq!(posted["next"], "https://card.example/callback");
    assert_eq!(posted["fields"]["error"], "unmet_authentication_requirements", "{posted}");
}

/// Who registers again with the card takes the place of their own word, and comes back to the service.
#[tokio::test]
async fn who_lacks_the_card_registers_with_it_and_gets_in() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "minimum_ial": "1.3" })).await;
    let (browser, person) = on_their_own_word(&world).await;
    browser.sign_in(&person).await;
    let query = journeys::client::encoded(&rp.request(&[]));
    let request = Request::get(format!("/connect/authorize?{query}")).header(header::ACCEPT, "text/html");
    let shown = browser.send(request, Bytes::new()).await;
    let links = Page::read(&shown.body).links;
    let link = links.iter().find(|link| link.starts_with("/registration/terms")).unwrap();
    let (_, handle) = link.split_once("request=").unwrap();

    let proven = Person { username: format!("{}x", person.username), ..person.clone() };
    let version = browser.get("/registration/terms").await.json()["version"].clone();
    let terms = json!({ "terms_version": version, "consent": "accept", "request": handle });
    assert_eq!(browser.post("/registration/terms", &terms).await.status, StatusCode::CREATED);
    world.pass(SignedDuration::from_mins(2));
    browser.prove(&proven).await;
    browser.choose(&proven).await;
    browser.ask_for_code(&proven).await;
    browser.enter_code(&proven).await;
    let done = browser.confirm().await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
    let resumed = browser.get(&format!("/connect/resume?request={handle}")).await;
    let returned = go_on(&browser, &proven, resumed).await;
    assert!(returned.contains_key("code"), "{returned:?}");
}
