//! Where an account is signed in, by account: its sessions, and the grants that outlive them. What they are stands in
//! their own tables; here is only how the account's owner finds them all, in one strongly consistent query.
//!
//! A row may outlive what it names (a session that was signed out of, a grant that was revoked) until its own end.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{
    account::AccountId,
    session::{Session, SessionId},
};
use oidc::grant::{Grant, GrantId};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_items;

use crate::{StoreError, Table, failure::incomplete, item, text, transaction::IntoTransaction};

const SESSION: &str = "session#";
const GRANT: &str = "grant#";

/// The table, by account and place.
#[derive(Clone, Debug)]
pub struct Whereabouts(Table);

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    account: String,
    /// `session#<id>` or `grant#<id>`
    place: String,
    /// TTL, in seconds.
    expires: i64,
}

impl Whereabouts {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// The account's sessions, those that ended among them.
    ///
    /// # Errors
    /// The table's.
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<SessionId>, StoreError> {
        self.places(account, SESSION).await
    }

    /// The account's grants that outlive their sessions, those that were revoked among them.
    ///
    /// # Errors
    /// The table's.
    pub async fn grants(&self, account: AccountId) -> Result<Vec<GrantId>, StoreError> {
        self.places(account, GRANT).await
    }

    /// The row of a session, for the transaction that begins it.
    pub(crate) fn session(&self, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let place = format!("{SESSION}{}", session.session_id.as_str());
        self.row(session.account_id, place, session.ends_at().as_second())
    }

    /// The row of a grant, for the transaction that begins it.
    pub(crate) fn grant(&self, account: AccountId, grant: &Grant) -> Result<TransactWriteItem, StoreError> {
        self.row(account, format!("{GRANT}{}", grant.id()), grant.expires_at().as_second())
    }

    fn row(&self, account: AccountId, place: String, expires: i64) -> Result<TransactWriteItem, StoreError> {
        let row = Row { account: account.to_string(), place, expires };
        let put = Put::builder().table_name(&self.0.name).set_item(Some(item(&row)?)).build();
        put.map(IntoTransaction::into_transaction).map_err(incomplete)
    }

    async fn places<T: std::str::FromStr>(&self, account: AccountId, kind: &str) -> Result<Vec<T>, StoreError> {
        let mut pages = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .key_condition_expression("account = :account AND begins_with(place, :kind)")
            .expression_attribute_values(":account", text(account.to_string()))
            .expression_attribute_values(":kind", text(kind))
            .into_paginator()
            .send();
        let mut places = Vec::new();
        while let Some(page) = pages.next().await {
            let rows: Vec<Row> =
                from_items(page.map_err(StoreError::from_sdk)?.items.unwrap_or_default()).map_err(StoreError::Shape)?;
            // What stands there was a name when it was written.
            places.extend(rows.iter().filter_map(|row| row.place.strip_prefix(kind)?.parse::<T>().ok()));
        }
        Ok(places)
    }
}
