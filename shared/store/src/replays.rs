//! What a client signs to be used once: assertions (RFC 7523 section 3) and DPoP proofs (RFC 9449 section 11.1). Each
//! leaves its `jti` behind until it could not be used any more anyway.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    StoreError, Table,
    failure::{if_held, incomplete},
    item,
    transaction::IntoTransaction,
};

/// The guards, in the table of grants.
#[derive(Clone, Debug)]
pub struct Replays(Table);

/// One thing to be used once.
#[derive(Clone, Debug)]
pub struct Replay {
    key: String,
    until: Timestamp,
}

impl Replay {
    /// The `jti` (its digest) of a JWT by `signer`, which is of no use after `until`.
    pub fn new(purpose: &str, signer: &str, jti_digest: &str, until: Timestamp) -> Self {
        Self { key: format!("jti#{purpose}#{signer}#{jti_digest}"), until }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    expires: i64,
}

impl Replays {
    /// In the table of grants.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Uses it; `false` if it was used before.
    ///
    /// # Errors
    /// The table's.
    pub async fn first_use(&self, replay: &Replay) -> Result<bool, StoreError> {
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(row(replay)?));
        // A first answer that is lost makes the client's own retry look like a replay: it signs anew then.
        if_held(put.condition_expression("attribute_not_exists(id)").send().await).map(|held| held.is_some())
    }

    /// The same as part of a transaction.
    pub(crate) fn guard(&self, replay: &Replay) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.0.name)
            .set_item(Some(row(replay)?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

/// TTL: kept an hour longer than it is good for, since clocks differ and DynamoDB deletes at leisure.
fn row(replay: &Replay) -> Result<crate::Item, StoreError> {
    let expires = (replay.until + SignedDuration::from_hours(1)).as_second();
    item(&Row { id: &replay.key, expires })
}
