//! Signing in with username and password.
//!
//! Charged before it is compared; one answer to everything that fails, and the same work done for it.

mod credentials;
mod page;

use credentials::Credentials;
use domain::{
    account::AccountId,
    bearer::Bearer,
    entropy::Entropy,
    limit::{self, SIGN_IN_FAILURES_PER_ADDRESS},
    session::Session,
};
use http::{Method, StatusCode};
use keys::{macs::MacKey, passwords::Passwords};
use page::SignInPage;
use serde::Serialize;
use store::{
    StoreError,
    accounts::{Accounts, Login},
    limits::{Charge, Limits},
    lockout::{Lockout, LockoutError, Place},
    sessions::{BeginError, Sessions},
};
use web::{
    Clock, Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer,
    cookie::CookieName, page::Form,
};

/// The function.
#[derive(Debug)]
pub struct SignIn {
    accounts: Accounts,
    sessions: Sessions,
    limits: Limits,
    lockout: Lockout,
    passwords: Passwords,
    clock: Clock,
    entropy: Entropy,
}

impl Function for SignIn {
    const NAME: &'static str = "sign-in";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let key = MacKey::new(wizard::kms(environment), environment.text("PASSWORD_MAC_KEY")?);
        Ok(Self {
            accounts: wizard::accounts(environment)?,
            sessions: wizard::sessions(environment)?,
            limits: wizard::limits(environment)?,
            lockout: Lockout::new(wizard::table(environment, "LIMITS_TABLE")?),
            passwords: Passwords::new(key),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method != Method::POST {
            if incoming.representation == Representation::Json {
                return Ok(answer::json(StatusCode::OK, &Asking { step: "sign_in" }));
            }
            let known = incoming.cookie(CookieName::Registered).unwrap_or_default();
            let username = known.parse::<domain::username::Username>().map(|username| username.as_str().to_owned());
            let form = Form::empty().with("username", username.unwrap_or_default());
            return Ok(answer::page(StatusCode::OK, &SignInPage { page: incoming.page(), form }));
        }
        let fields = incoming.fields()?;
        let typed = fields.typed(&["username"]);
        let signed_in = match Credentials::parse(fields) {
            Ok(credentials) => self.sign_in(incoming, credentials).await,
            Err(problem) => Err(problem),
        };
        Ok(signed_in.unwrap_or_else(|problem| {
            answer::refusal(incoming, &problem, typed, |form| SignInPage {
                page: incoming.page().attending(&form),
                form,
            })
        }))
    }
}

/// What a program that looks first is told.
#[derive(Serialize)]
struct Asking {
    step: &'static str,
}

/// The contract's answer to a sign-in that is complete.
#[derive(Serialize)]
struct Done {
    step: &'static str,
    next: &'static str,
}

impl SignIn {
    async fn sign_in(&self, incoming: &Incoming, credentials: Credentials) -> Result<Response, Problem> {
        let now = self.clock.now();
        let address = limit::address_subject(incoming.caller.address);
        let counter = credentials.counter(&address);
        let (charges, locked, login) = tokio::join!(
            wizard::charge(&self.limits, [SIGN_IN_FAILURES_PER_ADDRESS.bucket(&address, now)], now),
            self.lockout.charge(&counter, now),
            self.login(&credentials)
        );
        let counted = Counted { place: locked.as_ref().ok().cloned(), charges: charges.clone().unwrap_or_default() };
        let open = match (charges, locked) {
            (Err(problem), _) => return Err(self.not_compared(counted, problem).await),
            (_, Err(LockoutError::Store(error))) => {
                return Err(self.not_compared(counted, wizard::unavailable(error)).await);
            }
            (Ok(_), Ok(_)) => true,
            (Ok(_), Err(LockoutError::Locked)) => false,
        };
        let login = match login {
            Ok(login) => login.filter(|_| open),
            Err(problem) => return Err(self.not_compared(counted, problem).await),
        };
        let checked = match &login {
            Some(login) => self.passwords.check(&credentials.password, login.account_id, &login.password).await,
            None => {
                let nobody = AccountId::from_random([0; 16]);
                self.passwords.check_nobody(&credentials.password, nobody).await.map(|()| false)
            }
        };
        let matches = match checked {
            Ok(matches) => matches && credentials.can_match,
            Err(error) => return Err(self.not_compared(counted, wizard::key_unavailable(error)).await),
        };
        let Some(login) = login.filter(|_| matches) else { return Err(Problem::SignInFailed) };

        let secret = Bearer::new(self.entropy.bytes());
        let (begun, cleared, ended, ()) = tokio::join!(
            self.sessions.begin(&self.accounts, &secret, Session::begin(login.account_id, now)),
            self.lockout.clear(&counter),
            self.end_session_before(incoming),
            wizard::refund(&self.limits, counted.charges)
        );
        match begun {
            Ok(()) => {}
            Err(BeginError::NotActive) => return Err(Problem::SignInFailed),
            Err(BeginError::Store(error)) => return Err(wizard::unavailable(error)),
        }
        if let Err(error) = cleared.and(ended) {
            tracing::warn!(%error, "the failures or the session before were not cleared away");
        }
        tracing::info!("signed in");
        let response = match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &Done { step: "done", next: "/account" }),
            Representation::Html => answer::see_other("/account"),
        };
        let cookies = incoming.site.cookies;
        let response = answer::with_cookie(response, &cookies.set(CookieName::Session, &secret.expose()));
        Ok(answer::with_cookie(response, &cookies.clear(CookieName::Registered)))
    }

    async fn login(&self, credentials: &Credentials) -> Result<Option<Login>, Problem> {
        match &credentials.username {
            Some(username) => self.accounts.login(username).await.map_err(wizard::unavailable),
            None => Ok(None),
        }
    }

    /// Signing in renews the session: the one this browser had is over.
    async fn end_session_before(&self, incoming: &Incoming) -> Result<(), StoreError> {
        match incoming.cookie(CookieName::Session).and_then(|value| value.parse().ok()) {
            Some(secret) => self.sessions.end(&secret).await,
            None => Ok(()),
        }
    }

    /// No password was compared, so nothing is counted: what was is given back.
    async fn not_compared(&self, counted: Counted, problem: Problem) -> Problem {
        let uncounted = async {
            match counted.place {
                Some(place) => self.lockout.refund(place).await,
                None => Ok(()),
            }
        };
        let (uncounted, ()) = tokio::join!(uncounted, wizard::refund(&self.limits, counted.charges));
        if let Err(error) = uncounted {
            tracing::warn!(%error, "a refund was lost");
        }
        problem
    }
}

/// What was counted before the password is compared.
struct Counted {
    /// The failures in a row, if one more was allowed.
    place: Option<Place>,
    /// Those of the address.
    charges: Vec<Charge>,
}
