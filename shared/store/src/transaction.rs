//! Transactions, with what AWS adds to them: reasons item by item, and conflicts that the SDK does not retry.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update},
};
use domain::entropy::Entropy;

use crate::{Item, StoreError};

/// How often what collided with a transaction is sent in all.
pub(crate) const ATTEMPTS: u32 = 5;

/// Why a transaction wrote nothing.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// The condition of the item at this place in the list failed; the item as it is, where it was asked for.
    Condition { place: usize, item: Option<Item> },
    /// Anything else.
    Store(StoreError),
}

/// Sends the items as one transaction; conflicts with other transactions are sent again after a random pause.
///
/// The token makes the SDK's own retries, after an answer was lost, the same transaction (DynamoDB keeps it 10 min).
pub(crate) async fn write(client: &Client, entropy: &Entropy, items: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
    let token = hex::encode(entropy.bytes::<16>());
    for attempt in 1..=ATTEMPTS {
        let sending =
            client.transact_write_items().set_transact_items(Some(items.clone())).client_request_token(&token);
        let sent = Box::pin(sending.send()).await;
        let Err(error) = sent else { return Ok(()) };
        match verdict(error) {
            Verdict::Collided => pause(entropy, attempt).await,
            Verdict::Cancelled(cancelled) => return Err(cancelled),
        }
    }
    Err(Cancelled::Store(StoreError::Busy))
}

enum Verdict {
    Collided,
    Cancelled(Cancelled),
}

/// A failed condition outweighs a conflict beside it: sending again would only fail again.
fn verdict(error: SdkError<TransactWriteItemsError>) -> Verdict {
    let reasons: &[CancellationReason] = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Verdict::Collided,
        _ => return Verdict::Cancelled(Cancelled::Store(StoreError::from_sdk(error))),
    };
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    if let Some(place) = reasons.iter().position(|reason| code(reason) == "ConditionalCheckFailed") {
        let item = reasons.get(place).and_then(|reason| reason.item().cloned());
        return Verdict::Cancelled(Cancelled::Condition { place, item });
    }
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if reasons.iter().any(|reason| passing.contains(&code(reason).as_str())) {
        return Verdict::Collided;
    }
    Verdict::Cancelled(Cancelled::Store(StoreError::from_sdk(error)))
}

/// Up to 20, 40, 80 ... ms, at random, so that those who collided do not meet again.
pub(crate) async fn pause(entropy: &Entropy, attempt: u32) {
    let longest = 20_u64 << attempt.min(6);
    tokio::time::sleep(Duration::from_millis(entropy.number() % longest)).await;
}

/// One item of a transaction.
pub(crate) trait IntoTransaction {
    fn into_transaction(self) -> TransactWriteItem;
}

impl IntoTransaction for Put {
    fn into_transaction(self) -> TransactWriteItem {
        TransactWriteItem::builder().put(self).build()
    }
}

impl IntoTransaction for Update {
    fn into_transaction(self) -> TransactWriteItem {
        TransactWriteItem::builder().update(self).build()
    }
}

impl IntoTransaction for Delete {
    fn into_transaction(self) -> TransactWriteItem {
        TransactWriteItem::builder().delete(self).build()
    }
}

impl IntoTransaction for ConditionCheck {
    fn into_transaction(self) -> TransactWriteItem {
        TransactWriteItem::builder().condition_check(self).build()
    }
}
