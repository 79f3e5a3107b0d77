use serde_json::{Value, json};

use super::*;
use crate::{
    grant::{AccessHandle, Authorization, FreshAccess, Grant, GrantId, NewAccess},
    jws::{SigningAlgorithm, Typ, Unsigned},
    testing::{keys, now},
};

const ISSUER: &str = "https://id.example.go.th";

/// A grant of a client itself, its JWT access token, and that token's id.
fn issued(audience: &[&str], jkt: Option<Thumbprint>) -> (Grant, AccessTokenId) {
    let granted = Authorization {
        client_id: "rp".parse().unwrap(),
        scopes: "a b".parse().unwrap(),
        resources: BTreeSet::new(),
        subject: "rp".to_owned(),
        person: None,
    };
    let access = NewAccess {
        fresh: FreshAccess::Jwt([2; 16]),
        audience: audience.iter().map(|name| (*name).to_owned()).collect(),
        scopes: granted.scopes.clone(),
        jkt,
    };
    match Grant::with_access_token(GrantId::from_random([1; 16]), granted, access, now()) {
        (grant, AccessHandle::Jwt(id)) => (grant, id),
        (_, AccessHandle::Opaque(_)) => panic!("a JWT was asked for"),
    }
}

fn claims(grant: &Grant, id: &AccessTokenId) -> Value {
    let access = grant.access(&AccessHandle::Jwt(id.clone()), now()).unwrap();
    serde_json::to_value(AccessTokenClaims::new(ISSUER, id, access, None)).unwrap()
}

#[test]
fn checklist_16_a_jwt_access_token_has_the_claims_of_rfc_9068() {
    let (grant, id) = issued(&["https://api.example"], None);
    let whole = json!({
        "iss": ISSUER, "sub": "rp", "aud": "https://api.example", "client_id": "rp", "scope": "a b",
        "iat": 1_795_593_600, "exp": 1_795_593_900, "jti": format!("{}.{}", "01".repeat(16), "02".repeat(16)),
    });
    assert_eq!(claims(&grant, &id), whole);
}

#[test]
fn several_audiences_are_an_array_and_a_bound_token_names_its_key() {
    let jkt = keys().ec_key().thumbprint();
    let (grant, id) = issued(&["https://a.example", "https://b.example"], Some(jkt.clone()));
    let claims = claims(&grant, &id);
    assert_eq!(claims["aud"], json!(["https://a.example", "https://b.example"]));
    assert_eq!(claims["cnf"], json!({"jkt": jkt}));
}

fn signed(typ: Typ, claims: &Value) -> String {
    let kid = keys().ec_key().thumbprint();
    keys().finish(Unsigned::new(SigningAlgorithm::Es256, &kid, typ, claims).unwrap())
}

#[test]
fn a_presented_jwt_leads_to_its_entry_in_the_grant() {
    let (grant, id) = issued(&["https://api.example"], None);
    let token = signed(Typ::AccessToken, &claims(&grant, &id));
    let found = verified_id(&token, ISSUER, &keys().served()).unwrap();
    assert!(grant.access(&AccessHandle::Jwt(found), now()).is_some());
}

#[test]
fn other_tokens_are_no_access_tokens() {
    let (grant, id) = issued(&["https://api.example"], None);
    let claims = claims(&grant, &id);
    let served = keys().served();
    assert_eq!(verified_id(&signed(Typ::Jwt, &claims), ISSUER, &served).unwrap_err(), JwtError::Malformed);
    let token = signed(Typ::AccessToken, &claims);
    assert_eq!(verified_id(&token, "https://other.example", &served).unwrap_err(), JwtError::UnknownKey);
    let rubbish = signed(Typ::AccessToken, &json!({"iss": ISSUER, "jti": "x"}));
    assert_eq!(verified_id(&rubbish, ISSUER, &served).unwrap_err(), JwtError::Malformed);
    let elsewhere = ServedKeys::default();
    assert_eq!(verified_id(&token, ISSUER, &elsewhere).unwrap_err(), JwtError::UnknownKey);
}
