//! Step 5: a last look, and the transaction that makes the account.

mod page;

use domain::{
    bearer::Bearer,
    device::DeviceKey,
    identity::Identity,
    language::Language,
    limit::ALREADY_REGISTERED_PER_NUMBER,
    registration::{Event, Registration, Step},
    request_handle::RequestHandle,
    sealed::Mac,
    terms::Publications,
    username::Username,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use page::{DonePage, IdentityView, ReviewPage};
use serde::Serialize;
use store::{
    accounts::Accounts,
    devices::Devices,
    limits::{Charge, Limits},
    opening::{self, Opening, OpeningError},
    registrations::{Opened, Stored},
};
use web::{
    Environment, Function, Incoming, Problem, Response, StartError, accept::Representation, answer, cookie::CookieName,
    fields::Confirmed, page::Form,
};
use wizard::{RegistrationView, Wizard};

/// How often what changed meanwhile is read again.
const RACES: u32 = 3;
/// How long the page that says "done" knows the username, in seconds.
const REGISTERED_FOR: u32 = 600;

/// The function.
#[derive(Debug)]
pub struct RegistrationReview {
    wizard: Wizard,
    accounts: Accounts,
    devices: Devices,
    limits: Limits,
    terms: Publications,
}

impl Function for RegistrationReview {
    const NAME: &'static str = "registration-review";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let terms = Publications::shipped()
            .map_err(|error| StartError::Invalid { name: "terms".into(), reason: error.to_string() })?;
        Ok(Self {
            wizard: Wizard::start(environment)?,
            accounts: wizard::accounts(environment)?,
            devices: Devices::new(wizard::table(environment, "SESSIONS_TABLE")?),
            limits: wizard::limits(environment)?,
            terms,
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        match (&incoming.method, incoming.path.as_str()) {
            (&Method::POST, _) => self.post(incoming).await,
            (_, "/registration/done") => Ok(done_page(incoming)),
            _ => {
                let stored = self.wizard.open_at(incoming, Step::Review).await?;
                Ok(match incoming.representation {
                    Representation::Json => answer::json(StatusCode::OK, &RegistrationView::of(&stored.registration)),
                    Representation::Html => {
                        answer::page(StatusCode::OK, &self.page(incoming, &stored.registration, Form::empty()))
                    }
                })
            }
        }
    }
}

/// The contract's last answer.
#[derive(Serialize)]
struct Done<'a> {
    step: &'static str,
    /// Absent where only the page's address is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    account_url: String,
}

impl RegistrationReview {
    async fn post(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let stored = match (self.wizard.opened(incoming).await?, incoming.representation) {
            (Some(Opened::Open(stored)), _) => *stored,
            // The button pressed twice in a browser: the account is there, and the person should see so.
            (Some(Opened::Closed { username, return_to }), Representation::Html) => {
                return Ok(done(incoming, &username, return_to.as_ref()));
            }
            _ => return Err(Problem::NoRegistration),
        };
        let shown = stored.registration.clone();
        match self.confirm(incoming, stored).await {
            Ok(response) => Ok(response),
            Err(problem @ (Problem::NumberInUse | Problem::InvalidInput(_) | Problem::TooManyRequests { .. })) => {
                Ok(answer::refusal(incoming, &problem, Form::empty(), |form| self.page(incoming, &shown, form)))
            }
            Err(Problem::AlreadyRegistered) => {
                let response = answer::problem(incoming, &Problem::AlreadyRegistered);
                Ok(answer::with_cookie(response, &incoming.site.cookies.clear(CookieName::Registration)))
            }
            // Told on the page that can change it.
            Err(problem @ Problem::UsernameTaken(_)) if incoming.representation == Representation::Html => {
                Ok(answer::told_elsewhere("/registration/account?taken=yes", &problem))
            }
            // Pressed twice, and the other press was faster.
            Err(Problem::NoRegistration) if incoming.representation == Representation::Html => {
                match self.wizard.opened(incoming).await? {
                    Some(Opened::Closed { username, return_to }) => Ok(done(incoming, &username, return_to.as_ref())),
                    _ => Err(Problem::NoRegistration),
                }
            }
            Err(problem) => Err(problem),
        }
    }

    async fn confirm(&self, incoming: &Incoming, mut stored: Stored) -> Result<Response, Problem> {
        let now = self.wizard.clock.now();
        stored.registration.reached(Step::Review, now).map_err(|refusal| Problem::refused(&refusal, now))?;
        let mut fields = incoming.fields()?;
        let _: Option<Confirmed> = fields.required("confirm");
        fields.finish()?;
        let in_force = self.terms.in_force(now).ok_or(Problem::Internal)?;
        if stored.registration.consent.version != *in_force.version() {
            return Err(Problem::TermsOutdated);
        }
        let device = Bearer::new(self.wizard.entropy.bytes());
        for _ in 0..RACES {
            match self.open_account(&stored, &device, now).await {
                Ok(username) => {
                    tracing::info!(step = "review", "account opened");
                    incoming.passed(Step::Review, stored.registration.step());
                    let return_to = stored.registration.return_to.as_ref();
                    return Ok(remembered(incoming, device, &username, return_to));
                }
                Err(Attempt::Changed) => stored = self.wizard.open_at(incoming, Step::Review).await?,
                Err(Attempt::Failed(problem)) => return Err(problem),
            }
        }
        Err(Problem::Busy)
    }

    async fn open_account(&self, stored: &Stored, device: &Bearer, now: Timestamp) -> Result<Username, Attempt> {
        let Registration { credentials, mobile, .. } = &stored.registration;
        let parts = stored.registration.account(now).zip(credentials.as_ref()).zip(mobile.as_ref());
        let Some(((account, credentials), mobile)) = parts else { return Err(Attempt::Failed(Problem::Internal)) };
        let number_mac = mobile.number_mac.clone();
        let proven = account.identity.method.is_proven();
        let (holders, charge) = tokio::join!(
            self.accounts.holders(&account.identity.citizen_id_mac),
            self.charge_guess(proven, &number_mac, now)
        );
        let charge = charge.map_err(Attempt::Failed)?;
        let holders = match holders {
            Ok(holders) => holders,
            Err(error) => {
                wizard::refund(&self.limits, charge).await;
                return Err(Attempt::Failed(wizard::unavailable(error)));
            }
        };
        let holds = [&holders.proven, &holders.unproven].into_iter().flatten();
        if holds.map(|holder| holder.account_id).any(|id| id == account.id) {
            // By this very registration, confirmed once more meanwhile: nobody else's account is told of.
            wizard::refund(&self.limits, charge).await;
            return Err(Attempt::Failed(Problem::NoRegistration));
        }
        let taken = holders.proven.is_some() || (!proven && holders.unproven.is_some());
        if taken {
            // Told, so the guess stays counted; and it ends the registration.
            self.wizard
                .registrations
                .remove(stored)
                .await
                .map_err(|error| Attempt::Failed(wizard::unavailable(error)))?;
            return Err(Attempt::Failed(Problem::AlreadyRegistered));
        }
        let opening = Opening {
            stored,
            account,
            password: &credentials.password,
            number_mac: &number_mac,
            holders: &holders,
            guess: (&self.limits, &charge),
            device: (&self.devices, DeviceKey::of(device, &credentials.username)),
        };
        let username = credentials.username.clone();
        match opening::open(opening, &self.accounts, &self.wizard.registrations, now).await {
            Ok(()) => Ok(username),
            Err(OpeningError::Changed) => {
                wizard::refund(&self.limits, charge).await;
                Err(Attempt::Changed)
            }
            Err(OpeningError::Store(error)) => match self.wizard.registrations.is_closed(stored, now).await {
                // No answer is not a "no": the transaction was written, and the account is there.
                Ok(true) => Ok(username),
                Ok(false) => {
                    wizard::refund(&self.limits, charge).await;
                    Err(Attempt::Failed(wizard::unavailable(error)))
                }
                // Whether the count was given back with an account is not known: a refund lost is the lesser harm.
                Err(_) => Err(Attempt::Failed(wizard::unavailable(error))),
            },
            // What follows tells something about the citizen ID, were it only that nobody has it: the guess stays counted.
            Err(OpeningError::Gone) => Err(Attempt::Failed(Problem::NoRegistration)),
            Err(OpeningError::NumberFull) => Err(Attempt::Failed(Problem::NumberInUse)),
            Err(OpeningError::AlreadyRegistered) => {
                let removed = self.wizard.registrations.remove(stored).await;
                removed.map_err(|error| Attempt::Failed(wizard::unavailable(error)))?;
                Err(Attempt::Failed(Problem::AlreadyRegistered))
            }
            Err(OpeningError::UsernameTaken) => {
                let advanced = self.wizard.advance(stored.clone(), Event::UsernameTaken(username)).await;
                let step = advanced.map_err(Attempt::Failed)?.registration.step();
                Err(Attempt::Failed(Problem::UsernameTaken(Some(step))))
            }
        }
    }

    /// On one's own word, "has an account" is a guess that a number may make three times a day: charged before it is
    /// looked up. Somebody confirmed by the registry guesses nothing.
    async fn charge_guess(&self, proven: bool, number_mac: &Mac, now: Timestamp) -> Result<Vec<Charge>, Problem> {
        if proven {
            return Ok(Vec::new());
        }
        wizard::charge(&self.limits, [ALREADY_REGISTERED_PER_NUMBER.bucket(&number_mac.tag, now)], now).await
    }

    fn page(&self, incoming: &Incoming, registration: &Registration, form: Form) -> ReviewPage {
        let page = self.wizard.page(incoming, registration).attending(&form);
        let identity = registration.identity.as_ref();
        let username = registration.credentials.as_ref().map_or("", |credentials| credentials.username.as_str());
        ReviewPage {
            page,
            form,
            identity: identity.map(|identity| identity_view(identity, incoming.language)).unwrap_or_default(),
            username: username.to_owned(),
            mobile: registration.mobile.as_ref().map(|mobile| mobile.number.masked()).unwrap_or_default(),
        }
    }
}

/// Why an attempt made no account.
enum Attempt {
    /// Something changed between reading and writing: to be tried again.
    Changed,
    /// Something to tell the person.
    Failed(Problem),
}

fn done(incoming: &Incoming, username: &Username, return_to: Option<&RequestHandle>) -> Response {
    let username = username.as_str();
    let cookies = incoming.site.cookies;
    let response = match incoming.representation {
        Representation::Json => answer::json(
            StatusCode::CREATED,
            &Done { step: "done", username: Some(username), account_url: account_url(incoming) },
        ),
        Representation::Html => answer::with_cookie(
            answer::see_other(&done_path(return_to)),
            &cookies.set_for(CookieName::Registered, username, REGISTERED_FOR),
        ),
    };
    answer::with_cookie(response, &cookies.clear(CookieName::Registration))
}

/// The browser that registered has been seen: it signs in without a code.
fn remembered(incoming: &Incoming, device: Bearer, username: &Username, return_to: Option<&RequestHandle>) -> Response {
    let response = done(incoming, username, return_to);
    let devices = authentication::browser::devices(incoming).renewed(device, None, username);
    let (cookies, seconds) = (incoming.site.cookies, authentication::finish::remembered_for());
    answer::with_cookie(response, &cookies.set_for(CookieName::Device, &devices.expose(), seconds))
}

fn done_path(return_to: Option<&RequestHandle>) -> String {
    return_to.map_or_else(|| "/registration/done".to_owned(), |request| format!("/registration/done?request={request}"))
}

fn identity_view(identity: &Identity, language: Language) -> IdentityView {
    IdentityView {
        proven: identity.method.is_proven(),
        citizen_id: identity.citizen_id_masked.clone(),
        first_name: identity.first_name.expose().to_owned(),
        middle_name: identity.middle_name.as_ref().map(|name| name.expose().to_owned()),
        last_name: identity.last_name.expose().to_owned(),
        birth_date: identity.birth_date.written(language),
    }
}

fn done_page(incoming: &Incoming) -> Response {
    let username = incoming.cookie(CookieName::Registered).and_then(|value| Username::existing(value).ok());
    let username = username.as_ref().map(Username::as_str);
    match incoming.representation {
        Representation::Json => {
            answer::json(StatusCode::OK, &Done { step: "done", username, account_url: account_url(incoming) })
        }
        Representation::Html => {
            let username = username.unwrap_or_default().to_owned();
            let request = incoming.query("request").and_then(|handle| handle.parse::<RequestHandle>().ok());
            let resume = request.map(|request| request.resume_path());
            answer::page(StatusCode::OK, &DonePage { page: incoming.page(), username, resume })
        }
    }
}

fn account_url(incoming: &Incoming) -> String {
    format!("{}/account", incoming.site.issuer)
}
