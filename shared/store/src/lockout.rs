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
//! Source: NIST SP 800-63B-4 section 3.2.2, at most 100 in a row.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use domain::limit::FAILURE_TIERS;
use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Table, failure::if_held, number, text};

/// How long after the last failure a count is forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The counters, in the table of limits.
#[derive(Clone, Debug)]
pub struct Lockout(Table);

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
    pub async fn charge(&self, counter: &str, now: Timestamp) -> Result<(), LockoutError> {
        match self.count(counter, now, false).await {
            Err(LockoutError::Locked) => self.count(counter, now, true).await,
            outcome => outcome,
        }
    }

    /// Takes a count back whose failure was ours. Sent at most once, as every refund.
    ///
    /// # Errors
    /// The table's.
    pub async fn refund(&self, counter: &str) -> Result<(), StoreError> {
        let outcome = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(key(counter)))
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

    /// Forgets the failures: the owner was here.
    ///
    /// # Errors
    /// The table's.
    pub async fn clear(&self, counter: &str) -> Result<(), StoreError> {
        let delete = self.0.client.delete_item().table_name(&self.0.name).key("id", text(key(counter)));
        delete.send().await.map(drop).map_err(StoreError::from_sdk)
    }

    /// One more in a row; or, `afresh`, the first of a row whose last failure is a day old.
    async fn count(&self, counter: &str, now: Timestamp, afresh: bool) -> Result<(), LockoutError> {
        let mut request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(key(counter)))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":expires", number((now + FORGOTTEN_AFTER).as_second()));
        if afresh {
            request = request
                .update_expression("SET failures = :one, last_at = :now, expires = :expires")
                .condition_expression("last_at <= :forgotten")
                .expression_attribute_values(":forgotten", number((now - FORGOTTEN_AFTER).as_second()));
        } else {
            let mut condition = "attribute_not_exists(failures)".to_owned();
            for (index, tier) in FAILURE_TIERS.iter().enumerate() {
                condition.push_str(&format!(" OR (failures < :up_to{index} AND last_at <= :since{index})"));
                request = request
                    .expression_attribute_values(format!(":up_to{index}"), number(tier.up_to))
                    .expression_attribute_values(format!(":since{index}"), number((now - tier.wait).as_second()));
            }
            request = request
                .update_expression("ADD failures :one SET last_at = :now, expires = :expires")
                .condition_expression(condition);
        }
        if_held(request.send().await)?.map(drop).ok_or(LockoutError::Locked)
    }
}

fn key(counter: &str) -> String {
    format!("failures#{counter}")
}
