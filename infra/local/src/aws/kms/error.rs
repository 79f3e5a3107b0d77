//! What KMS refuses, in its words.

use http::StatusCode;

use crate::{
    aws::keyring::KeyringError,
    template::{KeySpec, KmsKey},
};

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub(super) enum KmsError {
    #[error("Key '{0}' does not exist")]
    NotFound(String),
    #[error("{0}")]
    InvalidKeyUsage(String),
    #[error("")]
    InvalidMac,
    #[error("")]
    InvalidCiphertext,
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    IncorrectKey,
    #[error("{0}")]
    Validation(String),
    #[error("{0}")]
    Serialization(String),
    #[error("")]
    UnknownOperation,
    #[error("{0}")]
    Keyring(#[from] KeyringError),
    #[error("the cryptography failed")]
    Cryptography,
}

impl KmsError {
    /// Its status and its name on the wire.
    pub(super) fn code(&self) -> (StatusCode, &'static str) {
        let code = match self {
            Self::NotFound(_) => "NotFoundException",
            Self::InvalidKeyUsage(_) => "InvalidKeyUsageException",
            Self::InvalidMac => "KMSInvalidMacException",
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::Validation(_) => "ValidationException",
            Self::Serialization(_) => "SerializationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::Keyring(_) | Self::Cryptography => {
                return (StatusCode::INTERNAL_SERVER_ERROR, "KMSInternalException");
            }
        };
        (StatusCode::BAD_REQUEST, code)
    }
}

/// A parameter that must be there.
pub(super) fn missing(name: &str) -> KmsError {
    KmsError::Validation(format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
    ))
}

/// A key that is not for this operation.
pub(super) fn unusable(key: &KmsKey, operation: &str) -> KmsError {
    let (arn, usage) = (&key.arn, key.key_usage.name());
    if operation == "GetPublicKey" && matches!(key.key_spec, KeySpec::Hmac256 | KeySpec::SymmetricDefault) {
        return KmsError::Validation(format!("{arn} is not an asymmetric key, which {operation} needs."));
    }
    KmsError::InvalidKeyUsage(format!("{arn} key usage is {usage} which is not valid for {operation}."))
}
