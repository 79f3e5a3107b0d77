//! Lines 9 to 11 of the checklist: pushed requests, client assertions, proofs of possession.

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use journeys::{
    Answer, Browser, Client, Key, World,
    client::{ISSUER, VERIFIER, encoded, go_on, returned, userinfo},
    key::sha256,
};
use serde_json::{Value, json};

use crate::sso::registered;

async fn push(rp: &Client, browser: &Browser<'_>, more: &[(&str, &str)]) -> Answer {
    let request = rp.request(more);
    let form: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    rp.call(browser, "/connect/par", &form).await
}

async fn open(browser: &Browser<'_>, client_id: &str, uri: &str) -> Answer {
    let query = encoded(&[("client_id".into(), client_id.into()), ("request_uri".into(), uri.into())]);
    browser.get(&format!("/connect/authorize?{query}")).await
}

#[tokio::test]
async fn checklist_09_a_pushed_request_is_its_clients_short_lived_and_used_up_by_the_code() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "require_pushed_authorization_requests": true })).await;
    let other = Client::usual(&world, "other", json!({})).await;
    let (browser, person) = registered(&world).await;
    let direct = rp.authorize(&browser, &[]).await;
    assert_eq!(returned(direct.header("location"))["error"], "invalid_request");
    let nested = push(&rp, &browser, &[("request_uri", "urn:x")]).await;
    assert_eq!(nested.status, StatusCode::BAD_REQUEST, "{}", nested.body);
    let pushed = push(&rp, &browser, &[]).await.json();
    assert!(pushed["expires_in"].as_i64().is_some_and(|seconds| seconds < 600), "{pushed}");
    let uri = pushed["request_uri"].as_str().unwrap();
    let stolen = open(&browser, &other.id, uri).await;
    assert!(!stolen.header("location").contains("request="), "{}", stolen.header("location"));
    let first = open(&browser, &rp.id, uri).await;
    assert!(first.header("location").starts_with("/sign-in?"));
    let reloaded = open(&browser, &rp.id, uri).await;
    assert!(go_on(&browser, &person, reloaded).await.contains_key("code"), "a reload works");
    let spent = open(&browser, &rp.id, uri).await;
    assert!(!spent.header("location").contains("code="), "{}", spent.header("location"));
    let late = push(&rp, &browser, &[]).await.json();
    world.pass(SignedDuration::from_secs(600));
    let late = open(&browser, &rp.id, late["request_uri"].as_str().unwrap()).await;
    assert!(late.header("location").is_empty() || late.header("location").contains("error="), "{}", late.body);
}

/// A call to PAR with this assertion: nothing but the client's authentication decides.
async fn pushed_with(rp: &Client, browser: &Browser<'_>, assertion: &str) -> StatusCode {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    push(rp, browser, &[("client_assertion", assertion), ("client_assertion_type", kind)]).await.status
}

#[tokio::test]
async fn checklist_10_an_assertion_is_fresh_for_us_alone_and_used_once() {
    let world = World::new().await;
    let key = Key::generate();
    let keys = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] }, "profile": "fapi2",
    });
    let fapi = Client::usual(&world, "fapi", keys).await;
    let (browser, now) = (world.browser(), world.now().as_second());
    let token = format!("{ISSUER}/connect/token");
    let sign = |more: Value| key.assertion("fapi", ISSUER, now, &more);
    let unsigned = format!(
        "{}.",
        key.jwt(&json!({ "alg": "none" }), &json!({ "sub": "fapi", "iss": "fapi" })).rsplit_once('.').unwrap().0
    );
    for (why, assertion) in [
        ("another audience", sign(json!({ "aud": token }))),
        ("two audiences", sign(json!({ "aud": [ISSUER, token] }))),
        ("too far ahead", sign(json!({ "exp": now + 301 + 60 }))),
        ("expired", sign(json!({ "exp": now - 61, "iat": now - 120 }))),
        ("from the future", sign(json!({ "iat": now + 61, "nbf": now + 61 }))),
        ("none", unsigned),
        ("RS256", key.jwt(&json!({ "alg": "RS256" }), &json!({ "sub": "fapi", "iss": "fapi" }))),
        ("another key", Key::generate().assertion("fapi", ISSUER, now, &json!({}))),
    ] {
        assert_eq!(pushed_with(&fapi, &browser, &assertion).await, StatusCode::UNAUTHORIZED, "{why}");
    }
    let ahead = sign(json!({ "iat": now + 8, "nbf": now + 8 }));
    assert_eq!(pushed_with(&fapi, &browser, &ahead).await, StatusCode::CREATED, "a clock 8 s ahead");
    assert_eq!(pushed_with(&fapi, &browser, &ahead).await, StatusCode::UNAUTHORIZED, "replayed");
    let other = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] } });
    let usual = Client::usual(&world, "usual", other).await;
    let named = key.assertion("usual", &token, now, &json!({}));
    assert_eq!(pushed_with(&usual, &browser, &named).await, StatusCode::CREATED, "others may name the token endpoint");
}

#[tokio::test]
async fn checklist_11_a_proof_fits_its_request_key_and_code_and_is_used_once() {
    let world = World::new().await;
    let (key, other) = (Key::generate(), Key::generate());
    let rp = Client::usual(&world, "rp", json!({ "dpop_bound_access_tokens": true })).await;
    let (browser, person) = registered(&world).await;
    let (url, now) = (format!("{ISSUER}/connect/token"), world.now().as_second());
    let code = rp.sign_in(&browser, &person, &[("dpop_jkt", &key.thumbprint())]).await["code"].clone();
    let redeem = async |proof: String| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &rp.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        rp.call_with(&browser, "/connect/token", &form, &[("dpop", &proof)]).await
    };
    for (why, proof) in [
        ("htm", key.proof("GET", &url, now, &json!({}))),
        ("htu", key.proof("POST", ISSUER, now, &json!({}))),
        ("old", key.proof("POST", &url, now - 400, &json!({}))),
        ("another key than the code's", other.proof("POST", &url, now, &json!({}))),
    ] {
        assert_eq!(redeem(proof).await.status, StatusCode::BAD_REQUEST, "{why}");
    }
    let answer = redeem(key.proof("POST", &url, now + 10, &json!({}))).await;
    assert_eq!(answer.status, StatusCode::OK, "10 s ahead: {}", answer.body);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    let info = async |proof: &str| {
        let request =
            Request::get("/connect/userinfo").header("authorization", format!("DPoP {access}")).header("dpop", proof);
        browser.send(request, Bytes::new()).await.status
    };
    let here = format!("{ISSUER}/connect/userinfo");
    let ath = json!({ "ath": sha256(&access) });
    assert_eq!(info(&key.proof("GET", &here, now, &json!({ "ath": sha256("other") }))).await, StatusCode::UNAUTHORIZED);
    assert_eq!(info(&other.proof("GET", &here, now, &ath)).await, StatusCode::UNAUTHORIZED);
    let proof = key.proof("GET", &here, now - 10, &ath);
    assert_eq!(info(&proof).await, StatusCode::OK, "10 s behind");
    assert_eq!(info(&proof).await, StatusCode::UNAUTHORIZED, "replayed");
    assert_eq!(userinfo(&browser, &access).await.status, StatusCode::UNAUTHORIZED, "as Bearer");
}
