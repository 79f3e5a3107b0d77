//! Signing out: the relying parties of the session are told (OpenID Connect Back-Channel Logout 1.0), then it ends.
//!
//! In that order: a session that ended before its notices were on their way would leave relying parties signed in with
//! nobody to tell them. Told twice, they sign nobody out twice.

mod everywhere;

pub use everywhere::Everywhere;

use domain::{logout::LogoutNotice, session::Session};
use futures_util::future::join_all;
use oidc::client::ClientId;
use queue::Queue;
use store::{clients::Clients, sessions::Sessions};
use web::{Environment, Problem, StartError};

/// Ends sessions.
#[derive(Clone, Debug)]
pub struct SignOut {
    sessions: Sessions,
    clients: Clients,
    notices: Queue,
}

impl SignOut {
    /// From a function's environment: `SESSIONS_TABLE`, `CLIENTS_TABLE` and `LOGOUT_QUEUE_URL`.
    ///
    /// # Errors
    /// A variable is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        let queue = aws_sdk_sqs::Client::new(&environment.aws);
        Ok(Self {
            sessions: wizard::sessions(environment)?,
            clients: Clients::new(wizard::table(environment, "CLIENTS_TABLE")?),
            notices: Queue::new(queue, environment.text("LOGOUT_QUEUE_URL")?),
        })
    }

    /// Has the relying parties of a session told, and ends it: whether it was there to be ended.
    ///
    /// # Errors
    /// [`Problem::Unavailable`]: then the session is as it was, and signing out can be tried again.
    pub async fn end(&self, session: &Session) -> Result<bool, Problem> {
        self.tell(session).await?;
        let ended = self.sessions.end(&session.session_id).await.map_err(wizard::unavailable)?;
        tracing::info!(relying_parties = session.relying_parties.len(), ended, "signed out");
        Ok(ended)
    }

    /// The same from another browser: the one that it was in is a stranger afterwards.
    ///
    /// # Errors
    /// As [`Self::end`].
    pub async fn end_elsewhere(&self, session: &Session) -> Result<bool, Problem> {
        self.tell(session).await?;
        let ended = self.sessions.end_and_forget(session).await.map_err(wizard::unavailable)?;
        tracing::info!(relying_parties = session.relying_parties.len(), ended, "signed out from elsewhere");
        Ok(ended)
    }

    async fn tell(&self, session: &Session) -> Result<(), Problem> {
        let notices = self.notices_of(session).await?;
        self.notices.send(&notices).await.map_err(|error| {
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
