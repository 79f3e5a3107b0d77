//! Which key signs: one row per algorithm. Read at most once a minute by a process, since every token needs it and a
//! rotation is days in the planning.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::{error::SdkError, operation::put_item::PutItemError, types::KeysAndAttributes};
use domain::signing_keys::{Algorithm, KeyRing, Rotation};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::{
    Item, StoreError, Table,
    failure::{if_held, incomplete},
    item, number, text, transaction,
};

/// How long a row that was read is believed.
const BELIEVED: SignedDuration = SignedDuration::from_secs(60);

/// The table of signing keys. Clones share what they have read.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    table: Table,
    read: Arc<Mutex<BTreeMap<Algorithm, (Timestamp, StoredRing)>>>,
}

/// A ring as it was read, with what its next write is conditional on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRing {
    /// The keys.
    pub ring: KeyRing,
    /// The last rotation, if there was one.
    pub rotation: Option<Rotation>,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// The algorithm.
    id: Algorithm,
    /// Counts the writes.
    version: u64,
    keys: KeyRing,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotation: Option<Rotation>,
}

impl SigningKeys {
    /// The table.
    pub fn new(table: Table) -> Self {
        Self { table, read: Arc::default() }
    }

    /// An algorithm's keys as they were within the last minute; `None` if there are none yet.
    ///
    /// # Errors
    /// The table's.
    pub async fn recent(&self, algorithm: Algorithm, now: Timestamp) -> Result<Option<StoredRing>, StoreError> {
        let remembered = self.remembered().get(&algorithm).cloned();
        match remembered {
            Some((read_at, stored)) if now.duration_since(read_at).abs() < BELIEVED => Ok(Some(stored)),
            _ => self.fresh(algorithm, now).await,
        }
    }

    /// An algorithm's keys as they are now; `None` if there are none yet.
    ///
    /// # Errors
    /// The table's.
    pub async fn fresh(&self, algorithm: Algorithm, now: Timestamp) -> Result<Option<StoredRing>, StoreError> {
        let mut found = None;
        for item in self.rows().await? {
            let row: Row = from_item(item).map_err(StoreError::Shape)?;
            let stored = StoredRing { ring: row.keys, rotation: row.rotation, version: row.version };
            self.remembered().insert(row.id, (now, stored.clone()));
            found = if row.id == algorithm { Some(stored) } else { found };
        }
        Ok(found)
    }

    /// The rows of all algorithms in one call, since whoever needs one mostly needs the others. What DynamoDB leaves out,
    /// having too much to do, is asked for again with the rest.
    async fn rows(&self) -> Result<Vec<Item>, StoreError> {
        let keys = Algorithm::EVERY.map(|algorithm| Item::from([("id".to_owned(), text(algorithm.as_str()))]));
        let asked = KeysAndAttributes::builder().set_keys(Some(keys.into())).consistent_read(true).build();
        let get = self.table.client.batch_get_item().request_items(&self.table.name, asked.map_err(incomplete)?);
        for attempt in 1..=transaction::ATTEMPTS {
            let output = Box::pin(get.clone().send()).await.map_err(StoreError::from_sdk)?;
            if output.unprocessed_keys().is_none_or(HashMap::is_empty) {
                return Ok(output.responses.into_iter().flatten().flat_map(|(_, items)| items).collect());
            }
            tracing::warn!(attempt, "DynamoDB left keys out");
            if attempt < transaction::ATTEMPTS {
                transaction::pause(&self.table.entropy, attempt).await;
            }
        }
        Err(StoreError::Busy)
    }

    /// Writes an algorithm's first keys; if somebody else did so first, theirs stand.
    ///
    /// # Errors
    /// The table's.
    pub async fn begin(&self, algorithm: Algorithm, ring: KeyRing, now: Timestamp) -> Result<StoredRing, StoreError> {
        let stored = StoredRing { ring, rotation: None, version: 1 };
        let put = self.put(algorithm, &stored)?.condition_expression("attribute_not_exists(id)").send().await;
        self.written(put, algorithm, stored, now).await.map(|(stored, _)| stored)
    }

    /// Replaces what was read. `false` if somebody else did meanwhile; theirs then stands.
    ///
    /// # Errors
    /// The table's.
    pub async fn replace(
        &self,
        algorithm: Algorithm,
        before: &StoredRing,
        ring: KeyRing,
        rotation: Option<Rotation>,
        now: Timestamp,
    ) -> Result<(StoredRing, bool), StoreError> {
        let stored = StoredRing { ring, rotation, version: before.version + 1 };
        let put = self
            .put(algorithm, &stored)?
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(before.version))
            .send()
            .await;
        self.written(put, algorithm, stored, now).await
    }

    fn put(
        &self,
        algorithm: Algorithm,
        stored: &StoredRing,
    ) -> Result<aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder, StoreError> {
        let StoredRing { ring, rotation, version } = stored.clone();
        let row = Row { id: algorithm, version, keys: ring, rotation };
        Ok(self.table.client.put_item().table_name(&self.table.name).set_item(Some(item(&row)?)))
    }

    /// What stands after a conditional write, and whether it is what was written. A write of ours whose answer was
    /// lost, and which the client sent again, stands there too.
    async fn written<T>(
        &self,
        put: Result<T, SdkError<PutItemError>>,
        algorithm: Algorithm,
        stored: StoredRing,
        now: Timestamp,
    ) -> Result<(StoredRing, bool), StoreError> {
        if if_held(put)?.is_some() {
            self.remembered().insert(algorithm, (now, stored.clone()));
            return Ok((stored, true));
        }
        let standing = self.fresh(algorithm, now).await?.ok_or(StoreError::Busy)?;
        let ours = standing == stored;
        Ok((standing, ours))
    }

    fn remembered(&self) -> MutexGuard<'_, BTreeMap<Algorithm, (Timestamp, StoredRing)>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
