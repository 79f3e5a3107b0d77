//! Signatures by KMS, one call each. KMS gets the digest: what is signed may be longer than it takes.

use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use domain::signing_keys::Algorithm;

use crate::{KeyError, region::here};

/// Signs by any key it is told to; KMS's policies decide which.
#[derive(Clone, Debug)]
pub struct Signer {
    client: Client,
}

impl Signer {
    /// A signer over this client.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The signature over a SHA-256 as KMS gives it: ECDSA's as DER, RSA's as it is.
    ///
    /// # Errors
    /// KMS's.
    pub async fn sign(&self, arn: &str, algorithm: Algorithm, digest: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
        let output = self
            .client
            .sign()
            .key_id(here(&self.client, arn))
            .message_type(MessageType::Digest)
            .message(Blob::new(digest.as_slice()))
            .signing_algorithm(specified(algorithm))
            .send()
            .await
            .map_err(KeyError::from_sdk)?;
        output.signature.map(Blob::into_inner).ok_or(KeyError::Empty)
    }

    /// The public half of a key, as SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// KMS's; [`KeyError::Empty`] for a key of another algorithm.
    pub async fn public_key(&self, arn: &str, algorithm: Algorithm) -> Result<Vec<u8>, KeyError> {
        let output = self.client.get_public_key().key_id(arn).send().await.map_err(KeyError::from_sdk)?;
        if !output.signing_algorithms().contains(&specified(algorithm)) {
            return Err(KeyError::Empty);
        }
        output.public_key.map(Blob::into_inner).ok_or(KeyError::Empty)
    }
}

const fn specified(algorithm: Algorithm) -> SigningAlgorithmSpec {
    match algorithm {
        Algorithm::Es256 => SigningAlgorithmSpec::EcdsaSha256,
        Algorithm::Rs256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
    }
}
