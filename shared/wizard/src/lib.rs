//! What the six functions of the wizard share: opening the registration a cookie names, saving it, showing it.

mod charges;
mod cookie;
mod parts;
mod view;

pub use charges::{charge, refund};
pub use cookie::Cookie;
pub use parts::{accounts, dynamodb, kms, limits, registrations, sessions, table};
pub use view::RegistrationView;

use domain::{
    bearer::Bearer,
    entropy::Entropy,
    registration::{Event, Registration, RegistrationId, Step},
};
use http::StatusCode;
use jiff::Timestamp;
use store::{
    StoreError,
    registrations::{AdvanceError, Counting, Opened, Registrations, Stored},
};
use web::{
    Clock, Environment, Incoming, Problem, Response, StartError, accept::Representation, answer, cookie::CookieName,
    page::Page,
};

/// The registrations, and what a step needs beside them.
#[derive(Clone, Debug)]
pub struct Wizard {
    /// The table.
    pub registrations: Registrations,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
}

impl Wizard {
    /// From a function's environment.
    ///
    /// # Errors
    /// The table's name is missing.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            registrations: registrations(environment)?,
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    /// The registration that the request's cookie opens.
    ///
    /// # Errors
    /// [`Problem::NoRegistration`], and the table's.
    pub async fn open(&self, incoming: &Incoming) -> Result<Stored, Problem> {
        match self.opened(incoming).await? {
            Some(Opened::Open(stored)) => Ok(*stored),
            Some(Opened::Closed { .. }) | None => Err(Problem::NoRegistration),
        }
    }

    /// As [`Self::open`], and one that has become an account too.
    ///
    /// # Errors
    /// The table's.
    pub async fn opened(&self, incoming: &Incoming) -> Result<Option<Opened>, Problem> {
        let Some(cookie) = incoming.cookie(CookieName::Registration).and_then(|value| value.parse::<Cookie>().ok())
        else {
            return Ok(None);
        };
        self.registrations.open(&cookie.id, &cookie.secret, self.clock.now()).await.map_err(unavailable)
    }

    /// The id in the request's cookie, before it is known whether its secret opens anything.
    pub fn claimed_id(&self, incoming: &Incoming) -> Option<RegistrationId> {
        incoming.cookie(CookieName::Registration)?.parse::<Cookie>().ok().map(|cookie| cookie.id)
    }

    /// As [`Self::open`], if it has reached `step`.
    ///
    /// # Errors
    /// [`Problem::NoRegistration`], [`Problem::WrongStep`], and the table's.
    pub async fn open_at(&self, incoming: &Incoming, step: Step) -> Result<Stored, Problem> {
        let stored = self.open(incoming).await?;
        let now = self.clock.now();
        stored.registration.reached(step, now).map_err(|refusal| Problem::refused(&refusal, now))?;
        Ok(stored)
    }

    /// Applies an event and saves.
    ///
    /// # Errors
    /// The flow's refusals and the table's, as problems.
    pub async fn advance(&self, stored: Stored, event: Event) -> Result<Stored, Problem> {
        let now = self.clock.now();
        self.registrations.advance(stored, &event, None, now).await.map_err(|error| advance_problem(error, now))
    }

    /// Applies an event and saves under a new secret: the old cookie is dead. What is counted with it is counted once.
    ///
    /// # Errors
    /// As [`Self::advance`].
    pub async fn advance_renewed(
        &self,
        stored: Stored,
        event: Event,
        counting: Option<Counting<'_>>,
    ) -> Result<(Stored, Bearer), Problem> {
        let now = self.clock.now();
        let secret = Bearer::new(self.entropy.bytes());
        let advanced = self.registrations.advance_counting(stored, &event, Some(&secret), counting, now).await;
        Ok((advanced.map_err(|error| advance_problem(error, now))?, secret))
    }

    /// The answer to a step done: the registration in JSON, its next page in a browser.
    pub fn moved_on(&self, incoming: &Incoming, registration: &Registration) -> Response {
        match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &RegistrationView::of(registration)),
            Representation::Html => answer::see_other(&path(registration.step())),
        }
    }

    /// The same, with the renewed cookie.
    pub fn moved_on_renewed(&self, incoming: &Incoming, registration: &Registration, secret: Bearer) -> Response {
        let cookie = Cookie { id: registration.id.clone(), secret };
        let set = incoming.site.cookies.set(CookieName::Registration, &cookie.expose());
        answer::with_cookie(self.moved_on(incoming, registration), &set)
    }

    /// The layout of a form that comes back: with the time left, if the registration still is.
    pub async fn page_again(&self, incoming: &Incoming) -> Page {
        if incoming.representation == Representation::Json {
            return incoming.page();
        }
        self.open(incoming).await.map_or_else(|_| incoming.page(), |stored| self.page(incoming, &stored.registration))
    }

    /// What the layout needs to know of a wizard page.
    pub fn page(&self, incoming: &Incoming, registration: &Registration) -> Page {
        Page { expires_at: Some(registration.expires_at), ..incoming.page() }
    }
}

/// A step's page.
pub fn path(step: Step) -> String {
    format!("/registration/{}", step.as_str())
}

/// What a table's failure is to the person; its cause is logged here, once.
#[expect(clippy::needless_pass_by_value, reason = "the shape map_err takes")]
pub fn unavailable(error: StoreError) -> Problem {
    store_problem(&error)
}

/// As [`unavailable`], of a failure that is looked at later.
pub fn store_problem(error: &StoreError) -> Problem {
    tracing::error!(%error, "store");
    match error {
        StoreError::Busy => Problem::Busy,
        StoreError::Unavailable(_) => Problem::Unavailable,
        StoreError::Shape(_) => Problem::Internal,
    }
}

/// What a key's failure is to the person; its cause is logged here, once.
#[expect(clippy::needless_pass_by_value, reason = "the shape map_err takes")]
pub fn key_unavailable(error: keys::KeyError) -> Problem {
    tracing::error!(%error, "keys");
    match error {
        keys::KeyError::Unavailable(_) | keys::KeyError::Empty => Problem::Unavailable,
        keys::KeyError::Argon2(_) | keys::KeyError::Verifier => Problem::Internal,
    }
}

/// What a failed save is to the person.
pub fn advance_problem(error: AdvanceError, now: Timestamp) -> Problem {
    match error {
        AdvanceError::Refused(refusal) => Problem::refused(&refusal, now),
        AdvanceError::Gone => Problem::NoRegistration,
        AdvanceError::LimitReached { retry_at } => Problem::limited(retry_at, now),
        AdvanceError::Store(error) => unavailable(error),
    }
}
