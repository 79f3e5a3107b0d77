//! The tables, over DynamoDB: one module each. Reads of sessions, codes and counters are strongly consistent, and
//! everything that is consumed once or counted is a conditional write.

pub mod accounts;
pub mod clients;
pub mod consents;
pub mod devices;
pub mod disclosures;
mod failure;
pub mod grants;
pub mod issuing;
pub mod limits;
pub mod lockout;
pub mod opening;
pub mod pending_sign_ins;
pub mod registrations;
pub mod replays;
pub mod requests;
pub mod sessions;
pub mod signing_keys;
mod transaction;

pub use failure::StoreError;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

/// A table: the client and its name.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Table {
    /// A table by its name, as the template gave it to the function.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// One item by its key, strongly consistent.
    pub(crate) async fn read<T: for<'de> serde::Deserialize<'de>>(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Option<T>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(key, text(value))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::from_sdk)?;
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
