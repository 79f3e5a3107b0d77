use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::testing::{keys, now, other_keys};

const ISSUER: &str = "https://id.example.go.th";
const TOKEN: &str = "https://id.example.go.th/connect/token";
const PAR: &str = "https://id.example.go.th/connect/par";

fn at(seconds: i64) -> i64 {
    (now() + SignedDuration::from_secs(seconds)).as_second()
}

fn claims(changed: Value) -> Value {
    let mut claims = json!({"iss": "rp", "sub": "rp", "aud": ISSUER, "jti": "j1", "iat": at(0), "exp": at(60)});
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn registered() -> ClientKeys {
    let (mut ec, mut rsa) = (keys().ec_jwk(), keys().rsa_jwk());
    ec["kid"] = json!("ec");
    rsa["kid"] = json!("rsa");
    ClientKeys::from_jwks(&json!({"keys": [ec, rsa]})).unwrap()
}

fn outcome(assertion: &str, rules: &AssertionRules<'_>) -> Result<Assertion, AssertionError> {
    verify(assertion, &"rp".parse().unwrap(), &registered(), rules, now())
}

fn standard(alg: &str, changed: Value) -> Result<Assertion, AssertionError> {
    let rules = AssertionRules::standard(ISSUER, &[TOKEN, PAR]);
    outcome(&keys().jwt(&json!({"alg": alg}), &claims(changed)), &rules)
}

fn fapi2(alg: &str, changed: Value) -> Result<Assertion, AssertionError> {
    outcome(&keys().jwt(&json!({"alg": alg}), &claims(changed)), &AssertionRules::fapi2(ISSUER))
}

#[rstest]
fn an_assertion_authenticates_and_is_to_be_remembered(#[values("ES256", "PS256", "RS256")] alg: &str) {
    let assertion = standard(alg, json!({})).unwrap();
    assert_eq!(assertion.jti.as_str(), "j1");
    assert_eq!(assertion.expires_at, now() + SignedDuration::from_secs(60));
}

#[test]
fn checklist_10_fapi_clients_do_not_sign_with_rs256() {
    assert!(fapi2("ES256", json!({})).is_ok());
    assert!(fapi2("PS256", json!({})).is_ok());
    assert_eq!(fapi2("RS256", json!({})), Err(AssertionError::Jwt(JwtError::Algorithm)));
}

#[rstest]
#[case::the_issuer(json!(ISSUER), true, true)]
#[case::the_issuer_in_an_array(json!([ISSUER]), false, true)]
#[case::the_token_endpoint(json!(TOKEN), false, true)]
#[case::the_endpoint_called(json!(PAR), false, true)]
#[case::issuer_and_token_endpoint(json!([ISSUER, TOKEN]), false, true)]
#[case::somebody_else(json!("https://evil.example"), false, false)]
#[case::the_issuer_and_somebody_else(json!([ISSUER, "https://evil.example"]), false, false)]
#[case::nobody(json!([]), false, false)]
#[case::the_issuer_with_a_slash(json!(format!("{ISSUER}/")), false, false)]
fn checklist_10_the_audience(#[case] aud: Value, #[case] in_fapi2: bool, #[case] in_standard: bool) {
    let good = |outcome: Result<Assertion, AssertionError>| match outcome {
        Ok(_) => true,
        Err(AssertionError::Audience) => false,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(good(fapi2("ES256", json!({"aud": aud}))), in_fapi2);
    assert_eq!(good(standard("ES256", json!({"aud": aud}))), in_standard);
}

#[rstest]
#[case::expired(json!({"exp": at(0)}), AssertionError::Jwt(JwtError::Expired))]
#[case::long_expired(json!({"exp": at(-3600), "iat": at(-3700)}), AssertionError::Jwt(JwtError::Expired))]
#[case::six_minutes_ahead(json!({"exp": at(360)}), AssertionError::TooLong)]
#[case::valid_in_the_future(json!({"nbf": at(61)}), AssertionError::Jwt(JwtError::Premature))]
#[case::made_in_the_future(json!({"iat": at(61)}), AssertionError::Jwt(JwtError::Premature))]
#[case::without_expiry(json!({"exp": null}), AssertionError::Jwt(JwtError::Malformed))]
#[case::without_jti(json!({"jti": null}), AssertionError::Jwt(JwtError::Malformed))]
#[case::with_an_empty_jti(json!({"jti": ""}), AssertionError::Jwt(JwtError::Malformed))]
#[case::with_a_long_jti(json!({"jti": "j".repeat(256)}), AssertionError::Jwt(JwtError::Malformed))]
#[case::without_audience(json!({"aud": null}), AssertionError::Jwt(JwtError::Malformed))]
#[case::of_another_issuer(json!({"iss": "rp2"}), AssertionError::NotTheClient)]
#[case::about_another_client(json!({"sub": "rp2"}), AssertionError::NotTheClient)]
fn checklist_10_what_is_refused(#[case] changed: Value, #[case] error: AssertionError) {
    assert_eq!(standard("ES256", changed.clone()), Err(error));
    assert_eq!(fapi2("ES256", changed), Err(error));
}

#[test]
fn checklist_10_a_clock_8_seconds_ahead_is_accepted() {
    let changed = json!({"iat": at(8), "nbf": at(8), "exp": at(308)});
    assert!(standard("ES256", changed.clone()).is_ok());
    assert!(fapi2("ES256", changed).is_ok());
}

#[rstest]
fn checklist_10_none_and_hmac_are_refused(#[values("none", "HS256")] alg: &str) {
    assert_eq!(standard(alg, json!({})), Err(AssertionError::Jwt(JwtError::Algorithm)));
}

#[test]
fn another_key_is_refused_and_an_unknown_name_is_worth_fetching_keys_for() {
    let rules = AssertionRules::standard(ISSUER, &[]);
    let stranger = other_keys().jwt(&json!({"alg": "ES256"}), &claims(json!({})));
    assert_eq!(outcome(&stranger, &rules), Err(AssertionError::Jwt(JwtError::Signature)));
    let named = |kid| keys().jwt(&json!({"alg": "ES256", "kid": kid}), &claims(json!({})));
    assert!(outcome(&named("ec"), &rules).is_ok());
    assert_eq!(outcome(&named("rsa"), &rules), Err(AssertionError::Jwt(JwtError::UnknownKey)));
    assert_eq!(outcome(&named("new"), &rules), Err(AssertionError::Jwt(JwtError::UnknownKey)));
}

#[test]
fn the_client_is_looked_up_by_what_is_claimed() {
    let assertion = other_keys().jwt(&json!({"alg": "ES256"}), &claims(json!({"sub": "rp9"})));
    assert_eq!(claimed_client_id(&assertion), Ok("rp9".parse().unwrap()));
    for claims in [json!({}), json!({"sub": ""}), json!({"sub": 1}), json!({"sub": "a b"})] {
        assert!(claimed_client_id(&keys().jwt(&json!({"alg": "ES256"}), &claims)).is_err(), "{claims}");
    }
}
