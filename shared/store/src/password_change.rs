//! Changing a password: one transaction replaces the verifier that was read, renews the cookie of the session it is done
//! in, and makes every other browser a stranger. All of it or nothing, so that of fifty at once one wins.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::{
    bearer::BearerDigest,
    device::{Device, DeviceKey},
    sealed::PasswordVerifier,
    session::Session,
};
use jiff::Timestamp;

use crate::{
    StoreError,
    accounts::{Accounts, Login, account_key, username_key},
    devices::Devices,
    failure::incomplete,
    item, number,
    sessions::Sessions,
    text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// A password about to be changed.
#[derive(Debug)]
pub struct PasswordChange<'a> {
    /// The session it is done in.
    pub session: &'a Session,
    /// Its cookie's secret as it was presented, and the one that takes its place, as they are stored.
    pub secret: (&'a BearerDigest, &'a BearerDigest),
    /// What the current password was held against.
    pub read: &'a Login,
    /// The one of the new password.
    pub new: &'a PasswordVerifier,
    /// What this browser is known by from now on.
    pub device: &'a DeviceKey,
    /// When.
    pub at: Timestamp,
}

/// Why no password was changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Somebody changed it since it was read.
    #[error("the password is another by now")]
    Overtaken,
    /// The account cannot be used, or the session ended or was renewed meanwhile.
    #[error("nobody is signed in any more")]
    NotSignedIn,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes it.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change(
    change: PasswordChange<'_>,
    accounts: &Accounts,
    sessions: &Sessions,
    devices: &Devices,
) -> Result<(), ChangeError> {
    let PasswordChange { session, secret, read, new, device, at } = change;
    let items = vec![
        replace(accounts, session, (read, new), at)?,
        note(accounts, session, read.password_version)?,
        sessions.renew(&session.session_id, secret, device)?,
        devices.remember(device, Device::seen(session.account_id, at))?,
        devices.let_go(&session.device, at)?,
    ];
    match transaction::write(&accounts.0.client, &accounts.0.entropy, items).await {
        Ok(()) => Ok(()),
        Err(Cancelled::Condition { place: 0, .. }) => Err(ChangeError::Overtaken),
        Err(Cancelled::Condition { .. }) => Err(ChangeError::NotSignedIn),
        Err(Cancelled::Store(error)) => Err(error.into()),
    }
}

/// The verifier beside the username, and from when on browsers are known.
fn replace(
    accounts: &Accounts,
    session: &Session,
    (read, new): (&Login, &PasswordVerifier),
    at: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    Update::builder()
        .table_name(&accounts.0.name)
        .key("pk", text(username_key(&session.username)))
        .update_expression("SET password = :new, password_version = password_version + :one, devices_from = :at")
        .condition_expression("account_id = :account AND password.mac.tag = :read AND password.phc = :phc")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":account", text(session.account_id.to_string()))
        .expression_attribute_values(":new", AttributeValue::M(item(new)?))
        .expression_attribute_values(":read", text(&read.password.mac.tag))
        .expression_attribute_values(":phc", text(&read.password.phc))
        .expression_attribute_values(":at", number(at.as_millisecond()))
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}

/// With the account too: a sign-in that began with the password before is not completed.
fn note(accounts: &Accounts, session: &Session, before: u32) -> Result<TransactWriteItem, StoreError> {
    Update::builder()
        .table_name(&accounts.0.name)
        .key("pk", text(account_key(session.account_id)))
        .update_expression("SET password_version = password_version + :one")
        .condition_expression("account.#status = :active AND password_version = :before")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":before", number(before))
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":active", text("active"))
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}
