//! What a person agreed to share with a client, and the names by which clients know the person. In the table of
//! accounts, under keys of their own.
//!
//! | key | what |
//! |---|---|
//! | `consent#<account>#<client>` | the claims and scopes agreed to, as sets, and whether tokens may outlive the session |
//! | `subject#<account>#<sector>` | the subject: random, written once, never changed or given to anybody else |

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::account::AccountId;
use jiff::Timestamp;
use oidc::{
    agreement::{Agreement, Extent},
    claim::ClaimName,
    client::ClientId,
    scope::Scope,
};
use serde::{Deserialize, Serialize};

use crate::{StoreError, Table, failure::incomplete, item, text, transaction::IntoTransaction};

/// Consents and subjects.
#[derive(Clone, Debug)]
pub struct Consents(Table);

/// No set is ever empty in DynamoDB: one that would be is not there.
#[derive(Debug, Deserialize)]
struct ConsentRow {
    #[serde(default)]
    claims: BTreeSet<ClaimName>,
    #[serde(default)]
    scopes: BTreeSet<Scope>,
    offline: bool,
    at: Timestamp,
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
        Ok(row.map(|ConsentRow { claims, scopes, offline, at }| Agreement {
            extent: Extent { claims, scopes, offline },
            at,
        }))
    }

    /// Adds what was agreed to now to what was before. The sets grow where they are: of two answers at once none is lost.
    ///
    /// # Errors
    /// The table's.
    pub async fn agree(
        &self,
        account: AccountId,
        client: &ClientId,
        extent: &Extent,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let claims: Vec<_> = extent.claims.iter().map(|claim| claim.as_str().to_owned()).collect();
        let scopes: Vec<_> = extent.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let offline = if extent.offline { ":offline" } else { "if_not_exists(#offline, :offline)" };
        let mut expression = format!("SET #at = :at, #offline = {offline}");
        let mut update = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("pk", text(consent_key(account, client)))
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#offline", "offline")
            .expression_attribute_values(":at", text(at.to_string()))
            .expression_attribute_values(":offline", AttributeValue::Bool(extent.offline));
        let mut joint = " ADD ";
        for (name, set) in [("claims", claims), ("scopes", scopes)].into_iter().filter(|(_, set)| !set.is_empty()) {
            expression.push_str(&format!("{joint}#{name} :{name}"));
            joint = ", ";
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::Ss(set));
        }
        update.update_expression(expression).send().await.map(drop).map_err(StoreError::from_sdk)
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
