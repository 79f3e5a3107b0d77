//! The template as the local run needs it: functions with their routes and environment, tables, keys and queues.
//!
//! The template stays the only list of them; it is read when the process starts, so that an edit relinks nothing.

mod deployment;
mod intrinsics;
mod resources;
mod yaml;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use http::Method;
use serde_json::Value;

use deployment::Deployment;

/// The region the local run pretends to be in.
pub const REGION: &str = "ap-southeast-1";
/// The account the local run pretends to be.
pub const ACCOUNT: &str = "000000000000";

/// What the template declares, every intrinsic function resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The Lambda functions, by logical id.
    pub functions: Vec<Function>,
    /// The DynamoDB tables.
    pub tables: Vec<Table>,
    /// The KMS keys.
    pub kms_keys: Vec<KmsKey>,
    /// The SQS queues.
    pub queues: Vec<Queue>,
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name within the template.
    pub logical_id: String,
    /// Its package: the last folder of `CodeUri`.
    pub name: String,
    /// What API Gateway sends to it.
    pub routes: Vec<Route>,
    /// The queues it takes messages from.
    pub sources: Vec<Source>,
    /// Its environment, the template's globals included.
    pub environment: BTreeMap<String, String>,
}

/// A method and a path of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `None` is API Gateway's `ANY`.
    pub method: Option<Method>,
    /// Begins with `/`; a segment may be `{name}`, the last one `{name+}`.
    pub path: String,
}

/// A queue whose messages go to a function, in batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The queue's name.
    pub queue: String,
    /// How many messages a batch has at most.
    pub batch_size: usize,
    /// Whether the function's answer says which messages failed; else one failure is everybody's.
    pub reports_failures: bool,
}

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its name within the template.
    pub logical_id: String,
    /// The last part of its URL.
    pub name: String,
    /// What becomes of messages that nobody could take.
    pub redrive: Option<Redrive>,
}

/// A queue's `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the queue for dead letters.
    pub dead_letters: String,
    /// How often a message is delivered before it is one.
    pub max_receive_count: u32,
}

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name within the template.
    pub logical_id: String,
    /// What `TableName` is in requests, and what `!Ref` gives.
    pub name: String,
    /// What `CreateTable` takes.
    pub create: Value,
    /// The attribute its items expire by.
    pub ttl_attribute: Option<String>,
}

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsKey {
    /// Its name within the template.
    pub logical_id: String,
    /// What kind of key.
    pub key_spec: KeySpec,
    /// What it may do.
    pub key_usage: KeyUsage,
    /// What `!GetAtt Key.Arn` gives.
    pub arn: String,
}

/// The kinds of key the local run can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySpec {
    /// `HMAC_256`
    Hmac256,
    /// `SYMMETRIC_DEFAULT`: AES-256-GCM.
    SymmetricDefault,
    /// `ECC_NIST_P256`
    EccNistP256,
    /// `RSA_2048`
    Rsa2048,
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUsage {
    /// `ENCRYPT_DECRYPT`
    EncryptDecrypt,
    /// `GENERATE_VERIFY_MAC`
    GenerateVerifyMac,
    /// `SIGN_VERIFY`
    SignVerify,
}

/// Why the template cannot be used. Names the resource.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file could not be read.
    #[error("the template {path} cannot be read")]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not YAML, or not one mapping.
    #[error("the template is not well-formed: {0}")]
    Malformed(String),
    /// A resource says something that the local run cannot follow.
    #[error("{resource}: {reason}")]
    Resource {
        /// Its logical id.
        resource: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Template {
    /// The template of this repository.
    pub fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")
    }

    /// Reads and resolves a template. `overrides` sets parameters by name, and what the local run cannot know by
    /// itself as `LogicalId` (for `!Ref`) or `LogicalId.Attribute` (for `!GetAtt`).
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn read(path: &Path, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text =
            fs::read_to_string(path).map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, overrides)
    }

    /// The same of a text.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn parse(text: &str, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let document = yaml::document(text).map_err(TemplateError::Malformed)?;
        resources::template(&Deployment::new(&document, overrides)?)
    }

    /// The function of a package, if there is one.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Route {
    /// A route for one method.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method: Some(method), path: path.into() }
    }

    /// A route for every method.
    pub fn any(path: impl Into<String>) -> Self {
        Self { method: None, path: path.into() }
    }
}

impl KeySpec {
    /// As KMS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmac256 => "HMAC_256",
            Self::SymmetricDefault => "SYMMETRIC_DEFAULT",
            Self::EccNistP256 => "ECC_NIST_P256",
            Self::Rsa2048 => "RSA_2048",
        }
    }
}

impl KeyUsage {
    /// As KMS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EncryptDecrypt => "ENCRYPT_DECRYPT",
            Self::GenerateVerifyMac => "GENERATE_VERIFY_MAC",
            Self::SignVerify => "SIGN_VERIFY",
        }
    }
}

#[cfg(test)]
mod tests;
