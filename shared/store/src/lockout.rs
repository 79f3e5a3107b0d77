//! Failures in a row per username, over all instances and addresses: slower from the fifth, closed at the hundredth.
//!
//! ```text
//!   0..4 failures ── any time
//!   5..9          ── 2 s after the last
//!   10..19        ── 30 s
//!   20..99        ── 15 min
//!   100           ── closed until a day has passed since the last
//! ```
//!
//! Every sign-in takes its place before its password is compared and leaves it when it succeeds. One that comes too
//! soon takes no place, so hammering does not push the owner's turn away. Usernames that nobody has are counted alike.
//! Until it is settled a sign-in counts as failed: of more than five right ones at the very same time the sixth is told
//! that it failed, and is not if it is tried again.
//! Source: NIST SP 800-63B-4 section 3.2.2, at most 100 in a row.

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::limit::FAILURE_TIERS;
use jiff::{SignedDuration, Timestamp};

use crate::{
    Item, StoreError, Table,
    failure::{failed_item, if_held},
    number,
    registrations::written_by_us,
    text,
};

/// How long after the last failure a count is forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The counters, in the table of limits.
#[derive(Clone, Debug)]
pub struct Lockout(Table);

/// A failure counted in advance.
#[derive(Clone, Debug)]
#[must_use = "a place is settled: kept, given back, or cleared with the others"]
pub struct Place {
    key: String,
    write: String,
    /// The counter as it was; `None` if that is not known, since the answer was lost.
    before: Option<Item>,
}

/// Why a password is not compared.
#[derive(Debug, thiserror::Error)]
pub enum LockoutError {
    /// Too soon after the last failure, or after too many.
    #[error("locked")]
    Locked,
    /// The counter could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Lockout {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Counts a failure in advance, if one may be risked now.
    ///
    /// # Errors
    /// [`LockoutError::Locked`] if not.
    pub async fn charge(&self, counter: &str, now: Timestamp) -> Result<Place, LockoutError> {
        match self.count(counter, now, false).await {
            Err(LockoutError::Locked) => self.count(counter, now, true).await,
            outcome => outcome,
        }
    }

    /// Takes a count back whose failure was ours, and with it the time it was made: nobody waits because of it. Sent at
    /// most once, as every refund.
    ///
    /// # Errors
    /// The table's.
    pub async fn refund(&self, place: Place) -> Result<(), StoreError> {
        let Place { key, write, before } = place;
        if let Some(before) = before
            && self.restore(&key, &write, &before).await?
        {
            return Ok(());
        }
        let request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(key))
            .update_expression("ADD failures :less")
            .condition_expression("failures > :none")
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0));
        if_held(request.customize().config_override(once()).send().await).map(drop)
    }

    /// Forgets the failures: the owner was here.
    ///
    /// # Errors
    /// The table's.
    pub async fn clear(&self, counter: &str) -> Result<(), StoreError> {
        let delete = self.0.client.delete_item().table_name(&self.0.name).key("id", text(key(counter)));
        delete.send().await.map(drop).map_err(StoreError::from_sdk)
    }

    /// The counter as it was, if nobody has counted since.
    async fn restore(&self, key: &str, write: &str, before: &Item) -> Result<bool, StoreError> {
        let request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(key))
            .condition_expression("#write = :write")
            .expression_attribute_names("#write", "write")
            .expression_attribute_values(":write", text(write));
        let request = match (before.get("failures"), before.get("last_at")) {
            (Some(failures), Some(last_at)) => request
                .update_expression("SET failures = :failures, last_at = :last_at REMOVE #write")
                .expression_attribute_values(":failures", failures.clone())
                .expression_attribute_values(":last_at", last_at.clone()),
            (failures, _) => request
                .update_expression("SET failures = :failures REMOVE last_at, #write")
                .expression_attribute_values(":failures", failures.cloned().unwrap_or_else(none)),
        };
        Ok(if_held(request.customize().config_override(once()).send().await)?.is_some())
    }

    /// One more in a row; or, `afresh`, the first of a row whose last failure is a day old.
    async fn count(&self, counter: &str, now: Timestamp, afresh: bool) -> Result<Place, LockoutError> {
        let (key, write) = (key(counter), self.0.write_id());
        let mut request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(&key))
            .expression_attribute_names("#write", "write")
            .expression_attribute_values(":write", text(&write))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":expires", number((now + FORGOTTEN_AFTER).as_second()))
            .return_values(ReturnValue::UpdatedOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut allowed = Vec::new();
        if afresh {
            request = request
                .update_expression("SET failures = :one, last_at = :now, expires = :expires, #write = :write")
                .expression_attribute_values(":forgotten", number((now - FORGOTTEN_AFTER).as_second()));
            allowed.push("last_at <= :forgotten".to_owned());
        } else {
            request =
                request.update_expression("ADD failures :one SET last_at = :now, expires = :expires, #write = :write");
            allowed.push("attribute_not_exists(failures)".to_owned());
            for (index, tier) in FAILURE_TIERS.iter().enumerate() {
                request = request.expression_attribute_values(format!(":up_to{index}"), number(tier.up_to));
                // Without a wait no clock is asked: those of two instances never agree.
                if tier.wait.is_zero() {
                    allowed.push(format!("failures < :up_to{index}"));
                    continue;
                }
                allowed.push(format!("(failures < :up_to{index} AND last_at <= :since{index})"));
                request = request
                    .expression_attribute_values(format!(":since{index}"), number((now - tier.wait).as_second()));
            }
        }
        let condition = format!("({}) AND (attribute_not_exists(#write) OR #write <> :write)", allowed.join(" OR "));
        match request.condition_expression(condition).send().await {
            Ok(output) => Ok(Place { key, write, before: Some(output.attributes.unwrap_or_default()) }),
            Err(error) => match failed_item(&error) {
                Some(item) if written_by_us(&write, item.as_ref()) => Ok(Place { key, write, before: None }),
                Some(_) => Err(LockoutError::Locked),
                None => Err(StoreError::from_sdk(error).into()),
            },
        }
    }
}

fn once() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled())
}

fn none() -> AttributeValue {
    number(0)
}

fn key(counter: &str) -> String {
    format!("failures#{counter}")
}
