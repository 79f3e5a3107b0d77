//! Sessions: who a browser is signed in as, by the name in its cookie; the secret there is stored as its SHA-256.
//!
//! Where the same person signs in again in the same browser, the session goes on under its name with another secret: what
//! was given in it lives on, and the old cookie opens nothing.
//!
//! A session counts the codes issued in it, so that it is told whether one was since it was read.

mod beginning;

pub use beginning::{Before, BeginError, Beginning};

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, TransactWriteItem, Update};
use domain::{
    bearer::BearerDigest,
    device::DeviceKey,
    session::{RelyingParty, Session, SessionCookie, SessionId, SessionRefusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::{
    StoreError, Table, devices,
    failure::{if_held, incomplete},
    number, text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// The table of sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    /// `session#<id>`
    id: String,
    /// SHA-256 of the cookie's secret.
    secret: BearerDigest,
    /// The secrets it had before, the last one last: they open nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<BearerDigest>,
    /// TTL, in seconds.
    expires: i64,
    session: Session,
}

/// Whether no code was issued in a session since it was read.
const UNCHANGED: &str = "#session.codes = :codes";

impl Sessions {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Notes a code of a relying party, as part of the transaction that issues its code: the session must still be there, and know
    /// the relying party by this `sid` or not at all. It has one name at each, also where twenty ask at once.
    pub fn add_relying_party(
        &self,
        session: &SessionId,
        client_id: &str,
        relying_party: &RelyingParty,
    ) -> Result<TransactWriteItem, StoreError> {
        let noted = to_attribute_value(relying_party).map_err(StoreError::Shape)?;
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(key(session)))
            .update_expression(
                "SET #session.relying_parties.#client = if_not_exists(#session.relying_parties.#client, :relying_party), \
                 #session.codes = #session.codes + :one",
            )
            .condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(#session.relying_parties.#client) \
                 OR #session.relying_parties.#client.sid = :sid)",
            )
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#client", client_id)
            .expression_attribute_values(":sid", text(&relying_party.sid))
            .expression_attribute_values(":relying_party", noted)
            .expression_attribute_values(":one", number(1))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// The session a cookie opens: `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn open(&self, cookie: &SessionCookie, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row = self.row(&cookie.id, now).await?;
        Ok(row.filter(|row| row.secret == cookie.secret.digest()).map(|row| row.session))
    }

    /// The same by its name, for what was given in a session and ends with it, and for its owner's list.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.row(id, now).await?.map(|row| row.session))
    }

    /// Notes that a session is in use, so that it does not end as idle. A session that ended meanwhile stays ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn touch(&self, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        let request = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(key(id)))
            .update_expression("SET #session.seen_at = :now")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":now", text(now.to_string()));
        if_held(request.send().await).map(drop)
    }

    /// Ends a session as it was read: whether it was there to be ended. Of fifty who end it at once one is told so; where a
    /// code was issued since, nothing is written.
    ///
    /// # Errors
    /// The table's.
    pub async fn end(&self, session: &Session) -> Result<bool, StoreError> {
        let request = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("id", text(key(&session.session_id)))
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":codes", number(session.codes));
        Ok(if_held(request.send().await)?.is_some())
    }

    /// As [`Self::end`], and its browser is a stranger from now on: for who ends it from elsewhere.
    ///
    /// # Errors
    /// The table's.
    pub async fn end_and_forget(&self, session: &Session) -> Result<bool, StoreError> {
        let mut items = vec![self.delete(session)?];
        for device in [Some(&session.device), session.device_before.as_ref()].into_iter().flatten() {
            let key = text(devices::row_key(device));
            let forget = Delete::builder().table_name(&self.table.name).key("id", key).build();
            items.push(forget.map_err(incomplete)?.into_transaction());
        }
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Condition { .. }) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Gives a session another secret and another device, as part of a transaction, if its secret is still the one read.
    /// The secrets it had are forgotten: the password was changed, maybe because somebody else has one.
    pub(crate) fn renew(
        &self,
        id: &SessionId,
        (before, after): (&BearerDigest, &BearerDigest),
        device: &DeviceKey,
    ) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(key(id)))
            .update_expression("SET secret = :after, #session.device = :device REMOVE former")
            .condition_expression("secret = :before")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":before", text(before.as_str()))
            .expression_attribute_values(":after", text(after.as_str()))
            .expression_attribute_values(":device", text(device.as_str()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// That a session was not ended, in the very moment of a transaction.
    pub(crate) fn still_there(&self, id: &SessionId) -> Result<TransactWriteItem, StoreError> {
        ConditionCheck::builder()
            .table_name(&self.table.name)
            .key("id", text(key(id)))
            .condition_expression("attribute_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// Ends a session as it was read, as part of a transaction.
    fn delete(&self, session: &Session) -> Result<TransactWriteItem, StoreError> {
        Delete::builder()
            .table_name(&self.table.name)
            .key("id", text(key(&session.session_id)))
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":codes", number(session.codes))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    async fn row(&self, id: &SessionId, now: Timestamp) -> Result<Option<Row>, StoreError> {
        let row: Option<Row> = self.table.read("id", &key(id)).await?;
        Ok(row.filter(|row| row.session.check(now) != Err(SessionRefusal::Ended)))
    }
}

fn key(id: &SessionId) -> String {
    format!("session#{}", id.as_str())
}
