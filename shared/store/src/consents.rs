//! What a person agreed to share with a client, and the names by which clients know the person. In the table of
//! accounts, under keys of their own.
//!
//! | key | what |
//! |---|---|
//! | `consent#<account>#<client>` | the claims agreed to, and whether tokens may outlive the session |
//! | `subject#<account>#<sector>` | the subject: random, written once, never changed or given to anybody else |

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::account::AccountId;
use oidc::{agreement::Agreement, client::ClientId};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Table, failure::incomplete, item, transaction::IntoTransaction};

/// Consents and subjects.
#[derive(Clone, Debug)]
pub struct Consents(Table);

#[derive(Debug, Serialize, Deserialize)]
struct ConsentRow {
    pk: String,
    #[serde(flatten)]
    agreement: Agreement,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubjectRow {
    pk: String,
    sub: String,
}

impl Consents {
    /// In the table of accounts.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// What the person agreed to share with the client.
    ///
    /// # Errors
    /// The table's.
    pub async fn agreement(&self, account: AccountId, client: &ClientId) -> Result<Option<Agreement>, StoreError> {
        let row: Option<ConsentRow> = self.0.read("pk", &consent_key(account, client)).await?;
        Ok(row.map(|row| row.agreement))
    }

    /// Writes what was agreed to, over what was before.
    ///
    /// # Errors
    /// The table's.
    pub async fn agree(&self, account: AccountId, client: &ClientId, agreement: Agreement) -> Result<(), StoreError> {
        let row = ConsentRow { pk: consent_key(account, client), agreement };
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item(&row)?));
        put.send().await.map(drop).map_err(StoreError::from_sdk)
    }

    /// The name by which the client's sector knows the person, if it has one yet.
    ///
    /// # Errors
    /// The table's.
    pub async fn subject(&self, account: AccountId, sector: &str) -> Result<Option<String>, StoreError> {
        let row: Option<SubjectRow> = self.0.read("pk", &subject_key(account, sector)).await?;
        Ok(row.map(|row| row.sub))
    }

    /// Gives the person a name in the client's sector, in a transaction that fails if there is one.
    pub(crate) fn name(&self, account: AccountId, sector: &str, sub: &str) -> Result<TransactWriteItem, StoreError> {
        Put::builder()
            .table_name(&self.0.name)
            .set_item(Some(item(&SubjectRow { pk: subject_key(account, sector), sub: sub.to_owned() })?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

fn consent_key(account: AccountId, client: &ClientId) -> String {
    format!("consent#{account}#{client}")
}

fn subject_key(account: AccountId, sector: &str) -> String {
    format!("subject#{account}#{sector}")
}
