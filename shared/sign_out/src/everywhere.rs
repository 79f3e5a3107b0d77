//! All the places where an account is signed in: to be shown to its owner, and to be ended with what was given there.

use domain::{
    account::AccountId,
    session::{Session, SessionId},
};
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use oidc::grant::GrantId;
use store::{grants::Grants, sessions::Sessions, whereabouts::Whereabouts};
use web::{Environment, Problem, StartError};

use crate::SignOut;

/// How many sessions are read or ended at a time: an account may have as many as its owner cared to begin.
const AT_A_TIME: usize = 25;

/// The places.
#[derive(Clone, Debug)]
pub struct Everywhere {
    sessions: Sessions,
    whereabouts: Whereabouts,
    grants: Grants,
    sign_out: SignOut,
}

impl Everywhere {
    /// From a function's environment: `WHEREABOUTS_TABLE`, `GRANTS_TABLE`, and what [`SignOut::start`] reads.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            sessions: wizard::sessions(environment)?,
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
            grants: Grants::new(wizard::table(environment, "GRANTS_TABLE")?),
            sign_out: SignOut::start(environment)?,
        })
    }

    /// The account's sessions that live, the one used last first.
    ///
    /// # Errors
    /// The tables'.
    pub async fn sessions(&self, account: AccountId, now: Timestamp) -> Result<Vec<Session>, Problem> {
        let ids = self.whereabouts.sessions(account).await.map_err(wizard::unavailable)?;
        let mut living = Vec::new();
        for ids in ids.chunks(AT_A_TIME) {
            let found = try_join_all(ids.iter().map(|id| self.sessions.find(id, now))).await;
            living.extend(found.map_err(wizard::unavailable)?.into_iter().flatten());
        }
        living.sort_by_key(|session| std::cmp::Reverse((session.seen_at, session.authenticated_at)));
        Ok(living)
    }

    /// The session of this name, if it lives, whosever it is.
    ///
    /// # Errors
    /// The table's.
    pub async fn find(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, Problem> {
        self.sessions.find(id, now).await.map_err(wizard::unavailable)
    }

    /// Ends a session from another browser: whether it was there to be ended.
    ///
    /// # Errors
    /// See [`SignOut::end_elsewhere`].
    pub async fn end(&self, session: &Session) -> Result<bool, Problem> {
        self.sign_out.end_elsewhere(session).await
    }

    /// Ends every session of the account but `kept`, then what was given in them and would outlive them: how many sessions
    /// it ended. `listed` is what was read of them. One that cannot be ended leaves none of the others standing.
    ///
    /// In this order: nothing is given any more in a session that has ended.
    ///
    /// # Errors
    /// The tables' and the queue's; what is left can be ended by trying again.
    pub async fn end_all_but(
        &self,
        kept: Option<&SessionId>,
        account: AccountId,
        listed: &[Session],
        now: Timestamp,
    ) -> Result<usize, Problem> {
        let others: Vec<_> = listed.iter().filter(|session| Some(&session.session_id) != kept).collect();
        let (mut ended, mut problem) = (0, None);
        for sessions in others.chunks(AT_A_TIME) {
            for outcome in join_all(sessions.iter().map(|session| self.end(session))).await {
                match outcome {
                    Ok(was_there) => ended += usize::from(was_there),
                    Err(error) => problem = Some(error),
                }
            }
        }
        self.revoke_all_but(kept, account, now).await?;
        problem.map_or(Ok(ended), Err)
    }

    /// Ends the grants that outlive their sessions, but those given in `kept`.
    async fn revoke_all_but(
        &self,
        kept: Option<&SessionId>,
        account: AccountId,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let grants = self.whereabouts.grants(account).await.map_err(wizard::unavailable)?;
        let revoke = |id: &GrantId| {
            self.grants.change(*id, |grant| {
                let person = grant.authorization().person.as_ref();
                let ends = person.is_some_and(|person| Some(&person.session) != kept) && grant.is_live(now);
                if ends {
                    grant.revoke(now);
                }
                ends
            })
        };
        let mut outcome = Ok(());
        for grants in grants.chunks(AT_A_TIME) {
            let revoked: Result<Vec<()>, _> = join_all(grants.iter().map(revoke)).await.into_iter().collect();
            outcome = outcome.and(revoked.map(drop).map_err(wizard::unavailable));
        }
        outcome
    }
}
