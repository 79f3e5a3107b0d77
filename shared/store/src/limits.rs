//! Counters in windows of time. One item a window and subject, one update a count: what many requests count together
//! must not make them collide. Only what one registration counts or gives back is written with it, in its transaction.

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    types::{ReturnValuesOnConditionCheckFailure, Update},
};
use domain::limit::Bucket;
use jiff::{SignedDuration, Timestamp};

use crate::{
    Item, StoreError, Table,
    failure::{failed_item, if_held, incomplete},
    number,
    registrations::written_by_us,
    text,
};

/// The table of counters.
#[derive(Clone, Debug)]
pub struct Limits(pub(crate) Table);

/// A count that was taken, to be given back when the failure turns out to be ours, or not a failure.
#[derive(Clone, Debug)]
#[must_use = "a charge is settled: kept or refunded"]
pub struct Charge {
    key: String,
    /// The attribute that was counted beside it.
    part: Option<String>,
}

impl Charge {
    /// A count taken elsewhere: in a transaction, or by an earlier request that wrote its counter's key down.
    pub fn taken(key: impl Into<String>) -> Self {
        Self { key: key.into(), part: None }
    }

    /// The counter's key, to be written down.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// The limit is reached.
    #[error("the limit is reached")]
    Reached {
        /// When its window ends.
        retry_at: Timestamp,
    },
    /// The counter could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Limits {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Counts one, if the limit allows. In the bucket and in its part, or in neither.
    ///
    /// A count whose answer was lost is not taken twice: the client's retry meets its own mark.
    ///
    /// # Errors
    /// [`ChargeError::Reached`] if not.
    pub async fn charge(&self, bucket: Bucket) -> Result<Charge, ChargeError> {
        let write = self.0.write_id();
        let mut update = "SET expires = :expires, #write = :write ADD used :one".to_owned();
        let mut condition = "(attribute_not_exists(used) OR used < :most) \
                             AND (attribute_not_exists(#write) OR #write <> :write)"
            .to_owned();
        let mut request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(&bucket.key))
            .expression_attribute_names("#write", "write")
            .expression_attribute_values(":write", text(&write))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(bucket.most))
            .expression_attribute_values(":expires", number(kept_until(&bucket)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(part) = &bucket.part {
            update.push_str(", #part :one");
            condition.push_str(" AND (attribute_not_exists(#part) OR #part < :part_most)");
            request = request
                .expression_attribute_names("#part", &part.name)
                .expression_attribute_values(":part_most", number(part.most));
        }
        let request = request.update_expression(update).condition_expression(condition);
        let charge = Charge { key: bucket.key.clone(), part: bucket.part.as_ref().map(|part| part.name.clone()) };
        match request.send().await {
            Ok(_) => Ok(charge),
            Err(error) => match failed_item(&error) {
                Some(item) if written_by_us(&write, item.as_ref()) => Ok(charge),
                Some(item) => Err(ChargeError::Reached { retry_at: retry_at(&bucket, item.as_ref()) }),
                None => Err(StoreError::from_sdk(error).into()),
            },
        }
    }

    /// How many were counted in this window so far.
    ///
    /// # Errors
    /// The table's.
    pub async fn used(&self, bucket: &Bucket) -> Result<u32, StoreError> {
        #[derive(serde::Deserialize)]
        struct Row {
            used: u32,
        }
        let row: Option<Row> = self.0.read("id", &bucket.key).await?;
        Ok(row.map_or(0, |row| row.used))
    }

    /// Counts one whatever the limit: what was answered was answered.
    ///
    /// # Errors
    /// The table's.
    pub async fn count(&self, bucket: &Bucket) -> Result<(), StoreError> {
        self.0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(&bucket.key))
            .update_expression("ADD used :one SET expires = :expires")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires", number(kept_until(bucket)))
            .send()
            .await
            .map(drop)
            .map_err(StoreError::from_sdk)
    }

    /// Gives a count back. Sent at most once: a refund lost costs somebody a try, a refund doubled gives a guesser one.
    ///
    /// # Errors
    /// The table's; a caller on its way to an answer goes on without.
    pub async fn refund(&self, charge: Charge) -> Result<(), StoreError> {
        let mut request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(&charge.key))
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0));
        request = match charge.part {
            Some(part) => request
                .update_expression("ADD used :less, #part :less")
                .condition_expression("used > :none AND #part > :none")
                .expression_attribute_names("#part", part),
            None => request.update_expression("ADD used :less").condition_expression("used > :none"),
        };
        let once = || aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        let outcome = self.0.past_conflicts(|| request.clone().customize().config_override(once()).send()).await;
        // The window is over and its counter deleted: nothing is left to give back.
        if_held(outcome).map(drop)
    }

    /// One more in `bucket`, as part of a transaction.
    pub(crate) fn counting(&self, bucket: &Bucket) -> Result<Update, StoreError> {
        Update::builder()
            .table_name(&self.0.name)
            .key("id", text(&bucket.key))
            .update_expression("ADD used :one SET expires = :expires")
            .condition_expression("attribute_not_exists(used) OR used < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(bucket.most))
            .expression_attribute_values(":expires", number(kept_until(bucket)))
            .build()
            .map_err(incomplete)
    }

    /// Whole counts given back, as part of a transaction: each counter once, as a transaction wants it.
    pub(crate) fn giving_back(&self, charges: &[Charge]) -> Result<Vec<Update>, StoreError> {
        let mut keys: Vec<_> = charges.iter().map(|charge| charge.key.as_str()).collect();
        keys.sort_unstable();
        keys.chunk_by(|one, other| one == other)
            .filter_map(|same| Some((*same.first()?, same.len())))
            .map(|(key, count)| {
                Update::builder()
                    .table_name(&self.0.name)
                    .key("id", text(key))
                    .update_expression("SET used = used - :count")
                    .condition_expression("used >= :count")
                    .expression_attribute_values(":count", number(count))
                    .build()
                    .map_err(incomplete)
            })
            .collect()
    }
}

/// When the limit that is reached is over: the whole's if that one is, else the part's.
fn retry_at(bucket: &Bucket, item: Option<&Item>) -> Timestamp {
    let used = item.and_then(|item| item.get("used")).and_then(|value| value.as_n().ok()?.parse::<u32>().ok());
    match &bucket.part {
        Some(part) if used.is_some_and(|used| used < bucket.most) => part.ends_at,
        _ => bucket.ends_at,
    }
}

/// TTL in seconds: an hour past the window, since a refund may come late.
fn kept_until(bucket: &Bucket) -> i64 {
    (bucket.ends_at + SignedDuration::from_hours(1)).as_second()
}
