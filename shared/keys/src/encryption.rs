//! Encryption at rest by KMS, bound to the account: a ciphertext moved to another account's item does not open.

pub use aws_sdk_kms::Client as Kms;
use aws_sdk_kms::{Client, primitives::Blob};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{account::AccountId, citizen_id::CitizenId, sealed::Ciphertext};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{KeyError, region::here};

/// A symmetric key of KMS.
#[derive(Clone, Debug)]
pub struct EncryptionKey {
    client: Client,
    arn: String,
}

impl EncryptionKey {
    /// A key by its ARN.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }

    /// Encrypts a citizen ID for one account.
    ///
    /// # Errors
    /// KMS's.
    pub async fn seal(&self, citizen_id: &CitizenId, account: AccountId) -> Result<Ciphertext, KeyError> {
        let output = self
            .client
            .encrypt()
            .key_id(&self.arn)
            .encryption_context("account", account.to_string())
            .encryption_context("purpose", "citizen-id")
            .plaintext(Blob::new(citizen_id.expose().as_bytes()))
            .send()
            .await
            .map_err(KeyError::from_sdk)?;
        let blob = output.ciphertext_blob.ok_or(KeyError::Empty)?;
        Ok(Ciphertext::new(&self.arn, blob.as_ref()))
    }
}

/// Opens citizen IDs for who may be told them. Which key sealed one, it says itself.
#[derive(Clone, Debug)]
pub struct CitizenIds {
    client: Client,
}

impl CitizenIds {
    /// Over this client.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The citizen ID sealed for this account.
    ///
    /// # Errors
    /// KMS's; [`KeyError::Empty`] for a ciphertext of another account, or of no citizen ID.
    pub async fn open(&self, sealed: &Ciphertext, account: AccountId) -> Result<CitizenId, KeyError> {
        let blob = hex::decode(&sealed.blob).map_err(|_| KeyError::Empty)?;
        let output = self
            .client
            .decrypt()
            .key_id(here(&self.client, &sealed.key))
            .encryption_context("account", account.to_string())
            .encryption_context("purpose", "citizen-id")
            .ciphertext_blob(Blob::new(blob))
            .send()
            .await
            .map_err(KeyError::from_sdk)?;
        let plaintext = Zeroizing::new(output.plaintext.ok_or(KeyError::Empty)?.into_inner());
        std::str::from_utf8(&plaintext).ok().and_then(|text| text.parse().ok()).ok_or(KeyError::Empty)
    }
}

/// The key that operators encrypt other systems' credentials with, so that none stands in clear in a variable.
#[derive(Clone, Debug)]
pub struct ConfigurationKey(EncryptionKey);

impl ConfigurationKey {
    /// A key by its ARN.
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self(EncryptionKey::new(client, arn))
    }

    /// Decrypts the variable `name`, whose value is a ciphertext in base64 with `variable=<name>` as context.
    ///
    /// # Errors
    /// KMS's; [`KeyError::Empty`] for what is no ciphertext of a text.
    pub async fn open(&self, name: &str, value: &str) -> Result<SecretString, KeyError> {
        let blob = STANDARD.decode(value).map_err(|_| KeyError::Empty)?;
        let output = self
            .0
            .client
            .decrypt()
            .key_id(&self.0.arn)
            .encryption_context("variable", name)
            .ciphertext_blob(Blob::new(blob))
            .send()
            .await
            .map_err(KeyError::from_sdk)?;
        let plaintext = output.plaintext.ok_or(KeyError::Empty)?.into_inner();
        String::from_utf8(plaintext).map(SecretString::from).map_err(|_| KeyError::Empty)
    }
}
