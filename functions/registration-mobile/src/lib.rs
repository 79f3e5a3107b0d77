//! Step 4, first half: the mobile number, and the text with the code.
//!
//! The send is charged and saved before it is made; a text that certainly did not leave is taken back, one that may
//! have left is not sent again.

mod page;
mod request;

use domain::{
    limit::{self, AddressBreakers},
    mobile_number::MobileNumber,
    otp::{self, Otp, OtpCode, Purpose, Reference},
    registration::{Event, Registration, Step},
    sealed::Mac,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use keys::macs::MacKey;
use page::MobilePage;
use request::CodeRequest;
use sms::{SendError, TextMessages};
use store::{
    limits::{Charge, Limits},
    registrations::{Counting, Stored},
};
use web::{
    Environment, Fields, Function, Incoming, Measure, Problem, Response, Service, StartError,
    accept::Representation,
    answer,
    measure::CodeOutcome,
    page::{Form, Page},
};
use wizard::{RegistrationView, Wizard};

/// The function.
#[derive(Debug)]
pub struct RegistrationMobile {
    wizard: Wizard,
    limits: Limits,
    otp_mac: MacKey,
    number_mac: MacKey,
    texts: TextMessages,
    breakers: AddressBreakers,
    ceiling: limit::Ceiling,
}

impl Function for RegistrationMobile {
    const NAME: &'static str = "registration-mobile";

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let kms = wizard::kms(environment);
        let region: Option<String> = environment.optional("SMS_REGION")?;
        Ok(Self {
            wizard: Wizard::start(environment)?,
            limits: wizard::limits(environment)?,
            otp_mac: MacKey::new(kms.clone(), environment.text("OTP_MAC_KEY")?),
            number_mac: MacKey::new(kms, environment.text("MOBILE_NUMBER_MAC_KEY")?),
            texts: TextMessages::new(
                environment.aws_in(Service::Sns, region.as_deref()),
                region,
                environment.optional("SMS_SENDER_ID")?,
            ),
            breakers: AddressBreakers::new(
                environment.parse("SENDS_PER_ADDRESS")?,
                environment.parse("REFUSALS_PER_ADDRESS")?,
            ),
            ceiling: limit::Ceiling::new("registration-texts", environment.parse("REGISTRATION_TEXTS_PER_HOUR")?),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method == Method::POST {
            return self.post(incoming).await;
        }
        let stored = self.wizard.open_at(incoming, Step::Mobile).await?;
        Ok(match incoming.representation {
            Representation::Json => answer::json(StatusCode::OK, &RegistrationView::of(&stored.registration)),
            Representation::Html => {
                let page = self.wizard.page(incoming, &stored.registration);
                answer::page(StatusCode::OK, &MobilePage { page, form: Form::empty() })
            }
        })
    }
}

impl RegistrationMobile {
    async fn post(&self, incoming: &Incoming) -> Result<Response, Problem> {
        let fields = incoming.fields()?;
        let typed = fields.typed(&["mobile_number"]);
        let in_browser = incoming.representation == Representation::Html;
        let from_code_page = fields.text("after").is_some() && in_browser;
        let number: Option<MobileNumber> = fields.text("mobile_number").and_then(|text| text.parse().ok());
        match self.send(incoming, fields).await {
            Ok(response) => Ok(response),
            // Asked for from the page that takes the code: told there, where the code already sent can still be typed.
            Err(problem @ Problem::TooManyRequests { retry_after })
                if from_code_page || (in_browser && self.code_waits(incoming, number.as_ref()).await) =>
            {
                Ok(answer::told_elsewhere(&format!("/registration/otp?wait={retry_after}"), &problem))
            }
            Err(problem @ (Problem::SmsNotSent | Problem::Unavailable | Problem::Busy)) if from_code_page => {
                Ok(answer::told_elsewhere("/registration/otp?unsent=yes", &problem))
            }
            Err(problem) => {
                let page = self.wizard.page_again(incoming).await;
                let again = |form| MobilePage { page: Page::attending(page, &form), form };
                Ok(answer::refusal(incoming, &problem, typed, again))
            }
        }
    }

    /// Whether a code to this number can still be typed: the button was pressed twice, and the text is on its way.
    async fn code_waits(&self, incoming: &Incoming, number: Option<&MobileNumber>) -> bool {
        let Ok(stored) = self.wizard.open_at(incoming, Step::Otp).await else { return false };
        let waiting = stored.registration.otp.as_ref().filter(|otp| self.wizard.clock.now() < otp.expires_at());
        waiting.is_some_and(|otp| Some(&otp.number) == number)
    }

    async fn send(&self, incoming: &Incoming, fields: Fields) -> Result<Response, Problem> {
        let CodeRequest { number, seen } = match CodeRequest::parse(fields) {
            Ok(request) => request,
            Err(problem) => return self.wizard.open_at(incoming, Step::Mobile).await.and(Err(problem)),
        };
        let draft = self.draft();
        let now = draft.sent_at;
        let registration_id = self.wizard.claimed_id(incoming);
        let (stored, code_mac, number_mac, charges) = tokio::join!(
            self.wizard.open_at(incoming, Step::Mobile),
            self.code_mac(registration_id, &draft, &number),
            self.number_mac.mobile_number(&number),
            self.charge(incoming, now)
        );
        let macs = code_mac.and_then(|code| Ok((code, number_mac.map_err(wizard::key_unavailable)?)));
        self.go_on(incoming, number, draft, seen.as_deref(), FirstRound { stored, macs, charges }).await
    }

    /// With everything at hand: what fails before the text is saved gives back what was charged for it.
    async fn go_on(
        &self,
        incoming: &Incoming,
        number: MobileNumber,
        draft: Draft,
        seen: Option<&str>,
        round: FirstRound,
    ) -> Result<Response, Problem> {
        let (stored, charges) = match (round.stored, round.charges) {
            (Ok(stored), Ok(charges)) => (stored, charges),
            (stored, Ok(charges)) => {
                wizard::refund(&self.limits, charges).await;
                return Err(stored.err().unwrap_or(Problem::Internal));
            }
            // What is wrong with the registration is told before any limit.
            (stored, Err(problem)) => return Err(stored.err().unwrap_or(problem)),
        };
        let registration = &stored.registration;
        // The same number keeps its verification; a form sent twice gets no second text.
        if registration.has_verified(&number) || request::is_repeated(registration, &number, seen) {
            wizard::refund(&self.limits, charges).await;
            return Ok(self.wizard.moved_on(incoming, registration));
        }
        match self.save_and_send(incoming, &stored, number, round.macs, &charges, draft).await {
            Ok(response) => Ok(response),
            Err(problem) => {
                wizard::refund(&self.limits, charges).await;
                Err(problem)
            }
        }
    }

    async fn save_and_send(
        &self,
        incoming: &Incoming,
        stored: &Stored,
        number: MobileNumber,
        macs: Result<(Mac, Mac), Problem>,
        charges: &[Charge],
        draft: Draft,
    ) -> Result<Response, Problem> {
        let now = draft.sent_at;
        stored.registration.may_send(&number, now).map_err(|refusal| Problem::refused(&refusal, now))?;
        let (mac, number_mac) = macs?;
        let bucket = limit::REGISTRATION_SENDS_PER_NUMBER.bucket(&number_mac.tag, now);
        let text =
            otp::text(Purpose::Registration, &draft.code, &draft.reference, &incoming.site.host, incoming.language);
        let (id, reference) = (draft.id.clone(), draft.reference);
        let otp = Otp { id: draft.id, reference, number: number.clone(), mac, tries: 0, sent_at: now };
        let charged_to = charges.first().map(|charge| charge.key().to_owned());
        let event = Event::CodeRequested { otp, number_mac, charged_to };
        let counting = Some(Counting::OneMore(&self.limits, &bucket));
        // The ceiling is everybody's: only who may send counts in it.
        let shard = self.ceiling.bucket(self.wizard.entropy.number(), now);
        let (advanced, ceiling) = tokio::join!(
            self.wizard.registrations.advance_counting(stored.clone(), &event, None, counting, now),
            wizard::charge(&self.limits, [shard], now)
        );
        let (advanced, ceiling) = match (advanced, ceiling) {
            (Ok(advanced), Ok(ceiling)) => (advanced, ceiling),
            (Ok(advanced), Err(problem)) => {
                self.take_back(advanced, id, &stored.registration, vec![Charge::taken(bucket.key)]).await;
                return Err(problem);
            }
            (Err(error), ceiling) => {
                wizard::refund(&self.limits, ceiling.unwrap_or_default()).await;
                return Err(wizard::advance_problem(error, now));
            }
        };

        match self.texts.send(&number, &text).await {
            Ok(()) => tracing::info!(step = "mobile", "text sent"),
            Err(error @ SendError::Unknown(_)) => tracing::warn!(%error, "text possibly sent"),
            Err(error @ SendError::NotSent(_)) => {
                tracing::error!(%error, "text not sent");
                incoming.measure(Measure::Otp(Purpose::Registration, CodeOutcome::NotSent));
                let charges = ceiling.into_iter().chain([Charge::taken(bucket.key)]).collect();
                self.take_back(advanced, id, &stored.registration, charges).await;
                return Err(Problem::SmsNotSent);
            }
        }
        incoming.measure(Measure::Otp(Purpose::Registration, CodeOutcome::Sent));
        incoming.passed(Step::Mobile, stored.registration.step());
        Ok(self.wizard.moved_on(incoming, &advanced.registration))
    }

    /// As if it had not been asked for. If even that fails, the person waits a minute.
    async fn take_back(&self, advanced: Stored, id: String, before: &Registration, charges: Vec<Charge>) {
        let event = Event::CodeNotSent { id, mobile: before.mobile.clone(), otp: before.otp.clone() };
        let (undone, ()) = tokio::join!(self.wizard.advance(advanced, event), wizard::refund(&self.limits, charges));
        if undone.is_err() {
            tracing::warn!("an unsent text could not be taken back");
        }
    }

    fn draft(&self) -> Draft {
        let entropy = &self.wizard.entropy;
        Draft {
            id: Otp::id_from_random(entropy.bytes()),
            code: OtpCode::from_random(entropy.number()),
            reference: Reference::from_random(entropy.bytes()),
            sent_at: self.wizard.clock.now(),
        }
    }

    async fn code_mac(
        &self,
        registration: Option<domain::registration::RegistrationId>,
        draft: &Draft,
        number: &MobileNumber,
    ) -> Result<Mac, Problem> {
        let registration = registration.ok_or(Problem::NoRegistration)?;
        let mac = self.otp_mac.registration_code(&registration, &draft.id, number, &draft.code).await;
        mac.map_err(wizard::key_unavailable)
    }

    /// The address's breaker; given back when the code returns.
    async fn charge(&self, incoming: &Incoming, now: Timestamp) -> Result<Vec<Charge>, Problem> {
        let address = limit::address_subject(incoming.caller.address);
        wizard::charge(&self.limits, [self.breakers.sends.bucket(&address, now)], now).await
    }
}

/// The outcomes of the first round of calls, each of which may have failed.
struct FirstRound {
    stored: Result<Stored, Problem>,
    macs: Result<(Mac, Mac), Problem>,
    charges: Result<Vec<Charge>, Problem>,
}

/// A code that is about to be sent.
struct Draft {
    id: String,
    code: OtpCode,
    reference: Reference,
    sent_at: Timestamp,
}
