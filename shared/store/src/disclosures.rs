//! What was told of a person to whom: written before it is told, for the person to see.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::account::AccountId;
use jiff::Timestamp;
use oidc::{claim::ClaimName, client::ClientId};
use serde::{Deserialize, Serialize};

use crate::{Item, StoreError, Table, failure::incomplete, item, transaction::IntoTransaction};

/// The table of disclosures: by account, then by time.
#[derive(Clone, Debug)]
pub struct Disclosures(Table);

/// Something that is told of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// Of whom.
    pub account_id: AccountId,
    /// To whom.
    pub client_id: ClientId,
    /// Through whom, where one client handed the person's errand on to another.
    pub by: Option<ClientId>,
    /// What: names, no values.
    pub claims: BTreeSet<ClaimName>,
    /// When.
    pub at: Timestamp,
}

#[derive(Serialize)]
struct Row<'a> {
    account: String,
    /// The time, and a random part that keeps two of one moment apart.
    moment: String,
    disclosure: &'a Disclosure,
}

impl Disclosures {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Writes one down.
    ///
    /// # Errors
    /// The table's; then nothing may be told.
    pub async fn record(&self, disclosure: &Disclosure, random: [u8; 8]) -> Result<(), StoreError> {
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(row(disclosure, random)?));
        put.send().await.map(drop).map_err(StoreError::from_sdk)
    }

    /// The same as part of a transaction.
    pub(crate) fn recording(&self, disclosure: &Disclosure, random: [u8; 8]) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.0.name)
            .set_item(Some(row(disclosure, random)?))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

fn row(disclosure: &Disclosure, random: [u8; 8]) -> Result<Item, StoreError> {
    let moment = format!("{}#{}", disclosure.at, hex::encode(random));
    item(&Row { account: disclosure.account_id.to_string(), moment, disclosure })
}
