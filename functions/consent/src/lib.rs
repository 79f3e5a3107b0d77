//! Consent: who asks, exactly what they will be told, and two answers of equal weight. It is shown and accepted only where
//! [`oidc::decision`] asks for it; everything else goes on at `/connect/resume`.

mod page;

use std::str::FromStr;

use authentication::{Authentication, Browser};
use domain::{bearer::Bearer, language::Text, reason::Reason};
use endpoint::Clients;
use http::{Method, StatusCode};
use jiff::Timestamp;
use oidc::{
    agreement::Extent,
    authorization_request::AuthorizationRequest,
    client::Client,
    decision::{self, SignedIn},
};
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
        // What an answer is to is named by the page's own field; else it is what was put to somebody last.
        let named = fields.was_sent("shown").then(|| fields.text("shown").unwrap_or_default().to_owned());
        let last = async {
            match posted && named.is_none() {
                true => self.requests.asked(&handle).await.map_err(wizard::unavailable),
                false => Ok(None),
            }
        };
        let (waiting, session, last) =
            tokio::join!(self.waiting(incoming, &handle, now), self.authentication.session(incoming), last);
        let (Waiting { request, sector, created_at, .. }, answered) = (waiting?, named.or(last?));
        let Some(session) = session? else { return Ok(on(incoming, &handle)) };
        let (account, registered, agreement, subject) = tokio::join!(
            self.authentication.holder(&session),
            self.clients.active(&request.client_id),
            self.consents.agreement(session.account_id, &request.client_id),
            self.consents.subject(session.account_id, &sector)
        );
        let Some(account) = account? else { return Ok(on(incoming, &handle)) };
        let client = registered.map_err(|_| Problem::Unavailable)?.ok_or(Problem::RequestGone)?.client;
        let (agreement, subject) = (agreement.map_err(wizard::unavailable)?, subject.map_err(wizard::unavailable)?);
        let answer = decision(fields);
        if matches!(answer, Ok(Decision::Deny)) {
            return Ok(denied(incoming, &handle, &client));
        }
        let signed_in = SignedIn::of(&session, &account, &client, subject.as_deref(), agreement.as_ref());
        let extent = request.extent(&signed_in.can_be_told);
        if decision::decide(&request, &client, Some(signed_in), created_at, now) != decision::Decision::AskConsent {
            return Ok(on(incoming, &handle));
        }
        let question = extent.put_to(account.id, &handle);
        let is_answered = answered.is_none_or(|answered| answered == question);
        let asked = Asked { handle, request, client, account, extent, question };
        if !posted {
            return self.ask(incoming, &asked, Form::empty(), StatusCode::OK, now).await;
        }
        match answer.and_then(|decision| if is_answered { Ok(decision) } else { Err(changed()) }) {
            Ok(_) => self.allow(incoming, &asked, now).await,
            Err(Problem::InvalidInput(errors)) if incoming.representation == Representation::Html => {
                let form = Form::empty().with_errors(errors);
                self.ask(incoming, &asked, form, StatusCode::UNPROCESSABLE_ENTITY, now).await
            }
            Err(problem) => Err(problem),
        }
    }
}

/// What is asked of whom.
struct Asked {
    handle: Bearer,
    request: AuthorizationRequest,
    client: Client,
    account: domain::account::Account,
    /// What an answer agrees to.
    extent: Extent,
    /// Names all of it, so that an answer counts for nothing else.
    question: String,
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

/// The page that was answered is not the one that would be shown now: somebody else signed in, or the client asks for more.
struct Changed;

impl Reason for Changed {
    fn code(&self) -> &'static str {
        "changed"
    }

    fn text(&self) -> Text {
        Text {
            th: "ข้อมูลในหน้านี้เปลี่ยนไปแล้ว อ่านอีกครั้งแล้วเลือกคำตอบ",
            en: "This page has changed since you opened it. Read it again, then choose",
        }
    }
}

fn changed() -> Problem {
    let mut fields = Fields::default();
    fields.note("decision", &Changed);
    fields.finish().err().unwrap_or(Problem::Internal)
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

    /// Puts the question, and notes to whom.
    async fn ask(
        &self,
        incoming: &Incoming,
        asked: &Asked,
        form: Form,
        status: StatusCode,
        now: Timestamp,
    ) -> Result<Response, Problem> {
        self.requests.ask(&asked.handle, &asked.question, now).await.map_err(wizard::unavailable)?;
        let response = match incoming.representation {
            Representation::Html => answer::page(status, &ConsentPage::of(incoming, asked, form)),
            Representation::Json => answer::json(status, &page::in_json(incoming, asked)),
        };
        Ok(answer::leading_back(response, &asked.request.answer_to.origin()))
    }

    /// Writes the agreement down. The code is the authorization endpoint's to issue.
    async fn allow(&self, incoming: &Incoming, asked: &Asked, now: Timestamp) -> Result<Response, Problem> {
        let Asked { handle, client, account, extent, .. } = asked;
        self.consents.agree(account.id, &client.client_id, extent, now).await.map_err(wizard::unavailable)?;
        tracing::info!(client_id = %client.client_id, "consent given");
        Ok(on(incoming, handle))
    }
}

/// Back to where it is decided what comes next.
fn on(incoming: &Incoming, handle: &Bearer) -> Response {
    led(incoming, &format!("/connect/resume?request={}", handle.expose()))
}

/// Back with the person's no, which the authorization endpoint tells the client in the way it asked for. A no is a no
/// whatever page it was said on.
fn denied(incoming: &Incoming, handle: &Bearer, client: &Client) -> Response {
    tracing::info!(client_id = %client.client_id, "consent denied");
    led(incoming, &format!("/connect/resume?request={}&denied=yes", handle.expose()))
}

fn led(incoming: &Incoming, next: &str) -> Response {
    match incoming.representation {
        Representation::Html => answer::see_other(next),
        Representation::Json => answer::json(StatusCode::OK, &Done { step: "done", next }),
    }
}
