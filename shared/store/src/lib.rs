//! The tables, over DynamoDB: one module each. Reads of sessions, codes and counters are strongly consistent, and
//! everything that is consumed once or counted is a conditional write.

pub mod accounts;
pub mod clients;
mod conflict;
pub mod consents;
pub mod devices;
pub mod disclosures;
mod failure;
pub mod grants;
pub mod issuing;
pub mod limits;
pub mod lockout;
pub mod opening;
pub mod password_change;
pub mod pending_sign_ins;
pub mod registrations;
pub mod replays;
pub mod requests;
pub mod sessions;
pub mod signing_keys;
mod transaction;
pub mod whereabouts;

pub use conflict::client;
pub use failure::StoreError;

use std::future::Future;

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use domain::entropy::Entropy;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

/// A table: the client, its name, and the randomness that tells writes apart.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) entropy: Entropy,
}

impl Table {
    /// A table by its name, as the template gave it to the function.
    pub fn new(client: Client, name: impl Into<String>, entropy: Entropy) -> Self {
        Self { client, name: name.into(), entropy }
    }

    /// Random per write: tells our own, whose answer was lost, from somebody else's.
    pub(crate) fn write_id(&self) -> String {
        hex::encode(self.entropy.bytes::<16>())
    }

    /// Sends what the client is told to send once, and again after a random pause where it met a transaction on its item:
    /// then it was not made.
    pub(crate) async fn past_conflicts<T, E, R, F>(&self, send: impl Fn() -> F) -> Result<T, SdkError<E, R>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, R>>>,
    {
        for attempt in 1..transaction::ATTEMPTS {
            match send().await {
                Err(error) if error.code() == Some(failure::CONFLICT) => {
                    transaction::pause(&self.entropy, attempt).await;
                }
                outcome => return outcome,
            }
        }
        send().await
    }

    /// One item by its key, strongly consistent.
    pub(crate) async fn read<T: for<'de> serde::Deserialize<'de>>(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Option<T>, StoreError> {
        let get = self.client.get_item().table_name(&self.name).key(key, text(value)).consistent_read(true);
        // Boxed, here and in transactions: the SDK's futures are 8 KB, and whatever awaits one would hold it several times.
        let output = Box::pin(get.send()).await.map_err(StoreError::from_sdk)?;
        output.item.map(|item| from_item(item).map_err(StoreError::Shape)).transpose()
    }
}

/// An item as DynamoDB takes it.
pub(crate) type Item = std::collections::HashMap<String, AttributeValue>;

pub(crate) fn item<T: serde::Serialize>(row: &T) -> Result<Item, StoreError> {
    to_item(row).map_err(StoreError::Shape)
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
