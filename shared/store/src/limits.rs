//! Counters in windows of time. One item a window and subject, one update a count, never inside a transaction: what
//! many requests count together must not make them collide.

use aws_sdk_dynamodb::{config::retry::RetryConfig, types::ReturnValuesOnConditionCheckFailure};
use domain::{entropy::Entropy, limit::Bucket};
use jiff::{SignedDuration, Timestamp};

use crate::{
    StoreError, Table,
    failure::{condition_failed, if_held},
    number, text,
};

/// The table of counters.
#[derive(Clone, Debug)]
pub struct Limits {
    table: Table,
    entropy: Entropy,
}

/// A count that was taken, to be given back when the failure turns out to be ours, or not a failure.
#[derive(Clone, Debug)]
#[must_use = "a charge is settled: kept or refunded"]
pub struct Charge {
    key: String,
}

impl Charge {
    /// A count taken elsewhere: in a transaction, or by an earlier request that wrote its counter's key down.
    pub const fn taken(key: String) -> Self {
        Self { key }
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
    /// The table, with the randomness that tells charges apart.
    pub const fn new(table: Table, entropy: Entropy) -> Self {
        Self { table, entropy }
    }

    /// Counts one, if the limit allows. A charge whose answer was lost and which the client sent again is one charge.
    ///
    /// # Errors
    /// [`ChargeError::Reached`] if not.
    pub async fn charge(&self, bucket: Bucket) -> Result<Charge, ChargeError> {
        let charge = hex::encode(self.entropy.bytes::<8>());
        let outcome = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(&bucket.key))
            .update_expression("ADD used :one SET expires = :expires, last_charge = :charge")
            .condition_expression(
                "(attribute_not_exists(used) OR used < :most) \
                 AND (attribute_not_exists(last_charge) OR last_charge <> :charge)",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(bucket.most))
            .expression_attribute_values(":expires", number(kept_until(&bucket)))
            .expression_attribute_values(":charge", text(&charge))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let current = outcome.as_ref().err().and_then(condition_failed).flatten();
        let counted_before = current.is_some_and(|item| item.get("last_charge") == Some(&text(&charge)));
        if counted_before || if_held(outcome)?.is_some() {
            return Ok(Charge { key: bucket.key });
        }
        Err(ChargeError::Reached { retry_at: bucket.ends_at })
    }

    /// Counts one whatever the limit: what was answered was answered.
    ///
    /// # Errors
    /// The table's.
    pub async fn count(&self, bucket: &Bucket) -> Result<(), StoreError> {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
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
        let outcome = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(&charge.key))
            .update_expression("ADD used :less")
            .condition_expression("used > :none")
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0))
            .customize()
            .config_override(aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await;
        // The window is over and its counter deleted: nothing is left to give back.
        if_held(outcome).map(drop)
    }
}

/// TTL in seconds: an hour past the window, since a refund may come late.
fn kept_until(bucket: &Bucket) -> i64 {
    (bucket.ends_at + SignedDuration::from_hours(1)).as_second()
}
