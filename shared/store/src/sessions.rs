//! Sessions: who a browser is signed in as, by the name in its cookie; the secret there is stored as its SHA-256.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::{
    bearer::{Bearer, BearerDigest},
    device::{Device, DeviceKey},
    session::{RelyingParty, Session, SessionCookie, SessionId, SessionRefusal},
    sign_in::PendingSignIn,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::{
    StoreError, Table,
    accounts::{Accounts, unchanged_since},
    devices::{self, Devices},
    failure::{if_held, incomplete},
    item,
    pending_sign_ins::PendingSignIns,
    text,
    transaction::{self, Cancelled, IntoTransaction},
    whereabouts::Whereabouts,
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
    /// TTL, in seconds.
    expires: i64,
    session: Session,
}

/// A sign-in about to be complete.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The new cookie's secret, as it is stored.
    pub secret: BearerDigest,
    /// The session.
    pub session: Session,
    /// When the password was typed: one that was changed since then is of no use.
    pub password_at: Timestamp,
    /// Where the account is found to be signed in.
    pub whereabouts: &'a Whereabouts,
    /// The sign-in that waited for its code in this browser, where one did: consumed with it.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// The device that the session's takes the place of.
    pub device: (&'a Devices, Option<DeviceKey>),
}

/// Why no session was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The account cannot be used, or its password is another by now.
    #[error("the account is not active, or its password was changed")]
    NotActive,
    /// The sign-in's code was used already, or another was sent.
    #[error("the sign-in that waited is over")]
    NotPending,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Begins a session, if the account is active in that very moment and the password still the one that
    /// was typed: with the sign-in consumed that waited for it,
    /// and the browser remembered. All of it or nothing.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub async fn begin(&self, accounts: &Accounts, beginning: Beginning<'_>) -> Result<(), BeginError> {
        let Beginning { secret, session, password_at, whereabouts, pending, device: (devices, replaced) } = beginning;
        let now = session.authenticated_at;
        let mut items = vec![
            self.put_new(secret, &session)?,
            unchanged_since(&accounts.0, session.account_id, password_at)?.into_transaction(),
            devices.remember(&session.device, Device::seen(session.account_id, now))?,
            whereabouts.session(&session)?,
        ];
        if let Some(replaced) = replaced {
            items.push(devices.let_go(&replaced, now)?);
        }
        if let Some((waiting, browser, sign_in)) = pending {
            items.push(waiting.consume(browser, sign_in)?);
        }
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            // Its name is 128 random bits: an item that has it is our own write, whose answer was lost.
            Ok(()) | Err(Cancelled::Condition { place: 0, .. }) => Ok(()),
            Err(Cancelled::Condition { place: 1, .. }) => Err(BeginError::NotActive),
            Err(Cancelled::Condition { .. }) => Err(BeginError::NotPending),
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    /// Notes a relying party, as part of the transaction that issues its code: the session must still be this one.
    ///
    /// The first sign-in's `sid`, `sub` and time stay: a session has one name at each relying party.
    pub fn add_relying_party(
        &self,
        session: &SessionId,
        client_id: &str,
        relying_party: &RelyingParty,
    ) -> Result<TransactWriteItem, StoreError> {
        let relying_party = to_attribute_value(relying_party).map_err(StoreError::Shape)?;
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(key(session)))
            .update_expression(
                "SET #session.relying_parties.#client = if_not_exists(#session.relying_parties.#client, :relying_party)",
            )
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#client", client_id)
            .expression_attribute_values(":relying_party", relying_party)
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

    /// Ends a session: whether it was there to be ended. Of fifty who end it at once one is told so.
    ///
    /// # Errors
    /// The table's.
    pub async fn end(&self, id: &SessionId) -> Result<bool, StoreError> {
        let request = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("id", text(key(id)))
            .condition_expression("attribute_exists(id)");
        Ok(if_held(request.send().await)?.is_some())
    }

    /// Ends the session that a cookie opens, if it opens any.
    ///
    /// # Errors
    /// The table's.
    pub async fn end_opened(&self, cookie: &SessionCookie) -> Result<(), StoreError> {
        let request = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("id", text(key(&cookie.id)))
            .condition_expression("secret = :secret")
            .expression_attribute_values(":secret", text(cookie.secret.digest().as_str()));
        if_held(request.send().await).map(drop)
    }

    /// As [`Self::end`], and its browser is a stranger from now on: for who ends it from elsewhere.
    ///
    /// # Errors
    /// The table's.
    pub async fn end_and_forget(&self, session: &Session) -> Result<bool, StoreError> {
        let delete = |id: String| Delete::builder().table_name(&self.table.name).key("id", text(id));
        let end = delete(key(&session.session_id)).condition_expression("attribute_exists(id)").build();
        let forget = delete(devices::row_key(&session.device)).build();
        let items = vec![end.map_err(incomplete)?.into_transaction(), forget.map_err(incomplete)?.into_transaction()];
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(true),
            Err(Cancelled::Condition { .. }) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Gives a session another secret and another device, as part of a transaction, if its secret is still the one read.
    pub(crate) fn renew(
        &self,
        id: &SessionId,
        (before, after): (&BearerDigest, &BearerDigest),
        device: &DeviceKey,
    ) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(key(id)))
            .update_expression("SET secret = :after, #session.device = :device")
            .condition_expression("secret = :before")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":before", text(before.as_str()))
            .expression_attribute_values(":after", text(after.as_str()))
            .expression_attribute_values(":device", text(device.as_str()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    async fn row(&self, id: &SessionId, now: Timestamp) -> Result<Option<Row>, StoreError> {
        let row: Option<Row> = self.table.read("id", &key(id)).await?;
        Ok(row.filter(|row| row.session.check(now) != Err(SessionRefusal::Ended)))
    }

    fn put_new(&self, secret: BearerDigest, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let (id, expires) = (key(&session.session_id), session.ends_at().as_second());
        let row = Row { id, secret, expires, session: session.clone() };
        Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(&row)?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

fn key(id: &SessionId) -> String {
    format!("session#{}", id.as_str())
}
