//! The account's own page: the details on file, and the way out.

mod page;

use authentication::{Authentication, Service, SignedIn};
use domain::{account::Account as Details, language::Language, name::Name, session::Session};
use http::{Method, StatusCode};
use page::{AccountPage, SignedOutPage};
use serde::Serialize;
use sign_out::SignOut;
use web::{
    Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer, cookie::CookieName,
    fields::Confirmed, page::Moment,
};

/// The function.
#[derive(Debug)]
pub struct Account {
    authentication: Authentication,
    sign_out: SignOut,
}

impl Function for Account {
    const NAME: &'static str = "account";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { authentication: Authentication::start(environment)?, sign_out: SignOut::start(environment)? })
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
    session: SessionView<'a>,
}

#[derive(Serialize)]
struct Mobile {
    number: String,
    verified: bool,
}

/// The session that the account is looked at in.
#[derive(Serialize)]
struct SessionView<'a> {
    acr: &'static str,
    authenticated_at: String,
    browser: &'a str,
    services: Vec<Service<'a>>,
}

impl<'a> SessionView<'a> {
    fn of(session: &'a Session, language: Language) -> Self {
        Self {
            acr: session.authentication.acr().as_str(),
            authenticated_at: session.authenticated_at.to_string(),
            browser: session.browser.as_str(),
            services: Service::every_of(session, language),
        }
    }
}

#[derive(Serialize)]
struct SignedOut {
    step: &'static str,
}

impl Account {
    async fn show(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let SignedIn { account, session } =
            self.authentication.signed_in(incoming).await?.ok_or(Problem::NotSignedIn)?;
        Ok(match incoming.representation {
            Representation::Html => answer::page(StatusCode::OK, &account_page(incoming, &account, &session)),
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
                    session: SessionView::of(&session, incoming.language),
                };
                answer::json(StatusCode::OK, &profile)
            }
        })
    }

    /// Ends the session. Signing out twice is signing out.
    async fn sign_out(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let mut fields = incoming.fields()?;
        let _: Option<Confirmed> = fields.required("confirm");
        fields.finish()?;
        if let Some(session) = self.authentication.session(incoming).await? {
            self.sign_out.end(&session).await?;
        }
        let response = match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &SignedOut { step: "signed_out" }),
            Representation::Html => answer::see_other("/account/signed-out"),
        };
        Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Session)))
    }
}

fn account_page(incoming: &Incoming, account: &Details, session: &Session) -> AccountPage {
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
        browser: session.browser.as_str().to_owned(),
        signed_in_at: Moment::of(session.authenticated_at, incoming.language),
        services: session
            .relying_parties
            .values()
            .map(|party| {
                let name = party.name.in_language(incoming.language).to_owned();
                (name, Moment::of(party.since, incoming.language))
            })
            .collect(),
    }
}
