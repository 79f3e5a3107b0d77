//! What an operator or a client changes holds from then on, also for what was given before.

use http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use journeys::{
    Browser, Client, Key, RelyingParty, World,
    client::{ISSUER, userinfo},
    keyed_client::ASSERTION_TYPE,
};
use serde_json::{Value, json};

use crate::sso::{exchange, registered};

/// An order of one operator, and of a second where one is named.
async fn order(operator: &Browser<'_>, action: &str, second: Option<&str>, more: Value) -> Value {
    let mut order = json!({ "action": action, "operator": "somchai", "reason": "a test" });
    let members = order.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.extend(second.map(|second| ("second_operator".to_owned(), second.into())));
    operator.post("/_local/invoke/ops-clients", &order).await.json()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

#[tokio::test]
async fn what_is_taken_from_a_client_is_told_and_given_no_more() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[("scope", "openid profile phone offline_access")]).await;
    assert!(userinfo(&browser, text(&tokens, "access_token")).await.json()["phone_number"].is_string());
    let narrower = json!({ "client_id": "rp", "scope": "openid profile offline_access" });
    assert!(order(&browser, "update", None, narrower).await["error"].is_null());
    assert!(userinfo(&browser, text(&tokens, "access_token")).await.json()["phone_number"].is_null());
    let refreshed = rp.refresh(&browser, text(&tokens, "refresh_token")).await.json();
    assert_eq!(text(&refreshed, "scope"), "offline_access openid profile");
}

#[tokio::test]
async fn what_a_disabled_client_handed_on_is_worth_nothing() {
    let world = World::new().await;
    let exchanging = json!({
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "exchange_audiences": ["two"],
    });
    let (one, two) = (Client::usual(&world, "one", exchanging).await, Client::usual(&world, "two", json!({})).await);
    let (browser, person) = registered(&world).await;
    let tokens = one.tokens(&browser, &person, &[]).await;
    let handed_on = exchange(&one, &browser, text(&tokens, "access_token"), &[("audience", "two")]).await.json();
    assert_eq!(two.introspect(&browser, text(&handed_on, "access_token")).await["active"], true);
    assert!(order(&browser, "disable", None, json!({ "client_id": "one" })).await["error"].is_null());
    assert_eq!(two.introspect(&browser, text(&handed_on, "access_token")).await, json!({ "active": false }));
}

#[tokio::test]
async fn an_exchange_fixes_the_targets_sector_and_goes_to_no_app() {
    let world = World::new().await;
    let exchanging = json!({
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "exchange_audiences": ["two", "app"],
    });
    let one = Client::usual(&world, "one", exchanging).await;
    Client::usual(&world, "two", json!({})).await;
    Client::usual(&world, "app", json!({ "token_endpoint_auth_method": "none" })).await;
    let (browser, person) = registered(&world).await;
    let tokens = one.tokens(&browser, &person, &[]).await;
    let to = async |audience| exchange(&one, &browser, text(&tokens, "access_token"), &[("audience", audience)]).await;
    assert_eq!(to("two").await.status, StatusCode::OK);
    assert_eq!(text(&to("app").await.json(), "error"), "invalid_target");
    let moved = order(&browser, "update", None, json!({ "client_id": "two", "sector": "elsewhere.example" })).await;
    assert_eq!(moved["error"]["code"], "sector_fixed", "{moved}");
}

#[tokio::test]
async fn the_secret_of_a_client_that_two_must_register_is_renewed_by_two() {
    let world = World::new().await;
    Client::usual(&world, "rp", json!({ "scope": "openid citizen_id" })).await;
    let operator = world.browser();
    let renewal = json!({ "client_id": "rp" });
    let alone = order(&operator, "renew_secret", None, renewal.clone()).await;
    assert!(alone["error"]["code"].is_string() && alone["client_secret"].is_null(), "{alone}");
    let together = order(&operator, "renew_secret", Some("somsri"), renewal).await;
    assert!(together["client_secret"].is_string(), "{together}");
}

#[tokio::test]
async fn an_exchanged_token_stays_bound_to_the_callers_key() {
    let world = World::new().await;
    let more = json!({
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "exchange_audiences": ["two"],
    });
    let one = journeys::KeyedClient::register(&world, "one", more).await;
    let two = Client::usual(&world, "two", json!({})).await;
    let (browser, person) = registered(&world).await;
    let returned = one.sign_in(&browser, &person, &[]).await;
    let tokens = one.redeem(&browser, &returned["code"]).await.json();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", text(&tokens, "access_token")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", "two"),
    ];
    let given = one.call(&browser, "/connect/token", &form).await.json();
    assert_eq!(text(&given, "token_type"), "DPoP", "{given}");
    let seen = two.introspect(&browser, text(&given, "access_token")).await;
    assert_eq!(seen["cnf"]["jkt"], one.proving.thumbprint(), "{seen}");
}

/// Its keys name no `kid`, so that nothing but the signature shows that they are others now.
#[tokio::test]
async fn keys_at_a_jwks_uri_are_asked_for_again_when_they_do_not_fit_and_when_they_are_old() {
    let world = World::new().await;
    let (published, first, second) = (RelyingParty::answering("200 OK").await, Key::generate(), Key::generate());
    let more = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": published.url() });
    let rp = Client::usual(&world, "rp", more).await;
    let browser = world.browser();
    let publish = |key: &Key| published.publish(json!({ "keys": [key.jwk()] }).to_string());
    let is_let_in = async |key: &Key| {
        let assertion = key.assertion("rp", ISSUER, world.now().as_second(), &json!({}));
        let form = [("token", "x"), ("client_assertion", &assertion), ("client_assertion_type", ASSERTION_TYPE)];
        rp.call(&browser, "/connect/introspect", &form).await.status == StatusCode::OK
    };
    publish(&first);
    assert!(is_let_in(&first).await && is_let_in(&first).await);
    assert_eq!(published.bodies().len(), 1, "kept");
    publish(&second);
    assert!(!is_let_in(&second).await, "asked once a minute at most");
    world.pass(SignedDuration::from_mins(2));
    assert!(is_let_in(&second).await, "rotated");
    publish(&first);
    world.pass(SignedDuration::from_mins(9));
    assert!(is_let_in(&second).await, "what is known fits, and is not old yet");
    world.pass(SignedDuration::from_mins(2));
    assert!(!is_let_in(&second).await, "withdrawn");
}

#[tokio::test]
async fn checklist_20_a_get_of_userinfo_may_name_a_type_and_a_refusal_says_which() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[]).await;
    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    for method in [Method::GET, Method::POST] {
        let request = Request::builder().method(method).uri("/connect/userinfo");
        let request = request.header(header::CONTENT_TYPE, "application/json").header(header::AUTHORIZATION, &bearer);
        assert_eq!(browser.send(request, bytes::Bytes::new()).await.status, StatusCode::OK);
    }
    let twice = Request::post("/connect/userinfo")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, &bearer);
    let refused = browser.send(twice, "access_token=x".into()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.header("www-authenticate").contains("invalid_request"), "{}", refused.header("www-authenticate"));
}
