use rstest::rstest;
use serde_json::json;

use super::*;
use crate::testing::{keys, other_keys};

#[test]
fn the_example_of_rfc_7638_section_3_1() {
    let jwk = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
    });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_example_of_rfc_9449_section_4_and_6() {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint().as_str(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn keys_come_out_of_der_as_out_of_json() {
    let (ec, rsa) =
        (PublicKey::from_spki(&keys().ec_spki()).unwrap(), PublicKey::from_spki(&keys().rsa_spki()).unwrap());
    assert_eq!(ec, PublicKey::from_jwk(&keys().ec_jwk()).unwrap());
    assert_eq!(rsa, PublicKey::from_jwk(&keys().rsa_jwk()).unwrap());
    for spki in [keys().ec_spki(), keys().rsa_spki()] {
        for length in 0..spki.len() {
            assert!(PublicKey::from_spki(&spki[..length]).is_err(), "{length}");
        }
        assert!(PublicKey::from_spki(&[&spki[..], &[0]].concat()).is_err());
    }
}

#[test]
fn our_keys_are_served_with_their_thumbprint_and_come_back_from_storage() {
    let served = keys().served();
    let json = serde_json::to_value(&served).unwrap();
    let [ec, rsa] = json["keys"].as_array().unwrap().as_slice() else { panic!("two keys") };
    let mut expected = keys().ec_jwk();
    expected["kid"] = json!(keys().ec_key().thumbprint());
    expected["alg"] = json!("ES256");
    expected["use"] = json!("sig");
    assert_eq!(*ec, expected);
    assert_eq!((&rsa["alg"], &rsa["use"], &rsa["kty"]), (&json!("RS256"), &json!("sig"), &json!("RSA")));
    assert_eq!(serde_json::from_value::<ServedKeys>(json).unwrap(), served);
}

#[test]
fn a_key_serves_its_own_algorithm_only() {
    assert_eq!(ServedKey::from_spki(SigningAlgorithm::Rs256, &keys().ec_spki()), Err(SpkiError::Unsupported));
    assert_eq!(ServedKey::from_spki(SigningAlgorithm::Es256, &keys().rsa_spki()), Err(SpkiError::Unsupported));
}

#[test]
fn a_header_finds_the_key_it_names_and_no_other() {
    let served = keys().served();
    let kid = keys().ec_key().thumbprint();
    assert_eq!(served.named(Some(kid.as_str()), JwsAlgorithm::Es256).count(), 1);
    assert_eq!(served.named(Some(kid.as_str()), JwsAlgorithm::Rs256).count(), 0);
    assert_eq!(served.named(None, JwsAlgorithm::Es256).count(), 0);
}

#[rstest]
#[case::a_private_key(json!({"d": "AAAA"}), JwkError::Private)]
#[case::another_curve(json!({"crv": "P-384"}), JwkError::Unsupported)]
#[case::another_kind(json!({"kty": "OKP"}), JwkError::Unsupported)]
#[case::a_symmetric_key(json!({"kty": "oct", "k": "AAAA"}), JwkError::Private)]
#[case::no_kind(json!({"kty": null}), JwkError::Malformed)]
#[case::a_short_coordinate(json!({"x": "AAAA"}), JwkError::Malformed)]
#[case::padding(json!({"x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs="}), JwkError::Malformed)]
#[case::no_coordinate(json!({"y": null}), JwkError::Malformed)]
fn what_is_no_p256_key(#[case] changed: Value, #[case] error: JwkError) {
    let mut jwk = keys().ec_jwk();
    for (name, value) in changed.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    assert_eq!(PublicKey::from_jwk(&jwk), Err(error));
}

#[rstest]
#[case::of_2048_bits(256, 0x80, &[1, 0, 1], Ok(()))]
#[case::of_4096_bits(512, 0x80, &[1, 0, 1], Ok(()))]
#[case::of_2047_bits(256, 0x40, &[1, 0, 1], Err(JwkError::Weak))]
#[case::of_1024_bits(128, 0x80, &[1, 0, 1], Err(JwkError::Weak))]
#[case::of_4104_bits(513, 0x80, &[1, 0, 1], Err(JwkError::Weak))]
#[case::with_exponent_3(256, 0x80, &[3], Err(JwkError::Weak))]
#[case::with_an_even_exponent(256, 0x80, &[1, 0, 2], Err(JwkError::Weak))]
#[case::with_a_long_exponent(256, 0x80, &[1, 0, 0, 0, 1], Err(JwkError::Weak))]
#[case::with_a_zero_in_front(257, 0, &[1, 0, 1], Err(JwkError::Malformed))]
fn rsa_keys_are_strong_or_refused(
    #[case] length: usize,
    #[case] first: u8,
    #[case] e: &[u8],
    #[case] outcome: Result<(), JwkError>,
) {
    let mut n = vec![0xff; length];
    n[0] = first;
    let jwk = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)});
    assert_eq!(PublicKey::from_jwk(&jwk).map(|_| ()), outcome);
}

fn named(mut jwk: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

#[test]
fn a_clients_keys_are_found_by_name_kind_and_algorithm() {
    let set = json!({"keys": [
        named(keys().ec_jwk(), json!({"kid": "a"})),
        named(other_keys().ec_jwk(), json!({"kid": "b", "use": "sig"})),
        named(keys().rsa_jwk(), json!({"kid": "c", "alg": "PS256", "key_ops": ["verify"]})),
    ]});
    let client = ClientKeys::from_jwks(&set).unwrap();
    let count = |kid, algorithm| client.candidates(kid, algorithm).count();
    assert_eq!(count(None, JwsAlgorithm::Es256), 2);
    assert_eq!(client.candidates(Some("b"), JwsAlgorithm::Es256).collect::<Vec<_>>(), [&other_keys().ec_key()]);
    assert_eq!(count(Some("b"), JwsAlgorithm::Rs256), 0);
    assert_eq!((count(Some("c"), JwsAlgorithm::Ps256), count(Some("c"), JwsAlgorithm::Rs256)), (1, 0));
    assert_eq!(count(Some("x"), JwsAlgorithm::Es256), 0);
    let stored = serde_json::to_string(&client).unwrap();
    assert_eq!(serde_json::from_str::<ClientKeys>(&stored).unwrap(), client);
}

#[test]
fn keys_for_something_else_are_passed_over() {
    let others = [
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
        named(keys().ec_jwk(), json!({"use": "enc"})),
        named(keys().ec_jwk(), json!({"alg": "ECDH-ES"})),
        named(keys().rsa_jwk(), json!({"key_ops": ["encrypt"]})),
    ];
    assert_eq!(ClientKeys::from_jwks(&json!({"keys": others})), Err(ClientKeysError::Empty));
    let with_one = [&others[..], &[keys().ec_jwk()]].concat();
    let client = ClientKeys::from_jwks(&json!({"keys": with_one})).unwrap();
    assert_eq!(client.candidates(None, JwsAlgorithm::Es256).count(), 1);
}

#[test]
fn a_set_with_a_private_or_weak_key_is_refused_as_a_whole() {
    let private = named(keys().ec_jwk(), json!({"d": "AAAA"}));
    let weak = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"});
    for (key, error) in [(private, JwkError::Private), (weak, JwkError::Weak)] {
        let set = json!({"keys": [keys().ec_jwk(), key]});
        assert_eq!(ClientKeys::from_jwks(&set), Err(ClientKeysError::Key(error)));
    }
}

#[test]
fn sets_have_limits() {
    assert_eq!(ClientKeys::parse(b"{"), Err(ClientKeysError::Malformed));
    assert_eq!(ClientKeys::parse(b"[]"), Err(ClientKeysError::Malformed));
    assert_eq!(ClientKeys::parse(br#"{"keys": []}"#), Err(ClientKeysError::Empty));
    let many = json!({"keys": vec![keys().ec_jwk(); 33]});
    assert_eq!(ClientKeys::from_jwks(&many), Err(ClientKeysError::TooLarge));
    let large = json!({"keys": [keys().ec_jwk()], "x": "x".repeat(64 * 1024)}).to_string();
    assert_eq!(ClientKeys::parse(large.as_bytes()), Err(ClientKeysError::TooLarge));
    let long_name = json!({"keys": [named(keys().ec_jwk(), json!({"kid": "k".repeat(256)}))]});
    assert_eq!(ClientKeys::from_jwks(&long_name), Err(ClientKeysError::Key(JwkError::Malformed)));
}

#[test]
fn a_thumbprint_is_43_characters_of_base64url() {
    assert!("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".parse::<Thumbprint>().is_ok());
    for text in [
        "",
        "0ZcOCORZNYy",
        "0ZcOCORZNYy+DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I=",
    ] {
        assert_eq!(text.parse::<Thumbprint>(), Err(ThumbprintError), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes: Vec<u8>, text in r#"[\[\]{}":,a-zA-Z0-9]{0,60}"#) {
        let _ = PublicKey::from_spki(&bytes);
        let _ = ClientKeys::parse(&bytes);
        let _ = ClientKeys::parse(text.as_bytes());
    }
}
