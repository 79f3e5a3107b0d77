//! Lines 1 to 8 and 31, 38 of the checklist: what the authorization endpoint withstands.

use bytes::Bytes;
use http::{Request, StatusCode};
use journeys::{
    Browser, Client, World,
    client::{ISSUER, go_on, returned},
    key::claims,
};
use local::template::Template;
use serde_json::json;

use crate::sso::registered;

#[tokio::test]
async fn checklist_01_a_redirect_uri_that_is_not_the_very_string_gets_an_error_page() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let browser = world.browser();
    for wrong in [
        "https://rp.example/Callback",
        "https://RP.example/callback",
        "https://rp.example/callback/",
        "https://rp.example:443/callback",
        "https://rp.example/callback?x=1",
        "https://rp.example/callback#x",
        "https://evil.example/callback",
    ] {
        let answer = rp.authorize(&browser, &[("redirect_uri", wrong)]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, ""), "{wrong}");
    }
    let unknown = rp.authorize(&browser, &[("client_id", "nobody")]).await;
    assert_eq!((unknown.status, unknown.header("location")), (StatusCode::BAD_REQUEST, ""));
}

/// The error that a request comes back with.
async fn refused(rp: &Client, world: &World, more: &[(&str, &str)]) -> String {
    let answer = rp.authorize(&world.browser(), more).await;
    let back = returned(answer.header("location"));
    assert_eq!(back.get("iss").map(String::as_str), Some(ISSUER), "{more:?}: {} {}", answer.status, answer.body);
    assert_eq!(back.get("state").map(String::as_str), Some("a state"));
    back.get("error").cloned().unwrap_or_default()
}

#[tokio::test]
async fn checklist_02_03_04_06_what_is_not_supported_is_refused_by_name_with_iss() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    for (more, code) in [
        (vec![("code_challenge", "")], "invalid_request"),
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (vec![("code_challenge_method", "plain")], "invalid_request"),
        (vec![("code_challenge_method", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "id_token")], "unsupported_response_type"),
        (vec![("response_type", "code id_token")], "unsupported_response_type"),
        (vec![("request", "e30.e30.")], "request_not_supported"),
        (vec![("request_uri", "https://rp.example/request")], "request_uri_not_supported"),
    ] {
        assert_eq!(refused(&rp, &world, &more).await, code, "{more:?}");
    }
    let metadata = world.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(!metadata["grant_types_supported"].to_string().contains("password"), "{metadata}");
    let password = rp.call(&world.browser(), "/connect/token", &[("grant_type", "password"), ("username", "a")]).await;
    assert_eq!(password.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn checklist_05_prompt_and_max_age_are_heeded() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    assert_eq!(refused(&rp, &world, &[("prompt", "none")]).await, "login_required");
    browser.sign_in(&person).await;
    let silent = rp.authorize(&browser, &[("prompt", "none")]).await;
    assert_eq!(returned(silent.header("location"))["error"], "consent_required");
    let lacking = rp.authorize(&browser, &[("prompt", "none"), ("require_ial_level", "2.3")]).await;
    assert_eq!(returned(lacking.header("location"))["error"], "interaction_required");
    let first = rp.tokens(&browser, &person, &[]).await;
    world.pass(jiff::SignedDuration::from_secs(100));
    for more in [[("prompt", "login")], [("max_age", "50")]] {
        let asked = rp.authorize(&browser, &more).await;
        assert!(asked.header("location").starts_with("/sign-in?"), "{more:?} {}", asked.header("location"));
        let back = go_on(&browser, &person, asked).await;
        let tokens = rp.redeem(&browser, &back["code"]).await.json();
        let at = |tokens: &serde_json::Value| claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_i64();
        assert!(at(&tokens) > at(&first), "{more:?}");
        world.pass(jiff::SignedDuration::from_secs(100));
    }
}

#[tokio::test]
async fn checklist_06_a_post_from_another_site_is_answered_by_a_get() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let surprised = rp.authorize(&world.browser(), &[("surprise", "1"), ("nonce", "")]).await;
    assert!(surprised.header("location").starts_with("/sign-in?"), "{}", surprised.header("location"));
    let form = journeys::client::encoded(&rp.request(&[("surprise", "1"), ("nonce", "")]));
    let from_ours = Request::post("/connect/authorize")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    let answer = world.browser().send(from_ours, form.clone().into()).await;
    assert!(answer.header("location").starts_with("/sign-in?"), "a POST of our own is like a GET: {}", answer.body);
    let request = Request::post("/connect/authorize")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let answer = browser.send(request, form.into()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let back = go_on(&browser, &person, answer).await;
    let tokens = rp.redeem(&browser, &back["code"]).await.json();
    assert!(claims(tokens["id_token"].as_str().unwrap())["nonce"].is_null());
    let plain = rp.tokens(&browser, &person, &[("scope", "profile")]).await;
    assert!(plain["id_token"].is_null(), "no openid scope, no ID token");
}

#[tokio::test]
async fn checklist_07_forms_with_credentials_are_followed_by_303_and_pages_keep_to_themselves() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let begun = rp.authorize(&browser, &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let path = begun.header("location").to_owned();
    let handle = path.split_once("request=").unwrap().1.to_owned();
    let pages = browser.twin().with_pages();
    let parameters = ["Issuer", "CardRegistryUrl"].map(|name| (name.to_owned(), "http://x".to_owned()));
    let template = Template::read(&Template::path(), &parameters.into()).unwrap();
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    let read = routes.filter(|route| route.method == Some(http::Method::GET)).map(|route| route.path.as_str());
    // Files and documents for programs, which are no pages.
    let documents = ["/assets/", "/.well-known/", "/connect/userinfo"];
    let shown: Vec<_> = read.filter(|path| documents.iter().all(|document| !path.starts_with(document))).collect();
    assert!(shown.len() > 15, "{shown:?}");
    for path in shown.into_iter().chain([path.as_str()]) {
        // Signed in nowhere, in the middle of signing in, in the middle of registering, and signed in.
        let registering = world.browser();
        registering.accept_terms().await;
        for browser in [world.browser(), pages.twin(), registering, browser.twin()].map(Browser::with_pages) {
            let page = browser.get(&path.replace("{proxy+}", "nowhere")).await;
            let said = format!("{path}: {} {:?}", page.status, page.headers);
            assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{said}");
            assert_eq!(page.header("access-control-allow-origin"), "", "{said}");
            assert_eq!(page.header("referrer-policy"), "same-origin", "{said}");
            assert_eq!(page.header("cache-control"), "no-store", "{said}");
            assert_eq!(page.header("vary"), "Accept, Accept-Language, Cookie", "{said}");
            assert_ne!(page.status, StatusCode::TEMPORARY_REDIRECT, "{said}");
        }
    }
    let typed = [("username", &person.username), ("password", &person.password), ("request", &handle)];
    let typed: Vec<_> = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
    let posted = pages.post_form("/sign-in", &journeys::client::encoded(&typed)).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.body);
}

#[tokio::test]
async fn checklist_04_08_state_and_nonce_come_back_byte_for_byte_and_nothing_is_sent_twice() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let long = "ก \"&=+%<>/?#".repeat(30);
    let back = rp.sign_in(&browser, &person, &[("state", &long), ("nonce", &long)]).await;
    assert_eq!(back["state"], long);
    assert_eq!(back["iss"], ISSUER, "line 4: on success too");
    let tokens = rp.redeem(&browser, &back["code"]).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], long);
    let query = journeys::client::encoded(&rp.request(&[]));
    let twice = browser.get(&format!("/connect/authorize?{query}&scope=openid")).await;
    assert_eq!(returned(twice.header("location"))["error"], "invalid_request");
}

#[tokio::test]
async fn checklist_08_a_state_that_cannot_come_back_as_it_was_sent_is_refused() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "skip_consent": true })).await;
    let (browser, person) = registered(&world).await;
    rp.sign_in(&browser, &person, &[]).await;
    let query = journeys::client::encoded(&rp.request(&[("state", "")]));
    let long = |length: usize| "s".repeat(length);
    for (state, error) in [
        (long(4096), None),
        (long(4097), Some("invalid_request")),
        ("%E0%B8%81".repeat(1000), Some("invalid_request")),
        ("a%FFb".to_owned(), Some("invalid_request")),
    ] {
        let answer = browser.get(&format!("/connect/authorize?{query}&state={state}")).await;
        let back = returned(answer.header("location"));
        assert_eq!(back.get("error").map(String::as_str), error, "{} {}", state.len(), answer.body);
        assert_eq!(back.contains_key("code"), error.is_none());
        assert_eq!(back.get("state").map(String::len), error.is_none().then_some(4096));
    }
}

#[tokio::test]
async fn checklist_31_a_request_begun_in_one_browser_is_refused_in_another() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (mine, _) = registered(&world).await;
    let (theirs, other) = registered(&world).await;
    let begun = rp.authorize(&mine, &[]).await;
    let handle = begun.header("location").split_once("request=").unwrap().1.to_owned();
    for _ in 0..2 {
        let resumed = theirs.get(&format!("/connect/resume?request={handle}")).await;
        assert!(resumed.status.is_client_error() && resumed.header("location").is_empty(), "{}", resumed.body);
        let consent = theirs.post("/consent", &json!({ "decision": "allow", "request": handle })).await;
        assert!(consent.status.is_client_error(), "{}", consent.body);
        theirs.sign_in(&other).await;
    }
    let stranger = world.browser().send(Request::get(format!("/sign-in?request={handle}")), Bytes::new()).await;
    assert!(stranger.status.is_client_error(), "{}", stranger.body);
}

#[tokio::test]
async fn checklist_38_two_relying_parties_of_a_session_share_no_sub_and_no_sid() {
    let world = World::new().await;
    let (one, two) = (Client::usual(&world, "one", json!({})).await, Client::usual(&world, "two", json!({})).await);
    let (browser, person) = registered(&world).await;
    let told = |tokens: serde_json::Value| claims(tokens["id_token"].as_str().unwrap());
    let (a, b) = (told(one.tokens(&browser, &person, &[]).await), told(two.tokens(&browser, &person, &[]).await));
    let again = told(one.tokens(&browser, &person, &[]).await);
    assert!(a["sub"] != b["sub"] && a["sid"] != b["sid"], "{a} {b}");
    assert_eq!((&a["sub"], &a["sid"]), (&again["sub"], &again["sid"]));
}

#[tokio::test]
async fn checklist_02_a_verifier_for_a_code_without_a_challenge_is_refused() {
    let world = World::new().await;
    let rp = Client::usual(&world, "older", json!({ "require_pkce": false })).await;
    let (browser, person) = registered(&world).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = rp.sign_in(&browser, &person, &without).await["code"].clone();
    assert_eq!(rp.redeem(&browser, &code).await.json()["error"], "invalid_grant");
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &rp.redirect_uri)];
    assert_eq!(rp.call(&browser, "/connect/token", &form).await.status, StatusCode::OK);
    let bare = [without[0], without[1], ("nonce", "")];
    assert_eq!(refused(&rp, &world, &bare).await, "invalid_request", "it must send a nonce");
}
