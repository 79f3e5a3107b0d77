//! A relying party signs people in, from registering to signing out.

use bytes::Bytes;
use http::{Request, StatusCode};
use journeys::{
    Browser, Client, Key, Person, RelyingParty, World,
    client::{ISSUER, VERIFIER, encoded, go_on, userinfo},
    key::{claims, header},
};
use serde_json::json;

/// Somebody with an account, and the browser they registered in.
pub(crate) async fn registered(world: &World) -> (Browser<'_>, Person) {
    let (browser, person) = (world.browser(), world.person());
    let opened = browser.walk(&person, 6).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.body);
    (browser, person)
}

#[tokio::test]
async fn from_the_first_sign_in_to_the_last_sign_out() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = Client::usual(&world, "rp", json!({ "backchannel_logout_uri": listening.url() })).await;
    let (browser, person) = registered(&world).await;

    let returned = rp.sign_in(&browser, &person, &[("scope", "openid profile phone offline_access")]).await;
    assert_eq!((returned["state"].as_str(), returned["iss"].as_str()), ("a state", ISSUER));
    let server = world.browser();
    let answer = rp.redeem(&server, &returned["code"]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens = answer.json();
    let id_token = tokens["id_token"].as_str().unwrap();
    let told = claims(id_token);
    assert_eq!((told["aud"].as_str(), told["nonce"].as_str()), (Some("rp"), Some("a nonce")), "{told}");
    assert_eq!((told["acr"].as_str(), told["ial_level"].as_str()), (Some("aal1"), Some("1.3")), "{told}");
    assert_eq!(header(id_token)["alg"], "RS256");

    let access = tokens["access_token"].as_str().unwrap();
    let info = userinfo(&server, access).await;
    assert_eq!(info.status, StatusCode::OK, "{}", info.body);
    assert_eq!((info.json()["sub"].clone(), info.json()["given_name"].as_str()), (told["sub"].clone(), Some("สมหญิง")));
    assert_eq!(info.json()["phone_number"], person.e164());

    let refreshed = rp.refresh(&server, tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    let fresh = refreshed.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(rp.introspect(&server, &fresh).await["active"], true);
    let revoked = rp.call(&server, "/connect/revocation", &[("token", &fresh)]).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.body);
    assert_eq!(rp.introspect(&server, &fresh).await, json!({ "active": false }));

    let services = browser.get("/account").await.json()["session"]["services"].clone();
    assert_eq!((services[0]["client_id"].as_str(), services[0]["name"].as_str()), (Some("rp"), Some("rp")));

    let bye = [("id_token_hint", id_token), ("post_logout_redirect_uri", "https://rp.example/bye"), ("state", "s t")];
    let bye: Vec<_> = bye.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let out = browser.get(&format!("/connect/endsession?{}", encoded(&bye))).await;
    assert_eq!(out.json(), json!({ "step": "signed_out", "next": "https://rp.example/bye?state=s+t" }), "{}", out.body);
    assert_eq!(browser.get("/account").await.code(), "not_signed_in");
    world.local.queues().settled("LogoutNotices").await;
    let bodies = listening.bodies();
    let token = claims(bodies[0].strip_prefix("logout_token=").unwrap());
    assert_eq!(
        (&token["sub"], &token["sid"], token["aud"].as_str()),
        (&told["sub"], &told["sid"], Some("rp")),
        "{token}"
    );
}

#[tokio::test]
async fn the_second_relying_party_asks_for_no_password_and_a_new_browser_for_the_code() {
    let world = World::new().await;
    let (one, two) = (Client::usual(&world, "one", json!({})).await, Client::usual(&world, "two", json!({})).await);
    let (_, person) = registered(&world).await;
    let browser = world.browser();
    let first = one.tokens(&browser, &person, &[]).await;
    assert_eq!(claims(first["id_token"].as_str().unwrap())["acr"], "aal2", "a new browser gave the code");
    let second = two.authorize(&browser, &[]).await;
    assert!(second.header("location").starts_with("/consent?"), "{}", second.header("location"));
    let asked = Request::get(second.header("location"));
    let asked = asked.header("accept", "application/json").header("content-type", "application/json");
    let asked = browser.send(asked, Bytes::new()).await;
    assert_eq!(asked.status, StatusCode::OK, "a GET has no body to be read: {}", asked.body);
    let second = go_on(&browser, &person, second).await;
    assert!(second.contains_key("code"), "{second:?}");
    let again = two.authorize(&browser, &[("prompt", "none")]).await;
    assert!(again.header("location").contains("code="), "remembered: {}", again.header("location"));
}

#[tokio::test]
async fn a_pushed_request_is_answered_like_any_other() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({ "require_pushed_authorization_requests": true })).await;
    let (browser, person) = registered(&world).await;
    let request = rp.request(&[]);
    let form: Vec<_> = request.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = rp.call(&browser, "/connect/par", &form).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let path =
        format!("/connect/authorize?{}", encoded(&[("client_id".into(), rp.id.clone()), ("request_uri".into(), uri)]));
    let returned = go_on(&browser, &person, browser.get(&path).await).await;
    assert_eq!(rp.redeem(&browser, &returned["code"]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_with_keys_binds_its_tokens_to_one() {
    let world = World::new().await;
    let (key, proving) = (Key::generate(), Key::generate());
    let rp = Client::usual(
        &world,
        "rp",
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] }, "dpop_bound_access_tokens": true }),
    )
    .await;
    let (browser, person) = registered(&world).await;
    let returned = rp.sign_in(&browser, &person, &[]).await;
    let now = world.now().as_second();
    let assertion = key.assertion("rp", ISSUER, now, &json!({}));
    let token = format!("{ISSUER}/connect/token");
    let proof = proving.proof("POST", &token, now, &json!({}));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &returned["code"]),
        ("redirect_uri", &rp.redirect_uri),
        ("code_verifier", VERIFIER),
        ("client_assertion", &assertion),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    let answer = rp.call_with(&browser, "/connect/token", &form, &[("dpop", &proof)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.json()["token_type"], "DPoP");
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(&browser, &access).await.status, StatusCode::UNAUTHORIZED, "as Bearer it is worth nothing");
    let ath = journeys::key::sha256(&access);
    let proof = proving.proof("GET", &format!("{ISSUER}/connect/userinfo"), now, &json!({ "ath": ath }));
    let request =
        Request::get("/connect/userinfo").header("authorization", format!("DPoP {access}")).header("dpop", proof);
    let info = browser.send(request, Bytes::new()).await;
    assert_eq!(info.status, StatusCode::OK, "{}", info.body);
}

#[tokio::test]
async fn a_system_acts_for_itself() {
    let world = World::new().await;
    let more = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "records.read" });
    let rp = Client::usual(&world, "rp", more).await;
    let server = world.browser();
    let answer = rp.call(&server, "/connect/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!((answer.json()["scope"].as_str(), &answer.json()["id_token"]), (Some("records.read"), &json!(null)));
    let introspected = rp.introspect(&server, answer.json()["access_token"].as_str().unwrap()).await;
    assert_eq!((&introspected["active"], introspected["sub"].as_str()), (&json!(true), Some("rp")), "{introspected}");
}

/// What an exchange is asked with.
pub(crate) async fn exchange(
    rp: &Client,
    server: &Browser<'_>,
    token: &str,
    more: &[(&str, &str)],
) -> journeys::Answer {
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    form.extend(more);
    rp.call(server, "/connect/token", &form).await
}

#[tokio::test]
async fn one_agencys_system_calls_anothers_on_the_persons_behalf() {
    let world = World::new().await;
    let more = json!({
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "exchange_audiences": ["two"],
    });
    let (one, two) = (Client::usual(&world, "one", more).await, Client::usual(&world, "two", json!({})).await);
    let (browser, person) = registered(&world).await;
    let tokens = one.tokens(&browser, &person, &[]).await;
    let access = tokens["access_token"].as_str().unwrap();
    let answer = exchange(&one, &browser, access, &[("audience", "two"), ("scope", "profile")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let exchanged = answer.json()["access_token"].as_str().unwrap().to_owned();
    let seen = two.introspect(&browser, &exchanged).await;
    assert_eq!(
        (&seen["active"], &seen["act"]["client_id"], &seen["aud"]),
        (&json!(true), &json!("one"), &json!(["two"])),
        "{seen}"
    );
    let own = claims(tokens["id_token"].as_str().unwrap());
    assert_ne!(seen["sub"], own["sub"]);
}

#[tokio::test]
async fn the_answer_can_be_posted_by_a_form() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = registered(&world).await;
    rp.sign_in(&browser, &person, &[]).await;
    let answer = rp.authorize(&browser, &[("response_mode", "form_post"), ("state", "\"<b>&")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(r#"action="https://rp.example/callback""#), "{}", answer.body);
    assert!(answer.body.contains(r#"name="code""#) && answer.body.contains(r#"name="iss""#));
    assert!(!answer.body.contains("<b>"), "the state is escaped");
    assert!(answer.header("content-security-policy").contains("form-action 'self' https://rp.example;"));
}

#[tokio::test]
async fn somebody_new_registers_inside_the_flow_and_comes_back_to_it() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (browser, person) = (world.browser(), world.person());
    let begun = rp.authorize(&browser, &[]).await;
    let handle = begun.header("location").split_once("request=").unwrap().1.to_owned();
    let terms = browser.get("/registration/terms").await.json();
    let accepted = json!({ "terms_version": terms["version"], "consent": "accept", "request": handle });
    assert_eq!(browser.post("/registration/terms", &accepted).await.status, StatusCode::CREATED);
    browser.prove(&person).await;
    browser.choose(&person).await;
    browser.ask_for_code(&person).await;
    browser.enter_code(&person).await;
    let done = browser.confirm().await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.body);
    let page = browser.twin().with_pages().get(&format!("/registration/done?request={handle}")).await;
    assert!(page.body.contains(&format!("/connect/resume?request={handle}")), "{}", page.body);
    let resumed = browser.get(&format!("/connect/resume?request={handle}")).await;
    let returned = go_on(&browser, &person, resumed).await;
    assert_eq!(rp.redeem(&browser, &returned["code"]).await.status, StatusCode::OK);
}

/// The services of the session that a sign-in takes the place of come along, or are told that it ended.
#[tokio::test]
async fn signing_in_again_forgets_no_service_and_hands_none_to_somebody_else() {
    let world = World::new().await;
    let listening = RelyingParty::answering("200 OK").await;
    let rp = Client::usual(&world, "rp", json!({ "backchannel_logout_uri": listening.url() })).await;
    let (browser, person) = registered(&world).await;
    let told = claims(rp.tokens(&browser, &person, &[]).await["id_token"].as_str().unwrap());
    let services = async || browser.get("/account").await.json()["session"]["services"].clone();

    let known = browser.sign_in(&person).await;
    assert_eq!((known.step().as_str(), services().await[0]["client_id"].as_str()), ("done", Some("rp")));
    browser.set_cookie("device", "");
    let with_code = browser.sign_in_with_code(&person).await;
    assert_eq!((with_code.step().as_str(), services().await[0]["client_id"].as_str()), ("done", Some("rp")));
    let again = claims(rp.tokens(&browser, &person, &[]).await["id_token"].as_str().unwrap());
    assert_eq!((&told["sub"], &told["sid"]), (&again["sub"], &again["sid"]), "one name for the whole time");

    let there = browser.twin();
    let (_, other) = registered(&world).await;
    assert_eq!(there.sign_in_with_code(&other).await.step(), "done");
    assert_eq!(there.get("/account").await.json()["session"]["services"], json!([]));

    browser.sign_in_with_code(&person).await;
    rp.tokens(&browser, &person, &[]).await;
    browser.sign_in(&person).await;
    browser.post("/account/sign-out", &json!({ "confirm": "yes" })).await;
    world.local.queues().settled("LogoutNotices").await;
    assert_eq!(listening.bodies().len(), 2, "when somebody else took the browser, and when the person signed out");
}
