//! Why a key could not be used.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

/// KMS could not be asked, or answered what it should not.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Throttled, unreachable, or no answer in time: after the client's own retries.
    #[error("KMS is unavailable: {0}")]
    Unavailable(String),
    /// An answer without its value.
    #[error("KMS answered without a value")]
    Empty,
    /// Argon2 refused its parameters or ran out of memory.
    #[error("argon2: {0}")]
    Argon2(argon2::Error),
    /// A stored verifier is not one of ours.
    #[error("a stored password verifier cannot be read")]
    Verifier,
}

impl KeyError {
    /// By its code and what IAM refused, or by its kind where it has none: what lies below may hold a body.
    pub(crate) fn from_sdk<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> Self {
        match error.code() {
            Some(code) => Self::Unavailable(denial::told(code, error.message())),
            None => Self::Unavailable(error.to_string()),
        }
    }
}
