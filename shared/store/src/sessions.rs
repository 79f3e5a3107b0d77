//! Sessions: who a browser is signed in as. The cookie's secret is the key, as its SHA-256.
//!
//! Where the same person signs in again in the same browser, the session goes on under the new cookie, and the old row
//! only says where: what was given in it lives on, and the old cookie opens nothing.
//!
//! Relying parties are only ever added to a session, so their number tells whether one was since it was read.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::{
    bearer::{Bearer, BearerDigest},
    device::{Device, DeviceKey},
    session::{RelyingParty, Session, SessionId, SessionRefusal},
    sign_in::PendingSignIn,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::{
    StoreError, Table,
    accounts::{Accounts, active},
    devices::Devices,
    failure::{if_held, incomplete},
    item, number,
    pending_sign_ins::PendingSignIns,
    text,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    /// Under which secret it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successor: Option<BearerDigest>,
}

/// How often one session can be followed from cookie to cookie: more than anybody signs in again within the minutes
/// that a grant without `offline_access` lives.
const RENEWALS: u32 = 8;

/// A sign-in about to be complete.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The new cookie's secret.
    pub secret: &'a Bearer,
    /// The session.
    pub session: Session,
    /// The sign-in that waited for its code in this browser, where one did: consumed with it.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// The browser's new device, and the one it replaces.
    pub device: (&'a Devices, DeviceKey, Option<DeviceKey>),
    /// The session that this browser had, by what it is stored under: it goes on in the new one if it is the same person's, else it
    /// ends with it.
    pub before: Option<(&'a BearerDigest, &'a Session)>,
}

/// Why no session was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The account cannot be used.
    #[error("the account is not active")]
    NotActive,
    /// The sign-in's code was used already, or another was sent.
    #[error("the sign-in that waited is over")]
    NotPending,
    /// The session that this browser had ended meanwhile, or signed in to another relying party: to be read again.
    #[error("the session before changed meanwhile")]
    Changed,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a session has the relying parties that it was read with.
const UNCHANGED: &str = "size(#session.relying_parties) = :known";

impl Sessions {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Begins a session, if the account is active in that very moment: with the sign-in consumed that waited for it,
    /// the browser remembered, and the session succeeded that it had. All of it or nothing.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub async fn begin(&self, accounts: &Accounts, beginning: Beginning<'_>) -> Result<(), BeginError> {
        let Beginning { secret, session, pending, device: (devices, key, replaced), before } = beginning;
        let device = devices.remember(&key, Device::seen(session.account_id, session.authenticated_at))?;
        let now = session.authenticated_at;
        let mut items =
            vec![self.put_new(secret, &session)?, active(&accounts.0, session.account_id)?.into_transaction(), device];
        let place_of_before = items.len();
        if let Some((old, before)) = before {
            items.push(match before.account_id == session.account_id {
                true => self.succeed(old, before, secret)?,
                false => self.delete(old, before)?,
            });
        }
        if let Some(replaced) = replaced {
            items.push(devices.let_go(&replaced, now)?);
        }
        if let Some((waiting, browser, sign_in)) = pending {
            items.push(waiting.consume(browser, sign_in)?);
        }
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            // The secret is 256 random bits: an item with its digest is our own write, whose answer was lost.
            Ok(()) | Err(Cancelled::Condition { place: 0, .. }) => Ok(()),
            Err(Cancelled::Condition { place: 1, .. }) => Err(BeginError::NotActive),
            Err(Cancelled::Condition { place, .. }) if before.is_some() && place == place_of_before => {
                Err(BeginError::Changed)
            }
            Err(Cancelled::Condition { .. }) => Err(BeginError::NotPending),
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    /// Notes a relying party, as part of the transaction that issues its code: the session must still be this one, and
    /// know the relying party by this `sid` or not at all. It has one name at each, also where twenty ask at once.
    pub fn add_relying_party(
        &self,
        secret: &BearerDigest,
        session: &SessionId,
        client_id: &str,
        relying_party: &RelyingParty,
    ) -> Result<TransactWriteItem, StoreError> {
        let noted = to_attribute_value(relying_party).map_err(StoreError::Shape)?;
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(secret.as_str()))
            .update_expression(
                "SET #session.relying_parties.#client = if_not_exists(#session.relying_parties.#client, :relying_party)",
            )
            .condition_expression(
                "#session.session_id = :session AND (attribute_not_exists(#session.relying_parties.#client) \
                 OR #session.relying_parties.#client.sid = :sid)",
            )
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#client", client_id)
            .expression_attribute_values(":sid", text(&relying_party.sid))
            .expression_attribute_values(":relying_party", noted)
            .expression_attribute_values(":session", text(session.as_str()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// The session a cookie opens: `None` if there is none, or it has ended.
    ///
    /// # Errors
    /// The table's.
    pub async fn open(&self, secret: &Bearer, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row: Option<Row> = self.table.read("id", secret.digest().as_str()).await?;
        Ok(row.and_then(|row| row.session).filter(|session| session.check(now) != Err(SessionRefusal::Ended)))
    }

    /// The same by what is stored of the cookie, for what was given in a session and ends with it: under whatever cookie
    /// it goes on.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, secret: &BearerDigest, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.latest(secret.clone(), now).await?.map(|(_, session)| session))
    }

    /// The session that one goes on as, and what it is stored under.
    ///
    /// # Errors
    /// The table's.
    pub async fn latest(
        &self,
        mut secret: BearerDigest,
        now: Timestamp,
    ) -> Result<Option<(BearerDigest, Session)>, StoreError> {
        for _ in 0..=RENEWALS {
            let row: Option<Row> = self.table.read("id", secret.as_str()).await?;
            match row {
                Some(Row { successor: Some(successor), .. }) => secret = successor,
                Some(Row { session, .. }) => {
                    let session = session.filter(|session| session.check(now) != Err(SessionRefusal::Ended));
                    return Ok(session.map(|session| (secret, session)));
                }
                None => return Ok(None),
            }
        }
        Ok(None)
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
            .condition_expression("attribute_exists(#session)")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":now", text(now.to_string()));
        if_held(request.send().await).map(drop)
    }

    /// Ends a session as it was read; one that ended already has. `false` where a relying party was added since: nothing
    /// is written then.
    ///
    /// # Errors
    /// The table's.
    pub async fn end(&self, secret: &Bearer, session: &Session) -> Result<bool, StoreError> {
        let request = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("id", text(secret.digest().as_str()))
            .condition_expression(format!("attribute_not_exists(#session) OR {UNCHANGED}"))
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":known", number(session.relying_parties.len()));
        if_held(request.send().await).map(|held| held.is_some())
    }

    /// Lets the same person's session go on under another secret.
    fn succeed(&self, old: &BearerDigest, before: &Session, new: &Bearer) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(old.as_str()))
            .update_expression("SET successor = :successor REMOVE #session")
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":successor", text(new.digest().as_str()))
            .expression_attribute_values(":known", number(before.relying_parties.len()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// Ends somebody else's.
    fn delete(&self, old: &BearerDigest, before: &Session) -> Result<TransactWriteItem, StoreError> {
        Delete::builder()
            .table_name(&self.table.name)
            .key("id", text(old.as_str()))
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":known", number(before.relying_parties.len()))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    fn put_new(&self, secret: &Bearer, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let (id, expires) = (secret.digest().as_str().to_owned(), session.ends_at().as_second());
        let row = Row { id, expires, session: Some(session.clone()), successor: None };
        Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(&row)?))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}
