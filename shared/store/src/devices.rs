//! Browsers that have been seen, in the table of sessions: `device#<SHA-256 of secret and username>`.
//!
//! Charging a failure and finding out whether a browser is known are one update: its success is the answer.

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    types::{Put, ReturnValue, TransactWriteItem, Update},
};
use domain::{
    account::AccountId,
    device::{Device, DeviceKey, FAILURES},
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::{
    StoreError, Table,
    accounts::Login,
    failure::{if_held, incomplete},
    item, number, text,
    transaction::IntoTransaction,
};

/// How long a secret is still taken after another has taken its place.
const STILL_GOOD: SignedDuration = SignedDuration::from_mins(1);

/// The devices, in the table of sessions.
#[derive(Clone, Debug)]
pub struct Devices(Table);

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    id: String,
    #[serde(flatten)]
    device: Device,
}

/// A browser that has been seen, one failure charged to it in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a failure in advance is kept, taken back, or gone with the device that is replaced"]
pub struct KnownDevice {
    /// What it is found by.
    pub key: DeviceKey,
    /// Whose it is.
    pub account_id: AccountId,
    /// When it was last signed in with, in milliseconds since 1970.
    pub seen: i64,
}

impl KnownDevice {
    /// Whether it is known to this account: a username may have passed to somebody else, and browsers are forgotten
    /// when the password changes.
    pub fn is_known_to(&self, login: &Login) -> bool {
        self.account_id == login.account_id && login.devices_from.is_none_or(|from| from <= self.seen)
    }
}

impl Devices {
    /// The table of sessions.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Charges a failure to the device that one of `keys` names: `None` if it is unknown, too old, or failed too often.
    ///
    /// # Errors
    /// The table's.
    pub async fn charge(&self, keys: &[DeviceKey], now: Timestamp) -> Result<Option<KnownDevice>, StoreError> {
        let outcomes = join_all(keys.iter().map(|key| self.charge_one(key, now))).await;
        outcomes.into_iter().find_map(Result::transpose).transpose()
    }

    async fn charge_one(&self, key: &DeviceKey, now: Timestamp) -> Result<Option<KnownDevice>, StoreError> {
        let outcome = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(row_key(key)))
            .update_expression("ADD failures :one")
            .condition_expression("attribute_exists(id) AND failures < :most AND expires > :now")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(FAILURES))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let Some(item) = if_held(outcome)?.and_then(|output| output.attributes) else { return Ok(None) };
        let row: Row = from_item(item).map_err(StoreError::Shape)?;
        Ok(Some(KnownDevice { key: key.clone(), account_id: row.device.account_id, seen: row.device.seen }))
    }

    /// Takes back a failure that was none. Sent at most once, as every refund.
    ///
    /// # Errors
    /// The table's.
    pub async fn refund(&self, key: &DeviceKey) -> Result<(), StoreError> {
        let outcome = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(row_key(key)))
            .update_expression("ADD failures :less")
            .condition_expression("failures > :none")
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0))
            .customize()
            .config_override(aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await;
        if_held(outcome).map(drop)
    }

    /// Remembers a browser, as part of a transaction.
    pub(crate) fn remember(&self, key: &DeviceKey, device: Device) -> Result<TransactWriteItem, StoreError> {
        let row = Row { id: row_key(key), device };
        let put = Put::builder().table_name(&self.0.name).set_item(Some(item(&row)?)).build();
        put.map(IntoTransaction::into_transaction).map_err(incomplete)
    }

    /// Lets a secret go that another has taken the place of, as part of a transaction: soon, and not at once, since a
    /// button pressed twice comes with the old one too.
    pub(crate) fn let_go(&self, key: &DeviceKey, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.0.name)
            .key("id", text(row_key(key)))
            .update_expression("SET expires = :soon")
            .expression_attribute_values(":soon", number((now + STILL_GOOD).as_second()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

pub(crate) fn row_key(key: &DeviceKey) -> String {
    format!("device#{}", key.as_str())
}
