//! Lines 12 to 22 and 37 of the checklist: codes, tokens, introspection, userinfo, signing out.

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use futures_util::future::join_all;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use journeys::{
    Client, World,
    client::{VERIFIER, basic, encoded, userinfo},
    key::{claims, header},
};
use serde_json::{Value, json};

use crate::sso::{exchange, registered};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const OFFLINE: (&str, &str) = ("scope", "openid profile offline_access");

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

#[tokio::test]
async fn checklist_12_13_a_code_lives_a_minute_and_belongs_to_its_client_and_verifier() {
    let world = World::new().await;
    let (rp, other) = (Client::usual(&world, "rp", json!({})).await, Client::usual(&world, "other", json!({})).await);
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[]).await["code"].clone();
    let wrong_client = other.redeem(&browser, &code).await;
    assert_eq!(wrong_client.json()["error"], "invalid_grant");
    for (name, value) in [("redirect_uri", "https://rp.example/other"), ("code_verifier", &VERIFIER.replace('d', "e"))]
    {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", rp.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        let answer = rp.call(&browser, "/connect/token", &form).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{name}");
    }
    world.pass(SignedDuration::from_secs(59));
    assert_eq!(rp.redeem(&browser, &code).await.status, StatusCode::OK, "checks first, consumption last");
    let code = rp.sign_in(&browser, &person, &[]).await["code"].clone();
    world.pass(SignedDuration::from_secs(61));
    assert_eq!(rp.redeem(&browser, &code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn checklist_13_fifty_who_come_with_one_code_get_one_answer_and_its_reuse_ends_it() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    let answers = join_all((0..50).map(|_| rp.redeem(&browser, &code))).await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(good.len(), 1);
    let tokens = good[0].json();
    assert_eq!(userinfo(&browser, text(&tokens, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(rp.refresh(&browser, text(&tokens, "refresh_token")).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn checklist_13_a_code_gives_nothing_once_its_person_has_signed_out() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let code = rp.sign_in(&browser, &person, &[OFFLINE]).await["code"].clone();
    browser.post("/connect/endsession", &json!({ "confirm": "yes" })).await;
    assert_eq!(rp.redeem(&browser, &code).await.json()["error"], "invalid_grant");

    let code = rp.sign_in(&browser, &person, &[]).await["code"].clone();
    world.pass(SignedDuration::from_secs(1));
    browser.sign_in(&person).await;
    assert_eq!(rp.redeem(&browser, &code).await.status, StatusCode::OK, "the session goes on under another secret");
}

#[tokio::test]
async fn checklist_14_fifty_uses_of_one_refresh_token_leave_one_successor_and_reuse_kills_the_family() {
    let world = World::new().await;
    let (rp, other) = (Client::usual(&world, "rp", json!({})).await, Client::usual(&world, "other", json!({})).await);
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[OFFLINE]).await;
    let first = text(&tokens, "refresh_token");
    assert_eq!(other.refresh(&browser, first).await.json()["error"], "invalid_grant");
    let wide = [("grant_type", "refresh_token"), ("refresh_token", first), ("scope", "openid phone")];
    assert_eq!(rp.call(&browser, "/connect/token", &wide).await.json()["error"], "invalid_scope");
    let answers = join_all((0..50).map(|_| rp.refresh(&browser, first))).await;
    let mut successors: Vec<_> =
        answers.iter().filter(|answer| answer.status == StatusCode::OK).map(journeys::Answer::json).collect();
    // On a slow machine the last winner's answer may not have come in time: who asks again within the grace gets one.
    let again = rp.refresh(&browser, first).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    successors.push(again.json());
    world.pass(SignedDuration::from_secs(11));
    let mut alive = Vec::new();
    for successor in &successors {
        let seen = rp.introspect(&browser, text(successor, "refresh_token")).await;
        if seen["active"] == true {
            alive.push(text(successor, "refresh_token"));
        }
    }
    assert_eq!(alive.len(), 1, "of {} within the grace", successors.len());
    assert_eq!(rp.refresh(&browser, first).await.json()["error"], "invalid_grant");
    assert_eq!(rp.refresh(&browser, alive[0]).await.json()["error"], "invalid_grant", "the family is dead");
}

#[tokio::test]
async fn checklist_15_the_token_endpoint_says_no_in_the_protocols_words() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let server = world.browser();
    let secret = rp.secret.clone().unwrap();
    let form = |pairs: &[(&str, &str)]| {
        encoded(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    };
    let post = || Request::post("/connect/token").header("content-type", "application/x-www-form-urlencoded");
    let body = form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    let wrong = server.send(post().header("authorization", basic("rp", "wrong")), body.clone().into()).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (StatusCode::UNAUTHORIZED, Some("invalid_client")));
    assert!(wrong.header("www-authenticate").starts_with("Basic"));
    assert_eq!(wrong.header("cache-control"), "no-store");
    let both = form(&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_secret", &secret)]);
    let twice = server.send(post().header("authorization", basic("rp", &secret)), both.into()).await;
    assert_eq!((twice.status, twice.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_request")));
    let encoded_id = server.send(post().header("authorization", basic("r%70", "x")), body.into()).await;
    assert_eq!(encoded_id.json()["error"], "invalid_client");
}

/// RFC 6749 section 2.3.1: id and secret are form-encoded before the colon is put between them, and decoded after.
#[tokio::test]
async fn checklist_15_basic_credentials_are_form_decoded() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "grant_types": ["client_credentials"], "scope": "tax.read" })).await;
    let secret = "100% sure: a+b = ก&c";
    let stored: String = digest(&SHA256, secret.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let row = world.dynamodb().update_item().table_name("Clients").key("id", AttributeValue::S(rp.id.clone()));
    let row = row.update_expression("SET secret = :secret").condition_expression("attribute_exists(secret)");
    row.expression_attribute_values(":secret", AttributeValue::S(stored)).send().await.unwrap();
    let server = world.browser();
    let call = async |credentials: &str| {
        let request = Request::post("/connect/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {}", BASE64.encode(credentials)));
        server.send(request, "grant_type=client_credentials".into()).await
    };
    for credentials in [
        "rp:100%25+sure%3A+a%2Bb+%3D+%E0%B8%81%26c",
        "rp:100%25%20sure%3a%20a%2bb%20%3d%20%e0%b8%81%26c",
        "%72%70:100%25 sure: a%2Bb = ก&c",
    ] {
        let answer = call(credentials).await;
        assert_eq!(answer.status, StatusCode::OK, "{credentials}: {}", answer.body);
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    }
    for credentials in [
        format!("rp:{secret}"),
        "rp:100%25+sure%3A+a+b+%3D+%E0%B8%81%26c".to_owned(),
        "rp:100%2525+sure%3A+a%2Bb+%3D+%E0%B8%81%26c".to_owned(),
        "rp%3A100%25+sure%3A+a%2Bb+%3D+%E0%B8%81%26c".to_owned(),
    ] {
        let answer = call(&credentials).await;
        let expected = (StatusCode::UNAUTHORIZED, json!("invalid_client"));
        assert_eq!((answer.status, answer.json()["error"].clone()), expected, "{credentials}");
    }
}

#[tokio::test]
async fn checklist_16_17_tokens_have_the_standards_form() {
    let world = World::new().await;
    let more = json!({
        "id_token_signed_response_alg": "ES256", "access_token_format": "jwt", "resources": ["https://api.example/"],
    });
    let rp = Client::usual(&world, "rp", more).await;
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[("resource", "https://api.example/")]).await;
    let (id_token, access) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
    let keys = world.browser().get("/.well-known/openid-configuration/jwks").await.json();
    let kids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert!(kids.contains(&header(id_token)["kid"]), "{keys}");
    let told = claims(id_token);
    for member in ["sub", "aud", "exp", "iat", "nonce", "auth_time"] {
        assert!(!told[member].is_null(), "{member}: {told}");
    }
    assert!(told["sub"].as_str().is_some_and(|sub| sub.is_ascii() && sub.len() <= 255));
    assert_eq!(header(access)["typ"], "at+jwt");
    let granted = claims(access);
    assert!(granted["aud"].to_string().contains("https://api.example/"), "{granted}");
    assert!(granted["client_id"] == "rp" && granted["jti"].is_string(), "{granted}");
    let signature = id_token.rsplit('.').next().unwrap();
    assert_eq!(signature.len(), 86, "64 bytes in base64url");
    assert_eq!(userinfo(&browser, access).await.status, StatusCode::UNAUTHORIZED, "meant for another audience");
}

#[tokio::test]
async fn checklist_18_37_an_exchange_gives_no_more_than_was_there() {
    let world = World::new().await;
    let exchanging = |to: &[&str]| {
        json!({
            "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
            "exchange_audiences": to, "scope": "openid profile phone citizen_id",
        })
    };
    let one = Client::usual(&world, "one", exchanging(&["two"])).await;
    let two = Client::usual(&world, "two", json!({ "scope": "openid profile" })).await;
    let three = Client::usual(&world, "three", exchanging(&["two"])).await;
    let (browser, person) = registered(&world).await;
    let tokens = one.tokens(&browser, &person, &[("scope", "openid profile citizen_id")]).await;
    let access = text(&tokens, "access_token");
    let error = |answer: journeys::Answer| answer.json()["error"].as_str().unwrap_or_default().to_owned();
    // RFC 8693 section 2.2.2: a subject token that is not good is an invalid request.
    assert_eq!(error(exchange(&three, &browser, access, &[("audience", "two")]).await), "invalid_request");
    assert_eq!(error(exchange(&one, &browser, access, &[("audience", "three")]).await), "invalid_target");
    assert_eq!(
        error(exchange(&one, &browser, access, &[("audience", "two"), ("scope", "phone")]).await),
        "invalid_scope"
    );
    let typed = [("grant_type", EXCHANGE), ("subject_token", access), ("audience", "two")];
    for kind in ["urn:ietf:params:oauth:token-type:refresh_token", "urn:ietf:params:oauth:token-type:id_token", "x"] {
        let typed: Vec<_> = typed.into_iter().chain([("subject_token_type", kind)]).collect();
        assert_eq!(error(one.call(&browser, "/connect/token", &typed).await), "invalid_request", "{kind}");
    }
    let unregistered = Client::usual(&world, "four", json!({ "scope": "openid profile" })).await;
    assert_eq!(error(exchange(&unregistered, &browser, access, &[("audience", "two")]).await), "unauthorized_client");
    assert_eq!(world.items("Disclosures").await.len(), 0, "what was refused was told to nobody");
    world.pass(SignedDuration::from_secs(60));
    let answer = exchange(&one, &browser, access, &[("audience", "two")]).await;
    let given = answer.json();
    assert!(given["refresh_token"].is_null() && !given["scope"].to_string().contains("citizen_id"), "{given}");
    assert!(given["expires_in"].as_i64() <= Some(240), "{given}");
    let exchanged = text(&given, "access_token");
    assert_eq!(three.introspect(&browser, exchanged).await, json!({ "active": false }));
    assert_eq!(three.introspect(&browser, access).await, json!({ "active": false }));
    let seen = two.introspect(&browser, exchanged).await;
    assert_eq!((&seen["active"], &seen["act"]), (&json!(true), &json!({ "client_id": "one" })), "{seen}");
    let own = two.tokens(&browser, &person, &[]).await;
    assert_eq!(seen["sub"], claims(text(&own, "id_token"))["sub"], "the name that the target's sector knows");
    let disclosures = world.items("Disclosures").await;
    let disclosure = disclosures[0]["disclosure"].as_m().unwrap();
    assert_eq!(disclosures.len(), 1);
    let who = ["client_id", "by"].map(|name| disclosure[name].as_s().unwrap().as_str());
    assert_eq!(who, ["two", "one"], "to whom, and through whom");
    assert!(disclosure["claims"].as_l().unwrap().is_empty(), "the name in its sector, and no claim");
    assert_eq!(userinfo(&browser, exchanged).await.status, StatusCode::UNAUTHORIZED);
    one.call(&browser, "/connect/revocation", &[("token", access)]).await;
    assert_eq!(two.introspect(&browser, exchanged).await, json!({ "active": false }), "revoked with its subject token");
}

#[tokio::test]
async fn checklist_19_20_introspection_revocation_and_userinfo_tell_strangers_nothing() {
    let world = World::new().await;
    let (rp, other) = (Client::usual(&world, "rp", json!({})).await, Client::usual(&world, "other", json!({})).await);
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[]).await;
    let access = text(&tokens, "access_token");
    let nobody = Client { secret: Some("wrong".into()), ..rp.clone() };
    let refused = nobody.call(&browser, "/connect/introspect", &[("token", access)]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    for token in ["unknown", access] {
        assert_eq!(other.introspect(&browser, token).await, json!({ "active": false }));
        let revoked = other.call(&browser, "/connect/revocation", &[("token", token)]).await;
        assert_eq!((revoked.status, revoked.body.as_str()), (StatusCode::OK, ""));
    }
    let posted = browser.post_form("/connect/userinfo", &format!("access_token={access}")).await;
    assert_eq!(posted.status, StatusCode::OK, "another client's revocation leaves it alone: {}", posted.body);
    assert!(posted.json()["sub"].is_string());
    let bad = userinfo(&browser, "bad").await;
    assert_eq!(bad.status, StatusCode::UNAUTHORIZED);
    assert!(bad.header("www-authenticate").contains("invalid_token"), "{}", bad.header("www-authenticate"));
}

#[tokio::test]
async fn checklist_22_signing_out_goes_nowhere_unregistered_and_asks_without_a_hint() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    let tokens = rp.tokens(&browser, &person, &[]).await;
    let hint = text(&tokens, "id_token");
    let tampered = browser.get(&format!("/connect/endsession?id_token_hint={hint}x")).await;
    assert_eq!(tampered.status, StatusCode::BAD_REQUEST);
    let asked = browser.get("/connect/endsession").await;
    assert_eq!(asked.json(), json!({ "step": "sign_out" }));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    let pages = browser.twin().with_pages();
    let registered = "&post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=s%20t";
    let unasked = browser.twin().get(&format!("/connect/endsession?client_id=rp{registered}")).await;
    assert_eq!(unasked.json(), json!({ "step": "sign_out" }), "without a hint the person is asked");
    let evil =
        format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F");
    let out = pages.get(&evil).await;
    assert!(out.header("location").is_empty(), "{}", out.header("location"));
    assert_eq!(browser.get("/account").await.code(), "not_signed_in", "signed out all the same");
    let gone_on = pages.get(&format!("/connect/endsession?id_token_hint={hint}{registered}")).await;
    assert_eq!(gone_on.header("location"), "https://rp.example/bye?state=s+t", "the state comes back");
}
