//! KMS: its operations, with real cryptography and its own errors.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    keyring::{Keyring, Material},
    reply::{Protocol, Reply},
};
use crate::template::KmsKey;

mod ciphertext;
mod error;
mod signature;

use error::{KmsError, missing, unusable};

/// The longest message or plaintext KMS takes, in bytes.
const LONGEST: usize = 4096;

/// The keys and what they do.
pub(super) struct Kms {
    keyring: Keyring,
}

/// Every parameter of every operation here; each takes what it needs.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    key_id: Option<String>,
    message: Option<Blob>,
    mac: Option<Blob>,
    mac_algorithm: Option<String>,
    plaintext: Option<Blob>,
    ciphertext_blob: Option<Blob>,
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
    message_type: Option<String>,
    signing_algorithm: Option<String>,
    number_of_bytes: Option<usize>,
}

/// Bytes, base64 in JSON.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Blob(Vec<u8>);

impl TryFrom<String> for Blob {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        BASE64_STANDARD.decode(text).map(Self)
    }
}

impl Kms {
    pub(super) fn new(keyring: Keyring) -> Self {
        Self { keyring }
    }

    /// Answers an operation. Blocks: making an RSA key takes a while.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        match self.execute(operation, body) {
            Ok(answer) => Reply::done(Protocol::Json11, answer.to_string()),
            Err(error) => {
                let (status, code) = error.code();
                if status.is_server_error() {
                    tracing::error!(%error, operation, "the local KMS failed");
                }
                Reply::refusal(Protocol::Json11, status, code, &error.to_string())
            }
        }
    }

    fn execute(&self, operation: &str, body: &[u8]) -> Result<Value, KmsError> {
        let request: Request =
            serde_json::from_slice(body).map_err(|error| KmsError::Serialization(error.to_string()))?;
        match operation {
            "GenerateMac" => self.generate_mac(&request),
            "VerifyMac" => self.verify_mac(&request),
            "Encrypt" => self.encrypt(&request),
            "Decrypt" => self.decrypt(&request),
            "Sign" => self.sign(&request),
            "GetPublicKey" => self.public_key(&request),
            "GenerateRandom" => generate_random(&request),
            _ => Err(KmsError::UnknownOperation),
        }
    }

    fn generate_mac(&self, request: &Request) -> Result<Value, KmsError> {
        let (key, mac) = self.mac(request, "GenerateMac")?;
        Ok(json!({ "KeyId": key.arn, "Mac": BASE64_STANDARD.encode(mac), "MacAlgorithm": "HMAC_SHA_256" }))
    }

    fn verify_mac(&self, request: &Request) -> Result<Value, KmsError> {
        let given = bounded(request.mac.as_ref(), "mac", 6144)?;
        let (key, mac) = self.mac(request, "VerifyMac")?;
        aws_lc_rs::constant_time::verify_slices_are_equal(given, mac.as_ref()).map_err(|_| KmsError::InvalidMac)?;
        Ok(json!({ "KeyId": key.arn, "MacAlgorithm": "HMAC_SHA_256", "MacValid": true }))
    }

    fn mac(&self, request: &Request, operation: &str) -> Result<(&KmsKey, aws_lc_rs::hmac::Tag), KmsError> {
        let (key, material) = self.key(request)?;
        let Material::Hmac(hmac) = material.as_ref() else {
            return Err(unusable(key, operation));
        };
        fits(key, request.mac_algorithm.as_deref(), "macAlgorithm", &["HMAC_SHA_256"])?;
        let message = bounded(request.message.as_ref(), "message", LONGEST)?;
        Ok((key, aws_lc_rs::hmac::sign(hmac, message)))
    }

    fn encrypt(&self, request: &Request) -> Result<Value, KmsError> {
        let (key, material) = self.key(request)?;
        let Material::Aes(aes) = material.as_ref() else {
            return Err(unusable(key, "Encrypt"));
        };
        let plaintext = bounded(request.plaintext.as_ref(), "plaintext", LONGEST)?;
        let blob = ciphertext::seal(aes, &key.arn, &request.encryption_context, plaintext);
        Ok(json!({
            "CiphertextBlob": BASE64_STANDARD.encode(blob.ok_or(KmsError::Cryptography)?),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": key.arn,
        }))
    }

    fn decrypt(&self, request: &Request) -> Result<Value, KmsError> {
        let blob = bounded(request.ciphertext_blob.as_ref(), "ciphertextBlob", 6144)?;
        let arn = ciphertext::key_arn(blob).ok_or(KmsError::InvalidCiphertext)?;
        // The caller's word for the key must be the blob's; without it the blob's is taken.
        if let Some(named) = &request.key_id
            && self.keyring.find(named).ok_or_else(|| KmsError::NotFound(named.clone()))?.arn != arn
        {
            return Err(KmsError::IncorrectKey);
        }
        let key = self.keyring.find(arn).ok_or(KmsError::InvalidCiphertext)?;
        let material = self.keyring.material(key)?;
        let Material::Aes(aes) = material.as_ref() else {
            return Err(KmsError::InvalidCiphertext);
        };
        let plaintext = ciphertext::open(aes, &request.encryption_context, blob).ok_or(KmsError::InvalidCiphertext)?;
        Ok(json!({
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": key.arn,
            "Plaintext": BASE64_STANDARD.encode(plaintext.as_slice()),
        }))
    }

    fn sign(&self, request: &Request) -> Result<Value, KmsError> {
        let (key, material) = self.key(request)?;
        let algorithms = signature::algorithms(key.key_spec);
        if algorithms.is_empty() {
            return Err(unusable(key, "Sign"));
        }
        let algorithm = fits(key, request.signing_algorithm.as_deref(), "signingAlgorithm", algorithms)?;
        let message = bounded(request.message.as_ref(), "message", LONGEST)?;
        let digest = match request.message_type.as_deref() {
            None | Some("RAW") => signature::digest(message),
            Some("DIGEST") => signature::given(message)
                .ok_or_else(|| KmsError::Validation(format!("Digest is invalid length for algorithm {algorithm}.")))?,
            Some(other) => {
                return Err(KmsError::Validation(format!("MessageType {other} is not supported here")));
            }
        };
        let signature = signature::sign(&material, &digest).ok_or(KmsError::Cryptography)?;
        Ok(json!({
            "KeyId": key.arn,
            "Signature": BASE64_STANDARD.encode(signature),
            "SigningAlgorithm": algorithm,
        }))
    }

    fn public_key(&self, request: &Request) -> Result<Value, KmsError> {
        let (key, material) = self.key(request)?;
        let der = signature::public_key(&material).ok_or_else(|| unusable(key, "GetPublicKey"))?;
        Ok(json!({
            "CustomerMasterKeySpec": key.key_spec.name(),
            "KeyId": key.arn,
            "KeySpec": key.key_spec.name(),
            "KeyUsage": key.key_usage.name(),
            "PublicKey": BASE64_STANDARD.encode(der),
            "SigningAlgorithms": signature::algorithms(key.key_spec),
        }))
    }

    fn key(&self, request: &Request) -> Result<(&KmsKey, Arc<Material>), KmsError> {
        let id = request.key_id.as_deref().ok_or_else(|| missing("keyId"))?;
        let key = self.keyring.find(id).ok_or_else(|| KmsError::NotFound(id.to_owned()))?;
        Ok((key, self.keyring.material(key)?))
    }
}

fn generate_random(request: &Request) -> Result<Value, KmsError> {
    let length = request.number_of_bytes.ok_or_else(|| missing("numberOfBytes"))?;
    if !(1..=1024).contains(&length) {
        return Err(KmsError::Validation("NumberOfBytes is 1 to 1024".to_owned()));
    }
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).map_err(|_| KmsError::Cryptography)?;
    Ok(json!({ "Plaintext": BASE64_STANDARD.encode(bytes) }))
}

fn bounded<'a>(blob: Option<&'a Blob>, name: &str, longest: usize) -> Result<&'a [u8], KmsError> {
    let Blob(bytes) = blob.ok_or_else(|| missing(name))?;
    let constraint = match bytes.len() {
        0 => "Member must have length greater than or equal to 1".to_owned(),
        length if length > longest => {
            format!("Member must have length less than or equal to {longest}")
        }
        _ => return Ok(bytes),
    };
    Err(KmsError::Validation(format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: {constraint}"
    )))
}

fn fits<'a>(key: &KmsKey, algorithm: Option<&'a str>, name: &str, known: &[&str]) -> Result<&'a str, KmsError> {
    let algorithm = algorithm.ok_or_else(|| missing(name))?;
    if known.contains(&algorithm) {
        return Ok(algorithm);
    }
    let spec = key.key_spec.name();
    Err(KmsError::InvalidKeyUsage(format!("Algorithm {algorithm} is incompatible with key spec {spec}.")))
}

#[cfg(test)]
mod tests;
