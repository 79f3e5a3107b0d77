//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2): a client sends a person here,
//! and they go back with a code, or on to what is needed for one. [`oidc::decision`] decides; this carries it out.
//!
//! ```text
//!   GET, or POST from our own site ──► read ──► decide ──► back to the client: a code or an error
//!                                       ▲         │
//!   POST from another site ──► wait ──┐ │         └──► wait, and on to sign-in, consent, or what the person lacks
//!                                     ▼ │                                  │
//!                 GET /connect/resume, in the same browser ◄───────────────┘
//! ```

mod code;
mod page;
mod read;
mod returned;

use authentication::{Authentication, Browser};
use code::NotIssued;
use domain::{account::Account, assurance::AssuranceTable, bearer::Bearer, session::Session};
use endpoint::Clients;
use http::Method;
use jiff::Timestamp;
use oidc::{
    agreement::Agreement,
    authorization_request::{AuthorizationRequest, ReturnAddress},
    client::Client,
    decision::{self, Decision, Requirement, SignedIn},
    error::{ErrorCode, OAuthError},
    parameters::Parameters,
};
use read::{Asked, Refused};
use store::{
    consents::Consents,
    grants::Grants,
    issuing::Issuer,
    requests::{PushedKey, Requests, Waiting},
    signing_keys::SigningKeys,
    whereabouts::Whereabouts,
};
use web::{Door, Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer};

/// How often what changed meanwhile is read again.
const RACES: u32 = 3;

/// The function.
#[derive(Debug)]
pub struct SsoAuthorize {
    authentication: Authentication,
    clients: Clients,
    requests: Requests,
    consents: Consents,
    issuer: Issuer,
    signing_keys: SigningKeys,
    /// What a registration earns today.
    assurance: AssuranceTable,
}

impl Function for SsoAuthorize {
    const NAME: &'static str = "sso-authorize";
    const DOOR: Door = Door::Anybody;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let authentication = Authentication::start(environment)?;
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        let consents = Consents::new(wizard::table(environment, "ACCOUNTS_TABLE")?);
        let requests = Requests::new(grants.clone());
        let issuer = Issuer {
            grants: Grants::new(grants),
            requests: requests.clone(),
            sessions: authentication.sessions.clone(),
            accounts: authentication.accounts.clone(),
            consents: consents.clone(),
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
        };
        let clients = Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?;
        let signing_keys = signing::rows(environment)?;
        let assurance = environment.parse("ASSURANCE_LEVELS")?;
        Ok(Self { authentication, clients, requests, consents, issuer, signing_keys, assurance })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match (&incoming.method, incoming.path.as_str()) {
            (&Method::POST, "/connect/resume") => Err(Problem::MethodNotAllowed),
            (_, "/connect/resume") => self.resume(incoming).await,
            (&Method::POST, _) => self.begin(incoming, Parameters::new(incoming.form()?)).await,
            _ => self.begin(incoming, Parameters::new(incoming.query_pairs())).await,
        }
    }
}

/// A request, and where it stands.
pub(crate) struct Standing {
    pub(crate) request: AuthorizationRequest,
    pub(crate) client: Client,
    /// Whether nobody has signed in to the client before.
    pub(crate) is_first_of_client: bool,
    pub(crate) pushed: Option<PushedKey>,
    /// The handle, if it waits already.
    pub(crate) handle: Option<Bearer>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
}

/// Who is signed in, and what is on record between them and the client.
pub(crate) struct Person {
    pub(crate) session: Session,
    pub(crate) account: Account,
    pub(crate) agreement: Option<Agreement>,
    pub(crate) subject: Option<String>,
}

impl Person {
    fn as_signed_in(&self, client: &Client) -> SignedIn<'_> {
        SignedIn::of(&self.session, &self.account, client, self.subject.as_deref(), self.agreement.as_ref())
    }
}

impl SsoAuthorize {
    async fn begin(&self, incoming: &Incoming, parameters: Parameters) -> Result<Response, Problem> {
        let now = self.authentication.clock.now();
        let (asked, session) =
            tokio::join!(self.read(incoming, &parameters, now), self.authentication.session(incoming));
        let Asked { request, registered, pushed } = match asked {
            Ok(asked) => asked,
            Err(Refused::ToPerson(reason)) => return Ok(page::refused(incoming, reason)),
            Err(Refused::ToClient(answer_to, error)) => return Ok(returned::error(incoming, &answer_to, &error)),
            Err(Refused::NotNow(problem)) => return Err(problem),
        };
        let (client, is_first_of_client) = (registered.client, !registered.used);
        let standing = Standing { request, client, is_first_of_client, pushed, handle: None, created_at: now };
        // Lax cookies do not come with a POST from another site: who is signed in shows only in a GET of our own.
        if incoming.method == Method::POST && incoming.refuse_cross_site().is_err() {
            let handle = self.wait(&standing, None).await?;
            return Ok(answer::see_other(&resume_path(&handle)));
        }
        let person = self.person(session?, &standing.client.client_id, standing.client.subject_sector()).await?;
        self.go_on(incoming, standing, person, now).await
    }

    /// Goes on with a request that waited, in the browser it is bound to.
    async fn resume(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let now = self.authentication.clock.now();
        let handle: Bearer =
            incoming.query("request").and_then(|handle| handle.parse().ok()).ok_or(Problem::RequestGone)?;
        let (waiting, session) =
            tokio::join!(self.requests.waiting(&handle, now), self.authentication.session(incoming));
        let waiting = waiting.map_err(wizard::unavailable)?.ok_or(Problem::RequestGone)?;
        let browser = self.bound(incoming, &handle, &waiting).await?;
        // Whatever comes of it, the browser is told who it is: from now on the request is no other's, and a reload
        // without the cookie would be another's.
        let outcome = match session {
            Ok(session) => self.resumed(incoming, handle, waiting, session, now).await,
            Err(problem) => Err(problem),
        };
        Ok(browser.keep(incoming, outcome.unwrap_or_else(|problem| answer::problem(incoming, &problem))))
    }

    async fn resumed(
        &self,
        incoming: &Incoming,
        handle: Bearer,
        waiting: Waiting,
        session: Option<Session>,
        now: Timestamp,
    ) -> Result<Response, Problem> {
        let Waiting { request, sector, pushed, created_at, .. } = waiting;
        let (client, person) =
            tokio::join!(self.clients.active(&request.client_id), self.person(session, &request.client_id, &sector));
        let registered = client.map_err(|_| Problem::Unavailable)?.ok_or(Problem::RequestGone)?;
        let (client, is_first_of_client) = (registered.client, !registered.used);
        // What was registered when the request came may not be so any more.
        let still_is = client.redirect_uri(&request.answer_to.redirect_uri).is_some()
            && request.scopes.is_within(&client.scope)
            && client.subject_sector() == sector;
        if !still_is {
            return Err(Problem::RequestGone);
        }
        if incoming.query("denied") == Some("yes") {
            let denied = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
            return self.refuse(incoming, Some(&handle), &request.answer_to, &denied).await;
        }
        let standing = Standing { request, client, is_first_of_client, pushed, handle: Some(handle), created_at };
        self.go_on(incoming, standing, person?, now).await
    }

    /// The browser, if the request is bound to it, or to none yet.
    async fn bound(&self, incoming: &Incoming, handle: &Bearer, waiting: &Waiting) -> Result<Browser, Problem> {
        let browser = Browser::of(incoming, &self.authentication.entropy);
        let digest = browser.secret.digest();
        let is_bound = match &waiting.browser {
            Some(bound) => *bound == digest,
            None => self.requests.bind(handle, &digest).await.map_err(wizard::unavailable)?,
        };
        if is_bound { Ok(browser) } else { Err(Problem::RequestGone) }
    }

    async fn go_on(
        &self,
        incoming: &Incoming,
        standing: Standing,
        mut person: Option<Person>,
        now: Timestamp,
    ) -> Result<Response, Problem> {
        for _ in 0..RACES {
            let Standing { request, client, created_at, .. } = &standing;
            let signed_in = person.as_ref().map(|person| person.as_signed_in(client));
            let decision = decision::decide(request, client, signed_in, *created_at, now);
            let Some(somebody) = person.as_ref().filter(|_| decision == Decision::Issue) else {
                return self.carry_out(incoming, &standing, person.as_ref(), decision).await;
            };
            match self.issue(&standing, somebody, now).await {
                Ok(code) => return Ok(returned::code(incoming, &request.answer_to, &code)),
                Err(NotIssued::NobodyAnyMore) => person = None,
                Err(NotIssued::Changed(session, subject)) => {
                    person = person.map(|person| Person { session, subject, ..person });
                }
                Err(NotIssued::Problem(problem)) => return Err(problem),
            }
        }
        Err(Problem::Busy)
    }

    async fn carry_out(
        &self,
        incoming: &Incoming,
        standing: &Standing,
        person: Option<&Person>,
        decision: Decision,
    ) -> Result<Response, Problem> {
        match decision {
            Decision::Refuse(error) => {
                self.refuse(incoming, standing.handle.as_ref(), &standing.request.answer_to, &error).await
            }
            Decision::Lacking(requirement) => self.lacking(incoming, standing, person, requirement).await,
            Decision::AskConsent => self.lead_to(incoming, standing, "/consent").await,
            Decision::SignIn | Decision::Issue => self.lead_to(incoming, standing, "/sign-in").await,
        }
    }

    /// Answers the client with an error. The request that waited is over with it: one answer, whichever it is.
    async fn refuse(
        &self,
        incoming: &Incoming,
        handle: Option<&Bearer>,
        answer_to: &ReturnAddress,
        error: &OAuthError,
    ) -> Result<Response, Problem> {
        if let Some(handle) = handle
            && !self.requests.end(handle).await.map_err(wizard::unavailable)?
        {
            return Err(Problem::RequestGone);
        }
        Ok(returned::error(incoming, answer_to, error))
    }

    /// Says what the person lacks. Who has only given their own word can register with the card, which takes the place
    /// of it, and come back: the request waits for that.
    async fn lacking(
        &self,
        incoming: &Incoming,
        standing: &Standing,
        person: Option<&Person>,
        requirement: Requirement,
    ) -> Result<Response, Problem> {
        let on_their_word = person.is_some_and(|person| !person.account.identity.method.is_proven());
        let card_is_enough = matches!(requirement, Requirement::Ial(level) if level <= self.assurance.id_card);
        if !(on_their_word && card_is_enough) || incoming.representation == Representation::Json {
            return Ok(page::lacking(incoming, standing, requirement, None));
        }
        let browser = Browser::of(incoming, &self.authentication.entropy);
        let handle = match &standing.handle {
            Some(handle) => handle.clone(),
            None => self.wait(standing, Some(&browser)).await?,
        };
        Ok(browser.keep(incoming, page::lacking(incoming, standing, requirement, Some(&handle))))
    }

    /// On to a page of ours, which leads back here.
    async fn lead_to(&self, incoming: &Incoming, standing: &Standing, path: &str) -> Result<Response, Problem> {
        // For people who chose no language: the pages on the way carry it from one to the next.
        let language = standing.request.answer_to.language.map(|language| format!("&ui_locales={}", language.tag()));
        let language = language.unwrap_or_default();
        if let Some(handle) = &standing.handle {
            return Ok(answer::see_other(&format!("{path}?request={}{language}", handle.expose())));
        }
        let browser = Browser::of(incoming, &self.authentication.entropy);
        let handle = self.wait(standing, Some(&browser)).await?;
        let path = format!("{path}?request={}{language}", handle.expose());
        Ok(browser.keep(incoming, answer::see_other(&path)))
    }

    /// Lets the request wait under a new handle.
    async fn wait(&self, standing: &Standing, browser: Option<&Browser>) -> Result<Bearer, Problem> {
        let handle = Bearer::new(self.authentication.entropy.bytes());
        let waiting = Waiting {
            request: standing.request.clone(),
            browser: browser.map(|browser| browser.secret.digest()),
            client_name: standing.client.name.clone(),
            sector: standing.client.subject_sector().to_owned(),
            pushed: standing.pushed.clone(),
            created_at: standing.created_at,
        };
        self.requests.wait(&handle, waiting).await.map_err(wizard::unavailable)?;
        Ok(handle)
    }

    async fn person(
        &self,
        session: Option<Session>,
        client: &oidc::client::ClientId,
        sector: &str,
    ) -> Result<Option<Person>, Problem> {
        let Some(session) = session else { return Ok(None) };
        let id = session.account_id;
        let (account, agreement, subject) = tokio::join!(
            self.authentication.holder(&session),
            self.consents.agreement(id, client),
            self.consents.subject(id, sector)
        );
        let (agreement, subject) = (agreement.map_err(wizard::unavailable)?, subject.map_err(wizard::unavailable)?);
        Ok(account?.map(|account| Person { session, account, agreement, subject }))
    }
}

fn resume_path(handle: &Bearer) -> String {
    format!("/connect/resume?request={}", handle.expose())
}
