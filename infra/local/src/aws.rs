//! The parts of AWS that the functions call, on one loopback port, for the unchanged SDK clients.
//!
//! DynamoDB is the embedded dynoxide, KMS real cryptography with keys of its own, SNS an outbox one can read, SQS queues
//! in memory. Nobody's signature is checked: what a function may do is the deployed stack's to prove.

mod dynamodb;
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
    path::{Path, PathBuf},
    sync::Arc,
};

use dynoxide::DynoxideError;
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{sms_outbox::Outbox, template::Template};
use dynamodb::DynamoDb;
use faults::Faults;
use keyring::Keyring;
use kms::Kms;
use server::Services;
use sns::Sns;
use sqs::{Queues, Sqs};

pub use keyring::KeyringError;

/// Where the time comes from; the caller's choice.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

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
    /// Starts the services on a port of 127.0.0.1, with the template's tables (those that exist stay) and keys. With
    /// `data`, tables and keys are kept in that directory, which is made for its owner alone.
    ///
    /// # Errors
    /// See [`AwsError`].
    pub async fn start(template: &Template, data: Option<&Path>, clock: Clock) -> Result<Self, AwsError> {
        if let Some(path) = data {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(|source| AwsError::Directory { path: path.to_owned(), source })?;
        }
        let keyring = Keyring::open(&template.kms_keys, data)?;
        let (tables, directory) = (template.tables.clone(), data.map(Path::to_owned));
        let dynamodb = tokio::task::spawn_blocking(move || DynamoDb::open(directory.as_deref(), &tables));
        let dynamodb = dynamodb.await.map_err(|_| AwsError::CutOff)??;
        let outbox = Arc::<Outbox>::default();
        let queues = Queues::new(&template.queues);
        let faults = Faults::default();
        let services = Services {
            dynamodb,
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
