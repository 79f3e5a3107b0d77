//! Sessions: who a browser is signed in as. The cookie's secret is the key, as its SHA-256.

use aws_sdk_dynamodb::types::{ConditionCheck, Put};
use domain::{
    account::AccountId,
    bearer::Bearer,
    session::{Session, SessionRefusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Table,
    accounts::{Accounts, account_key},
    failure::{if_held, incomplete},
    item, text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// The table of sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// SHA-256 of the cookie's secret.
    id: String,
    /// TTL, in seconds.
    expires: i64,
    session: Session,
}

/// Why no session was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The account cannot be used.
    #[error("the account is not active")]
    NotActive,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Begins a session, if the account is active in that very moment.
    ///
    /// # Errors
    /// [`BeginError::NotActive`] if it is not.
    pub async fn begin(&self, accounts: &Accounts, secret: &Bearer, session: Session) -> Result<(), BeginError> {
        let account = session.account_id;
        let row = Row { id: secret.digest().as_str().to_owned(), expires: session.ends_at().as_second(), session };
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(&row)?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(incomplete)?;
        let check = active(&accounts.0, account)?;
        let items = vec![put.into_transaction(), check.into_transaction()];
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(()),
            Err(Cancelled::Condition { place: 1, .. }) => Err(BeginError::NotActive),
            // The secret is 256 random bits: an item with its digest is our own write, whose answer was lost.
            Err(Cancelled::Condition { .. }) => Ok(()),
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    /// The session a cookie opens: `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn open(&self, secret: &Bearer, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row: Option<Row> = self.table.read("id", secret.digest().as_str()).await?;
        Ok(row.map(|row| row.session).filter(|session| session.check(now) != Err(SessionRefusal::Ended)))
    }

    /// Notes that a session is in use, so that it does not end as idle. A session that ended meanwhile stays ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn touch(&self, secret: &Bearer, now: Timestamp) -> Result<(), StoreError> {
        let request = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(secret.digest().as_str()))
            .update_expression("SET #session.seen_at = :now")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":now", text(now.to_string()));
        if_held(request.send().await).map(drop)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The table's.
    pub async fn end(&self, secret: &Bearer) -> Result<(), StoreError> {
        let request =
            self.table.client.delete_item().table_name(&self.table.name).key("id", text(secret.digest().as_str()));
        request.send().await.map(drop).map_err(StoreError::from_sdk)
    }
}

fn active(accounts: &Table, account: AccountId) -> Result<ConditionCheck, StoreError> {
    ConditionCheck::builder()
        .table_name(&accounts.name)
        .key("pk", text(account_key(account)))
        .condition_expression("account.#status = :active")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":active", text("active"))
        .build()
        .map_err(incomplete)
}
