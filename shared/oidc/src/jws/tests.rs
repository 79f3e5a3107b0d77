use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{
    jwt::{JwsAlgorithm, Jwt},
    testing::keys,
};

#[rstest]
fn what_kms_signs_others_verify(
    #[values(SigningAlgorithm::Es256, SigningAlgorithm::Rs256)] algorithm: SigningAlgorithm,
) {
    let served = keys().served();
    let key = served.keys.iter().find(|key| key.algorithm() == algorithm).unwrap();
    // Twenty times: about one ECDSA signature in 128 has an r or s that is shorter than 32 bytes.
    for number in 0..20 {
        let unsigned = Unsigned::new(algorithm, key.kid(), Typ::Jwt, &json!({"number": number})).unwrap();
        assert_eq!(unsigned.digest(), <[u8; 32]>::from(Sha256::digest(unsigned.input.as_bytes())));
        let signature = keys().kms_signature(algorithm, unsigned.input.as_bytes());
        let token = unsigned.with_signature(&signature).unwrap();
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!(jwt.kid(), Some(key.kid().as_str()));
        let claims: Value = jwt.claims([key.key()], &JwsAlgorithm::EVERY).unwrap();
        assert_eq!(claims, json!({"number": number}));
    }
}

#[test]
fn the_header_names_algorithm_type_and_key() {
    let kid = keys().ec_key().thumbprint();
    let unsigned = Unsigned::new(SigningAlgorithm::Es256, &kid, Typ::AccessToken, &json!({})).unwrap();
    let (header, _) = unsigned.input.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header, json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}));
}

#[test]
fn an_rsa_signature_is_as_long_as_its_modulus() {
    let kid = keys().ec_key().thumbprint();
    for (length, good) in [(0, false), (64, false), (255, false), (256, true), (512, true), (513, false)] {
        let unsigned = Unsigned::new(SigningAlgorithm::Rs256, &kid, Typ::Jwt, &json!({})).unwrap();
        assert_eq!(unsigned.with_signature(&vec![1; length]).is_ok(), good, "{length}");
    }
}

/// A number as DER writes it.
fn integer(number: &[u8]) -> Vec<u8> {
    let digits = &number[number.iter().position(|byte| *byte != 0).unwrap()..];
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    [&[2, u8::try_from(sign.len() + digits.len()).unwrap()][..], sign, digits].concat()
}

fn sequence(content: &[u8]) -> Vec<u8> {
    [&[0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

#[test]
fn what_is_not_strictly_a_signature_is_refused() {
    let one = integer(&[1]);
    let both = [one.clone(), one.clone()].concat();
    let long = [integer(&[1; 33]), one.clone()].concat();
    assert!(joint(&sequence(&both)).is_some());
    for der in [
        vec![],
        sequence(&[]),
        sequence(&one),
        sequence(&long),
        sequence(&[both.clone(), one.clone()].concat()),
        sequence(&[&[2, 1, 0], &one[..]].concat()),
        sequence(&[&[2, 2, 0, 1], &one[..]].concat()),
        sequence(&[&[2, 1, 0x80], &one[..]].concat()),
        [sequence(&both), vec![0]].concat(),
        [&[0x30, 0x81, 6], &both[..]].concat(),
        [&[0x31, 6], &both[..]].concat(),
    ] {
        assert_eq!(joint(&der), None, "{der:02x?}");
    }
}

proptest! {
    #[test]
    fn numbers_of_every_length_take_32_bytes_each(mut r: [u8; 32], mut s: [u8; 32], zeros in (0_usize..32, 0_usize..32)) {
        r[..zeros.0].fill(0);
        s[..zeros.1].fill(0);
        r[31] |= 1;
        s[31] |= 1;
        let der = sequence(&[integer(&r), integer(&s)].concat());
        prop_assert_eq!(joint(&der).unwrap().to_vec(), [r, s].concat());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = joint(&bytes);
        let _ = joint(&sequence(&bytes[..bytes.len().min(127)]));
    }
}
