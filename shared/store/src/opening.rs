//! Opening an account: one transaction writes it, makes its username and citizen ID unique, and closes the
//! registration. All of it or nothing.

use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use domain::{
    account::{Account, AccountStatus},
    device::{Device, DeviceKey},
    limit::UNPROVEN_ACCOUNTS_PER_NUMBER,
    sealed::{Mac, PasswordVerifier},
};
use jiff::Timestamp;

use crate::{
    Item, StoreError, Table,
    accounts::{
        AccountRow, Accounts, Holder, Holders, Login, UsernameRow, account_key, mobile_key, proven_key, unproven_key,
        username_key,
    },
    devices::Devices,
    failure::incomplete,
    item,
    limits::{Charge, Limits},
    number,
    registrations::{AdvanceError, Registrations, Stored, written_by_us},
    text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// Why no account was opened. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// Somebody has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Somebody has the citizen ID.
    #[error("the citizen ID has an account")]
    AlreadyRegistered,
    /// The number has its unproven accounts.
    #[error("the number has too many unproven accounts")]
    NumberFull,
    /// The registration, or who holds its citizen ID, is no longer what was read: to be read again.
    #[error("something changed meanwhile")]
    Changed,
    /// The registration is gone.
    #[error("no such registration")]
    Gone,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What each item of the transaction means when its condition fails.
#[derive(Clone, Copy)]
enum Part {
    Registration,
    Account,
    Username,
    CitizenId,
    Meanwhile,
    Number,
    Device,
    Guess,
}

/// An account about to be opened.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The registration it comes from, as it was read.
    pub stored: &'a Stored,
    /// The account.
    pub account: Account,
    /// What its password is checked against: kept with the username alone.
    pub password: &'a PasswordVerifier,
    /// MAC of the number that was verified.
    pub number_mac: &'a Mac,
    /// Who holds the citizen ID, as it was read.
    pub holders: &'a Holders,
    /// The browser it is opened in: seen from now on.
    pub device: (&'a Devices, DeviceKey),
    /// What was counted before they were read: given back with the account, and not otherwise.
    pub guess: (&'a Limits, &'a [Charge]),
}

/// Opens the account.
///
/// A proven identity takes the citizen ID from an unproven account, which is flagged for the operators: somebody
/// else's word never keeps the owner out. An unproven one takes it from nobody.
///
/// # Errors
/// See [`OpeningError`].
pub async fn open(
    opening: Opening<'_>,
    accounts: &Accounts,
    registrations: &Registrations,
    now: Timestamp,
) -> Result<(), OpeningError> {
    let Opening { stored, account, password, number_mac, holders, guess: (limits, charges), device } = opening;
    let (devices, device_key) = device;
    let table = &accounts.0;
    let citizen_id = account.identity.citizen_id_mac.clone();
    let proven = account.identity.method.is_proven();
    if holders.proven.is_some() || (!proven && holders.unproven.is_some()) {
        return Err(OpeningError::AlreadyRegistered);
    }

    let (tombstone, write) = registrations.close(stored, &account.username)?;
    let mut parts = vec![(Part::Registration, tombstone.into_transaction())];
    let login = Login {
        account_id: account.id,
        password: password.clone(),
        mobile_number: account.mobile_number.clone(),
        password_version: 0,
        devices_from: None,
    };
    let username = UsernameRow { pk: username_key(&account.username), login };
    parts.push((Part::Username, put_new(table, item(&username)?)?));
    let holder = |pk: String| Holder { pk, account_id: account.id, number_mac: number_mac.clone() };
    if proven {
        parts.push((Part::CitizenId, put_new(table, item(&holder(proven_key(&citizen_id)))?)?));
        match &holders.unproven {
            Some(displaced) => parts.extend(displace(table, displaced)?),
            None => parts.push((Part::Meanwhile, absent(table, &unproven_key(&citizen_id))?)),
        }
    } else {
        parts.push((Part::CitizenId, put_new(table, item(&holder(unproven_key(&citizen_id)))?)?));
        parts.push((Part::CitizenId, absent(table, &proven_key(&citizen_id))?));
        parts.push((Part::Number, count_unproven(table, number_mac)?));
    }
    parts.push((Part::Device, devices.remember(&device_key, Device::seen(account.id, now))?));
    parts.extend(limits.giving_back(charges)?.into_iter().map(|count| (Part::Guess, count.into_transaction())));
    let row = AccountRow { pk: account_key(account.id), account, password_version: 0 };
    parts.push((Part::Account, put_new(table, item(&row)?)?));

    let (meanings, items): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    match transaction::write(&table.client, &registrations.table.entropy, items).await {
        Ok(()) => Ok(()),
        Err(Cancelled::Store(error)) => Err(error.into()),
        Err(Cancelled::Condition { place, item }) => match meanings.get(place) {
            Some(Part::Registration) => registration_lost(registrations, stored, &write, item, now),
            Some(Part::Username) => Err(OpeningError::UsernameTaken),
            Some(Part::CitizenId) => Err(OpeningError::AlreadyRegistered),
            Some(Part::Number) => Err(OpeningError::NumberFull),
            Some(Part::Meanwhile | Part::Account | Part::Device | Part::Guess) | None => Err(OpeningError::Changed),
        },
    }
}

/// The registration comes first in the list, so that a replay is known for one before anything else is said.
fn registration_lost(
    registrations: &Registrations,
    stored: &Stored,
    write: &str,
    item: Option<Item>,
    now: Timestamp,
) -> Result<(), OpeningError> {
    if written_by_us(write, item.as_ref()) {
        return Ok(());
    }
    match registrations.current(item, stored, now) {
        Ok(_) => Err(OpeningError::Changed),
        Err(AdvanceError::Store(error)) => Err(error.into()),
        Err(_) => Err(OpeningError::Gone),
    }
}

fn put_new(table: &Table, row: Item) -> Result<TransactWriteItem, StoreError> {
    Put::builder()
        .table_name(&table.name)
        .set_item(Some(row))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}

fn absent(table: &Table, key: &str) -> Result<TransactWriteItem, StoreError> {
    ConditionCheck::builder()
        .table_name(&table.name)
        .key("pk", text(key))
        .condition_expression("attribute_not_exists(pk)")
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}

/// Takes the citizen ID from its unproven holder, and the account out of use.
fn displace(table: &Table, displaced: &Holder) -> Result<[(Part, TransactWriteItem); 3], StoreError> {
    let id = displaced.account_id.to_string();
    let release = Delete::builder()
        .table_name(&table.name)
        .key("pk", text(&displaced.pk))
        .condition_expression("account_id = :holder")
        .expression_attribute_values(":holder", text(id))
        .build()
        .map_err(incomplete)?;
    let status = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(AccountStatus::Superseded);
    let flag = Update::builder()
        .table_name(&table.name)
        .key("pk", text(account_key(displaced.account_id)))
        .update_expression("SET account.#status = :superseded")
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":superseded", status.map_err(StoreError::Shape)?)
        .build()
        .map_err(incomplete)?;
    let count = Update::builder()
        .table_name(&table.name)
        .key("pk", text(mobile_key(&displaced.number_mac)))
        .update_expression("ADD unproven :less")
        .expression_attribute_values(":less", number(-1))
        .build()
        .map_err(incomplete)?;
    Ok([
        (Part::Meanwhile, release.into_transaction()),
        (Part::Meanwhile, flag.into_transaction()),
        (Part::Meanwhile, count.into_transaction()),
    ])
}

fn count_unproven(table: &Table, number_mac: &Mac) -> Result<TransactWriteItem, StoreError> {
    Update::builder()
        .table_name(&table.name)
        .key("pk", text(mobile_key(number_mac)))
        .update_expression("ADD unproven :one")
        .condition_expression("attribute_not_exists(unproven) OR unproven < :most")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":most", number(UNPROVEN_ACCOUNTS_PER_NUMBER))
        .build()
        .map(IntoTransaction::into_transaction)
        .map_err(incomplete)
}
