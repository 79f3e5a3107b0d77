//! Where a registration begins, resumes and is given up: the terms of use, and the consent to them.

mod page;

use std::str::FromStr;

use askama::Template;
use domain::{
    account::AccountId,
    bearer::Bearer,
    consent::Consent,
    language::{Language, Text},
    reason::Reason,
    registration::{Event, Registration, RegistrationId, Step},
    request_handle::RequestHandle,
    terms::{Publications, Terms, TermsVersion},
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use page::{CancelledPage, DeclinedPage, TermsPage};
use serde::Serialize;
use store::registrations::{Opened, Removal, Stored};
use web::{
    Environment, Function, Incoming, Measure, Problem, Response, StartError,
    accept::Representation,
    answer,
    cookie::CookieName,
    measure::{StepOutcome, WizardStep},
    page::{Form, Moment},
};
use wizard::{Cookie, RegistrationView, Wizard};

/// The function.
#[derive(Debug)]
pub struct RegistrationTerms {
    wizard: Wizard,
    terms: Publications,
}

impl Function for RegistrationTerms {
    const NAME: &'static str = "registration-terms";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let terms = Publications::shipped()
            .map_err(|error| StartError::Invalid { name: "terms".into(), reason: error.to_string() })?;
        Ok(Self { wizard: Wizard::start(environment)?, terms })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match (&incoming.method, incoming.path.as_str()) {
            (&Method::POST, "/registration/terms") => Ok(self.post_terms(incoming).await),
            (&Method::POST, "/registration/cancel") => self.cancel(incoming).await,
            (&Method::POST, "/registration/extend") => self.extend(incoming).await,
            (&Method::GET, "/registration") => self.resume(incoming).await,
            (&Method::GET, "/registration/terms") => self.show(incoming),
            (&Method::GET, "/registration/declined") => {
                Ok(ended_page(incoming, "declined", DeclinedPage { page: incoming.page() }))
            }
            (&Method::GET, "/registration/cancelled") => {
                Ok(ended_page(incoming, "cancelled", CancelledPage { page: incoming.page() }))
            }
            _ => Err(Problem::NotFound),
        }
    }
}

/// The contract's terms in JSON.
#[derive(Serialize)]
struct TermsView<'a> {
    version: &'a str,
    language: &'static str,
    effective_from: String,
    sha256: String,
    clauses: &'a [domain::terms::Clause],
}

/// A step that ended the registration.
#[derive(Serialize)]
struct Ended {
    step: &'static str,
}

/// The person's answer to the terms.
enum Decision {
    Accept,
    Decline,
}

impl FromStr for Decision {
    type Err = NoDecision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "accept" => Ok(Self::Accept),
            "decline" => Ok(Self::Decline),
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
            th: "เลือกยินยอม หรือไม่ยินยอม", en: "Choose whether you accept or decline"
        }
    }
}

impl RegistrationTerms {
    fn in_force(&self, language: Language, now: Timestamp) -> Result<&Terms, Problem> {
        self.terms.in_force(now).map(|publication| publication.text(language)).ok_or(Problem::Internal)
    }

    fn show(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let terms = self.in_force(incoming.language, self.wizard.clock.now())?;
        Ok(match incoming.representation {
            Representation::Html => answer::page(StatusCode::OK, &terms_page(incoming, terms, Form::empty())),
            Representation::Json => answer::json(
                StatusCode::OK,
                &TermsView {
                    version: terms.version.as_str(),
                    language: incoming.language.tag(),
                    effective_from: terms.effective_from.to_string(),
                    sha256: terms.sha256(),
                    clauses: &terms.clauses,
                },
            ),
        })
    }

    /// The registration so far; in a browser, its current step.
    async fn resume(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match (incoming.representation, self.wizard.open(incoming).await) {
            (Representation::Json, opened) => {
                Ok(answer::json(StatusCode::OK, &RegistrationView::of(&opened?.registration)))
            }
            (Representation::Html, Ok(stored)) => Ok(answer::see_other(&wizard::path(stored.registration.step()))),
            (Representation::Html, Err(Problem::NoRegistration)) => Ok(answer::see_other("/registration/terms")),
            (Representation::Html, Err(problem)) => Err(problem),
        }
    }

    async fn post_terms(&self, incoming: &Incoming) -> Response {
        let now = self.wizard.clock.now();
        match self.decide(incoming, now).await {
            Ok(response) => response,
            Err(problem) => match self.in_force(incoming.language, now) {
                Ok(terms) => {
                    answer::refusal(incoming, &problem, Form::empty(), |form| terms_page(incoming, terms, form))
                }
                Err(problem) => answer::problem(incoming, &problem),
            },
        }
    }

    async fn decide(&self, incoming: &Incoming, now: Timestamp) -> Result<Response, Problem> {
        let mut fields = incoming.fields()?;
        let version: Option<TermsVersion> = fields.required("terms_version");
        let decision: Option<Decision> = fields.required("consent");
        // What is no handle leads nowhere; the registration is none the worse for it.
        let return_to = fields.text("request").and_then(|handle| handle.parse().ok());
        // The form says which words it showed: the language may have been switched in another tab since.
        let shown = fields.text("language").and_then(|tag| tag.parse().ok()).unwrap_or(incoming.language);
        fields.finish()?;
        let (Some(version), Some(decision)) = (version, decision) else { return Err(Problem::Internal) };
        if matches!(decision, Decision::Decline) {
            return self.decline(incoming).await;
        }
        let terms = self.in_force(shown, now)?;
        if version != terms.version {
            return Err(Problem::TermsOutdated);
        }
        let consent = Consent {
            version,
            language: shown,
            sha256: terms.sha256(),
            at: now,
            ip: incoming.caller.address,
            user_agent: incoming.caller.user_agent.clone(),
        };
        let (stored, secret) = match self.open_one(incoming).await? {
            // Begun under terms that have been replaced since: it goes on under the new ones.
            Some(stored) if stored.registration.consent.version != terms.version => {
                self.wizard.advance_renewed(stored, Event::TermsAccepted(consent), None).await?
            }
            // Any other acceptance begins afresh, so that nobody walks on in somebody else's registration.
            Some(left_behind) => {
                let (begun, removed) = tokio::join!(
                    self.begin(incoming, consent, return_to),
                    self.wizard.registrations.remove(&left_behind)
                );
                if let Err(error) = removed {
                    tracing::warn!(%error, "a registration was left behind");
                }
                begun?
            }
            None => self.begin(incoming, consent, return_to).await?,
        };
        let created = match incoming.representation {
            Representation::Json => answer::json(StatusCode::CREATED, &RegistrationView::of(&stored.registration)),
            Representation::Html => answer::see_other(&wizard::path(stored.registration.step())),
        };
        let cookie = Cookie { id: stored.registration.id.clone(), secret };
        Ok(answer::with_cookie(created, &incoming.site.cookies.set(CookieName::Registration, &cookie.expose())))
    }

    /// The browser's registration under way.
    async fn open_one(&self, incoming: &Incoming) -> Result<Option<Stored>, Problem> {
        match self.wizard.opened(incoming).await? {
            Some(Opened::Open(stored)) => Ok(Some(*stored)),
            Some(Opened::Closed { .. }) | None => Ok(None),
        }
    }

    /// Nothing is stored, and nothing that was stays.
    async fn decline(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if let Some(stored) = self.open_one(incoming).await? {
            self.wizard.registrations.remove(&stored).await.map_err(wizard::unavailable)?;
        }
        incoming.measure(Measure::RegistrationStep(WizardStep::Terms, StepOutcome::Declined));
        let response = ended(incoming, "declined", "/registration/declined");
        Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Registration)))
    }

    async fn begin(
        &self,
        incoming: &Incoming,
        consent: Consent,
        return_to: Option<RequestHandle>,
    ) -> Result<(Stored, Bearer), Problem> {
        let now = consent.at;
        let entropy = &self.wizard.entropy;
        let id = RegistrationId::from_random(entropy.bytes());
        let account_id = AccountId::from_random(entropy.bytes());
        let secret = Bearer::new(entropy.bytes());
        let registration = Registration { return_to, ..Registration::begin(id, account_id, consent, now) };
        let stored = self.wizard.registrations.begin(registration, &secret).await.map_err(wizard::unavailable)?;
        tracing::info!(step = "terms", "registration begun");
        incoming.measure(Measure::RegistrationStep(WizardStep::Terms, StepOutcome::Done));
        Ok((stored, secret))
    }

    /// Its body says nothing, and is read all the same: what is no form of ours is no press of our button.
    async fn cancel(&self, incoming: &Incoming) -> Result<Response, Problem> {
        incoming.fields()?;
        let stored = self.wizard.open(incoming).await?;
        match self.wizard.registrations.remove(&stored).await.map_err(wizard::unavailable)? {
            Removal::Gone => {
                let left_at = WizardStep::At(stored.registration.step());
                incoming.measure(Measure::RegistrationStep(left_at, StepOutcome::Cancelled));
                let response = ended(incoming, "cancelled", "/registration/cancelled");
                Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Registration)))
            }
            // A step done in another tab was faster: a browser is shown what became of it.
            removal => match (incoming.representation, removal) {
                (Representation::Html, Removal::Closed) => Ok(answer::see_other("/registration/done")),
                (Representation::Html, _) => Ok(answer::see_other("/registration")),
                (Representation::Json, _) => Err(Problem::NoRegistration),
            },
        }
    }

    /// As with [`Self::cancel`], the body says nothing and is read.
    async fn extend(&self, incoming: &Incoming) -> Result<Response, Problem> {
        incoming.fields()?;
        let stored = self.wizard.open_at(incoming, Step::Identity).await?;
        let stored = self.wizard.advance(stored, Event::Extended).await?;
        Ok(self.wizard.moved_on(incoming, &stored.registration))
    }
}

fn ended(incoming: &Incoming, step: &'static str, page: &str) -> Response {
    match incoming.representation {
        Representation::Json => answer::json(StatusCode::OK, &Ended { step }),
        Representation::Html => answer::see_other(page),
    }
}

/// The authorization request that registering began in, as the page carries it on.
fn carried(incoming: &Incoming) -> Option<String> {
    let field = || incoming.fields().ok()?.text("request").map(str::to_owned);
    let handle: RequestHandle = incoming.query("request").map(str::to_owned).or_else(field)?.parse().ok()?;
    Some(handle.to_string())
}

fn ended_page(incoming: &Incoming, step: &'static str, page: impl Template) -> Response {
    match incoming.representation {
        Representation::Json => answer::json(StatusCode::OK, &Ended { step }),
        Representation::Html => answer::page(StatusCode::OK, &page),
    }
}

fn terms_page(incoming: &Incoming, terms: &Terms, form: Form) -> TermsPage {
    TermsPage {
        page: incoming.page().attending(&form),
        form,
        version: terms.version.as_str().to_owned(),
        effective_from: Moment::of(terms.effective_from, incoming.language).date,
        request: carried(incoming),
        clauses: terms.clauses.iter().map(page::ClauseView::of).collect(),
        sha256: terms.sha256(),
    }
}
