use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::testing::{keys, now};

const TOKEN: &str = "https://id.example.go.th/connect/token";
const REQUEST: ProvedRequest<'_> = ProvedRequest { method: "POST", url: TOKEN };

fn at(seconds: i64) -> i64 {
    (now() + SignedDuration::from_secs(seconds)).as_second()
}

/// A proof with some members of its header and claims changed.
fn proof(header: Value, claims: Value) -> String {
    let mut whole = (
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": keys().ec_jwk()}),
        json!({"jti": "j1", "htm": "POST", "htu": TOKEN, "iat": at(0)}),
    );
    for (part, changed) in [(&mut whole.0, header), (&mut whole.1, claims)] {
        for (name, value) in changed.as_object().unwrap() {
            part[name] = value.clone();
        }
    }
    keys().jwt(&whole.0, &whole.1)
}

fn outcome(header: Value, claims: Value) -> Result<Proof, DpopError> {
    verify(&proof(header, claims), &REQUEST, None, now())
}

#[test]
fn a_proof_names_its_key_and_is_to_be_remembered() {
    let proof = outcome(json!({}), json!({})).unwrap();
    assert_eq!(proof.jkt, keys().ec_key().thumbprint());
    assert_eq!((proof.jti.as_str(), proof.expires_at), ("j1", now() + OLDEST));
}

#[test]
fn rsa_keys_prove_as_well_but_not_with_rs256() {
    let signed = |alg: &str| outcome(json!({"alg": alg, "jwk": keys().rsa_jwk()}), json!({}));
    assert!(signed("PS256").is_ok());
    assert_eq!(signed("RS256"), Err(DpopError::Jwt(JwtError::Algorithm)));
}

#[test]
fn the_example_of_rfc_9449_section_4_1() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let request = ProvedRequest { method: "POST", url: "https://server.example.com/token" };
    let then = Timestamp::from_second(1_562_262_616).unwrap();
    let proof = verify(proof, &request, None, then).unwrap();
    assert_eq!(proof.jkt.as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[rstest]
#[case::another_method(json!({"htm": "GET"}), DpopError::Method)]
#[case::the_method_in_lower_case(json!({"htm": "post"}), DpopError::Method)]
#[case::another_url(json!({"htu": "https://id.example.go.th/connect/par"}), DpopError::Url)]
#[case::another_host(json!({"htu": "https://evil.example/connect/token"}), DpopError::Url)]
#[case::too_old(json!({"iat": at(-61)}), DpopError::Jwt(JwtError::Expired))]
#[case::too_new(json!({"iat": at(11)}), DpopError::Jwt(JwtError::Premature))]
#[case::at_the_end_of_time(json!({"iat": 253_402_207_200_i64}), DpopError::Jwt(JwtError::Premature))]
#[case::expired_by_its_own_word(json!({"exp": at(0)}), DpopError::Jwt(JwtError::Expired))]
#[case::without_jti(json!({"jti": null}), DpopError::Jwt(JwtError::Malformed))]
#[case::without_time(json!({"iat": null}), DpopError::Jwt(JwtError::Malformed))]
fn checklist_11_claims_that_prove_nothing(#[case] claims: Value, #[case] error: DpopError) {
    assert_eq!(outcome(json!({}), claims), Err(error));
}

#[rstest]
#[case::another_type(json!({"typ": "JWT"}), DpopError::Type)]
#[case::no_type(json!({"typ": null}), DpopError::Type)]
#[case::no_key(json!({"jwk": null}), DpopError::NoKey)]
#[case::somebody_elses_key(json!({"jwk": crate::testing::other_keys().ec_jwk()}), DpopError::Jwt(JwtError::Signature))]
#[case::a_key_of_another_kind(json!({"jwk": keys().rsa_jwk()}), DpopError::Jwt(JwtError::UnknownKey))]
#[case::hmac(json!({"alg": "HS256"}), DpopError::Jwt(JwtError::Algorithm))]
#[case::none(json!({"alg": "none"}), DpopError::Jwt(JwtError::Algorithm))]
fn checklist_11_headers_that_prove_nothing(#[case] header: Value, #[case] error: DpopError) {
    assert_eq!(outcome(header, json!({})), Err(error));
}

#[test]
fn a_private_key_in_the_header_is_refused() {
    let mut jwk = keys().ec_jwk();
    jwk["d"] = json!("AAAA");
    assert_eq!(outcome(json!({"jwk": jwk}), json!({})), Err(DpopError::Key(JwkError::Private)));
}

#[rstest]
fn checklist_11_a_clock_10_seconds_off_is_accepted(#[values(-60, -10, 10)] seconds: i64) {
    assert!(outcome(json!({}), json!({"iat": at(seconds)})).is_ok());
}

#[test]
fn checklist_11_ath_is_the_hash_of_the_token_that_comes_with_it() {
    // The token and hash of RFC 9449 section 7.1.
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    let right = proof(json!({}), json!({"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}));
    assert!(verify(&right, &REQUEST, Some(token), now()).is_ok());
    assert_eq!(verify(&right, &REQUEST, Some("other"), now()), Err(DpopError::AccessToken));
    let without = proof(json!({}), json!({}));
    assert_eq!(verify(&without, &REQUEST, Some(token), now()), Err(DpopError::AccessToken));
}

#[test]
fn there_is_one_header_or_none() {
    assert_eq!(the_header([]), Ok(None));
    assert_eq!(the_header(["a.b.c"]), Ok(Some("a.b.c")));
    assert_eq!(the_header(["a.b.c", "a.b.c"]), Err(DpopError::Several));
    assert_eq!(the_header(["a.b.c, a.b.c"]), Err(DpopError::Several));
}
