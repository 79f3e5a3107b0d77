//! What a client signs to be used once: assertions (RFC 7523 section 3) and DPoP proofs (RFC 9449 section 11.1). Each
//! leaves its `jti` behind until it could not be used any more anyway.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    StoreError, Table,
    failure::{if_held, incomplete},
    item, text,
    transaction::IntoTransaction,
};

/// The guards, in the table of grants.
#[derive(Clone, Debug)]
pub struct Replays(Table);

/// One thing to be used once.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What it is.
    pub signed: Signed,
    key: String,
    until: Timestamp,
}

/// What a client signs to be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Who it is.
    Assertion,
    /// That it has a key.
    Proof,
}

impl Replay {
    /// The `jti` (its digest) of a JWT by `signer`, which is of no use after `until`.
    pub fn new(signed: Signed, signer: &str, jti_digest: &str, until: Timestamp) -> Self {
        let purpose = match signed {
            Signed::Assertion => "assertion",
            Signed::Proof => "dpop",
        };
        Self { signed, key: format!("jti#{purpose}#{signer}#{jti_digest}"), until }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    expires: i64,
    /// Which write made it: the SDK's own retry, after an answer was lost, is no second use.
    written: String,
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
        let written = self.0.write_id();
        let put = self
            .0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(row(replay, written.clone())?))
            .condition_expression("attribute_not_exists(id) OR written = :written")
            .expression_attribute_values(":written", text(written));
        if_held(put.send().await).map(|held| held.is_some())
    }

    /// The same as part of a transaction.
    pub(crate) fn guard(&self, replay: &Replay) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.0.name)
            .set_item(Some(row(replay, self.0.write_id())?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

/// TTL: kept an hour longer than it is good for, since clocks differ and DynamoDB deletes at leisure.
fn row(replay: &Replay, written: String) -> Result<crate::Item, StoreError> {
    let expires = (replay.until + SignedDuration::from_hours(1)).as_second();
    item(&Row { id: &replay.key, expires, written })
}
