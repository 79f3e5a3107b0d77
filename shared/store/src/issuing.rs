//! Issuing an authorization code: one transaction writes the grant, notes the client in the session and what lasts with
//! the account, gives the person a name there, and uses up the request it answers. All of it or nothing.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    account::AccountId,
    bearer::Bearer,
    session::{RelyingParty, SessionId},
};
use oidc::{client::Client, grant::Grant};

use crate::{
    StoreError,
    accounts::{self, Accounts},
    consents::Consents,
    grants::Grants,
    requests::{PushedKey, Requests},
    sessions::Sessions,
    transaction::{self, Cancelled, IntoTransaction},
    whereabouts::Whereabouts,
};

/// A code about to be issued.
#[derive(Debug)]
pub struct Issuing<'a> {
    /// The grant it begins.
    pub grant: Grant,
    /// Whose grant.
    pub account: AccountId,
    /// Who gets it.
    pub client: &'a Client,
    /// The session it is issued in.
    pub session: &'a SessionId,
    /// What the session remembers of the client.
    pub relying_party: RelyingParty,
    /// Whether the person gets a name in the client's sector with it.
    pub is_named_now: bool,
    /// The waiting request it answers.
    pub waiting: Option<&'a Bearer>,
    /// The pushed request it answers.
    pub pushed: Option<&'a PushedKey>,
}

/// Why no code was issued. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The account cannot be used.
    #[error("the account is not active")]
    NotActive,
    /// The request was answered before.
    #[error("the request was used before")]
    RequestUsed,
    /// The session ended or has another name at the client by now, or the person got a name in the sector: to be read
    /// again.
    #[error("something changed meanwhile")]
    Changed,
    /// DynamoDB could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What each item of the transaction means when its condition fails.
#[derive(Clone, Copy)]
enum Part {
    Grant,
    Session,
    Account,
    Request,
    Subject,
}

/// The tables it is written to.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The grant.
    pub grants: Grants,
    /// The requests.
    pub requests: Requests,
    /// The session.
    pub sessions: Sessions,
    /// The account.
    pub accounts: Accounts,
    /// The person's name.
    pub consents: Consents,
    /// Where the person is found to be signed in.
    pub whereabouts: Whereabouts,
}

impl Issuer {
    /// Issues the code.
    ///
    /// # Errors
    /// See [`IssueError`].
    pub async fn issue(&self, issuing: Issuing<'_>) -> Result<(), IssueError> {
        let (meanings, items): (Vec<Part>, Vec<TransactWriteItem>) = self.parts(issuing)?.into_iter().unzip();
        match transaction::write(&self.grants.table.client, &self.grants.table.entropy, items).await {
            Ok(()) => Ok(()),
            Err(Cancelled::Store(error)) => Err(error.into()),
            Err(Cancelled::Condition { place, .. }) => Err(match meanings.get(place) {
                Some(Part::Account) => IssueError::NotActive,
                Some(Part::Request) => IssueError::RequestUsed,
                Some(Part::Session | Part::Subject | Part::Grant) | None => IssueError::Changed,
            }),
        }
    }

    fn parts(&self, issuing: Issuing<'_>) -> Result<Vec<(Part, TransactWriteItem)>, StoreError> {
        let Issuing { grant, account, client, session, relying_party, is_named_now, waiting, pushed } = issuing;
        let mut parts = Vec::new();
        if let Some(handle) = waiting {
            parts.push((Part::Request, self.requests.used_up(handle)?));
        }
        if let Some(key) = pushed {
            parts.push((Part::Request, self.requests.pushed_used_up(key)?));
        }
        if is_named_now {
            parts.push((Part::Subject, self.consents.name(account, client.subject_sector(), &relying_party.sub)?));
        }
        let client_id = client.client_id.as_str();
        parts.push((Part::Session, self.sessions.add_relying_party(session, client_id, &relying_party)?));
        parts.push((Part::Account, accounts::active(&self.accounts.0, account)?.into_transaction()));
        if grant.outlives_its_session() {
            parts.push((Part::Grant, self.whereabouts.grant(account, &grant)?));
        }
        parts.push((Part::Grant, self.grants.beginning(grant)?));
        Ok(parts)
    }
}
