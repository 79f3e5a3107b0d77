//! Accounts, and beside them in the same table the items that keep a username, a citizen ID and a number unique.
//!
//! | key | what |
//! |---|---|
//! | `account#<id>` | the account |
//! | `username#<username>` | whose it is, and what its password is checked against |
//! | `citizen-id#proven#<mac>` | whose it is, vouched for by the registry |
//! | `citizen-id#unproven#<mac>` | who says so; gives way to somebody proven |
//! | `mobile#<mac>` | how many unproven accounts a number has |

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck};
use domain::{
    account::{Account, AccountId},
    mobile_number::MobileNumber,
    sealed::{Mac, PasswordVerifier},
    username::Username,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Table,
    failure::{if_held, incomplete},
    item, number, text,
};

/// The table of accounts.
#[derive(Clone, Debug)]
pub struct Accounts(pub(crate) Table);

/// `account#<id>`
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountRow {
    pub(crate) pk: String,
    pub(crate) account: Account,
    /// As in [`Login`].
    #[serde(default)]
    pub(crate) password_version: u32,
}

/// `username#<username>`: what a sign-in needs before it knows anything else.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UsernameRow {
    pub(crate) pk: String,
    #[serde(flatten)]
    pub(crate) login: Login,
}

/// Whose a username is, what its password is checked against, and where its codes go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The account.
    pub account_id: AccountId,
    /// Its password's verifier.
    pub password: PasswordVerifier,
    /// How often the password was changed: what was begun with one before is not completed.
    #[serde(default)]
    pub password_version: u32,
    /// Where its codes go: here too, so that a code can be made while the password is still compared.
    pub mobile_number: MobileNumber,
    /// Browsers last seen before this moment are strangers; in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices_from: Option<i64>,
}

/// `citizen-id#...#<mac>`: who holds a citizen ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    pub(crate) pk: String,
    /// The account.
    pub account_id: AccountId,
    /// MAC of the number it was registered with.
    pub number_mac: Mac,
}

/// Who holds a citizen ID, proven and not.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// Vouched for by the registry.
    pub proven: Option<Holder>,
    /// On the person's own word.
    pub unproven: Option<Holder>,
}

impl Accounts {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// An account by its id.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row: Option<AccountRow> = self.0.read("pk", &account_key(id)).await?;
        Ok(row.map(|row| row.account))
    }

    /// What a sign-in with this username is checked against.
    ///
    /// # Errors
    /// The table's.
    pub async fn login(&self, username: &Username) -> Result<Option<Login>, StoreError> {
        let row: Option<UsernameRow> = self.0.read("pk", &username_key(username)).await?;
        Ok(row.map(|row| row.login))
    }

    /// Replaces a verifier by one of the same password that costs more to guess at, if it is still the one that was
    /// read: whether it was.
    ///
    /// # Errors
    /// The table's.
    pub async fn replace_verifier(
        &self,
        username: &Username,
        read: &PasswordVerifier,
        new: &PasswordVerifier,
    ) -> Result<bool, StoreError> {
        let request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("pk", text(username_key(username)))
            .update_expression("SET password = :new")
            .condition_expression("password.mac.tag = :read AND password.phc = :phc")
            .expression_attribute_values(":new", AttributeValue::M(item(new)?))
            .expression_attribute_values(":read", text(&read.mac.tag))
            .expression_attribute_values(":phc", text(&read.phc));
        let outcome = request.send().await;
        Ok(if_held(outcome)?.is_some())
    }

    /// Makes every browser a stranger that was last seen before now.
    ///
    /// # Errors
    /// The table's.
    pub async fn forget_devices(&self, username: &Username, now: Timestamp) -> Result<(), StoreError> {
        let request = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("pk", text(username_key(username)))
            .update_expression("SET devices_from = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", number(now.as_millisecond()));
        if_held(request.send().await).map(drop)
    }

    /// Whether somebody proven holds the citizen ID.
    ///
    /// # Errors
    /// The table's.
    pub async fn is_proven_taken(&self, citizen_id: &Mac) -> Result<bool, StoreError> {
        let holder: Option<Holder> = self.0.read("pk", &proven_key(citizen_id)).await?;
        Ok(holder.is_some())
    }

    /// Who holds the citizen ID.
    ///
    /// # Errors
    /// The table's.
    pub async fn holders(&self, citizen_id: &Mac) -> Result<Holders, StoreError> {
        let (proven, unproven) = (proven_key(citizen_id), unproven_key(citizen_id));
        let (proven, unproven) = tokio::try_join!(self.0.read("pk", &proven), self.0.read("pk", &unproven))?;
        Ok(Holders { proven, unproven })
    }
}

/// That the account can be used in the very moment of a transaction.
pub(crate) fn active(accounts: &Table, account: AccountId) -> Result<ConditionCheck, StoreError> {
    ConditionCheck::builder()
        .table_name(&accounts.name)
        .key("pk", text(account_key(account)))
        .condition_expression("account.#status = :active")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":active", text("active"))
        .build()
        .map_err(incomplete)
}

/// The same, and that its password is still the one that was compared.
pub(crate) fn active_with_password(
    accounts: &Table,
    account: AccountId,
    version: u32,
) -> Result<ConditionCheck, StoreError> {
    ConditionCheck::builder()
        .table_name(&accounts.name)
        .key("pk", text(account_key(account)))
        .condition_expression("account.#status = :active AND password_version = :version")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":active", text("active"))
        .expression_attribute_values(":version", number(version))
        .build()
        .map_err(incomplete)
}

pub(crate) fn account_key(id: AccountId) -> String {
    format!("account#{id}")
}

pub(crate) fn username_key(username: &Username) -> String {
    format!("username#{}", username.as_str())
}

pub(crate) fn proven_key(citizen_id: &Mac) -> String {
    format!("citizen-id#proven#{}", citizen_id.tag)
}

pub(crate) fn unproven_key(citizen_id: &Mac) -> String {
    format!("citizen-id#unproven#{}", citizen_id.tag)
}

pub(crate) fn mobile_key(number: &Mac) -> String {
    format!("mobile#{}", number.tag)
}
