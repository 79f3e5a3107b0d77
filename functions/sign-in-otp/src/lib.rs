//! The second half of signing in: the code that came by text, and another one.
//!
//! The try is counted, in one conditional update, before the code is compared; fifty at once are five comparisons.

mod page;

use authentication::{
    Authentication, Browser, Serving, Servings,
    codes::{self, Codes, SendProblem},
    finish::Proved,
    serving, step,
};
use domain::{
    bearer::Bearer,
    otp::{OtpCode, Purpose, TRIES},
    session::Authentication as Evidence,
    sign_in::{Event, PendingSignIn},
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use page::OtpPage;
use sign_out::SignOut;
use store::{
    limits::{Charge, Limits},
    lockout::Lockout,
    pending_sign_ins::TryError,
    sessions::Before,
    whereabouts::Whereabouts,
};
use web::{
    Clock, Environment, Fields, Function, Incoming, Measure, Problem, Response, StartError,
    accept::Representation,
    answer,
    one_time_code::{SentCode, resend_refused},
    page::Form,
};

/// The function.
#[derive(Debug)]
pub struct SignInOtp {
    authentication: Authentication,
    servings: Servings,
    codes: Codes,
    limits: Limits,
    lockout: Lockout,
    sign_out: SignOut,
    whereabouts: Whereabouts,
    clock: Clock,
}

impl Function for SignInOtp {
    const NAME: &'static str = "sign-in-otp";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            authentication: Authentication::start(environment)?,
            servings: Servings::start(environment)?,
            codes: Codes::start(environment)?,
            limits: wizard::limits(environment)?,
            lockout: Lockout::new(wizard::table(environment, "LIMITS_TABLE")?),
            sign_out: SignOut::start(environment)?,
            whereabouts: Whereabouts::new(wizard::table(environment, "WHEREABOUTS_TABLE")?),
            clock: environment.clock.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let now = self.clock.now();
        let browser = Browser::of(incoming, &self.authentication.entropy);
        let (serving, waiting, before) = tokio::join!(
            self.servings.of(incoming),
            self.codes.waiting.open(&browser.secret, now),
            self.authentication.before(incoming)
        );
        let (serving, before) = (serving?, before?);
        let Some(sign_in) = waiting.map_err(wizard::unavailable)? else {
            return Ok(ended(incoming));
        };
        let before = before.filter(|before| before.concerns(Some(sign_in.account_id)));
        let entry = Entry { incoming, browser, serving, sign_in, before, now };
        if incoming.method == Method::POST {
            return self.post(entry).await;
        }
        Ok(match incoming.representation {
            Representation::Json => step::otp(incoming, &entry.sign_in),
            Representation::Html => entry.page(&entry.sign_in, resend_refused(incoming)),
        })
    }
}

/// A request about the sign-in that waits in its browser.
struct Entry<'a> {
    incoming: &'a Incoming,
    browser: Browser,
    serving: Option<Serving>,
    sign_in: PendingSignIn,
    before: Option<Before>,
    now: Timestamp,
}

impl SignInOtp {
    async fn post(&self, entry: Entry<'_>) -> Result<Response, Problem> {
        let fields = entry.incoming.fields()?;
        let resending = fields.text("resend") == Some("yes");
        let outcome = match resending {
            true => self.resend(&entry, &fields).await,
            false => self.enter(&entry, fields).await,
        };
        if !resending {
            entry.incoming.measure(Measure::code_typed(Purpose::SignIn, &outcome));
        }
        entry.incoming.measure(outcome.as_ref().err().and_then(Measure::sign_in_failed));
        match outcome {
            Ok(response) => Ok(response),
            Err(Problem::NotSignedIn) => Ok(ended(entry.incoming)),
            // The password was changed meanwhile, or the account is not what it was: no code helps.
            Err(Problem::SignInFailed) if entry.incoming.representation == Representation::Html => {
                Ok(ended(entry.incoming))
            }
            Err(problem) => Ok(entry.again(&problem)),
        }
    }

    async fn enter(&self, entry: &Entry<'_>, mut fields: Fields) -> Result<Response, Problem> {
        let code: Option<OtpCode> = fields.required("code");
        fields.finish()?;
        let code = code.ok_or(Problem::Internal)?;
        let Entry { incoming, browser, serving, sign_in, before, now } = entry;
        let (tried, mac, notices) = tokio::join!(
            self.codes.waiting.try_code(&browser.secret, sign_in, *now),
            self.codes.mac_of(sign_in, &code),
            self.sign_out.left_by(before.as_ref(), Some(sign_in.account_id))
        );
        let tried = tried.map_err(|error| match error {
            TryError::Refused(refusal) => codes::refused(refusal, *now),
            TryError::Store(error) => wizard::unavailable(error),
        })?;
        if mac? != sign_in.otp.mac {
            return Err(Problem::OtpIncorrect { attempts_left: tried.otp.attempts_left() });
        }
        let proved = Proved {
            account_id: sign_in.account_id,
            username: &sign_in.username,
            evidence: Evidence::PasswordAndText,
            password_version: sign_in.password_version,
            whereabouts: &self.whereabouts,
            device: sign_in.device.clone(),
            pending: Some((&self.codes.waiting, &browser.secret, sign_in)),
            serving: serving.as_ref(),
            before: before.clone(),
            notices: notices?,
            sign_out: &self.sign_out,
        };
        let charges = sign_in.charged_to.iter().cloned().map(Charge::taken).collect();
        let (finished, cleared, ()) = tokio::join!(
            self.authentication.finish(incoming, proved),
            self.lockout.clear(sign_in.username.as_str()),
            wizard::refund(&self.limits, charges)
        );
        if let Err(error) = cleared {
            tracing::warn!(%error, "the failures were not cleared away");
        }
        finished
    }

    async fn resend(&self, entry: &Entry<'_>, fields: &Fields) -> Result<Response, Problem> {
        let Entry { incoming, browser, sign_in, now, .. } = entry;
        let moved_on = |sign_in: &PendingSignIn| step::otp(incoming, sign_in);
        // The page it was posted from is older than the code that waits: the same press of the button, sent twice.
        if fields.text("after").is_some_and(|seen| seen != sign_in.otp.reference.as_str()) {
            return Ok(moved_on(sign_in));
        }
        sign_in.may_send(*now).map_err(|refusal| codes::refused(refusal, *now))?;
        let draft = self.codes.draft(*now);
        let mac = self.codes.seal(&draft, &sign_in.id, &sign_in.otp.number).await?;
        let event = Event::CodeRequested {
            otp: draft.sealed(sign_in.otp.number.clone(), mac),
            charged_to: self.codes.charged_to(incoming, *now),
        };
        let next = sign_in.clone().apply(event, *now).map_err(|refusal| codes::refused(refusal, *now))?;
        match self.codes.send(incoming, browser, &next, Some(sign_in), draft).await {
            Ok(()) => Ok(moved_on(&next)),
            Err(SendProblem::Told(problem)) => Err(problem),
            Err(SendProblem::Overtaken(problem)) => match self.overtaken(&browser.secret, sign_in, *now).await? {
                Some(waiting) => Ok(moved_on(&waiting)),
                None => Err(problem),
            },
        }
    }

    /// What waits now, if another request sent a code meanwhile.
    async fn overtaken(
        &self,
        browser: &Bearer,
        before: &PendingSignIn,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>, Problem> {
        let waiting = self.codes.waiting.open(browser, now).await.map_err(wizard::unavailable)?;
        Ok(waiting.filter(|waiting| waiting.otp.id != before.otp.id))
    }
}

impl Entry<'_> {
    fn again(&self, problem: &Problem) -> Response {
        let mut sign_in = self.sign_in.clone();
        if let Problem::OtpIncorrect { attempts_left } = problem {
            sign_in.otp.tries = TRIES.saturating_sub(*attempts_left);
        }
        let response = answer::refusal(self.incoming, problem, Form::empty(), |form| self.template(&sign_in, form));
        self.leading_back(response)
    }

    fn page(&self, sign_in: &PendingSignIn, form: Form) -> Response {
        self.leading_back(answer::page(StatusCode::OK, &self.template(sign_in, form)))
    }

    fn template(&self, sign_in: &PendingSignIn, form: Form) -> OtpPage {
        OtpPage {
            page: self.incoming.page().attending(&form),
            form,
            code: SentCode::of(&sign_in.otp, sign_in.otp.attempts_left(), self.now, self.incoming.language),
            action: serving::path("/sign-in/otp", self.incoming),
            back: serving::path("/sign-in", self.incoming),
            serving: self.serving.clone(),
        }
    }

    fn leading_back(&self, response: Response) -> Response {
        match &self.serving {
            Some(serving) => answer::leading_back(response, &serving.redirect_origin),
            None => response,
        }
    }
}

/// No sign-in waits here, or not any more: back to the password, with the request that it served.
fn ended(incoming: &Incoming) -> Response {
    match incoming.representation {
        Representation::Json => answer::problem(incoming, &Problem::NotSignedIn),
        Representation::Html => {
            let path = serving::path("/sign-in", incoming);
            let separator = if path.contains('?') { '&' } else { '?' };
            answer::told_elsewhere(&format!("{path}{separator}ended=yes"), &Problem::NotSignedIn)
        }
    }
}
