//! Who a browser is signed in as, and how it comes to be: what sign-in, its code, consent, authorization and the
//! account's page share.

pub mod browser;
pub mod charges;
pub mod codes;
pub mod finish;
pub mod service;
pub mod serving;
pub mod step;

pub use browser::Browser;
pub use service::Service;
pub use serving::{Serving, Servings};

use domain::{
    account::{Account, AccountStatus},
    entropy::Entropy,
    session::{Session, SessionCookie, SessionRefusal},
};
use store::{
    accounts::Accounts,
    devices::Devices,
    sessions::{Before, Sessions},
};
use web::{Clock, Environment, Incoming, Problem, StartError, cookie::CookieName};

/// The accounts, and in the table of sessions who is signed in where.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// The accounts.
    pub accounts: Accounts,
    /// The sessions.
    pub sessions: Sessions,
    /// The browsers seen before.
    pub devices: Devices,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
}

/// Somebody signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The account, active.
    pub account: Account,
}

impl Authentication {
    /// From a function's environment: `ACCOUNTS_TABLE` and `SESSIONS_TABLE`.
    ///
    /// # Errors
    /// A table's name is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            accounts: wizard::accounts(environment)?,
            sessions: wizard::sessions(environment)?,
            devices: Devices::new(wizard::table(environment, "SESSIONS_TABLE")?),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    /// The session of the request's cookie. Whether its account is active is not asked.
    ///
    /// # Errors
    /// The table's.
    pub async fn session(&self, incoming: &Incoming) -> Result<Option<Session>, Problem> {
        let Some(cookie) = presented(incoming) else { return Ok(None) };
        self.sessions.open(&cookie, self.clock.now()).await.map_err(wizard::unavailable)
    }

    /// The session that a sign-in in this browser takes the place of, under whatever secret it goes on: a button pressed
    /// twice, or an answer that was lost, leaves the browser with the one before.
    ///
    /// # Errors
    /// The table's.
    pub async fn before(&self, incoming: &Incoming) -> Result<Option<Before>, Problem> {
        let Some(cookie) = presented(incoming) else { return Ok(None) };
        self.sessions.before(&cookie, self.clock.now()).await.map_err(wizard::unavailable)
    }

    /// Who is signed in: the session of the request's cookie, in use again, and its account, still active.
    ///
    /// # Errors
    /// The tables'.
    pub async fn signed_in(&self, incoming: &Incoming) -> Result<Option<SignedIn>, Problem> {
        let Some(session) = self.session(incoming).await? else { return Ok(None) };
        let account = self.holder(&session).await?;
        Ok(account.map(|account| SignedIn { session, account }))
    }

    /// The account of a session, which is in use again with it; `None` if it is not active.
    ///
    /// # Errors
    /// The tables'.
    pub async fn holder(&self, session: &Session) -> Result<Option<Account>, Problem> {
        let now = self.clock.now();
        let seen = async {
            match session.check(now) {
                Err(SessionRefusal::Unseen) => self.sessions.touch(&session.session_id, now).await,
                _ => Ok(()),
            }
        };
        let (account, seen) = tokio::join!(self.accounts.find(session.account_id), seen);
        if let Err(error) = seen {
            tracing::warn!(%error, "a session's use was not noted");
        }
        Ok(account.map_err(wizard::unavailable)?.filter(|account| account.status == AccountStatus::Active))
    }
}

/// The session's cookie as the request came with it.
pub fn presented(incoming: &Incoming) -> Option<SessionCookie> {
    incoming.cookie(CookieName::Session)?.parse().ok()
}
