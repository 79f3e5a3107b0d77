//! The end of a sign-in: a session begins, or the one that the browser had goes on under another secret.

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{
    account::AccountId,
    bearer::{Bearer, BearerDigest},
    device::{Device, DeviceKey},
    session::{Session, SessionCookie},
    sign_in::PendingSignIn,
};
use jiff::Timestamp;
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use super::{Row, Sessions, key};
use crate::{
    Item, StoreError,
    accounts::{Accounts, active_with_password},
    devices::Devices,
    failure::incomplete,
    item, number,
    pending_sign_ins::PendingSignIns,
    text,
    transaction::{self, Cancelled, IntoTransaction},
    whereabouts::Whereabouts,
};

/// How many secrets are remembered that a session had: a browser whose sign-in was sent twice, or got no answer, still
/// has one of the last.
const FORMER: usize = 8;

/// The session that a browser had when it signed in again, as it was read.
#[derive(Clone, Debug)]
pub struct Before {
    /// The session.
    pub session: Session,
    secret: BearerDigest,
    former: Vec<BearerDigest>,
    /// Whether the cookie opens it, and not only did.
    opened: bool,
}

impl Before {
    /// Whether a sign-in of this account in this browser has to do with it: a cookie that opens nothing any more ends
    /// nobody else's session.
    pub fn concerns(&self, account: Option<AccountId>) -> bool {
        self.opened || Some(self.session.account_id) == account
    }
}

/// A sign-in about to be complete.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The new cookie's secret, as it is stored.
    pub secret: BearerDigest,
    /// The session.
    pub session: Session,
    /// Which password was compared: with one that was changed since then nothing begins.
    pub password_version: u32,
    /// Where the account is found to be signed in.
    pub whereabouts: &'a Whereabouts,
    /// The sign-in that waited for its code in this browser, where one did: consumed with it.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// The device that the session's takes the place of.
    pub device: (&'a Devices, Option<DeviceKey>),
    /// The session that this browser had: it goes on in the new one if it is the same person's, else it ends with it.
    pub before: Option<&'a Before>,
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
    /// The session that this browser had ended meanwhile, goes on under another secret, or (somebody else's) gave
    /// another code: to be read again.
    #[error("the session before changed meanwhile")]
    Changed,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sessions {
    /// Begins a session, if the account is active in that very moment and the password still the one that
    /// was typed: with the sign-in consumed that waited for it, the browser remembered, and the session succeeded that it
    /// had. All of it or nothing.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub async fn begin(&self, accounts: &Accounts, beginning: Beginning<'_>) -> Result<(), BeginError> {
        let Beginning { secret, session, password_version, whereabouts, pending, device, before } = beginning;
        let ((devices, replaced), now) = (device, session.authenticated_at);
        // Under one name it is one session: the same person's goes on.
        let same = before.filter(|before| before.session.session_id == session.session_id);
        let mut items = vec![
            match same {
                Some(before) => self.go_on(before, &secret, &session)?,
                None => self.put_new(secret.clone(), &session)?,
            },
            active_with_password(&accounts.0, session.account_id, password_version)?.into_transaction(),
            devices.remember(&session.device, Device::seen(session.account_id, now))?,
            whereabouts.session(&session)?,
        ];
        let place_of_before = items.len();
        let ending = before.filter(|_| same.is_none());
        if let Some(before) = ending {
            items.push(self.delete(&before.session)?);
        }
        if let Some(replaced) = replaced {
            items.push(devices.let_go(&replaced, now)?);
        }
        if let Some((waiting, browser, sign_in)) = pending {
            items.push(waiting.consume(browser, sign_in)?);
        }
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(()),
            // Its secret is 256 random bits: an item that has it is our own write, whose answer was lost.
            Err(Cancelled::Condition { place: 0, item }) if has_secret(item.as_ref(), &secret) => Ok(()),
            Err(Cancelled::Condition { place: 0, .. }) => Err(BeginError::Changed),
            Err(Cancelled::Condition { place: 1, .. }) => Err(BeginError::NotActive),
            Err(Cancelled::Condition { place, .. }) if ending.is_some() && place == place_of_before => {
                Err(BeginError::Changed)
            }
            Err(Cancelled::Condition { .. }) => Err(BeginError::NotPending),
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    /// The session that a sign-in with this cookie takes the place of: what it opens, or opened before the session went on
    /// under another secret.
    ///
    /// # Errors
    /// The table's.
    pub async fn before(&self, cookie: &SessionCookie, now: Timestamp) -> Result<Option<Before>, StoreError> {
        let (row, presented) = (self.row(&cookie.id, now).await?, cookie.secret.digest());
        let row = row.filter(|row| row.secret == presented || row.former.contains(&presented));
        Ok(row.map(|Row { session, secret, former, .. }| {
            let opened = secret == presented;
            Before { session, secret, former, opened }
        }))
    }

    /// Lets the same person's session go on under another secret, as who signed in now; its relying parties stay.
    fn go_on(&self, before: &Before, secret: &BearerDigest, new: &Session) -> Result<TransactWriteItem, StoreError> {
        let mut former = before.former.clone();
        former.push(before.secret.clone());
        former.drain(..former.len().saturating_sub(FORMER));
        Update::builder()
            .table_name(&self.table.name)
            .key("id", text(key(&new.session_id)))
            .update_expression(
                "SET secret = :after, former = :former, expires = :expires, #session.device = :device, \
                 #session.device_before = :device_before, #session.authentication = :authentication, #session.authenticated_at = :now, #session.seen_at = :now, \
                 #session.browser = :browser",
            )
            .condition_expression("secret = :before")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":before", text(before.secret.as_str()))
            .expression_attribute_values(":after", text(secret.as_str()))
            .expression_attribute_values(":former", to_attribute_value(&former).map_err(StoreError::Shape)?)
            .expression_attribute_values(":expires", number(new.ends_at().as_second()))
            .expression_attribute_values(":device", text(new.device.as_str()))
            .expression_attribute_values(
                ":device_before",
                to_attribute_value(&new.device_before).map_err(StoreError::Shape)?,
            )
            .expression_attribute_values(
                ":authentication",
                to_attribute_value(new.authentication).map_err(StoreError::Shape)?,
            )
            .expression_attribute_values(":now", text(new.authenticated_at.to_string()))
            .expression_attribute_values(":browser", to_attribute_value(&new.browser).map_err(StoreError::Shape)?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    fn put_new(&self, secret: BearerDigest, session: &Session) -> Result<TransactWriteItem, StoreError> {
        let (id, expires) = (key(&session.session_id), session.ends_at().as_second());
        let row = Row { id, secret, former: Vec::new(), expires, session: session.clone() };
        Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(&row)?))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }
}

fn has_secret(item: Option<&Item>, secret: &BearerDigest) -> bool {
    item.and_then(|item| item.get("secret")?.as_s().ok()).is_some_and(|stored| stored == secret.as_str())
}
