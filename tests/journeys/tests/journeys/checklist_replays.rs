//! Lines 10 to 12 of the checklist, where something is used a second time: assertions, proofs, and the refresh tokens
//! of clients that have keys.

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use journeys::{
    Answer, Client, Key, KeyedClient, World,
    client::{ISSUER, VERIFIER},
    key::sha256,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::sso::registered;

const OFFLINE: (&str, &str) = ("scope", "openid profile offline_access");

fn said(answer: &Answer) -> (StatusCode, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}")).to_owned()
}

/// RFC 9449 section 5 has a code of its own for a proof; an assertion is the client's authentication.
#[rstest]
#[case("/connect/token")]
#[case("/connect/par")]
#[tokio::test]
async fn checklist_10_11_an_assertion_and_a_proof_are_used_once_and_told_apart(#[case] path: &str) {
    let world = World::new().await;
    let more = json!({ "grant_types": ["authorization_code", "client_credentials"], "scope": "openid tax.read" });
    let rp = KeyedClient::register(&world, "rp", more).await;
    let server = world.browser();
    let request = rp.client.request(&[("scope", "openid")]);
    let form: Vec<_> = match path {
        "/connect/token" => vec![("grant_type", "client_credentials")],
        _ => request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    let (assertion, proof) = (rp.assertion(), rp.proof(path));
    let first = rp.call_with(&server, path, &form, &assertion, Some(&proof)).await;
    assert!(first.status.is_success(), "{}", first.body);
    let again = rp.call_with(&server, path, &form, &rp.assertion(), Some(&proof)).await;
    assert_eq!(said(&again), (StatusCode::BAD_REQUEST, "invalid_dpop_proof".into()), "{}", again.body);
    assert_eq!(again.header("www-authenticate"), "");
    let again = rp.call_with(&server, path, &form, &assertion, Some(&rp.proof(path))).await;
    assert_eq!(said(&again), (StatusCode::UNAUTHORIZED, "invalid_client".into()), "{}", again.body);
    let neither = rp.call_with(&server, path, &form, &rp.assertion(), Some(&rp.proof(path))).await;
    assert!(neither.status.is_success(), "{}", neither.body);
}

#[tokio::test]
async fn checklist_11_userinfo_says_that_a_proof_was_used_before_in_its_challenge() {
    let world = World::new().await;
    let rp = KeyedClient::register(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[]).await["code"].clone();
    let access = text(&rp.redeem(&browser, &code).await.json(), "access_token");
    let claims = json!({ "ath": sha256(&access) });
    let proof = rp.proving.proof("GET", &format!("{ISSUER}/connect/userinfo"), world.now().as_second(), &claims);
    let ask = async || {
        let request = Request::get("/connect/userinfo").header("authorization", format!("DPoP {access}"));
        browser.send(request.header("dpop", &proof), Bytes::new()).await
    };
    assert_eq!(ask().await.status, StatusCode::OK);
    let again = ask().await;
    assert_eq!(said(&again), (StatusCode::UNAUTHORIZED, "invalid_dpop_proof".into()));
    let challenge = again.header("www-authenticate");
    assert!(challenge.starts_with("DPoP ") && challenge.contains(r#"error="invalid_dpop_proof""#), "{challenge}");
}

/// FAPI 2.0 section 5.3.2.1: bound to the client, which authenticates by its key, or to the key it proves.
#[tokio::test]
async fn checklist_12_a_fapi_clients_refresh_token_is_of_use_to_nobody_else() {
    let world = World::new().await;
    let rp = KeyedClient::register(&world, "rp", json!({})).await;
    let thief = KeyedClient::register(&world, "thief", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    let refresh = text(&rp.redeem(&browser, &code).await.json(), "refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let path = "/connect/token";

    assert_eq!(said(&thief.refresh(&browser, &refresh).await), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    let forged = thief.key.assertion("rp", ISSUER, world.now().as_second(), &json!({}));
    let forged = rp.call_with(&browser, path, &form, &forged, Some(&rp.proof(path))).await;
    assert_eq!(said(&forged), (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    let nobody = rp.client.call_with(&browser, path, &form, &[("dpop", &rp.proof(path))]).await;
    assert_eq!(said(&nobody), (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    let unproved = rp.call_with(&browser, path, &form, &rp.assertion(), None).await;
    assert_eq!(said(&unproved), (StatusCode::BAD_REQUEST, "invalid_dpop_proof".into()));

    // None of it used the token up. The client may have a new key to prove (RFC 9449 section 5), and the access token
    // is bound to that.
    let other = Key::generate();
    let proof = other.proof("POST", &format!("{ISSUER}{path}"), world.now().as_second(), &json!({}));
    let refreshed = rp.call_with(&browser, path, &form, &rp.assertion(), Some(&proof)).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    let access = text(&refreshed.json(), "access_token");
    let seen = rp.call(&browser, "/connect/introspect", &[("token", &access)]).await.json();
    assert_eq!((&seen["token_type"], &seen["cnf"]["jkt"]), (&json!("DPoP"), &json!(other.thumbprint())), "{seen}");
}

/// Who cannot authenticate is bound to the key that was proved when the code was redeemed.
#[tokio::test]
async fn checklist_12_a_public_clients_refresh_token_is_bound_to_the_key_it_proved() {
    let world = World::new().await;
    let more = json!({ "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true });
    let rp = Client::usual(&world, "app", more).await;
    let (browser, person) = registered(&world).await;
    let (key, other) = (Key::generate(), Key::generate());
    let call = async |key: &Key, form: &[(&str, &str)]| {
        let proof = key.proof("POST", &format!("{ISSUER}/connect/token"), world.now().as_second(), &json!({}));
        rp.call_with(&browser, "/connect/token", form, &[("dpop", &proof)]).await
    };
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &rp.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let refresh = text(&call(&key, &redemption).await.json(), "refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(said(&call(&other, &form).await), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    assert_eq!(call(&key, &form).await.status, StatusCode::OK, "it was not used up");
}

/// The grace is 10 s and for a lost answer only: until the successor is used, and for the same key.
#[rstest]
#[case::lost_answer(9, false, true)]
#[case::too_late(11, false, false)]
#[case::the_successor_was_used(1, true, false)]
#[tokio::test]
async fn checklist_12_14_a_fapi_clients_refresh_token_rotates_with_the_grace_and_no_more(
    #[case] seconds: i64,
    #[case] successor_used: bool,
    #[case] is_retried: bool,
) {
    let world = World::new().await;
    let rp = KeyedClient::register(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    let first = text(&rp.redeem(&browser, &code).await.json(), "refresh_token");
    let mut successor = text(&rp.refresh(&browser, &first).await.json(), "refresh_token");
    assert_ne!(first, successor, "it rotates");
    if successor_used {
        successor = text(&rp.refresh(&browser, &successor).await.json(), "refresh_token");
    }
    world.pass(SignedDuration::from_secs(seconds));
    let retried = rp.refresh(&browser, &first).await;
    let alive = async |token: &str| {
        rp.call(&browser, "/connect/introspect", &[("token", token)]).await.json()["active"].clone()
    };
    assert_eq!(alive(&successor).await, false, "its successor dies, or the family");
    if is_retried {
        let other = text(&retried.json(), "refresh_token");
        assert_eq!(alive(&other).await, true);
    } else {
        assert_eq!(said(&retried), (StatusCode::BAD_REQUEST, "invalid_grant".into()), "{}", retried.body);
    }
}

/// Another key within the grace is not the one whose answer was lost.
#[tokio::test]
async fn checklist_12_the_grace_is_for_the_key_whose_answer_was_lost() {
    let world = World::new().await;
    let rp = KeyedClient::register(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    let first = text(&rp.redeem(&browser, &code).await.json(), "refresh_token");
    let successor = text(&rp.refresh(&browser, &first).await.json(), "refresh_token");
    let proof = Key::generate().proof("POST", &format!("{ISSUER}/connect/token"), world.now().as_second(), &json!({}));
    let form = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    let retried = rp.call_with(&browser, "/connect/token", &form, &rp.assertion(), Some(&proof)).await;
    assert_eq!(said(&retried), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    assert_eq!(said(&rp.refresh(&browser, &successor).await).1, "invalid_grant", "the family is dead");
}

/// However often it rotates: 30 days after the person agreed it is over.
#[tokio::test]
async fn checklist_14_a_refresh_token_ends_thirty_days_after_the_first_however_often_it_rotates() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let begun = world.now();
    let mut refresh = text(&rp.tokens(&browser, &person, &[OFFLINE]).await, "refresh_token");
    for _ in 0..3 {
        world.pass(SignedDuration::from_hours(24 * 10) - SignedDuration::from_secs(10));
        let refreshed = rp.refresh(&browser, &refresh).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{} {}", world.now(), refreshed.body);
        refresh = text(&refreshed.json(), "refresh_token");
        let ends = rp.introspect(&browser, &refresh).await["exp"].as_i64().unwrap();
        assert!(ends - begun.as_second() <= 30 * 24 * 3600, "the end never moves");
        let left = refreshed.json()["expires_in"].as_i64().unwrap();
        assert!(world.now().as_second() + left <= ends, "an access token outlives nothing");
    }
    world.pass(SignedDuration::from_secs(30));
    assert_eq!(said(&rp.refresh(&browser, &refresh).await), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    assert_eq!(rp.introspect(&browser, &refresh).await, json!({ "active": false }));
}
