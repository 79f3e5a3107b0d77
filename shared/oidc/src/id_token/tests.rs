use domain::{account::AccountId, session::SessionId};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{
    claim::ClaimsRequest,
    jws::{SigningAlgorithm, Typ, Unsigned},
    testing::{keys, now, other_keys},
};

const ISSUER: &str = "https://id.example.go.th";

fn granted() -> Authorization {
    Authorization {
        client_id: "rp".parse().unwrap(),
        scopes: "openid".parse().unwrap(),
        resources: std::collections::BTreeSet::new(),
        subject: "s".to_owned(),
        person: Some(Person {
            account_id: AccountId::from_random([1; 16]),
            session: SessionId::from_random([2; 16]),
            sid: "sid-1".to_owned(),
            auth_time: now() - SignedDuration::from_secs(100),
            acr: Acr::Aal2,
            amr: ["pwd", "otp", "sms", "mfa"].map(str::to_owned).to_vec(),
            ial: "1.3".parse().unwrap(),
            claims: ClaimsRequest::default(),
            kept_back: std::collections::BTreeSet::new(),
            nonce: Some("n\"ก".to_owned()),
        }),
    }
}

#[test]
fn checklist_16_an_id_token_says_who_for_whom_until_when_and_how_sure() {
    let granted = granted();
    let token = IdToken::new(ISSUER, &granted, granted.person.as_ref().unwrap(), now());
    let whole = json!({
        "iss": ISSUER, "sub": "s", "aud": "rp", "iat": 1_795_593_600, "exp": 1_795_593_900, "auth_time": 1_795_593_500,
        "nonce": "n\"ก", "acr": "aal2", "amr": ["pwd", "otp", "sms", "mfa"], "ial_level": "1.3", "sid": "sid-1",
    });
    assert_eq!(serde_json::to_value(&token).unwrap(), whole);
}

#[test]
fn a_refreshed_id_token_has_no_nonce() {
    let granted = granted();
    let token = IdToken::refreshed(ISSUER, &granted, granted.person.as_ref().unwrap(), now());
    assert_eq!(serde_json::to_value(&token).unwrap().get("nonce"), None);
}

#[test]
fn at_hash_is_the_left_half_of_the_tokens_hash() {
    // The example of OpenID Connect Core appendix A.4.
    assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    let granted = granted();
    let token = IdToken::new(ISSUER, &granted, granted.person.as_ref().unwrap(), now()).beside("token");
    assert_eq!(serde_json::to_value(&token).unwrap()["at_hash"], json!(at_hash("token")));
}

fn signed(algorithm: SigningAlgorithm, typ: Typ, claims: &Value) -> String {
    let served = keys().served();
    let key = served.keys.iter().find(|key| key.algorithm() == algorithm).unwrap();
    keys().finish(Unsigned::new(algorithm, key.kid(), typ, claims).unwrap())
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "s", "aud": "rp", "sid": "sid-1", "exp": 1, "iat": 0})
}

#[rstest]
fn an_expired_hint_is_fine(#[values(SigningAlgorithm::Es256, SigningAlgorithm::Rs256)] algorithm: SigningAlgorithm) {
    let hint = IdTokenHint::verify(&signed(algorithm, Typ::Jwt, &claims()), ISSUER, &keys().served()).unwrap();
    assert_eq!((hint.sub.as_str(), hint.client_id.as_str(), hint.sid.as_str()), ("s", "rp", "sid-1"));
}

#[test]
fn checklist_22_a_tampered_or_foreign_hint_is_refused() {
    let hint = signed(SigningAlgorithm::Es256, Typ::Jwt, &claims());
    let verify = |hint: &str| IdTokenHint::verify(hint, ISSUER, &keys().served());
    let (head, signature) = hint.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let mut other = claims();
    other["sub"] = json!("t");
    let tampered = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(other.to_string()));
    assert_eq!(verify(&tampered), Err(JwtError::Signature));
    assert_eq!(IdTokenHint::verify(&hint, ISSUER, &other_keys().served()), Err(JwtError::UnknownKey));
    assert_eq!(IdTokenHint::verify(&hint, "https://other.example", &keys().served()), Err(JwtError::UnknownKey));
    let nameless = keys().jwt(&json!({"alg": "ES256", "typ": "JWT"}), &claims());
    assert_eq!(verify(&nameless), Err(JwtError::UnknownKey));
    let kid = keys().ec_key().thumbprint();
    let unsigned = keys().jwt(&json!({"alg": "none", "typ": "JWT", "kid": kid}), &claims());
    assert_eq!(verify(&unsigned), Err(JwtError::Algorithm));
}

#[rstest]
fn our_other_tokens_are_no_hints(#[values(Typ::AccessToken, Typ::LogoutToken)] typ: Typ) {
    let token = signed(SigningAlgorithm::Es256, typ, &claims());
    assert_eq!(IdTokenHint::verify(&token, ISSUER, &keys().served()), Err(JwtError::Malformed));
}
