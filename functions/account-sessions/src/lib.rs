//! Where an account is signed in: its sessions with the services of each, and the way to end one, the others, or all.
//!
//! Who asks to end a session that ended already, or one that is somebody else's, gets the same answer as for one that
//! never was: it does not go on.

mod ending;
mod page;

use authentication::{Authentication, Service};
use domain::{
    language::Language,
    session::{Session, SessionId},
};
use ending::Ending;
use http::{Method, StatusCode};
use page::SessionsPage;
use serde::Serialize;
use sign_out::{Everywhere, SignOut};
use web::{
    Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer, cookie::CookieName,
};

/// The function.
#[derive(Debug)]
pub struct AccountSessions {
    authentication: Authentication,
    everywhere: Everywhere,
    sign_out: SignOut,
}

impl Function for AccountSessions {
    const NAME: &'static str = "account-sessions";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            authentication: Authentication::start(environment)?,
            everywhere: Everywhere::start(environment)?,
            sign_out: SignOut::start(environment)?,
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match incoming.method {
            Method::POST => self.end(incoming).await,
            _ => self.show(incoming).await,
        }
    }
}

/// The account's sessions in JSON: the one that asks, then the others, the one used last first.
#[derive(Serialize)]
struct Shown<'a> {
    sessions: Vec<ShownSession<'a>>,
}

#[derive(Serialize)]
struct ShownSession<'a> {
    session_id: &'a str,
    /// Whether it is the one that asks.
    current: bool,
    /// Empty where the browser is none we know.
    browser: &'a str,
    acr: &'static str,
    amr: &'static [&'static str],
    authenticated_at: String,
    /// To the minute.
    seen_at: String,
    ends_at: String,
    services: Vec<Service<'a>>,
}

/// What became of it, in JSON.
#[derive(Serialize)]
struct Ended {
    /// How many sessions this request ended.
    ended: usize,
    /// Whether the one that asked is over too.
    signed_out: bool,
}

impl<'a> ShownSession<'a> {
    fn of(session: &'a Session, current: &SessionId, language: Language) -> Self {
        Self {
            session_id: session.session_id.as_str(),
            current: session.session_id == *current,
            browser: session.browser.as_str(),
            acr: session.authentication.acr().as_str(),
            amr: session.authentication.amr(),
            authenticated_at: session.authenticated_at.to_string(),
            seen_at: session.seen_at.to_string(),
            ends_at: session.ends_at().to_string(),
            services: Service::every_of(session, language),
        }
    }
}

impl AccountSessions {
    async fn show(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let session = self.authentication.session(incoming).await?.ok_or(Problem::NotSignedIn)?;
        let now = self.authentication.clock.now();
        let (account, sessions) =
            tokio::join!(self.authentication.holder(&session), self.everywhere.sessions(session.account_id, now));
        account?.ok_or(Problem::NotSignedIn)?;
        let (current, mut sessions) = (session.session_id, sessions?);
        // Looking is using, whether or not that was written before the list was read.
        let mut this: Vec<_> = sessions.extract_if(.., |session| session.session_id == current).collect();
        this.iter_mut().for_each(|this| this.seen_at = now);
        this.append(&mut sessions);
        let sessions = this;
        Ok(match incoming.representation {
            Representation::Html => answer::page(StatusCode::OK, &SessionsPage::of(incoming, &sessions, &current)),
            Representation::Json => {
                let shown = sessions.iter().map(|session| ShownSession::of(session, &current, incoming.language));
                answer::json(StatusCode::OK, &Shown { sessions: shown.collect() })
            }
        })
    }

    async fn end(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let mut fields = incoming.fields()?;
        let ending: Option<Ending> = fields.required("end");
        fields.finish()?;
        let ending = ending.ok_or(Problem::Internal)?;
        let now = self.authentication.clock.now();
        let session = self.authentication.session(incoming).await?.ok_or(Problem::NotSignedIn)?;
        let (account, current) = (session.account_id, &session.session_id);
        let concerned = async {
            match &ending {
                Ending::One(id) => Ok(Vec::from_iter(self.everywhere.find(id, now).await?)),
                Ending::Others | Ending::All => self.everywhere.sessions(account, now).await,
            }
        };
        let (holder, concerned) = tokio::join!(self.authentication.holder(&session), concerned);
        holder?.ok_or(Problem::NotSignedIn)?;
        let concerned = concerned?;
        let outcome = match ending {
            Ending::One(id) if id == *current => {
                let was_there = self.sign_out.end(&session).await?.ended;
                Ended { ended: usize::from(was_there), signed_out: true }
            }
            Ending::One(_) => {
                let ended = match concerned.iter().find(|named| named.account_id == account) {
                    Some(own) => self.everywhere.end(own).await?,
                    None => false,
                };
                Ended { ended: usize::from(ended), signed_out: false }
            }
            Ending::Others => {
                let ended = self.everywhere.end_all_but(Some(current), account, &concerned, now).await?;
                Ended { ended, signed_out: false }
            }
            Ending::All => {
                // Browsers without a session are strangers from now on too. This session ends last: whoever has to try
                // again is still somebody.
                let forgotten = self.authentication.accounts.forget_devices(&session.username, now);
                let others = self.everywhere.end_all_but(Some(current), account, &concerned, now);
                let (forgotten, others) = tokio::join!(forgotten, others);
                forgotten.map_err(wizard::unavailable)?;
                let ended =
                    others? + self.everywhere.end_all_but(None, account, std::slice::from_ref(&session), now).await?;
                Ended { ended, signed_out: true }
            }
        };
        Ok(answered(incoming, &outcome))
    }
}

fn answered(incoming: &Incoming, outcome: &Ended) -> Response {
    let response = match (incoming.representation, outcome.signed_out) {
        (Representation::Json, _) => answer::json(StatusCode::OK, outcome),
        (Representation::Html, true) => answer::see_other("/account/signed-out"),
        (Representation::Html, false) => answer::see_other("/account/sessions?done=ended"),
    };
    match outcome.signed_out {
        true => answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Session)),
        false => response,
    }
}
