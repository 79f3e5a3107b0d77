//! Step 4, second half: the code that came by text.
//!
//! The try is counted, in one conditional update, before the code is compared; fifty at once are five comparisons.

mod page;

use domain::{
    otp::{Otp, OtpCode, Purpose},
    registration::{Event, Step},
};
use http::{Method, StatusCode};
use keys::macs::MacKey;
use page::OtpPage;
use store::{
    limits::{Charge, Limits},
    registrations::{Counting, Stored},
};
use web::{
    Environment, Function, Incoming, Measure, Problem, Response, StartError,
    accept::Representation,
    answer,
    one_time_code::{SentCode, resend_refused},
    page::Form,
};
use wizard::{RegistrationView, Wizard};

/// The function.
#[derive(Debug)]
pub struct RegistrationOtp {
    wizard: Wizard,
    limits: Limits,
    otp_mac: MacKey,
}

impl Function for RegistrationOtp {
    const NAME: &'static str = "registration-otp";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            wizard: Wizard::start(environment)?,
            limits: wizard::limits(environment)?,
            otp_mac: MacKey::new(wizard::kms(environment), environment.text("OTP_MAC_KEY")?),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let stored = self.wizard.open_at(incoming, Step::Otp).await?;
        if incoming.method == Method::POST {
            let shown = stored.clone();
            let outcome = self.compare(incoming, stored).await;
            incoming.measure(Measure::code_typed(Purpose::Registration, &outcome));
            return match outcome {
                Ok(response) => Ok(response),
                Err(problem) => Ok(self.again(incoming, &problem, &shown)),
            };
        }
        match (incoming.representation, &stored.registration.otp) {
            (Representation::Json, _) => Ok(answer::json(StatusCode::OK, &RegistrationView::of(&stored.registration))),
            (Representation::Html, Some(otp)) => {
                Ok(answer::page(StatusCode::OK, &self.page(incoming, &stored, otp, resend_refused(incoming))))
            }
            (Representation::Html, None) => Ok(answer::see_other(&wizard::path(stored.registration.step()))),
        }
    }
}

impl RegistrationOtp {
    async fn compare(&self, incoming: &Incoming, stored: Stored) -> Result<Response, Problem> {
        let now = self.wizard.clock.now();
        let mut fields = incoming.fields()?;
        let code: Option<OtpCode> = fields.required("code");
        fields.finish()?;
        let code = code.ok_or(Problem::Internal)?;
        let otp = stored.registration.otp.clone().ok_or(Problem::OtpExpired)?;

        let (tried, mac) = tokio::join!(
            self.wizard.registrations.try_code(&stored, &otp.id, now),
            self.otp_mac.registration_code(&stored.registration.id, &otp.id, &otp.number, &code)
        );
        let tried = tried.map_err(|error| wizard::advance_problem(error, now))?;
        let right = match mac {
            Ok(mac) => mac == otp.mac,
            Err(error) => return Err(self.not_compared(&tried, &otp.id, wizard::key_unavailable(error)).await),
        };
        if !right {
            return Err(Problem::OtpIncorrect { attempts_left: tried.registration.attempts_left() });
        }
        // With the save, so that of several right codes at once only the one that is saved gives anything back.
        let charges: Vec<_> = tried.registration.charged_for(&otp.number).map(Charge::taken).collect();
        let event = Event::CodeReturned(otp.id.clone());
        let back = Counting::Back(&self.limits, &charges);
        let (stored, secret) = match self.wizard.advance_renewed(tried.clone(), event, Some(back)).await {
            Ok(advanced) => advanced,
            Err(problem) if problem.status().is_server_error() => {
                return Err(self.not_compared(&tried, &otp.id, problem).await);
            }
            Err(problem) => return Err(problem),
        };
        tracing::info!(step = "otp", "registration moved on");
        incoming.passed(Step::Otp, tried.registration.step());
        Ok(self.wizard.moved_on_renewed(incoming, &stored.registration, secret))
    }

    /// A failure of ours costs no try.
    async fn not_compared(&self, tried: &Stored, otp_id: &str, problem: Problem) -> Problem {
        if let Err(error) = self.wizard.registrations.take_back_try(tried, otp_id).await {
            tracing::warn!(%error, "a refund was lost");
        }
        problem
    }

    fn again(&self, incoming: &Incoming, problem: &Problem, stored: &Stored) -> Response {
        match (&stored.registration.otp, problem) {
            (Some(otp), _) => {
                let mut otp = otp.clone();
                if let Problem::OtpIncorrect { attempts_left } = problem {
                    otp.tries = domain::otp::TRIES.saturating_sub(*attempts_left);
                }
                answer::refusal(incoming, problem, Form::empty(), |form| self.page(incoming, stored, &otp, form))
            }
            (None, problem) => answer::problem(incoming, problem),
        }
    }

    fn page(&self, incoming: &Incoming, stored: &Stored, otp: &Otp, form: Form) -> OtpPage {
        let attempts_left = otp.attempts_left().min(stored.registration.attempts_left());
        OtpPage {
            page: self.wizard.page(incoming, &stored.registration).attending(&form),
            form,
            code: SentCode::of(otp, attempts_left, self.wizard.clock.now(), incoming.language),
            number: otp.number.national(),
        }
    }
}
