//! Signing out: the relying parties of the session are told (OpenID Connect Back-Channel Logout 1.0), then it ends.
//!
//! In that order: a session that ended before its notices were on their way would leave relying parties signed in with
//! nobody to tell them. Told twice, they sign nobody out twice. One that got its code in between is told too: the session
//! ends only as it was read.

mod everywhere;

pub use everywhere::Everywhere;

use domain::{account::AccountId, logout::LogoutNotice, session::Session};
use futures_util::future::join_all;
use oidc::client::ClientId;
use queue::Queue;
use store::{
    clients::Clients,
    sessions::{Before, Sessions},
};
use web::{Clock, Environment, Problem, Service, StartError};

/// How often a session that changed meanwhile is read again.
const RACES: u32 = 3;

/// Ends sessions.
#[derive(Clone, Debug)]
pub struct SignOut {
    sessions: Sessions,
    clients: Clients,
    notices: Queue,
    clock: Clock,
}

/// From where a session is ended.
#[derive(Clone, Copy)]
enum Place {
    Here,
    Elsewhere,
}

/// What became of a session that was to be ended.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// How many relying parties there were to tell.
    pub told: usize,
    /// Whether it was there to be ended.
    pub ended: bool,
}

impl SignOut {
    /// From a function's environment: `SESSIONS_TABLE`, `CLIENTS_TABLE` and `LOGOUT_QUEUE_URL`.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        let queue = environment.client(Service::Sqs, aws_sdk_sqs::Client::new);
        Ok(Self {
            sessions: wizard::sessions(environment)?,
            clients: Clients::new(wizard::table(environment, "CLIENTS_TABLE")?),
            notices: Queue::new(queue, environment.text("LOGOUT_QUEUE_URL")?),
            clock: environment.clock.clone(),
        })
    }

    /// Has the relying parties of a session told, and ends it.
    ///
    /// # Errors
    /// [`Problem::Unavailable`], [`Problem::Busy`]: then the session is as it was, and signing out can be tried again.
    pub async fn end(&self, session: &Session) -> Result<Outcome, Problem> {
        let outcome = self.tell_and_end(session, Place::Here).await?;
        tracing::info!(relying_parties = outcome.told, ended = outcome.ended, "signed out");
        Ok(outcome)
    }

    /// The same from another browser: the one that it was in is a stranger afterwards. Whether it was there to be ended.
    ///
    /// # Errors
    /// As [`Self::end`].
    pub async fn end_elsewhere(&self, session: &Session) -> Result<bool, Problem> {
        let Outcome { told, ended } = self.tell_and_end(session, Place::Elsewhere).await?;
        tracing::info!(relying_parties = told, ended, "signed out from elsewhere");
        Ok(ended)
    }

    async fn tell_and_end(&self, session: &Session, place: Place) -> Result<Outcome, Problem> {
        let mut session = session.clone();
        for _ in 0..RACES {
            let notices = self.notices_of(&session).await?;
            self.send(&notices).await?;
            let told = notices.len();
            let ended = match place {
                Place::Here => self.sessions.end(&session).await,
                Place::Elsewhere => self.sessions.end_and_forget(&session).await,
            };
            if ended.map_err(wizard::unavailable)? {
                return Ok(Outcome { told, ended: true });
            }
            match self.sessions.find(&session.session_id, self.clock.now()).await.map_err(wizard::unavailable)? {
                Some(changed) => session = changed,
                None => return Ok(Outcome { told, ended: false }),
            }
        }
        Err(Problem::Busy)
    }

    /// What is to be sent before this account takes the place of who was signed in; nothing if it is the same.
    ///
    /// # Errors
    /// The table's.
    pub async fn left_by(
        &self,
        before: Option<&Before>,
        account: Option<AccountId>,
    ) -> Result<Vec<LogoutNotice>, Problem> {
        match before {
            Some(Before { session, .. }) if Some(session.account_id) != account => self.notices_of(session).await,
            _ => Ok(Vec::new()),
        }
    }

    /// Has relying parties told of a session that is about to end.
    ///
    /// # Errors
    /// [`Problem::Unavailable`]: then it is not to end.
    pub async fn send(&self, notices: &[LogoutNotice]) -> Result<(), Problem> {
        self.notices.send(notices).await.map_err(|error| {
            tracing::error!(%error, "logout notices");
            Problem::Unavailable
        })
    }

    /// One for each relying party that wants to be told.
    async fn notices_of(&self, session: &Session) -> Result<Vec<LogoutNotice>, Problem> {
        let clients = join_all(session.relying_parties.iter().map(|(id, party)| async move {
            // What stands there was a client's id when it was written.
            let Ok(client_id) = id.parse::<ClientId>() else { return Ok(None) };
            let registered = self.clients.active(&client_id).await.map_err(wizard::unavailable)?;
            Ok(registered.map(|registered| (registered.client, party)))
        }));
        let clients: Vec<_> = clients.await.into_iter().collect::<Result<_, Problem>>()?;
        let notice = |(client, party): (oidc::client::Client, &domain::session::RelyingParty)| {
            Some(LogoutNotice {
                client_id: client.client_id.to_string(),
                backchannel_logout_uri: Some(client.backchannel_logout_uri?),
                sub: party.sub.clone(),
                sid: party.sid.clone(),
                algorithm: client.id_token_signed_response_alg,
            })
        };
        Ok(clients.into_iter().flatten().filter_map(notice).collect())
    }
}
