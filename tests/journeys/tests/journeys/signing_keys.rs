//! The signing keys: published before they sign and after, rotated by an operator, without a call of KMS per request.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use jiff::SignedDuration;
use journeys::{
    Client, Key, RelyingParty, World,
    calls::operations,
    client::{ISSUER, userinfo},
};
use local::aws::faults::{Fault, Rule, Service};
use serde_json::{Value, json};

use super::logout::{part, told};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// More than a process believes a row for.
const MINUTE: SignedDuration = SignedDuration::from_secs(61);

async fn jwks(world: &World) -> Vec<Value> {
    let answer = world.browser().get("/.well-known/openid-configuration/jwks").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["keys"].as_array().unwrap().clone()
}

async fn ops(world: &World, order: Value) -> Value {
    let answer = world.browser().post("/_local/invoke/ops-keys", &order).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn rotate(world: &World, distrust: Option<&str>) -> Value {
    let order = json!({ "action": "rotate", "algorithm": "ES256", "distrust": distrust });
    ordered(world, order, "a").await
}

async fn ordered(world: &World, mut order: Value, operator: &str) -> Value {
    order["operator"] = operator.into();
    order["reason"] = "drill".into();
    ops(world, order).await
}

fn kids(keys: &[Value]) -> Vec<String> {
    let mut kids: Vec<_> = keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    kids.sort();
    kids
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// Whether the key that a token names is published and made its signature.
fn is_valid(token: &str, keys: &[Value]) -> bool {
    let kid = kid(token);
    let Some(key) = keys.iter().find(|key| key["kid"] == kid.as_str()) else { return false };
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let member = |name: &str| bytes(key[name].as_str().unwrap());
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = bytes(signature);
    if key["kty"] == "RSA" {
        let public = RsaPublicKeyComponents { n: member("n"), e: member("e") };
        return public.verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature).is_ok();
    }
    let point = [vec![4], member("x"), member("y")].concat();
    signature.len() == 64
        && UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input.as_bytes(), &signature).is_ok()
}

async fn signed(world: &World, rp: &RelyingParty) -> String {
    let [token]: [String; 1] = told(world, rp, "ES256").await.try_into().unwrap();
    token
}

#[tokio::test]
async fn all_six_are_published_for_anybody_and_for_five_minutes() {
    let world = World::new().await;
    let answer = world.browser().get("/.well-known/openid-configuration/jwks").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("content-type"), "application/json");
    let keys = jwks(&world).await;
    let of = |algorithm: &str, kind: &str| {
        keys.iter().filter(|key| key["alg"] == algorithm && key["kty"] == kind && key["use"] == "sig").count()
    };
    assert_eq!((of("ES256", "EC"), of("RS256", "RSA"), keys.len()), (3, 3, 6));
    let mut different = kids(&keys);
    different.dedup();
    assert_eq!(different.len(), 6);
    assert!(keys.iter().all(|key| key.get("d").is_none()));
    let elsewhere = world.browser().get("/sign-in").await;
    assert_eq!(elsewhere.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn checklist_21_the_public_halves_are_asked_for_once_and_for_all() {
    let world = World::new().await;
    world.calls.take();
    jwks(&world).await;
    let first = world.calls.take();
    assert_eq!(operations(&first).into_iter().filter(|operation| *operation == "GetPublicKey").count(), 6);
    // A storm of requests costs nothing within the minute, and one read a minute after it.
    for _ in 0..50 {
        jwks(&world).await;
    }
    assert_eq!(world.calls.take(), []);
    world.pass(MINUTE);
    jwks(&world).await;
    assert_eq!(operations(&world.calls.take()), ["BatchGetItem"]);
    // Other functions find the rows, and ask KMS for no public half either.
    told(&world, &RelyingParty::answering("200 OK").await, "ES256").await;
    assert_eq!(operations(&world.calls.take()), ["BatchGetItem", "Sign"]);
}

#[tokio::test]
async fn keys_that_dynamodb_left_out_are_asked_for_again() {
    let world = World::new().await;
    let keys = jwks(&world).await;
    let left_out = |times: u32| Rule::new(Service::DynamoDb, "BatchGetItem", Fault::RefuseEntry).times(times);
    world.pass(MINUTE);
    world.local.faults().add(left_out(2));
    world.calls.take();
    assert_eq!(jwks(&world).await, keys);
    assert_eq!(operations(&world.calls.take()), ["BatchGetItem"; 3]);
    // Not for ever: they are not taken for keys that were never made.
    world.pass(MINUTE);
    world.local.faults().add(left_out(100));
    let answer = world.browser().get("/.well-known/openid-configuration/jwks").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(operations(&world.calls.take()).iter().all(|operation| *operation == "BatchGetItem"));
}

/// Wherever a JWT of ours can be sent: with a `kid` that no row has, it is nobody's, and KMS is not asked about it.
#[tokio::test]
async fn checklist_21_a_storm_of_unknown_kids_costs_no_call_of_kms() {
    let world = World::new().await;
    let rp = Client::usual(&world, "rp", json!({})).await;
    let (key, server) = (Key::generate(), world.browser());
    jwks(&world).await;
    world.calls.take();
    let mut refused = 0;
    for number in 0..20 {
        let header = json!({ "alg": "ES256", "kid": format!("unknown-{number}"), "typ": "at+jwt" });
        let forged = key
            .jwt(&header, &json!({ "iss": ISSUER, "aud": ISSUER, "sub": "x", "jti": "x", "exp": 9_999_999_999_i64 }));
        let asked = userinfo(&server, &forged).await;
        let seen = rp.introspect(&server, &forged).await;
        let revoked = rp.call(&server, "/connect/revocation", &[("token", &forged)]).await;
        let hinted = server.get(&format!("/connect/endsession?id_token_hint={forged}")).await;
        let silent = rp.authorize(&server, &[("prompt", "none"), ("id_token_hint", &forged)]).await;
        assert_eq!((asked.status, seen), (StatusCode::UNAUTHORIZED, json!({ "active": false })));
        assert_eq!((revoked.status, hinted.status), (StatusCode::OK, StatusCode::BAD_REQUEST));
        refused += usize::from(silent.header("location").contains("error=invalid_request"));
    }
    let calls = world.calls.take();
    assert_eq!(refused, 20);
    assert!(calls.iter().all(|call| call.service() == Service::DynamoDb), "{calls:?}");
    let rows = calls.iter().filter(|call| call.tables == ["SigningKeys"]).count();
    assert!(rows <= 5, "once a minute for each of five functions: {rows}");
}

#[tokio::test]
async fn functions_that_start_together_agree_on_the_keys() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    let (keys, token, status) = tokio::join!(
        jwks(&world),
        signed(&world, &rp),
        ops(&world, json!({ "action": "status", "operator": "a", "reason": "b" }))
    );
    assert!(is_valid(&token, &keys));
    assert_eq!(status["keys"][0]["keys"][0]["kid"], kid(&token));
}

#[tokio::test]
async fn checklist_21_the_drill_tokens_from_before_during_and_after_a_rotation_are_valid() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    let published = jwks(&world).await;
    let before = signed(&world, &rp).await;

    assert_eq!(rotate(&world, None).await["error"]["code"], "too_early");
    world.pass(DAY);
    let rotated = rotate(&world, None).await;
    assert_eq!(rotated["rotation"]["operator"], "a", "{rotated}");
    // A process that read the row a moment ago signs with the old key for a minute: it is retiring, and published.
    let during = signed(&world, &rp).await;
    world.pass(MINUTE);
    let after = signed(&world, &rp).await;

    let now = jwks(&world).await;
    assert_eq!(kids(&now), kids(&published), "the same six, whatever their roles");
    for (name, token) in [("before", &before), ("during", &during), ("after", &after)] {
        // Whoever read the JWKS yesterday knows the new key already.
        assert!(is_valid(token, &published) && is_valid(token, &now), "{name}");
    }
    assert_ne!(kid(&before), kid(&after));
    let roles = |key: &Value| (key["role"].as_str().unwrap().to_owned(), key["kid"].as_str().unwrap().to_owned());
    let roles: Vec<_> = rotated["keys"].as_array().unwrap().iter().map(roles).collect();
    assert_eq!(roles[0], ("current".to_owned(), kid(&after)));
    assert_eq!(roles[2], ("retiring".to_owned(), kid(&before)));

    // The next one waits its day, an emergency does not; and what was signed by the key it turns away is worth nothing.
    assert_eq!(rotate(&world, None).await["error"]["code"], "too_early");
    assert!(rotate(&world, Some(&kid(&after))).await.get("error").is_none());
    assert_eq!(rotate(&world, Some(&kid(&after))).await["error"]["code"], "changed_meanwhile", "the order sent twice");
    world.pass(MINUTE);
    let third = signed(&world, &rp).await;
    let now = jwks(&world).await;
    assert!(is_valid(&third, &published) && kid(&third) != kid(&after) && kid(&third) != kid(&before));
    assert!(is_valid(&third, &now) && is_valid(&before, &now) && !is_valid(&after, &now));
    let fourth = rotate(&world, Some(&kid(&third))).await;
    assert!(fourth.get("error").is_none(), "{fourth}");
    assert_eq!(rotate(&world, None).await["error"]["code"], "next_distrusted");
}

#[tokio::test]
async fn rs256_has_keys_of_its_own() {
    let world = World::new().await;
    let rp = RelyingParty::answering("200 OK").await;
    let keys = jwks(&world).await;
    let [token]: [String; 1] = told(&world, &rp, "RS256").await.try_into().unwrap();
    assert!(is_valid(&token, &keys));
    world.pass(DAY);
    rotate(&world, None).await;
    world.pass(MINUTE);
    let [later]: [String; 1] = told(&world, &rp, "RS256").await.try_into().unwrap();
    assert_eq!(kid(&later), kid(&token), "ES256's rotation is not RS256's");
}

#[tokio::test]
async fn of_rotations_at_once_one_is_done() {
    let world = World::new().await;
    jwks(&world).await;
    world.pass(DAY);
    let order = json!({ "action": "rotate", "algorithm": "ES256" });
    let by = |operator: &'static str| ordered(&world, order.clone(), operator);
    let (first, second, third) = tokio::join!(by("a"), by("b"), by("c"));
    let refused = [first, second, third].iter().filter(|answer| answer.get("error").is_some()).count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn adopting_changes_nothing_while_the_template_has_the_keys() {
    let world = World::new().await;
    let status = json!({ "action": "status", "operator": "a", "reason": "b" });
    let before = ops(&world, status.clone()).await;
    assert_eq!(before["keys"][0]["not_in_template"], 0);
    let adopted = ops(&world, json!({ "action": "adopt", "algorithm": "ES256", "operator": "a", "reason": "b" })).await;
    assert_eq!(adopted["keys"], before["keys"][0]["keys"]);
    assert_eq!(ops(&world, status).await, before);
}
