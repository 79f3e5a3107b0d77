//! Consent: who asks, exactly what they will be told, and two answers of equal weight.

mod page;

use std::str::FromStr;

use authentication::{Authentication, Browser};
use domain::{bearer::Bearer, language::Text, reason::Reason};
use endpoint::Clients;
use http::{Method, StatusCode};
use jiff::Timestamp;
use oidc::{agreement::Agreement, authorization_request::AuthorizationRequest, client::Client};
use page::ConsentPage;
use serde::Serialize;
use store::{
    consents::Consents,
    requests::{Requests, Waiting},
};
use web::{
    Environment, Fields, Function, Incoming, Problem, Response, StartError, accept::Representation, answer, page::Form,
};

/// The function.
#[derive(Debug)]
pub struct Consent {
    authentication: Authentication,
    clients: Clients,
    requests: Requests,
    consents: Consents,
}

impl Function for Consent {
    const NAME: &'static str = "consent";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            authentication: Authentication::start(environment)?,
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            requests: Requests::new(wizard::table(environment, "GRANTS_TABLE")?),
            consents: Consents::new(wizard::table(environment, "ACCOUNTS_TABLE")?),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let posted = incoming.method == Method::POST;
        let fields = if posted { incoming.fields()? } else { Fields::default() };
        let handle = incoming.query("request").or_else(|| fields.text("request"));
        let handle: Bearer = handle.and_then(|handle| handle.parse().ok()).ok_or(Problem::RequestGone)?;
        let now = self.authentication.clock.now();
        let (waiting, session) =
            tokio::join!(self.waiting(incoming, &handle, now), self.authentication.session(incoming));
        let request = waiting?.request;
        let Some(session) = session? else { return Ok(on(incoming, &handle)) };
        let (account, registered, agreement) = tokio::join!(
            self.authentication.holder(&session),
            self.clients.active(&request.client_id),
            self.consents.agreement(session.account_id, &request.client_id)
        );
        let Some(account) = account? else { return Ok(on(incoming, &handle)) };
        let registered = registered.map_err(|_| Problem::Unavailable)?.ok_or(Problem::RequestGone)?;
        let agreement = agreement.map_err(wizard::unavailable)?;
        let asked = Asked { handle, request, client: registered.client, account, agreement };
        if !posted {
            return Ok(self.show(incoming, &asked, Form::empty(), StatusCode::OK));
        }
        match decision(fields) {
            Ok(Decision::Allow) => self.allow(incoming, asked, now).await,
            Ok(Decision::Deny) => Ok(denied(incoming, &asked)),
            Err(problem) if incoming.representation == Representation::Json => Err(problem),
            Err(problem) => {
                let form = match &problem {
                    Problem::InvalidInput(errors) => Form::empty().with_errors(errors.clone()),
                    _ => return Err(problem),
                };
                Ok(self.show(incoming, &asked, form, problem.status()))
            }
        }
    }
}

/// What is asked of whom.
struct Asked {
    handle: Bearer,
    request: AuthorizationRequest,
    client: Client,
    account: domain::account::Account,
    agreement: Option<Agreement>,
}

/// The contract's answer where the way goes on.
#[derive(Serialize)]
struct Done<'a> {
    step: &'static str,
    next: &'a str,
}

/// The person's answer.
enum Decision {
    Allow,
    Deny,
}

impl FromStr for Decision {
    type Err = NoDecision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err(NoDecision),
        }
    }
}

struct NoDecision;

impl Reason for NoDecision {
    fn code(&self) -> &'static str {
        "required"
    }

    fn text(&self) -> Text {
        Text {
            th: "เลือกอนุญาต หรือไม่อนุญาต", en: "Choose whether to allow or deny"
        }
    }
}

fn decision(mut fields: Fields) -> Result<Decision, Problem> {
    let decision = fields.required("decision");
    fields.finish()?;
    decision.ok_or(Problem::Internal)
}

impl Consent {
    /// The request, if it waits in this very browser.
    async fn waiting(&self, incoming: &Incoming, handle: &Bearer, now: Timestamp) -> Result<Waiting, Problem> {
        let waiting = self.requests.waiting(handle, now).await.map_err(wizard::unavailable)?;
        let browser = Browser::known(incoming).map(|secret| secret.digest());
        waiting.filter(|waiting| browser.is_some() && waiting.browser == browser).ok_or(Problem::RequestGone)
    }

    fn show(&self, incoming: &Incoming, asked: &Asked, form: Form, status: StatusCode) -> Response {
        let response = match incoming.representation {
            Representation::Html => answer::page(status, &ConsentPage::of(incoming, asked, form)),
            Representation::Json => answer::json(status, &page::in_json(incoming, asked)),
        };
        answer::leading_back(response, &asked.request.answer_to.origin())
    }

    /// Writes the agreement down. The code is the authorization endpoint's to issue.
    async fn allow(&self, incoming: &Incoming, asked: Asked, now: Timestamp) -> Result<Response, Problem> {
        let Asked { handle, request, client, account, agreement } = asked;
        let agreed = Agreement::extended(agreement, request.claims_to_consent(), request.is_offline(), now);
        self.consents.agree(account.id, &client.client_id, agreed).await.map_err(wizard::unavailable)?;
        tracing::info!(client_id = %client.client_id, "consent given");
        Ok(on(incoming, &handle))
    }
}

/// Back to where it is decided what comes next.
fn on(incoming: &Incoming, handle: &Bearer) -> Response {
    led(incoming, &format!("/connect/resume?request={}", handle.expose()))
}

/// Back with the person's no, which the authorization endpoint tells the client in the way it asked for.
fn denied(incoming: &Incoming, asked: &Asked) -> Response {
    tracing::info!(client_id = %asked.client.client_id, "consent denied");
    led(incoming, &format!("/connect/resume?request={}&denied=yes", asked.handle.expose()))
}

fn led(incoming: &Incoming, next: &str) -> Response {
    match incoming.representation {
        Representation::Html => answer::see_other(next),
        Representation::Json => answer::json(StatusCode::OK, &Done { step: "done", next }),
    }
}
