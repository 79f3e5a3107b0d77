//! The parts of AWS that the functions call, on one loopback port, for the unchanged SDK clients.
//!
//! DynamoDB is the embedded dynoxide, unless another is asked for, KMS real cryptography with keys of its own, SNS an outbox one can read, SQS queues
//! in memory. Nobody's signature is checked: what a function may do is the deployed stack's to prove.

mod dynamodb;
mod elsewhere;
pub mod faults;
mod keyring;
mod kms;
mod reply;
mod server;
mod sns;
pub mod sqs;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::Arc,
};

use dynoxide::DynoxideError;
use http::Uri;
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{sms_outbox::Outbox, template::Template};
use dynamodb::DynamoDb;
use elsewhere::Elsewhere;
use faults::Faults;
use keyring::Keyring;
use kms::Kms;
use server::{Services, Tables};
use sns::Sns;
use sqs::{Queues, Sqs};

pub use keyring::KeyringError;

/// Where the time comes from; the caller's choice.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where tables and keys are kept.
#[derive(Clone, Debug, Default)]
pub enum Storage {
    /// In memory.
    #[default]
    Memory,
    /// In this directory, from one run to the next; it is made for its owner alone.
    Directory(PathBuf),
    /// The tables in the DynamoDB at this address, made anew for each run; the keys in memory.
    DynamoDb(Uri),
}

/// The services, running until dropped.
#[derive(Debug)]
pub struct Aws {
    address: SocketAddr,
    outbox: Arc<Outbox>,
    queues: Queues,
    faults: Faults,
    server: JoinHandle<()>,
}

/// Why the services did not start.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// The data directory cannot be made.
    #[error("the directory {path} cannot be made")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Database(#[source] DynoxideError),
    /// A table of the template cannot be made.
    #[error("the table {name} cannot be made")]
    Table {
        /// Which.
        name: String,
        /// Why not.
        source: DynoxideError,
    },
    /// The DynamoDB that runs elsewhere made no tables.
    #[error("the DynamoDB elsewhere: {0}")]
    Elsewhere(String),
    /// The keys kept from earlier runs cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// No port to listen on.
    #[error("no loopback port can be listened on")]
    Listen(#[source] io::Error),
    /// The work of starting was cut off: the runtime is ending.
    #[error("the start was cut off")]
    CutOff,
}

impl Aws {
    /// Starts the services on a port of 127.0.0.1, with the template's tables (those that exist stay) and keys.
    ///
    /// # Errors
    /// See [`AwsError`].
    pub async fn start(template: &Template, storage: &Storage, clock: Clock) -> Result<Self, AwsError> {
        let directory = match storage {
            Storage::Directory(path) => Some(path.as_path()),
            Storage::Memory | Storage::DynamoDb(_) => None,
        };
        if let Some(path) = directory {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(|source| AwsError::Directory { path: path.to_owned(), source })?;
        }
        let keyring = Keyring::open(&template.kms_keys, directory)?;
        let tables = match storage {
            Storage::DynamoDb(endpoint) => {
                Tables::Elsewhere(Box::new(Elsewhere::open(endpoint, &template.tables).await?))
            }
            Storage::Memory | Storage::Directory(_) => {
                let (tables, directory) = (template.tables.clone(), directory.map(ToOwned::to_owned));
                let opened = tokio::task::spawn_blocking(move || DynamoDb::open(directory.as_deref(), &tables));
                Tables::Embedded(opened.await.map_err(|_| AwsError::CutOff)??)
            }
        };
        let outbox = Arc::<Outbox>::default();
        let queues = Queues::new(&template.queues);
        let faults = Faults::default();
        let services = Services {
            tables,
            kms: Arc::new(Kms::new(keyring)),
            sns: Sns::new(Arc::clone(&outbox), clock),
            sqs: Sqs::new(queues.clone()),
            faults: faults.clone(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(AwsError::Listen)?;
        let address = listener.local_addr().map_err(AwsError::Listen)?;
        let server = tokio::spawn(server::serve(listener, Arc::new(services)));
        Ok(Self { address, outbox, queues, faults, server })
    }

    /// The SDK's `endpoint_url`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The text messages sent.
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// The queues and what is in them.
    pub fn queues(&self) -> Queues {
        self.queues.clone()
    }

    /// What goes wrong.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[cfg(test)]
mod tests;
