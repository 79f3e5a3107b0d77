//! The relying parties, by their `client_id`.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use oidc::{
    client::{Client, ClientId},
    client_secret::SecretDigest,
    jwk::ClientKeys,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_attribute_value};
use serde_json::{Map, Value};

use crate::{StoreError, Table, failure::if_held, item, text};

/// How often a client's `jwks_uri` is asked at most, whatever `kid` somebody sends.
const KEYS_ASKED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// The table of clients.
#[derive(Clone, Debug)]
pub struct Clients(Table);

/// A client as it is registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registered {
    /// The key: its `client_id`.
    id: ClientId,
    /// The client.
    pub client: Client,
    /// What it was registered with, so that a change can be laid over it.
    pub metadata: Map<String, Value>,
    /// SHA-256 of its secret, where it has one.
    pub secret: Option<SecretDigest>,
    /// Whether it is turned off.
    pub disabled: bool,
    /// Whether somebody has signed in to it: its sector is then fixed.
    pub used: bool,
    /// Who changed what, and why, oldest first.
    pub history: Vec<Change>,
    /// What its `jwks_uri` answered last.
    pub fetched_keys: Option<ClientKeys>,
    /// When it answered so.
    #[serde(default)]
    pub keys_fetched_at: Option<Timestamp>,
    /// When that address was last asked.
    pub keys_asked_at: Option<Timestamp>,
    /// Counts the writes by operators.
    version: u64,
}

/// A change by an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `register`, `update`, `disable` ...
    pub action: String,
    /// Who.
    pub operator: String,
    /// The second of the two, where two are needed.
    pub second_operator: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Why a client was not written.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The `client_id` is somebody else's, or it was changed meanwhile.
    #[error("the client exists, or was changed meanwhile")]
    Conflict,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registered {
    /// A client about to be registered.
    pub fn new(client: Client, metadata: Map<String, Value>, secret: Option<SecretDigest>, change: Change) -> Self {
        Self {
            id: client.client_id.clone(),
            client,
            metadata,
            secret,
            disabled: false,
            used: false,
            history: vec![change],
            fetched_keys: None,
            keys_fetched_at: None,
            keys_asked_at: None,
            version: 0,
        }
    }

    /// What its `jwks_uri` answered, if that was not longer ago.
    pub fn keys_fetched_within(&self, age: SignedDuration, now: Timestamp) -> Option<&ClientKeys> {
        self.fetched_keys.as_ref().filter(|_| self.keys_fetched_at.is_some_and(|at| now < at + age))
    }
}

impl Clients {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// A client, disabled or not.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, id: &ClientId) -> Result<Option<Registered>, StoreError> {
        self.0.read("id", id.as_str()).await
    }

    /// A client that may be served.
    ///
    /// # Errors
    /// The table's.
    pub async fn active(&self, id: &ClientId) -> Result<Option<Registered>, StoreError> {
        Ok(self.find(id).await?.filter(|registered| !registered.disabled))
    }

    /// Writes a client that is new.
    ///
    /// # Errors
    /// [`RegisterError::Conflict`] if its id is taken.
    pub async fn register(&self, registered: &Registered) -> Result<(), RegisterError> {
        self.write(registered, "attribute_not_exists(id)", None).await
    }

    /// Writes a client changed since it was read.
    ///
    /// # Errors
    /// [`RegisterError::Conflict`] if somebody else changed it too.
    pub async fn change(&self, registered: &Registered) -> Result<(), RegisterError> {
        let next = Registered { version: registered.version + 1, ..registered.clone() };
        self.write(&next, "version = :version AND used = :used", Some(registered.version)).await
    }

    async fn write(&self, registered: &Registered, condition: &str, version: Option<u64>) -> Result<(), RegisterError> {
        let mut put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(item(registered)?))
            .condition_expression(condition);
        if let Some(version) = version {
            // Who signed in meanwhile has fixed the sector.
            put = put
                .expression_attribute_values(":version", crate::number(version))
                .expression_attribute_values(":used", AttributeValue::Bool(registered.used));
        }
        if_held(put.send().await)?.map(drop).ok_or(RegisterError::Conflict)
    }

    /// Every client, for operators.
    ///
    /// # Errors
    /// The table's.
    pub async fn all(&self) -> Result<Vec<Registered>, StoreError> {
        let mut pages = self.0.client.scan().table_name(&self.0.name).consistent_read(true).into_paginator().send();
        let mut clients = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(StoreError::from_sdk)?.items.unwrap_or_default() {
                clients.push(from_item(item).map_err(StoreError::Shape)?);
            }
        }
        Ok(clients)
    }

    /// Notes that somebody signed in to it: its sector cannot be changed any more.
    ///
    /// # Errors
    /// The table's.
    pub async fn mark_used(&self, id: &ClientId) -> Result<(), StoreError> {
        let update = self.update(id, "SET used = :yes").condition_expression("used = :no");
        let update = update
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        if_held(update.send().await).map(drop)
    }

    /// Takes this minute's turn to ask the client's `jwks_uri`; `false` if it is taken.
    ///
    /// # Errors
    /// The table's.
    pub async fn may_ask_for_keys(&self, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        let update = self
            .update(id, "SET keys_asked_at = :now")
            .condition_expression("keys_asked_at = :never OR keys_asked_at < :before")
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":never", AttributeValue::Null(true))
            .expression_attribute_values(":before", text((now - KEYS_ASKED_EVERY).to_string()));
        if_held(update.send().await).map(|held| held.is_some())
    }

    /// Keeps what this `jwks_uri` answered.
    ///
    /// # Errors
    /// The table's.
    pub async fn keep_keys(
        &self,
        id: &ClientId,
        uri: &str,
        keys: &ClientKeys,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let keys = to_attribute_value(keys).map_err(StoreError::Shape)?;
        // An operator may have registered another address while this one was answering.
        let update = self
            .update(id, "SET fetched_keys = :keys, keys_fetched_at = :now")
            .condition_expression("client.jwks_uri = :uri")
            .expression_attribute_values(":keys", keys)
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":uri", text(uri));
        if_held(update.send().await).map(drop)
    }

    fn update(
        &self,
        id: &ClientId,
        expression: &str,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.0.client.update_item().table_name(&self.0.name).key("id", text(id.as_str())).update_expression(expression)
    }
}
