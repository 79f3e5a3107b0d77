//! Sign-ins that wait for their code, in the table of sessions: `sign-in#<SHA-256 of the browser's secret>`, one a
//! browser. A text and its place in the account's budgets are written together, or neither is.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};
use domain::{
    account::AccountId,
    bearer::Bearer,
    limit::{Bucket, SIGN_IN_TEXTS_PER_ACCOUNT},
    otp::{RESEND_AFTER, TRIES},
    sign_in::{Event, PendingSignIn, Refusal, TRIES_IN_ALL},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::{
    Item, StoreError, Table,
    accounts::{Accounts, active},
    failure::{if_held, incomplete},
    item,
    limits::{Charge, Limits},
    number, text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// The sign-ins that wait, in the table of sessions.
#[derive(Clone, Debug)]
pub struct PendingSignIns {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    id: String,
    /// TTL and end, in seconds.
    expires: i64,
    sign_in: PendingSignIn,
}

/// A code about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// The browser it is for.
    pub browser: &'a Bearer,
    /// The sign-in, with the new code.
    pub sign_in: &'a PendingSignIn,
    /// What it was before, when a code is sent again: still so, or nothing is written.
    pub before: Option<&'a PendingSignIn>,
}

/// Why no code may be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendingError {
    /// A code was tried or sent since it was read.
    #[error("the sign-in changed meanwhile")]
    Changed,
    /// The account cannot be used.
    #[error("the account is not active")]
    NotActive,
    /// The account had its texts for now.
    #[error("the account's budget of texts is spent")]
    TooManySends {
        /// When there is another.
        retry_at: Timestamp,
    },
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code is not compared.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// The sign-in does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PendingSignIns {
    /// The table of sessions.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// The sign-in that waits in this browser.
    ///
    /// # Errors
    /// The table's.
    pub async fn open(&self, browser: &Bearer, now: Timestamp) -> Result<Option<PendingSignIn>, StoreError> {
        let row: Option<Row> = self.table.read("id", &row_key(browser)).await?;
        Ok(row.map(|row| row.sign_in).filter(|sign_in| now < sign_in.expires_at()))
    }

    /// Writes a code down before it is sent, with its place in the account's budgets, if the account is active.
    ///
    /// # Errors
    /// See [`SendingError`]. Nothing is written then.
    pub async fn put(
        &self,
        sending: Sending<'_>,
        accounts: &Accounts,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), SendingError> {
        let account = sending.sign_in.account_id;
        let buckets = budgets(account, now);
        let mut items = vec![
            self.written(sending)?,
            active(&accounts.0, account)?.into_transaction(),
            pause(&limits.0, account, now)?,
        ];
        for bucket in &buckets {
            items.push(limits.counting(bucket)?.into_transaction());
        }
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(()),
            Err(Cancelled::Condition { place: 0, .. }) => Err(SendingError::Changed),
            Err(Cancelled::Condition { place: 1, .. }) => Err(SendingError::NotActive),
            Err(Cancelled::Condition { place: 2, item }) => {
                Err(SendingError::TooManySends { retry_at: after_pause(item.as_ref(), now) })
            }
            Err(Cancelled::Condition { place, .. }) => {
                let retry_at = buckets.get(place.saturating_sub(3)).map_or(now, |bucket| bucket.ends_at);
                Err(SendingError::TooManySends { retry_at })
            }
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    /// Undoes [`Self::put`] for a text that never left: what waited before waits again, and the budgets have it back.
    ///
    /// # Errors
    /// The table's; what could not be undone stays spent.
    pub async fn take_back(&self, sending: Sending<'_>, limits: &Limits, now: Timestamp) -> Result<(), StoreError> {
        let given_back = self.give_back(sending.sign_in.account_id, limits, now);
        let (undone, given_back) = tokio::join!(self.unwritten(sending), given_back);
        undone.map(drop).and(given_back)
    }

    /// The same where the answer to [`Self::put`] was lost: if it had been written, and only then.
    ///
    /// # Errors
    /// The table's; what could not be undone stays spent.
    pub async fn take_back_if_written(
        &self,
        sending: Sending<'_>,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.unwritten(sending).await? {
            true => self.give_back(sending.sign_in.account_id, limits, now).await,
            false => Ok(()),
        }
    }

    /// The account's place in its budgets, and its pause.
    async fn give_back(&self, account: AccountId, limits: &Limits, now: Timestamp) -> Result<(), StoreError> {
        let [short, long] = budgets(account, now).map(|bucket| Charge::taken(bucket.key));
        let pause = limits
            .0
            .client
            .delete_item()
            .table_name(&limits.0.name)
            .key("id", text(pause_key(account)))
            .condition_expression("last_at = :now")
            .expression_attribute_values(":now", number(now.as_second()));
        let (paused, short, long) =
            tokio::join!(async { if_held(pause.send().await).map(drop) }, limits.refund(short), limits.refund(long));
        paused.and(short).and(long)
    }

    /// Counts one comparison of the waiting code before it is made: [`Event::CodeTried`] as a single update, so that of
    /// fifty at once five are let through.
    ///
    /// # Errors
    /// See [`TryError`].
    pub async fn try_code(
        &self,
        browser: &Bearer,
        sign_in: &PendingSignIn,
        now: Timestamp,
    ) -> Result<PendingSignIn, TryError> {
        let otp_id = &sign_in.otp.id;
        sign_in.clone().apply(Event::CodeTried(otp_id.clone()), now)?;
        let outcome = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(row_key(browser)))
            .update_expression("SET sign_in.otp.tries = sign_in.otp.tries + :one, sign_in.tries = sign_in.tries + :one")
            .condition_expression(
                "sign_in.otp.id = :otp AND sign_in.otp.tries < :tries AND sign_in.tries < :in_all AND expires > :now",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":otp", text(otp_id))
            .expression_attribute_values(":tries", number(TRIES))
            .expression_attribute_values(":in_all", number(TRIES_IN_ALL))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(output) => Ok(current(output.attributes)?),
            Err(SdkError::ServiceError(failed)) if failed.err().is_conditional_check_failed_exception() => {
                let UpdateItemError::ConditionalCheckFailedException(failed) = failed.into_err() else {
                    return Err(StoreError::Busy.into());
                };
                current(failed.item)?.may_try_code(otp_id, now)?;
                Err(StoreError::Busy.into())
            }
            Err(error) => Err(StoreError::from_sdk(error).into()),
        }
    }

    /// Consumes the sign-in by its code, as part of the transaction that begins the session: once.
    pub(crate) fn consume(&self, browser: &Bearer, sign_in: &PendingSignIn) -> Result<TransactWriteItem, StoreError> {
        Delete::builder()
            .table_name(&self.table.name)
            .key("id", text(row_key(browser)))
            .condition_expression("sign_in.otp.id = :otp")
            .expression_attribute_values(":otp", text(&sign_in.otp.id))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    fn written(&self, sending: Sending<'_>) -> Result<TransactWriteItem, StoreError> {
        let row = row(sending.browser, sending.sign_in);
        let mut put = Put::builder().table_name(&self.table.name).set_item(Some(item(&row)?));
        if let Some(before) = sending.before {
            // The tries too: a comparison made meanwhile must not be forgotten.
            put = put
                .condition_expression("sign_in.otp.id = :otp AND sign_in.tries = :tries")
                .expression_attribute_values(":otp", text(&before.otp.id))
                .expression_attribute_values(":tries", number(before.tries));
        }
        put.build().map(IntoTransaction::into_transaction).map_err(incomplete)
    }

    /// Puts what waited before in place of this very code; `false` where it does not stand there.
    async fn unwritten(&self, sending: Sending<'_>) -> Result<bool, StoreError> {
        let (condition, sent) = ("sign_in.otp.id = :sent", text(&sending.sign_in.otp.id));
        let key = row_key(sending.browser);
        let Table { client, name, .. } = &self.table;
        match sending.before {
            Some(before) => {
                let put = client.put_item().table_name(name).set_item(Some(item(&row(sending.browser, before))?));
                let put = put.condition_expression(condition).expression_attribute_values(":sent", sent);
                if_held(put.send().await).map(|held| held.is_some())
            }
            None => {
                let delete = client.delete_item().table_name(name).key("id", text(key));
                let delete = delete.condition_expression(condition).expression_attribute_values(":sent", sent);
                if_held(delete.send().await).map(|held| held.is_some())
            }
        }
    }
}

fn row_key(browser: &Bearer) -> String {
    format!("sign-in#{}", browser.digest().as_str())
}

fn row(browser: &Bearer, sign_in: &PendingSignIn) -> Row {
    Row { id: row_key(browser), expires: sign_in.expires_at().as_second(), sign_in: sign_in.clone() }
}

/// What stands there now, if anything does.
fn current(item: Option<Item>) -> Result<PendingSignIn, TryError> {
    let row: Row = from_item(item.ok_or(Refusal::Ended)?).map_err(StoreError::Shape)?;
    Ok(row.sign_in)
}

fn budgets(account: AccountId, now: Timestamp) -> [Bucket; 2] {
    SIGN_IN_TEXTS_PER_ACCOUNT.map(|limit| limit.bucket(&account.to_string(), now))
}

/// Sixty seconds since the account's last text, whichever browser asked for it: to the second, which no window of time
/// gives.
fn pause(limits: &Table, account: AccountId, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
    Update::builder()
        .table_name(&limits.name)
        .key("id", text(pause_key(account)))
        .update_expression("SET last_at = :now, expires = :expires")
        .condition_expression("attribute_not_exists(last_at) OR last_at <= :before")
        .expression_attribute_values(":now", number(now.as_second()))
        .expression_attribute_values(":before", number((now - RESEND_AFTER).as_second()))
        .expression_attribute_values(":expires", number((now + RESEND_AFTER).as_second()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}

fn pause_key(account: AccountId) -> String {
    format!("sign-in-pause#{account}")
}

fn after_pause(item: Option<&Item>, now: Timestamp) -> Timestamp {
    let last_at = item.and_then(|item| item.get("last_at")?.as_n().ok()?.parse().ok());
    last_at.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(now) + RESEND_AFTER
}
