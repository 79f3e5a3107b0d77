//! All the places where an account is signed in: to be shown to its owner, and to be ended.

use domain::{
    account::AccountId,
    session::{Session, SessionId},
};
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use store::{sessions::Sessions, whereabouts::Whereabouts};
use web::{Environment, Problem, StartError};

use crate::SignOut;

/// How many sessions are read or ended at a time: an account may have as many as its owner cared to begin.
const AT_A_TIME: usize = 25;

/// The places.
#[derive(Clone, Debug)]
pub struct Everywhere {
    sessions: Sessions,
    whereabouts: Whereabouts,
    sign_out: SignOut,
}

impl Everywhere {
    /// From a function's environment: `WHEREABOUTS_TABLE`, and what [`SignOut::start`] reads.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            sessions: wizard::sessions(environment)?,
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
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

    /// Ends every one of these sessions but `kept`: how many it ended. One that cannot be ended leaves none of the others
    /// standing.
    ///
    /// # Errors
    /// The table's and the queue's; what is left can be ended by trying again.
    pub async fn end_all_but(&self, kept: Option<&SessionId>, sessions: &[Session]) -> Result<usize, Problem> {
        let others: Vec<_> = sessions.iter().filter(|session| Some(&session.session_id) != kept).collect();
        let (mut ended, mut problem) = (0, None);
        for sessions in others.chunks(AT_A_TIME) {
            for outcome in join_all(sessions.iter().map(|session| self.end(session))).await {
                match outcome {
                    Ok(was_there) => ended += usize::from(was_there),
                    Err(error) => problem = Some(error),
                }
            }
        }
        problem.map_or(Ok(ended), Err)
    }
}
