//! Signing in: username and password, and a code by text message where the browser was not seen before or the service
//! asks for one.
//!
//! Charged before it is compared; one answer to everything that fails, and the same work done for it.

mod credentials;
mod page;
mod renewal;

use authentication::{
    Authentication, Browser, Serving, Servings,
    charges::{Charged, Charges, Settle, Standing},
    codes::{self, Codes, Draft, SendProblem},
    finish::Proved,
    step,
};
use credentials::Credentials;
use domain::{
    account::AccountId,
    sealed::Mac,
    session::Authentication as Evidence,
    sign_in::{Event, PendingSignIn, SignInId},
    username::Username,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use keys::{
    macs::MacKey,
    passwords::{Passwords, Stretched},
};
use page::SignInPage;
use serde::Serialize;
use sign_out::SignOut;
use store::{accounts::Login, sessions::Before, whereabouts::Whereabouts};
use web::{
    Clock, Environment, Function, Incoming, Measure, Problem, Response, StartError,
    accept::Representation,
    answer,
    cookie::CookieName,
    measure::SignInOutcome,
    page::{Alert, Form},
};

/// The function.
#[derive(Debug)]
pub struct SignIn {
    authentication: Authentication,
    servings: Servings,
    codes: Codes,
    charges: Charges,
    whereabouts: Whereabouts,
    passwords: Passwords,
    sign_out: SignOut,
    clock: Clock,
}

impl Function for SignIn {
    const NAME: &'static str = "sign-in";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let key = MacKey::new(wizard::kms(environment), environment.text("PASSWORD_MAC_KEY")?);
        Ok(Self {
            authentication: Authentication::start(environment)?,
            servings: Servings::start(environment)?,
            codes: Codes::start(environment)?,
            charges: Charges::start(environment)?,
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
            passwords: Passwords::new(key),
            sign_out: SignOut::start(environment)?,
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let browser = Browser::of(incoming, &self.authentication.entropy);
        let response = match incoming.method {
            Method::POST => self.post(incoming, &browser).await?,
            _ => self.ask(incoming).await?,
        };
        Ok(browser.keep(incoming, response))
    }
}

/// What a program that looks first is told.
#[derive(Serialize)]
struct Asking {
    step: &'static str,
}

/// A password that was right, in a browser that needs a code.
struct Accepted<'a> {
    login: &'a Login,
    username: &'a Username,
    /// The sign-in's id, its code and that code's verifier.
    prepared: Prepared,
    /// What waits for this account in this browser already.
    waiting: Option<PendingSignIn>,
}

/// A code made while the password was compared.
struct Prepared {
    id: SignInId,
    draft: Draft,
    mac: Mac,
}

impl SignIn {
    async fn ask(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let serving = self.servings.of(incoming).await?;
        if incoming.representation == Representation::Json {
            return Ok(answer::json(StatusCode::OK, &Asking { step: "sign_in" }));
        }
        let hint = serving.as_ref().and_then(|serving| serving.login_hint.as_deref());
        let known = incoming.cookie(CookieName::Registered).or(hint).unwrap_or_default();
        let username = known.parse::<Username>().map(|username| username.as_str().to_owned());
        let mut form = Form::empty().with("username", username.unwrap_or_default());
        if incoming.query("ended") == Some("yes") {
            let detail = incoming.say(
                "การเข้าสู่ระบบครั้งก่อนหมดเวลาแล้ว กรุณาเข้าสู่ระบบอีกครั้ง",
                "The sign-in before has run out of time. Please sign in again",
            );
            form = form.with_alert(Alert { code: "ended", detail: detail.to_owned() });
        }
        Ok(page(incoming, serving, form, StatusCode::OK))
    }

    async fn post(&self, incoming: &Incoming, browser: &Browser) -> Result<Response, Problem> {
        let fields = incoming.fields()?;
        let typed = fields.typed(&["username"]);
        let credentials = Credentials::parse(fields);
        let (serving, outcome) = match credentials {
            Ok(credentials) => self.sign_in(incoming, browser, &credentials).await,
            Err(problem) => (self.servings.of(incoming).await?, Err(problem)),
        };
        incoming.measure(outcome.as_ref().err().and_then(Measure::sign_in_failed));
        Ok(match outcome {
            Ok(response) => response,
            Err(problem @ Problem::RequestGone) => answer::problem(incoming, &problem),
            Err(problem) => {
                let origin = serving.as_ref().map(|serving| serving.redirect_origin.clone());
                let again = |form| SignInPage::new(incoming, serving, form);
                leading_back(answer::refusal(incoming, &problem, typed, again), origin)
            }
        })
    }

    async fn sign_in(
        &self,
        incoming: &Incoming,
        browser: &Browser,
        credentials: &Credentials,
    ) -> (Option<Serving>, Result<Response, Problem>) {
        let now = self.clock.now();
        let (serving, charged, login, waiting, before) = tokio::join!(
            self.servings.of(incoming),
            self.charges.take(incoming, credentials.username.as_ref(), now),
            self.login(credentials),
            self.codes.waiting.open(&browser.secret, now),
            self.authentication.before(incoming)
        );
        let read = async { Ok((login?, waiting.map_err(wizard::unavailable)?, before?)) };
        let (serving, read) = match serving {
            Ok(serving) => (serving, read.await),
            Err(problem) => (None, Err(problem)),
        };
        match read {
            Ok((login, waiting, before)) => {
                let account = login.as_ref().map(|login| login.account_id);
                let before = before.filter(|before| before.concerns(account));
                let parts = Parts { incoming, browser, credentials, serving: serving.as_ref(), before, now };
                let outcome = self.compare(&parts, charged, login, waiting).await;
                (serving, outcome)
            }
            Err(problem) => {
                self.charges.settle(charged, Settle::Nothing).await;
                (serving, Err(problem))
            }
        }
    }

    /// The password, and beside it the code that may have to be sent: the same calls whatever is known.
    async fn compare(
        &self,
        parts: &Parts<'_>,
        charged: Charged,
        login: Option<Login>,
        waiting: Option<PendingSignIn>,
    ) -> Result<Response, Problem> {
        let standing = match charged.standing(login.as_ref()) {
            Ok(standing) => standing,
            Err(problem) => {
                self.charges.settle(charged, Settle::Nothing).await;
                return Err(problem);
            }
        };
        let needs_code = standing != Standing::Known || parts.serving.is_some_and(|serving| serving.wants_otp);
        let usable = login.as_ref().filter(|_| standing != Standing::Locked);
        // The password typed again goes on with the sign-in that waits: its tries are not to be had anew.
        let waiting =
            waiting.filter(|waiting| login.as_ref().is_some_and(|login| login.account_id == waiting.account_id));
        let id = waiting.as_ref().map_or_else(|| self.codes.sign_in_id(), |waiting| waiting.id.clone());
        let outcome = async {
            let stretched = self.stretch(parts.credentials, usable).await?;
            let prepared = async {
                match needs_code {
                    true => self.prepare(login.as_ref(), id, parts.now).await.map(Some),
                    false => Ok(None),
                }
            };
            tokio::try_join!(
                async { self.passwords.check(&stretched).await.map_err(wizard::key_unavailable) },
                prepared,
                self.sign_out.left_by(parts.before.as_ref(), login.as_ref().map(|login| login.account_id))
            )
        };
        let (matches, prepared, notices) = match outcome.await {
            Ok((matches, prepared, notices)) => (matches && parts.credentials.can_match, prepared, notices),
            Err(problem) => {
                self.charges.settle(charged, Settle::Nothing).await;
                return Err(problem);
            }
        };
        let (Some(login), Some(username), true) = (usable, parts.credentials.username.as_ref(), matches) else {
            if standing == Standing::Known {
                self.charges.settle(charged, Settle::WrongInKnown).await;
            }
            return Err(Problem::SignInFailed);
        };
        let device = charged.device(Some(login)).map(|device| device.key.clone());
        let renewed = self.renew(username, &parts.credentials.password, login);
        match prepared {
            None => {
                let proved = Proved {
                    account_id: login.account_id,
                    username,
                    evidence: Evidence::Password,
                    password_version: login.password_version,
                    whereabouts: &self.whereabouts,
                    device: device.clone(),
                    pending: None,
                    serving: parts.serving,
                    before: parts.before.clone(),
                    notices,
                    sign_out: &self.sign_out,
                };
                let settled = self.charges.settle(charged, Settle::Replaced);
                let (finished, (), ()) =
                    tokio::join!(self.authentication.finish(parts.incoming, proved), settled, renewed);
                if finished.is_err() {
                    self.charges.keep(device.as_ref()).await;
                }
                finished
            }
            Some(prepared) => {
                let accepted = Accepted { login, username, prepared, waiting };
                let settled = self.charges.settle(charged, Settle::Nothing);
                let (sent, (), ()) = tokio::join!(self.send(parts, accepted, device), settled, renewed);
                sent.map(|sign_in| {
                    parts.incoming.measure(Measure::SignIn(SignInOutcome::Otp));
                    step::otp(parts.incoming, &sign_in)
                })
            }
        }
    }

    /// A code for a password that was right; the one that waits, if it can serve.
    async fn send(
        &self,
        parts: &Parts<'_>,
        accepted: Accepted<'_>,
        device: Option<domain::device::DeviceKey>,
    ) -> Result<PendingSignIn, Problem> {
        let Accepted { login, username, prepared: Prepared { id, draft, mac }, waiting } = accepted;
        let (account_id, version, now) = (login.account_id, login.password_version, parts.now);
        let (otp, charged_to) =
            (draft.sealed(login.mobile_number.clone(), mac), self.codes.charged_to(parts.incoming, now));
        let sign_in = match &waiting {
            Some(waiting) if waiting.waits_for(account_id, version, now) => return Ok(waiting.clone()),
            Some(waiting) => {
                let typed = Event::PasswordTyped { otp, charged_to, device, password_version: version };
                waiting.clone().apply(typed, now).map_err(|refusal| codes::refused(refusal, now))?
            }
            None => PendingSignIn {
                id,
                account_id,
                username: username.clone(),
                password_at: now,
                password_version: version,
                device,
                otp,
                tries: 0,
                charged_to: vec![charged_to],
            },
        };
        match self.codes.send(parts.incoming, parts.browser, &sign_in, waiting.as_ref(), draft).await {
            Ok(()) => Ok(sign_in),
            Err(SendProblem::Told(problem)) => Err(problem),
            // The button pressed twice: the first press sent the code.
            Err(SendProblem::Overtaken(problem)) => {
                let waiting = self.codes.waiting.open(&parts.browser.secret, now).await;
                let waiting = waiting.map_err(wizard::unavailable)?;
                waiting.filter(|waiting| waiting.waits_for(account_id, version, now)).ok_or(problem)
            }
        }
    }

    /// The slow work on the password, for a username that nobody has too.
    async fn stretch(&self, credentials: &Credentials, login: Option<&Login>) -> Result<Stretched, Problem> {
        let stretched = match login {
            Some(login) => self.passwords.stretch(&credentials.password, login.account_id, &login.password).await,
            None => self.passwords.stretch_nobody(&credentials.password, AccountId::from_random([0; 16])).await,
        };
        stretched.map_err(wizard::key_unavailable)
    }

    /// A code for whoever it is: for a username nobody has, one that goes nowhere.
    async fn prepare(&self, login: Option<&Login>, id: SignInId, now: Timestamp) -> Result<Prepared, Problem> {
        let number = match login {
            Some(login) => login.mobile_number.clone(),
            None => NOBODYS_NUMBER.parse().map_err(|_| Problem::Internal)?,
        };
        let draft = self.codes.draft(now);
        let mac = self.codes.seal(&draft, &id, &number).await?;
        Ok(Prepared { id, draft, mac })
    }

    async fn login(&self, credentials: &Credentials) -> Result<Option<Login>, Problem> {
        match &credentials.username {
            Some(username) => self.authentication.accounts.login(username).await.map_err(wizard::unavailable),
            None => Ok(None),
        }
    }
}

/// Worked on in place of the number of an account that is not there; nothing is ever sent to it.
const NOBODYS_NUMBER: &str = "0800000000";

/// One sign-in, as it goes through its calls.
struct Parts<'a> {
    incoming: &'a Incoming,
    browser: &'a Browser,
    credentials: &'a Credentials,
    serving: Option<&'a Serving>,
    before: Option<Before>,
    now: Timestamp,
}

fn page(incoming: &Incoming, serving: Option<Serving>, form: Form, status: StatusCode) -> Response {
    let origin = serving.as_ref().map(|serving| serving.redirect_origin.clone());
    leading_back(answer::page(status, &SignInPage::new(incoming, serving, form)), origin)
}

fn leading_back(response: Response, origin: Option<String>) -> Response {
    match origin {
        Some(origin) => answer::leading_back(response, &origin),
        None => response,
    }
}
