//! Signatures over SHA-256: KMS gives ECDSA's as DER, RSA's as PKCS #1 v1.5.

use aws_lc_rs::{
    digest::{self, Digest, SHA256},
    encoding::AsDer,
    signature::{KeyPair, RSA_PKCS1_SHA256},
};

use crate::{aws::keyring::Material, template::KeySpec};

pub(super) fn algorithms(spec: KeySpec) -> &'static [&'static str] {
    match spec {
        KeySpec::EccNistP256 => &["ECDSA_SHA_256"],
        KeySpec::Rsa2048 => &["RSASSA_PKCS1_V1_5_SHA_256"],
        KeySpec::Hmac256 | KeySpec::SymmetricDefault => &[],
    }
}

/// The digest of a message.
pub(super) fn digest(message: &[u8]) -> Digest {
    digest::digest(&SHA256, message)
}

/// A digest that the caller made; `None` if it is not 32 bytes.
pub(super) fn given(digest: &[u8]) -> Option<Digest> {
    Digest::import_less_safe(digest, &SHA256).ok()
}

pub(super) fn sign(material: &Material, digest: &Digest) -> Option<Vec<u8>> {
    match material {
        Material::Ecc(pair) => Some(pair.sign_digest(digest).ok()?.as_ref().to_vec()),
        Material::Rsa(pair) => {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature).ok()?;
            Some(signature)
        }
        Material::Hmac(_) | Material::Aes(_) => None,
    }
}

/// The public key as SubjectPublicKeyInfo, DER.
pub(super) fn public_key(material: &Material) -> Option<Vec<u8>> {
    match material {
        Material::Ecc(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
        Material::Rsa(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
        Material::Hmac(_) | Material::Aes(_) => None,
    }
}
