//! Keys and signatures for the tests, made once per run.

use std::sync::OnceLock;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    jwk::{PublicKey, ServedKey, ServedKeys},
    jws::{SigningAlgorithm, Unsigned},
};

/// The moment all tests run at.
pub(crate) fn now() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

/// A P-256 and an RSA key of somebody.
pub(crate) struct Keys {
    /// PKCS #8
    ec: Vec<u8>,
    rsa: RsaKeyPair,
}

/// The keys of whom the tests are about.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::generate)
}

/// Somebody else's keys.
pub(crate) fn other_keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::generate)
}

impl Keys {
    fn generate() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self { ec: pkcs8.as_ref().to_vec(), rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    fn ec(&self, der: bool) -> EcdsaKeyPair {
        let form = if der { &ECDSA_P256_SHA256_ASN1_SIGNING } else { &ECDSA_P256_SHA256_FIXED_SIGNING };
        EcdsaKeyPair::from_pkcs8(form, &self.ec).unwrap()
    }

    /// `SubjectPublicKeyInfo` of the P-256 key, as KMS gives it.
    pub(crate) fn ec_spki(&self) -> Vec<u8> {
        self.ec(false).public_key().as_der().unwrap().as_ref().to_vec()
    }

    /// `SubjectPublicKeyInfo` of the RSA key.
    pub(crate) fn rsa_spki(&self) -> Vec<u8> {
        self.rsa.public_key().as_der().unwrap().as_ref().to_vec()
    }

    /// The P-256 key as a JWK, by another way than our code takes.
    pub(crate) fn ec_jwk(&self) -> Value {
        let pair = self.ec(false);
        let point = pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..])})
    }

    /// The RSA key as a JWK.
    pub(crate) fn rsa_jwk(&self) -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public_key());
        json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)})
    }

    /// The P-256 key.
    pub(crate) fn ec_key(&self) -> PublicKey {
        PublicKey::from_jwk(&self.ec_jwk()).unwrap()
    }

    /// Both keys as we would serve them.
    pub(crate) fn served(&self) -> ServedKeys {
        let ec = ServedKey::from_spki(SigningAlgorithm::Es256, &self.ec_spki()).unwrap();
        let rsa = ServedKey::from_spki(SigningAlgorithm::Rs256, &self.rsa_spki()).unwrap();
        ServedKeys { keys: vec![ec, rsa] }
    }

    /// A signature over a message in the form KMS answers: DER for ECDSA.
    pub(crate) fn kms_signature(&self, algorithm: SigningAlgorithm, message: &[u8]) -> Vec<u8> {
        match algorithm {
            SigningAlgorithm::Es256 => self.ec(true).sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            SigningAlgorithm::Rs256 => self.rsa_signature("RS256", message),
        }
    }

    fn rsa_signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let padding: &dyn aws_lc_rs::signature::RsaEncoding =
            if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// A JWT of our own with the signature KMS would make.
    pub(crate) fn finish(&self, unsigned: Unsigned) -> String {
        let signature = self.kms_signature(unsigned.algorithm(), unsigned.input().as_bytes());
        unsigned.with_signature(&signature).unwrap()
    }

    /// A JWT with any header and claims, signed as its `alg` says, as a client's library would.
    pub(crate) fn jwt(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(header), encode(claims));
        let signature = match header["alg"].as_str().unwrap_or_default() {
            "ES256" => self.ec(false).sign(&SystemRandom::new(), input.as_bytes()).unwrap().as_ref().to_vec(),
            algorithm @ ("RS256" | "PS256") => self.rsa_signature(algorithm, input.as_bytes()),
            "HS256" => {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &self.ec_spki());
                aws_lc_rs::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
