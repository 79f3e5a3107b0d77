//! Codes by text message for signing in: made, written down with what they are charged to, and sent once.

use domain::{
    entropy::Entropy,
    limit::{self, Ceiling, Limit},
    mobile_number::MobileNumber,
    otp::{self, Otp, OtpCode, Purpose, Reference},
    sealed::Mac,
    sign_in::{PendingSignIn, Refusal, SignInId},
};
use jiff::{SignedDuration, Timestamp};
use keys::macs::MacKey;
use sms::{SendError, TextMessages};
use store::{
    accounts::Accounts,
    limits::{Charge, Limits},
    pending_sign_ins::{PendingSignIns, Sending, SendingError},
};
use web::{Environment, Incoming, Measure, Problem, Service, StartError, measure::CodeOutcome};

use crate::Browser;

/// Makes and sends codes.
#[derive(Clone, Debug)]
pub struct Codes {
    /// The sign-ins that wait for one.
    pub waiting: PendingSignIns,
    accounts: Accounts,
    limits: Limits,
    mac_key: MacKey,
    texts: TextMessages,
    /// The address's breaker and the hour's ceiling: counters of sign-ins alone, so that what registrations spend never
    /// stops one.
    sends: Limit,
    ceiling: Ceiling,
    entropy: Entropy,
}

/// A code that is about to be sent.
#[derive(Debug)]
pub struct Draft {
    id: String,
    code: OtpCode,
    reference: Reference,
    at: Timestamp,
}

impl Codes {
    /// From a function's environment.
    ///
    /// # Errors
    /// A variable is missing or wrong.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        let (sessions, entropy) = (wizard::table(environment, "SESSIONS_TABLE")?, environment.entropy.clone());
        let hour = SignedDuration::from_hours(1);
        let region: Option<String> = environment.optional("SMS_REGION")?;
        Ok(Self {
            waiting: PendingSignIns::new(sessions),
            accounts: wizard::accounts(environment)?,
            limits: wizard::limits(environment)?,
            mac_key: MacKey::new(wizard::kms(environment), environment.text("OTP_MAC_KEY")?),
            texts: TextMessages::new(
                environment.aws_in(Service::Sns, region.as_deref()),
                region,
                environment.optional("SMS_SENDER_ID")?,
            ),
            sends: Limit::new("sign-in-sends-address", environment.parse("SENDS_PER_ADDRESS")?, hour),
            ceiling: Ceiling::new("sign-in-texts-hour", environment.parse("SIGN_IN_TEXTS_PER_HOUR")?),
            entropy,
        })
    }

    /// A new sign-in's id.
    pub fn sign_in_id(&self) -> SignInId {
        SignInId::from_random(self.entropy.bytes())
    }

    /// A code to be sent at `now`.
    pub fn draft(&self, now: Timestamp) -> Draft {
        Draft {
            id: Otp::id_from_random(self.entropy.bytes()),
            code: OtpCode::from_random(self.entropy.number()),
            reference: Reference::from_random(self.entropy.bytes()),
            at: now,
        }
    }

    /// A code's verifier, for this sign-in and number alone.
    ///
    /// # Errors
    /// The key's.
    pub async fn seal(&self, draft: &Draft, sign_in: &SignInId, number: &MobileNumber) -> Result<Mac, Problem> {
        self.mac_key.sign_in_code(sign_in, &draft.id, number, &draft.code).await.map_err(wizard::key_unavailable)
    }

    /// Whether what was typed is the code that waits. The comparison was counted before.
    ///
    /// # Errors
    /// The key's.
    pub async fn mac_of(&self, sign_in: &PendingSignIn, typed: &OtpCode) -> Result<Mac, Problem> {
        let otp = &sign_in.otp;
        self.mac_key.sign_in_code(&sign_in.id, &otp.id, &otp.number, typed).await.map_err(wizard::key_unavailable)
    }

    /// The counter that an address's texts are charged to.
    pub fn charged_to(&self, incoming: &Incoming, now: Timestamp) -> String {
        self.sends.bucket(&limit::address_subject(incoming.caller.address), now).key
    }

    /// Writes the sign-in down with its code and sends that, or leaves everything as it was.
    ///
    /// # Errors
    /// [`SendProblem`]; a text that certainly did not leave costs nothing.
    pub async fn send(
        &self,
        incoming: &Incoming,
        browser: &Browser,
        sign_in: &PendingSignIn,
        before: Option<&PendingSignIn>,
        draft: Draft,
    ) -> Result<(), SendProblem> {
        let now = draft.at;
        let address = self.sends.bucket(&limit::address_subject(incoming.caller.address), now);
        let shard = self.ceiling.bucket(self.entropy.number(), now);
        let sending = Sending { browser: &browser.secret, sign_in, before };
        let (charges, put) = tokio::join!(
            wizard::charge(&self.limits, [address, shard], now),
            self.waiting.put(sending, &self.accounts, &self.limits, now)
        );
        let charges = match (charges, put) {
            (Ok(charges), Ok(())) => charges,
            (Ok(charges), Err(error)) => {
                tokio::join!(self.unwrite(sending, &error, now), wizard::refund(&self.limits, charges));
                return Err(problem(error, now));
            }
            (Err(problem), Ok(())) => {
                self.take_back(sending, Vec::new(), now).await;
                return Err(SendProblem::Told(problem));
            }
            (Err(told), Err(error)) => {
                self.unwrite(sending, &error, now).await;
                tracing::warn!(%error, "a text was neither charged nor written down");
                return Err(SendProblem::Told(told));
            }
        };
        let host = &incoming.site.host;
        let text = otp::text(Purpose::SignIn, &draft.code, &draft.reference, host, incoming.language);
        match self.texts.send(&sign_in.otp.number, &text).await {
            Ok(()) => tracing::info!(step = "sign-in", "text sent"),
            Err(error @ SendError::Unknown(_)) => tracing::warn!(%error, "text possibly sent"),
            Err(error @ SendError::NotSent(_)) => {
                tracing::error!(%error, "text not sent");
                incoming.measure(Measure::Otp(Purpose::SignIn, CodeOutcome::NotSent));
                self.take_back(sending, charges, now).await;
                return Err(SendProblem::Told(Problem::SmsNotSent));
            }
        }
        incoming.measure(Measure::Otp(Purpose::SignIn, CodeOutcome::Sent));
        Ok(())
    }

    /// Where nobody knows whether the code was written down: one that was never sent must not be waited for.
    async fn unwrite(&self, sending: Sending<'_>, error: &SendingError, now: Timestamp) {
        if matches!(error, SendingError::Store(_))
            && let Err(error) = self.waiting.take_back_if_written(sending, &self.limits, now).await
        {
            tracing::warn!(%error, "a code that was possibly written could not be taken back");
        }
    }

    async fn take_back(&self, sending: Sending<'_>, charges: Vec<Charge>, now: Timestamp) {
        let (undone, ()) =
            tokio::join!(self.waiting.take_back(sending, &self.limits, now), wizard::refund(&self.limits, charges));
        if let Err(error) = undone {
            tracing::warn!(%error, "an unsent text could not be taken back");
        }
    }
}

impl Draft {
    /// The code as it is stored.
    pub fn sealed(&self, number: MobileNumber, mac: Mac) -> Otp {
        Otp { id: self.id.clone(), reference: self.reference.clone(), number, mac, tries: 0, sent_at: self.at }
    }
}

/// Why no code was sent.
#[derive(Debug)]
pub enum SendProblem {
    /// Another request of this browser, or of this account, was faster: what waits now may do.
    Overtaken(Problem),
    /// Something to tell the person.
    Told(Problem),
}

fn problem(error: SendingError, now: Timestamp) -> SendProblem {
    match error {
        SendingError::Changed => SendProblem::Overtaken(Problem::Busy),
        SendingError::TooManySends { retry_at } => SendProblem::Overtaken(Problem::limited(retry_at, now)),
        SendingError::NotActive => SendProblem::Told(Problem::SignInFailed),
        SendingError::Store(error) => SendProblem::Told(wizard::unavailable(error)),
    }
}

/// What the sign-in refused is to the person. [`Refusal::Ended`] sends them back to the password.
pub fn refused(refusal: Refusal, now: Timestamp) -> Problem {
    match refusal {
        Refusal::Ended => Problem::NotSignedIn,
        Refusal::CodeExpired => Problem::OtpExpired,
        Refusal::CodeExhausted => Problem::OtpExhausted,
        Refusal::TooManySends { retry_at } | Refusal::TooManyTries { retry_at } => Problem::limited(retry_at, now),
    }
}
