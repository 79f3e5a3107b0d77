//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): a client sends a person here to sign out everywhere.
//!
//! With an ID token of this very session nobody is asked. Anything less could have been sent by anybody: then the person
//! is. An address to go on to is followed only if the client registered that very string.

mod page;
mod request;

use authentication::Authentication;
use http::{Method, StatusCode};
use oidc::{client::Client, id_token::IdTokenHint, parameters::Parameters};
use page::{AskPage, SignedOutPage};
use request::{EndSession, NotAsked};
use serde::Serialize;
use sign_out::SignOut;
use store::{clients::Clients, signing_keys::SigningKeys};
use web::{
    Door, Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer,
    cookie::CookieName,
};

/// The function.
#[derive(Debug)]
pub struct SsoSignOut {
    authentication: Authentication,
    clients: Clients,
    sign_out: SignOut,
    signing_keys: SigningKeys,
}

impl Function for SsoSignOut {
    const NAME: &'static str = "sso-sign-out";
    const DOOR: Door = Door::Anybody;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            authentication: Authentication::start(environment)?,
            clients: Clients::new(wizard::table(environment, "CLIENTS_TABLE")?),
            sign_out: SignOut::start(environment)?,
            signing_keys: signing::rows(environment)?,
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let parameters = match incoming.method {
            Method::POST => request::posted(incoming)?,
            _ => Parameters::new(incoming.query_pairs()),
        };
        let confirmed = incoming.method == Method::POST && parameters.one(request::CONFIRM) == Some("yes");
        match (confirmed, incoming.method == Method::POST) {
            (true, _) => incoming.refuse_cross_site()?,
            // Lax cookies do not come with another site's POST: who is signed in shows in a GET.
            (false, true) if incoming.refuse_cross_site().is_err() => {
                return Ok(answer::see_other(&request::as_get(&parameters)));
            }
            _ => {}
        }
        let asked = match self.read(incoming, parameters).await? {
            Ok(asked) => asked,
            Err(NotAsked(reason)) => return Ok(page::refused(incoming, reason)),
        };
        let Some(session) = self.authentication.session(incoming).await? else {
            return Ok(gone_on(incoming, &asked, 0));
        };
        if !confirmed && !asked.is_about(&session) {
            return Ok(ask(incoming, &asked));
        }
        let told = self.sign_out.end(&session).await?.told;
        let response = gone_on(incoming, &asked, told);
        Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Session)))
    }
}

/// Nobody is signed in any more, in JSON.
#[derive(Serialize)]
struct SignedOut<'a> {
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

/// What a program that looks first is told.
#[derive(Serialize)]
struct Asking {
    step: &'static str,
}

impl SsoSignOut {
    async fn read(&self, incoming: &Incoming, parameters: Parameters) -> Result<Result<EndSession, NotAsked>, Problem> {
        let now = self.authentication.clock.now();
        let hint = match parameters.one("id_token_hint") {
            None => None,
            Some(hint) => {
                let keys = signing::known(&self.signing_keys, now).await.map_err(|error| {
                    tracing::error!(%error, "signing keys");
                    Problem::Unavailable
                })?;
                match IdTokenHint::verify(hint, &incoming.site.issuer, &keys) {
                    Ok(hint) => Some(hint),
                    Err(_) => return Ok(Err(NotAsked("id_token_hint is not one of ours"))),
                }
            }
        };
        let client_id = match request::client_id(&parameters, hint.as_ref()) {
            Ok(client_id) => client_id,
            Err(refused) => return Ok(Err(refused)),
        };
        let client: Option<Client> = match client_id {
            Some(id) => {
                let registered = self.clients.active(&id).await.map_err(wizard::unavailable)?;
                registered.map(|registered| registered.client)
            }
            None => None,
        };
        Ok(Ok(EndSession::new(parameters, hint, client)))
    }
}

fn ask(incoming: &Incoming, asked: &EndSession) -> Response {
    match incoming.representation {
        Representation::Json => answer::json(StatusCode::OK, &Asking { step: "sign_out" }),
        Representation::Html => {
            let page = AskPage::of(incoming, asked);
            let response = answer::page(StatusCode::OK, &page);
            match asked.origin() {
                Some(origin) => answer::leading_back(response, &origin),
                None => response,
            }
        }
    }
}

/// To where the client wants the person, if it is registered; else to a page that says so, and that services were told
/// if some were.
fn gone_on(incoming: &Incoming, asked: &EndSession, told: usize) -> Response {
    let next = asked.next();
    match (incoming.representation, next) {
        (Representation::Json, next) => {
            answer::json(StatusCode::OK, &SignedOut { step: "signed_out", next: next.as_deref() })
        }
        (Representation::Html, Some(next)) => answer::see_other(&next),
        (Representation::Html, None) => {
            answer::page(StatusCode::OK, &SignedOutPage { page: incoming.page(), are_told: told > 0 })
        }
    }
}
