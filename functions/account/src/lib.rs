//! The account's own page: the details on file, and the way out.

mod page;

use domain::{
    account::{Account as Details, AccountStatus},
    bearer::Bearer,
    name::Name,
    session::SessionRefusal,
};
use http::{Method, StatusCode};
use page::{AccountPage, SignedOutPage};
use serde::Serialize;
use store::{accounts::Accounts, sessions::Sessions};
use web::{
    Clock, Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer,
    cookie::CookieName, fields::Confirmed, page::Moment,
};

/// The function.
#[derive(Debug)]
pub struct Account {
    accounts: Accounts,
    sessions: Sessions,
    clock: Clock,
}

impl Function for Account {
    const NAME: &'static str = "account";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            accounts: wizard::accounts(environment)?,
            sessions: wizard::sessions(environment)?,
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match (&incoming.method, incoming.path.as_str()) {
            (&Method::POST, "/account/sign-out") => self.sign_out(incoming).await,
            (&Method::POST, _) => Err(Problem::MethodNotAllowed),
            (_, "/account/signed-out") => Ok(match incoming.representation {
                Representation::Json => answer::json(StatusCode::OK, &SignedOut { step: "signed_out" }),
                Representation::Html => answer::page(StatusCode::OK, &SignedOutPage { page: incoming.page() }),
            }),
            _ => self.show(incoming).await,
        }
    }
}

/// The account in JSON.
#[derive(Serialize)]
struct Profile<'a> {
    username: &'a str,
    first_name: &'a str,
    middle_name: Option<&'a str>,
    last_name: &'a str,
    birth_date: String,
    citizen_id: &'a str,
    ial: String,
    mobile: Mobile,
    created_at: String,
}

#[derive(Serialize)]
struct Mobile {
    number: String,
    verified: bool,
}

#[derive(Serialize)]
struct SignedOut {
    step: &'static str,
}

impl Account {
    async fn show(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let account = self.signed_in(incoming).await?;
        Ok(match incoming.representation {
            Representation::Html => answer::page(StatusCode::OK, &account_page(incoming, &account)),
            Representation::Json => {
                let identity = &account.identity;
                let profile = Profile {
                    username: account.username.as_str(),
                    first_name: identity.first_name.expose(),
                    middle_name: identity.middle_name.as_ref().map(|name| name.expose()),
                    last_name: identity.last_name.expose(),
                    birth_date: identity.birth_date.iso(),
                    citizen_id: &identity.citizen_id_masked,
                    ial: identity.ial.to_string(),
                    mobile: Mobile { number: account.mobile_number.masked(), verified: true },
                    created_at: account.created_at.to_string(),
                };
                answer::json(StatusCode::OK, &profile)
            }
        })
    }

    /// Who is signed in: the session, and the account still active.
    async fn signed_in(&self, incoming: &Incoming) -> Result<Details, Problem> {
        let secret: Bearer = presented(incoming)?;
        let now = self.clock.now();
        let session = self.sessions.open(&secret, now).await.map_err(wizard::unavailable)?;
        let session = session.ok_or(Problem::NotSignedIn)?;
        let seen = async {
            match session.check(now) {
                Err(SessionRefusal::Unseen) => self.sessions.touch(&secret, now).await,
                _ => Ok(()),
            }
        };
        let (account, seen) = tokio::join!(self.accounts.find(session.account_id), seen);
        if let Err(error) = seen {
            tracing::warn!(%error, "a session's use was not noted");
        }
        let account = account.map_err(wizard::unavailable)?;
        account.filter(|account| account.status == AccountStatus::Active).ok_or(Problem::NotSignedIn)
    }

    /// Ends the session. Signing out twice is signing out.
    async fn sign_out(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let mut fields = incoming.fields()?;
        let _: Option<Confirmed> = fields.required("confirm");
        fields.finish()?;
        if let Ok(secret) = presented(incoming) {
            self.sessions.end(&secret).await.map_err(wizard::unavailable)?;
        }
        let response = match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &SignedOut { step: "signed_out" }),
            Representation::Html => answer::see_other("/account/signed-out"),
        };
        Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Session)))
    }
}

fn account_page(incoming: &Incoming, account: &Details) -> AccountPage {
    let identity = &account.identity;
    let names = [Some(&identity.first_name), identity.middle_name.as_ref(), Some(&identity.last_name)];
    let names: Vec<_> = names.into_iter().flatten().map(Name::expose).collect();
    AccountPage {
        page: incoming.page(),
        name: names.join(" "),
        username: account.username.as_str().to_owned(),
        citizen_id: identity.citizen_id_masked.clone(),
        citizen_id_verified: identity.method.is_proven(),
        birth_date: identity.birth_date.written(incoming.language),
        mobile: account.mobile_number.masked(),
        mobile_verified: true,
        level: identity.ial.to_string(),
        member_since: Moment::of(account.created_at, incoming.language).date,
    }
}

fn presented(incoming: &Incoming) -> Result<Bearer, Problem> {
    incoming.cookie(CookieName::Session).and_then(|value| value.parse().ok()).ok_or(Problem::NotSignedIn)
}
