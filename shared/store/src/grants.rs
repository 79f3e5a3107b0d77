//! Grants: one item each, written whole under a condition on the version that was read. Of two who come at once with the
//! same code or token one loses, reads again, and meets what the other left.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{account::AccountId, session::SessionId};
use jiff::{SignedDuration, Timestamp};
use oidc::grant::{Grant, GrantId};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Table,
    accounts::{self, Accounts},
    consents::Consents,
    disclosures::{Disclosure, Disclosures},
    failure::incomplete,
    item, number,
    replays::{Replay, Replays, Signed},
    sessions::Sessions,
    transaction::{self, Cancelled, IntoTransaction},
};

/// How long a row stays after its grant's end, so that what is presented late is known for what it is.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// The table of grants.
#[derive(Clone, Debug)]
pub struct Grants {
    pub(crate) table: Table,
}

/// A grant as it was read.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    /// The grant.
    pub grant: Grant,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    id: String,
    expires: i64,
    version: u64,
    grant: Grant,
}

/// What must hold, and what is used up or written, in the moment a grant is written.
#[derive(Debug, Default)]
pub struct Together<'a> {
    /// Assertions and proofs, each good for once.
    pub replays: &'a [Replay],
    /// The person's account, which must be active.
    pub account: Option<(&'a Accounts, AccountId)>,
    /// The session that something is given in, which must not have ended.
    pub session: Option<(&'a Sessions, &'a SessionId)>,
    /// A name that the person gets in a sector; if there is one by now, it is to be read again.
    pub naming: Option<Naming<'a>>,
    /// What is told with it, and a random part of its key.
    pub disclosure: Option<(&'a Disclosures, Disclosure, [u8; 8])>,
}

/// A name for a person in a sector.
#[derive(Debug)]
pub struct Naming<'a> {
    /// Where it is written.
    pub consents: &'a Consents,
    /// Whose.
    pub account: AccountId,
    /// Where it is used.
    pub sector: &'a str,
    /// The name.
    pub subject: &'a str,
}

/// Why a grant was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote it since it was read: to be read again.
    #[error("the grant was changed meanwhile")]
    Changed,
    /// One of these was used before.
    #[error("used before")]
    Replayed(Signed),
    /// The account cannot be used.
    #[error("the account is not active")]
    NotActive,
    /// The session has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Grants {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// A grant by its id, whatever became of it.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, id: GrantId) -> Result<Option<StoredGrant>, StoreError> {
        let row: Option<Row> = self.table.read("id", &key(id)).await?;
        Ok(row.map(|row| StoredGrant { grant: row.grant, version: row.version }))
    }

    /// Writes a grant that begins.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub async fn begin(&self, grant: Grant, together: Together<'_>) -> Result<(), SaveError> {
        self.write(StoredGrant { grant, version: 0 }, "attribute_not_exists(id)", together).await
    }

    /// Writes a grant that was read and changed.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub async fn save(&self, stored: StoredGrant, together: Together<'_>) -> Result<(), SaveError> {
        self.write(stored, "version = :version", together).await
    }

    /// Writes a grant back as it was before the last [`Self::save`] of it, whose tokens nobody has seen. If that fails,
    /// what was used up stays so.
    pub async fn put_back(&self, before: StoredGrant) {
        let undone = StoredGrant { version: before.version + 1, ..before };
        if let Err(error) = self.save(undone, Together::default()).await {
            tracing::warn!(%error, "a grant could not be put back");
        }
    }

    /// Ends a grant and every token of it, whatever it is now.
    ///
    /// # Errors
    /// The table's.
    pub async fn revoke(&self, id: GrantId, now: Timestamp) -> Result<(), StoreError> {
        self.change(id, |grant| {
            grant.revoke(now);
            true
        })
        .await
    }

    /// Reads, changes and writes a grant until nobody else did so meanwhile; a change that answers `false` is not
    /// written.
    ///
    /// # Errors
    /// The table's; [`StoreError::Busy`] if the race was lost too often.
    pub async fn change(&self, id: GrantId, change: impl Fn(&mut Grant) -> bool) -> Result<(), StoreError> {
        for attempt in 1..=RACES {
            let Some(mut stored) = self.find(id).await? else { return Ok(()) };
            if !change(&mut stored.grant) {
                return Ok(());
            }
            match self.save(stored, Together::default()).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Store(error)) => return Err(error),
                Err(_) => transaction::pause(&self.table.entropy, attempt).await,
            }
        }
        Err(StoreError::Busy)
    }

    /// The item that begins a grant, for a transaction of more.
    pub(crate) fn beginning(&self, grant: Grant) -> Result<TransactWriteItem, StoreError> {
        let row = row(&StoredGrant { grant, version: 0 });
        self.put(&row, "attribute_not_exists(id)", None).map(IntoTransaction::into_transaction)
    }

    async fn write(&self, stored: StoredGrant, condition: &str, together: Together<'_>) -> Result<(), SaveError> {
        let before = (stored.version > 0).then_some(stored.version);
        let put = self.put(&row(&stored), condition, before)?;
        let mut items = vec![(SaveError::Changed, put.into_transaction())];
        let guards = Replays::new(self.table.clone());
        for replay in together.replays {
            items.push((SaveError::Replayed(replay.signed), guards.guard(replay)?));
        }
        if let Some((accounts, account)) = together.account {
            items.push((SaveError::NotActive, accounts::active(&accounts.0, account)?.into_transaction()));
        }
        if let Some((sessions, session)) = together.session {
            items.push((SaveError::SessionEnded, sessions.still_there(session)?));
        }
        if let Some(Naming { consents, account, sector, subject }) = together.naming {
            items.push((SaveError::Changed, consents.name(account, sector, subject)?));
        }
        if let Some((disclosures, disclosure, random)) = &together.disclosure {
            items.push((SaveError::Changed, disclosures.recording(disclosure, *random)?));
        }
        let (mut meanings, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(()),
            Err(Cancelled::Condition { place, .. }) if place < meanings.len() => Err(meanings.swap_remove(place)),
            Err(Cancelled::Condition { .. }) => Err(SaveError::Changed),
            Err(Cancelled::Store(error)) => Err(error.into()),
        }
    }

    fn put(&self, row: &Row, condition: &str, version: Option<u64>) -> Result<Put, StoreError> {
        let mut put =
            Put::builder().table_name(&self.table.name).set_item(Some(item(row)?)).condition_expression(condition);
        if let Some(version) = version {
            put = put.expression_attribute_values(":version", number(version));
        }
        put.build().map_err(incomplete)
    }
}

/// How often a lost race is run again: fifty at once leave one winner and many who only have to be told.
pub const RACES: u32 = 8;

fn row(stored: &StoredGrant) -> Row {
    let grant = stored.grant.clone();
    let expires = (grant.expires_at() + REMEMBERED).as_second();
    Row { id: key(grant.id()), expires, version: stored.version + 1, grant }
}

fn key(id: GrantId) -> String {
    format!("grant#{id}")
}
