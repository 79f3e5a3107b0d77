use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::testing::{keys, now, other_keys};

fn verified(token: &str, allowed: &[JwsAlgorithm]) -> Result<Value, JwtError> {
    let rsa = PublicKey::from_jwk(&keys().rsa_jwk()).unwrap();
    Jwt::parse(token)?.claims([&keys().ec_key(), &rsa], allowed)
}

#[rstest]
fn each_algorithm_is_verified_where_it_is_allowed(#[values("ES256", "PS256", "RS256")] alg: &str) {
    let token = keys().jwt(&json!({"alg": alg}), &json!({"a": 1}));
    assert_eq!(verified(&token, &JwsAlgorithm::EVERY), Ok(json!({"a": 1})));
    let others: Vec<_> = JwsAlgorithm::EVERY.into_iter().filter(|other| other.as_str() != alg).collect();
    assert_eq!(verified(&token, &others), Err(JwtError::Algorithm));
}

#[rstest]
fn none_and_hmac_are_no_algorithms(#[values("none", "None", "", "HS256", "ES384", "RS512", "EdDSA")] alg: &str) {
    let token = keys().jwt(&json!({"alg": alg}), &json!({}));
    assert_eq!(verified(&token, &JwsAlgorithm::EVERY), Err(JwtError::Algorithm));
}

#[test]
fn another_key_or_a_changed_letter_is_another_signature() {
    let token = other_keys().jwt(&json!({"alg": "ES256"}), &json!({"a": 1}));
    assert_eq!(verified(&token, &JwsAlgorithm::EVERY), Err(JwtError::Signature));
    let token = keys().jwt(&json!({"alg": "ES256"}), &json!({"a": 1}));
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"a":2}"#));
    assert_eq!(verified(&forged, &JwsAlgorithm::EVERY), Err(JwtError::Signature));
    assert_eq!(verified(&format!("{head}."), &JwsAlgorithm::EVERY), Err(JwtError::Signature));
}

#[test]
fn without_a_key_of_its_kind_the_key_is_unknown() {
    let token = keys().jwt(&json!({"alg": "RS256"}), &json!({}));
    let outcome = Jwt::parse(&token).unwrap().claims::<Value>([&keys().ec_key()], &JwsAlgorithm::EVERY);
    assert_eq!(outcome, Err(JwtError::UnknownKey));
}

#[test]
fn the_library_does_not_read_its_clock() {
    let token = keys().jwt(&json!({"alg": "ES256"}), &json!({"exp": 1, "nbf": 99_999_999_999_i64, "aud": "x"}));
    assert!(verified(&token, &JwsAlgorithm::EVERY).is_ok());
}

#[rstest]
#[case::critical_extensions(json!({"alg": "ES256", "crit": ["exp"], "exp": 1}))]
#[case::unencoded_payloads(json!({"alg": "ES256", "b64": false}))]
#[case::no_algorithm(json!({"typ": "JWT"}))]
#[case::a_name_that_is_no_text(json!({"alg": "ES256", "kid": 1}))]
fn headers_we_do_not_understand_are_refused(#[case] header: Value) {
    assert_eq!(verified(&keys().jwt(&header, &json!({})), &JwsAlgorithm::EVERY), Err(JwtError::Malformed));
}

#[test]
fn what_is_not_three_parts_or_too_long_is_refused() {
    let token = keys().jwt(&json!({"alg": "ES256"}), &json!({}));
    let long = keys().jwt(&json!({"alg": "ES256"}), &json!({"x": "x".repeat(LONGEST)}));
    for text in ["", ".", "..", "a.b", &format!("{token}.x"), &format!("{token}="), &long] {
        assert_eq!(verified(text, &JwsAlgorithm::EVERY), Err(JwtError::Malformed), "{text:.60}");
    }
}

#[test]
fn the_type_is_compared_as_a_media_type() {
    for (typ, same) in [("at+jwt", true), ("application/at+jwt", true), ("AT+JWT", true), ("jwt", false), ("", false)] {
        let token = keys().jwt(&json!({"alg": "ES256", "typ": typ}), &json!({}));
        assert_eq!(Jwt::parse(&token).unwrap().is_typ("at+jwt"), same, "{typ}");
    }
}

#[test]
fn times_are_checked_against_the_clock_that_is_given() {
    let at = |seconds: i64| Some(NumericDate::from(now() + SignedDuration::from_secs(seconds)));
    let check = |times| check_times(times, SKEW, now());
    assert_eq!(check(Times::default()), Ok(()));
    assert_eq!(check(Times { exp: at(1), ..Times::default() }), Ok(()));
    assert_eq!(check(Times { exp: at(0), ..Times::default() }), Err(JwtError::Expired));
    for (ahead, outcome) in [(8, Ok(())), (60, Ok(())), (61, Err(JwtError::Premature))] {
        assert_eq!(check(Times { iat: at(ahead), ..Times::default() }), outcome);
        assert_eq!(check(Times { nbf: at(ahead), ..Times::default() }), outcome);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        let _ = verified(&text, &JwsAlgorithm::EVERY);
        let _ = verified(&parts, &JwsAlgorithm::EVERY);
    }
}
