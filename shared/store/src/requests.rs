//! Authorization requests that wait: for the person to sign in, or pushed (RFC 9126) and not yet presented. In the table
//! of grants, since a code's transaction uses them up.
//!
//! | key | what |
//! |---|---|
//! | `request#<sha256 of the handle>` | waits for a person, in one browser, 60 min; used up when its code is issued |
//! | `put#<sha256 of the handle>` | what its consent page last put to somebody, as a digest of the question and of whom |
//! | `par#<sha256 of the reference>` | pushed by its client, to be presented within 90 s; used up likewise |

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use domain::{
    bearer::{Bearer, BearerDigest},
    language::Localised,
};
use jiff::{SignedDuration, Timestamp};
use oidc::{authorization_request::AuthorizationRequest, client::ClientId, parameters::Parameters};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, Table,
    failure::{if_held, incomplete},
    item, text,
    transaction::IntoTransaction,
};

/// How long a request waits for a person.
pub const WAITS: SignedDuration = SignedDuration::from_mins(60);
/// How long a pushed request can be presented, in seconds (facts.md; FAPI 2.0 section 5.3.2.2 allows under 600).
pub const PUSHED_FOR: i64 = 90;

/// What a reference to a pushed request begins with (RFC 9126 section 2.2).
pub const REFERENCE: &str = "urn:ietf:params:oauth:request_uri:";

/// The waiting requests.
#[derive(Clone, Debug)]
pub struct Requests(Table);

/// A request that waits for a person. It says nothing of who that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The request.
    pub request: AuthorizationRequest,
    /// The browser it is bound to: none until the first GET, where it came by a POST from another site.
    pub browser: Option<BearerDigest>,
    /// What its client is called: what the pages on the way say.
    pub client_name: Localised,
    /// The sector its client had then: where to look for the person's name before the client is read again.
    pub sector: String,
    /// The pushed request it came from.
    pub pushed: Option<PushedKey>,
    /// When it was made: what the person does after that is done for it.
    pub created_at: Timestamp,
}

/// Names a pushed request in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushedKey(String);

/// A pushed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// Whose it is.
    pub client_id: ClientId,
    /// What was pushed.
    pub parameters: Parameters,
    /// Until when it can be presented.
    pub expires_at: Timestamp,
    used: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct WaitingRow {
    id: String,
    expires: i64,
    waiting: Waiting,
}

#[derive(Debug, Serialize, Deserialize)]
struct PutRow {
    id: String,
    expires: i64,
    question: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct PushedRow {
    id: String,
    expires: i64,
    #[serde(flatten)]
    pushed: Pushed,
}

impl Requests {
    /// In the table of grants.
    pub const fn new(table: Table) -> Self {
        Self(table)
    }

    /// Lets a request wait under a new handle.
    ///
    /// # Errors
    /// The table's.
    pub async fn wait(&self, handle: &Bearer, waiting: Waiting) -> Result<(), StoreError> {
        let expires = (waiting.created_at + WAITS).as_second();
        self.put(&WaitingRow { id: waiting_key(handle), expires, waiting }).await
    }

    /// The request of a handle, if it still waits.
    ///
    /// # Errors
    /// The table's.
    pub async fn waiting(&self, handle: &Bearer, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
        let row: Option<WaitingRow> = self.0.read("id", &waiting_key(handle)).await?;
        Ok(row.map(|row| row.waiting).filter(|waiting| now < waiting.created_at + WAITS))
    }

    /// Binds a request that has no browser yet; `false` if another was faster.
    ///
    /// # Errors
    /// The table's.
    pub async fn bind(&self, handle: &Bearer, browser: &BearerDigest) -> Result<bool, StoreError> {
        let update = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .key("id", text(waiting_key(handle)))
            .update_expression("SET waiting.browser = :browser")
            .condition_expression("attribute_exists(id) AND (waiting.browser = :nobody OR waiting.browser = :browser)")
            .expression_attribute_values(":browser", text(browser.as_str()))
            .expression_attribute_values(":nobody", AttributeValue::Null(true));
        if_held(update.send().await).map(|held| held.is_some())
    }

    /// Notes what the request's consent page puts to somebody. Beside the request, which says nothing of who that is.
    ///
    /// # Errors
    /// The table's.
    pub async fn ask(&self, handle: &Bearer, question: &str, now: Timestamp) -> Result<(), StoreError> {
        let expires = (now + WAITS).as_second();
        self.put(&PutRow { id: put_key(handle), expires, question: question.to_owned() }).await
    }

    /// What it put to somebody last; `None` if nobody has been asked.
    ///
    /// # Errors
    /// The table's.
    pub async fn asked(&self, handle: &Bearer) -> Result<Option<String>, StoreError> {
        let row: Option<PutRow> = self.0.read("id", &put_key(handle)).await?;
        Ok(row.map(|row| row.question))
    }

    /// Ends a request whose client was answered with an error; `false` if it was answered before.
    ///
    /// # Errors
    /// The table's.
    pub async fn end(&self, handle: &Bearer) -> Result<bool, StoreError> {
        let delete = self
            .0
            .client
            .delete_item()
            .table_name(&self.0.name)
            .key("id", text(waiting_key(handle)))
            .condition_expression("attribute_exists(id)");
        if_held(delete.send().await).map(|held| held.is_some())
    }

    /// Keeps a pushed request under a new reference.
    ///
    /// # Errors
    /// The table's.
    pub async fn push(
        &self,
        reference: &Bearer,
        client_id: ClientId,
        parameters: Parameters,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires_at = now + SignedDuration::from_secs(PUSHED_FOR);
        // Kept beyond the time it can be presented: the person it was presented for may still be signing in.
        let expires = (expires_at + WAITS).as_second();
        let pushed = Pushed { client_id, parameters, expires_at, used: false };
        self.put(&PushedRow { id: PushedKey::of(reference).0, expires, pushed }).await
    }

    /// What was pushed under a reference, if it can still be presented.
    ///
    /// # Errors
    /// The table's.
    pub async fn pushed(&self, reference: &Bearer, now: Timestamp) -> Result<Option<Pushed>, StoreError> {
        let row: Option<PushedRow> = self.0.read("id", &PushedKey::of(reference).0).await?;
        Ok(row.map(|row| row.pushed).filter(|pushed| !pushed.used && now < pushed.expires_at))
    }

    /// Uses a waiting request up, in a transaction that fails if it was before.
    pub(crate) fn used_up(&self, handle: &Bearer) -> Result<TransactWriteItem, StoreError> {
        Delete::builder()
            .table_name(&self.0.name)
            .key("id", text(waiting_key(handle)))
            .condition_expression("attribute_exists(id)")
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    /// The same of a pushed one.
    pub(crate) fn pushed_used_up(&self, key: &PushedKey) -> Result<TransactWriteItem, StoreError> {
        Update::builder()
            .table_name(&self.0.name)
            .key("id", text(&key.0))
            .update_expression("SET used = :yes")
            .condition_expression("used = :no")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .build()
            .map(IntoTransaction::into_transaction)
            .map_err(incomplete)
    }

    async fn put(&self, row: &impl Serialize) -> Result<(), StoreError> {
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item(row)?));
        put.send().await.map(drop).map_err(StoreError::from_sdk)
    }
}

impl PushedKey {
    /// The key of a reference.
    pub fn of(reference: &Bearer) -> Self {
        Self(format!("par#{}", reference.digest().as_str()))
    }
}

fn put_key(handle: &Bearer) -> String {
    format!("put#{}", handle.digest().as_str())
}

fn waiting_key(handle: &Bearer) -> String {
    format!("request#{}", handle.digest().as_str())
}
