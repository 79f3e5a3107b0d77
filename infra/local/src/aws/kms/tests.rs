use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use http::StatusCode;

use super::*;
use crate::template::{KeySpec, KeyUsage};

fn kms() -> Kms {
    let key = |logical_id: &str, key_spec, key_usage| KmsKey {
        logical_id: logical_id.to_owned(),
        key_spec,
        key_usage,
        arn: format!("arn:aws:kms:ap-southeast-1:000000000000:key/{logical_id}"),
    };
    let keys = [
        key("Mac", KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        key("OtherMac", KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
        key("Secret", KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        key("OtherSecret", KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        key("Ecc", KeySpec::EccNistP256, KeyUsage::SignVerify),
        key("Rsa", KeySpec::Rsa2048, KeyUsage::SignVerify),
    ];
    Kms::new(Keyring::open(&keys, None).unwrap())
}

fn ask(kms: &Kms, operation: &str, request: Value) -> Value {
    let reply = kms.answer(operation, request.to_string().as_bytes());
    assert!(reply.status.is_success() || reply.status == StatusCode::BAD_REQUEST, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

#[track_caller]
fn refused(kms: &Kms, operation: &str, request: Value, code: &str) {
    assert_eq!(ask(kms, operation, request)["__type"], code, "{operation}");
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn mac(key: &str, message: &[u8]) -> Value {
    json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(message)})
}

fn with(mut request: Value, name: &str, value: impl Into<Value>) -> Value {
    request[name] = value.into();
    request
}

#[test]
fn a_mac_is_verified_with_its_key_and_message_only() {
    let kms = kms();
    let made = ask(&kms, "GenerateMac", mac("arn:aws:kms:ap-southeast-1:000000000000:key/Mac", b"a"));
    assert_eq!(
        (&made["KeyId"], bytes(&made["Mac"]).len()),
        (&json!("arn:aws:kms:ap-southeast-1:000000000000:key/Mac"), 32)
    );
    let verify = |key: &str, message: &[u8]| with(mac(key, message), "Mac", made["Mac"].clone());
    assert_eq!(ask(&kms, "VerifyMac", verify("Mac", b"a"))["MacValid"], true);
    refused(&kms, "VerifyMac", verify("Mac", b"b"), "KMSInvalidMacException");
    refused(&kms, "VerifyMac", verify("OtherMac", b"a"), "KMSInvalidMacException");
    refused(&kms, "VerifyMac", with(mac("Mac", b"a"), "Mac", base64(b"short")), "KMSInvalidMacException");
}

#[test]
fn a_ciphertext_opens_with_its_key_and_context_only() {
    let kms = kms();
    let sealed = ask(
        &kms,
        "Encrypt",
        json!({"KeyId": "Secret", "Plaintext": base64(b"1112034563562"), "EncryptionContext": {"account": "a", "b": ""}}),
    );
    let blob = &sealed["CiphertextBlob"];
    let open = |context: Value| json!({"CiphertextBlob": blob, "EncryptionContext": context});
    let opened = ask(&kms, "Decrypt", open(json!({"b": "", "account": "a"})));
    assert_eq!(bytes(&opened["Plaintext"]), b"1112034563562");
    assert_eq!(opened["KeyId"], sealed["KeyId"]);
    for context in
        [json!({}), json!({"account": "b", "b": ""}), json!({"account": "a"}), json!({"account": "", "b": "a"})]
    {
        refused(&kms, "Decrypt", open(context), "InvalidCiphertextException");
    }
    let context = json!({"account": "a", "b": ""});
    refused(&kms, "Decrypt", with(open(context.clone()), "KeyId", "OtherSecret"), "IncorrectKeyException");
    assert!(ask(&kms, "Decrypt", with(open(context.clone()), "KeyId", "Secret")).get("Plaintext").is_some());
    // Not one bit may change, the ARN's included.
    for place in 0..bytes(blob).len() {
        let mut changed = bytes(blob);
        changed[place] ^= 1;
        let request = json!({"CiphertextBlob": base64(&changed), "EncryptionContext": context});
        refused(&kms, "Decrypt", request, "InvalidCiphertextException");
    }
    refused(&kms, "Decrypt", json!({"CiphertextBlob": base64(&bytes(blob)[..40])}), "InvalidCiphertextException");
}

fn signed(kms: &Kms, key: &str, algorithm: &str, verification: &'static dyn VerificationAlgorithm) {
    let public = ask(kms, "GetPublicKey", json!({"KeyId": key}));
    let der = bytes(&public["PublicKey"]);
    let verifier = UnparsedPublicKey::new(verification, &der);
    let digest = signature::digest(b"message");
    for (message_type, message) in [("RAW", b"message".as_slice()), ("DIGEST", digest.as_ref())] {
        let request = json!({"KeyId": key, "SigningAlgorithm": algorithm, "MessageType": message_type, "Message": base64(message)});
        let signature = bytes(&ask(kms, "Sign", request)["Signature"]);
        verifier.verify(b"message", &signature).unwrap();
        assert!(verifier.verify(b"another", &signature).is_err());
    }
}

#[test]
fn signatures_verify_with_the_public_key() {
    let kms = kms();
    signed(&kms, "Ecc", "ECDSA_SHA_256", &ECDSA_P256_SHA256_ASN1);
    signed(&kms, "Rsa", "RSASSA_PKCS1_V1_5_SHA_256", &RSA_PKCS1_2048_8192_SHA256);
    let public = ask(&kms, "GetPublicKey", json!({"KeyId": "Ecc"}));
    assert_eq!((&public["KeySpec"], &public["KeyUsage"]), (&json!("ECC_NIST_P256"), &json!("SIGN_VERIFY")));
    // SubjectPublicKeyInfo of P-256: 26 bytes of prefix, then the point.
    let der = bytes(&public["PublicKey"]);
    assert_eq!((der.len(), der[26]), (91, 4));
}

#[test]
fn what_kms_refuses_is_refused() {
    let kms = kms();
    let sign = |key: &str, algorithm: &str, message_type: &str, length: usize| json!({"KeyId": key, "SigningAlgorithm": algorithm, "MessageType": message_type, "Message": base64(&vec![0; length])});
    refused(&kms, "GenerateMac", mac("Nothing", b"a"), "NotFoundException");
    refused(&kms, "GenerateMac", mac("alias/Mac", b"a"), "NotFoundException");
    refused(&kms, "GenerateMac", mac("Secret", b"a"), "InvalidKeyUsageException");
    refused(&kms, "GenerateMac", with(mac("Mac", b"a"), "MacAlgorithm", "HMAC_SHA_512"), "InvalidKeyUsageException");
    refused(&kms, "GenerateMac", mac("Mac", b""), "ValidationException");
    refused(&kms, "GenerateMac", mac("Mac", &[0; 4097]), "ValidationException");
    assert!(ask(&kms, "GenerateMac", mac("Mac", &[0; 4096])).get("Mac").is_some());
    refused(&kms, "Encrypt", json!({"KeyId": "Mac", "Plaintext": "YQ=="}), "InvalidKeyUsageException");
    refused(&kms, "Sign", sign("Mac", "ECDSA_SHA_256", "RAW", 1), "InvalidKeyUsageException");
    refused(&kms, "Sign", sign("Rsa", "ECDSA_SHA_256", "RAW", 1), "InvalidKeyUsageException");
    refused(&kms, "Sign", sign("Ecc", "ECDSA_SHA_256", "RAW", 4097), "ValidationException");
    refused(&kms, "Sign", sign("Ecc", "ECDSA_SHA_256", "DIGEST", 31), "ValidationException");
    refused(&kms, "GetPublicKey", json!({"KeyId": "Secret"}), "ValidationException");
    refused(&kms, "GenerateMac", json!({"KeyId": "Mac", "Message": "%"}), "SerializationException");
    refused(&kms, "ScheduleKeyDeletion", json!({"KeyId": "Mac"}), "UnknownOperationException");
}

#[test]
fn randomness_has_the_length_asked_for() {
    let kms = kms();
    assert_eq!(bytes(&ask(&kms, "GenerateRandom", json!({"NumberOfBytes": 32}))["Plaintext"]).len(), 32);
    refused(&kms, "GenerateRandom", json!({"NumberOfBytes": 1025}), "ValidationException");
}
