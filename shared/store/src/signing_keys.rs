//! Which key signs: one row per algorithm. Read at most once a minute by a process, since every token needs it and a
//! rotation is days in the planning.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_dynamodb::{error::SdkError, operation::put_item::PutItemError};
use domain::signing_keys::{Algorithm, KeyRing, Rotation};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Table, failure::if_held, item, number};

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
        let row: Option<Row> = self.table.read("id", algorithm.as_str()).await?;
        let stored = row.map(|row| StoredRing { ring: row.keys, rotation: row.rotation, version: row.version });
        if let Some(stored) = &stored {
            self.remembered().insert(algorithm, (now, stored.clone()));
        }
        Ok(stored)
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
