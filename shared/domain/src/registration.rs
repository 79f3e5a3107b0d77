//! The registration flow: its steps, what each needs, and where it leads. The only place that knows the order.
//!
//! ```text
//!   terms ──accept──► identity ──confirmed──► account ──chosen──► mobile ──code sent──► otp ──verified──► review ──► account
//!     │                  ▲  │                    ▲  │                ▲  │                 │  ▲              │
//!  decline               │  └─ refused: stays    │  └─ taken: stays  │  └─ not sent: stays│  └─ wrong: stays│
//!     ▼                  │                       │                   └─── another number ─┘                 │
//!  nothing stored        └───────────────────────┴──────────────── "change", from any later step ───────────┘
//! ```
//!
//! The step a registration is at is not stored: it is the first whose part is missing. Redoing identity clears the
//! account part with it; another number clears the verification; nothing that is still complete is asked again.

mod parts;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, AccountId, AccountStatus, Evidence},
    consent::Consent,
    identity::Identity,
    mobile_number::MobileNumber,
    otp::{Otp, RESEND_AFTER, TRIES},
    request_handle::RequestHandle,
    sealed::Mac,
    username::Username,
};

pub use parts::{Credentials, Mobile, RegistrationId, RegistrationIdError, Sent, Step};

/// How long a registration waits for its next step.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// Comparisons of codes in one registration, over all its codes.
pub const TRIES_IN_ALL: u8 = 15;
/// Texts in one registration within [`SENDS_WINDOW`].
pub const SENDS: usize = 3;
/// The window of [`SENDS`].
pub const SENDS_WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How often one registration is told that a username is taken.
pub const USERNAMES_TAKEN: u8 = 10;

/// A registration under way, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// The account's id to be: what is encrypted on the way is bound to it.
    pub account_id: AccountId,
    /// When it ends unless the person goes on.
    pub expires_at: Timestamp,
    /// What was agreed to.
    pub consent: Consent,
    /// Step 2.
    pub identity: Option<Identity>,
    /// Step 3.
    pub credentials: Option<Credentials>,
    /// Step 4.
    pub mobile: Option<Mobile>,
    /// The code last sent, until it is used.
    pub otp: Option<Otp>,
    /// Texts sent within the window.
    pub sent: Vec<Sent>,
    /// Codes compared so far.
    pub tries: u8,
    /// Usernames found taken so far.
    pub usernames_taken: u8,
    /// The authorization request to go on with afterwards, where registering began at a relying party.
    #[serde(default)]
    pub return_to: Option<RequestHandle>,
}

/// What can happen to a registration.
#[derive(Clone, Debug)]
pub enum Event {
    /// The registry is about to be asked about somebody: what was known is no longer.
    IdentityAsked,
    /// The registry was not asked after all, for a limit or a failure of ours: what was known still is.
    IdentityNotAsked {
        /// The identity before.
        identity: Option<Identity>,
        /// The username and password before.
        credentials: Option<Credentials>,
    },
    /// The identity is established.
    IdentityEstablished(Identity),
    /// Username and password were chosen, and the username is free.
    CredentialsChosen(Credentials),
    /// This username turned out to be taken.
    UsernameTaken(Username),
    /// A code is about to be sent.
    CodeRequested {
        /// The code.
        otp: Otp,
        /// MAC of the number it goes to, for what is counted by number.
        number_mac: Mac,
        /// The address's counter it was charged to.
        charged_to: Option<String>,
    },
    /// The code with this id could not be sent: all is as it was before it was asked for.
    CodeNotSent {
        /// The code's id.
        id: String,
        /// The number before.
        mobile: Option<Mobile>,
        /// The code before.
        otp: Option<Otp>,
    },
    /// The code with this id is about to be compared.
    CodeTried(String),
    /// The code with this id came back.
    CodeReturned(String),
    /// The person asked for more time.
    Extended,
    /// New terms, in force since, were accepted.
    TermsAccepted(Consent),
}

impl Event {
    /// The step that must have been reached for this to happen.
    pub const fn needs(&self) -> Step {
        match self {
            Self::IdentityAsked
            | Self::IdentityNotAsked { .. }
            | Self::IdentityEstablished(_)
            | Self::Extended
            | Self::TermsAccepted(_) => Step::Identity,
            Self::CredentialsChosen(_) | Self::UsernameTaken(_) => Step::Account,
            Self::CodeRequested { .. } => Step::Mobile,
            Self::CodeNotSent { .. } | Self::CodeTried(_) | Self::CodeReturned(_) => Step::Otp,
        }
    }
}

/// Why an event cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It ended before.
    #[error("the registration has expired")]
    Expired,
    /// A step before it is not done.
    #[error("the registration is at {}", .0.as_str())]
    WrongStep(Step),
    /// A text was sent a moment ago, or too many were.
    #[error("too many texts")]
    TooManySends {
        /// When another may be.
        retry_at: Timestamp,
    },
    /// No code waits, or it is too old, or another was sent since.
    #[error("the code has expired")]
    CodeExpired,
    /// The code was wrong too often; another can be asked for.
    #[error("the code was tried too often")]
    CodeExhausted,
    /// Too many codes were tried in this registration; it can only be begun again.
    #[error("too many codes were tried")]
    TooManyTries {
        /// When this registration ends.
        retry_at: Timestamp,
    },
    /// Too many usernames were found taken in this registration.
    #[error("too many usernames were tried")]
    TooManyUsernames {
        /// When this registration ends.
        retry_at: Timestamp,
    },
}

impl Registration {
    /// A registration that has just begun.
    pub fn begin(id: RegistrationId, account_id: AccountId, consent: Consent, now: Timestamp) -> Self {
        Self {
            id,
            account_id,
            expires_at: now + IDLE,
            consent,
            identity: None,
            credentials: None,
            mobile: None,
            otp: None,
            sent: Vec::new(),
            tries: 0,
            usernames_taken: 0,
            return_to: None,
        }
    }

    /// The step it is at: the first whose part is missing.
    pub fn step(&self) -> Step {
        if self.identity.is_none() {
            return Step::Identity;
        }
        if self.credentials.is_none() {
            return Step::Account;
        }
        match (&self.mobile, &self.otp) {
            (Some(Mobile { verified_at: Some(_), .. }), _) => Step::Review,
            (Some(_), Some(_)) => Step::Otp,
            _ => Step::Mobile,
        }
    }

    /// Refuses an event that the registration is not ready for, without applying it: asked before anything is charged.
    ///
    /// # Errors
    /// [`Refusal::Expired`] and [`Refusal::WrongStep`].
    pub fn reached(&self, step: Step, now: Timestamp) -> Result<(), Refusal> {
        if now >= self.expires_at {
            return Err(Refusal::Expired);
        }
        if self.step() < step { Err(Refusal::WrongStep(self.step())) } else { Ok(()) }
    }

    /// The registration after `event`.
    ///
    /// # Errors
    /// The [`Refusal`] that leaves it as it was.
    pub fn apply(mut self, event: Event, now: Timestamp) -> Result<Self, Refusal> {
        self.reached(event.needs(), now)?;
        match event {
            Event::IdentityAsked => {
                self.identity = None;
                self.credentials = None;
            }
            // Unless another question was answered meanwhile.
            Event::IdentityNotAsked { identity, credentials } if self.identity.is_none() => {
                self.identity = identity;
                self.credentials = credentials;
            }
            Event::IdentityNotAsked { .. } => {}
            Event::IdentityEstablished(identity) => {
                self.identity = Some(identity);
                self.credentials = None;
            }
            Event::CredentialsChosen(credentials) => self.credentials = Some(credentials),
            Event::UsernameTaken(username) => {
                self.may_try_username()?;
                self.usernames_taken += 1;
                self.credentials.take_if(|credentials| credentials.username == username);
            }
            Event::CodeRequested { otp, number_mac, charged_to } => {
                self.request_code(otp, number_mac, charged_to, now)?;
            }
            Event::CodeNotSent { id, mobile, otp } => self.take_back(&id, mobile, otp),
            Event::CodeTried(id) => {
                self.may_try_code(&id, now)?;
                self.tries += 1;
                if let Some(otp) = &mut self.otp {
                    otp.tries += 1;
                }
            }
            Event::CodeReturned(id) => self.verify_number(&id, now)?,
            Event::Extended => {}
            Event::TermsAccepted(consent) => self.consent = consent,
        }
        self.expires_at = now + IDLE;
        Ok(self)
    }

    /// Whether another username may be tried.
    ///
    /// # Errors
    /// [`Refusal::TooManyUsernames`].
    pub const fn may_try_username(&self) -> Result<(), Refusal> {
        if self.usernames_taken < USERNAMES_TAKEN {
            Ok(())
        } else {
            Err(Refusal::TooManyUsernames { retry_at: self.expires_at })
        }
    }

    /// Whether a text may go to `number` now: 60 s after the last one to it, three in fifteen minutes in all.
    ///
    /// # Errors
    /// [`Refusal::TooManySends`], [`Refusal::TooManyTries`].
    pub fn may_send(&self, number: &MobileNumber, now: Timestamp) -> Result<(), Refusal> {
        if self.tries >= TRIES_IN_ALL {
            return Err(Refusal::TooManyTries { retry_at: self.expires_at });
        }
        let last_to_number = self.sent.iter().filter(|sent| sent.number == *number).map(|sent| sent.at).max();
        if let Some(retry_at) = last_to_number.map(|at| at + RESEND_AFTER).filter(|retry_at| now < *retry_at) {
            return Err(Refusal::TooManySends { retry_at });
        }
        let mut recent: Vec<_> = self.sent.iter().map(|sent| sent.at + SENDS_WINDOW).filter(|end| now < *end).collect();
        recent.sort_unstable();
        match recent.len().checked_sub(SENDS).and_then(|excess| recent.get(excess)) {
            Some(retry_at) => Err(Refusal::TooManySends { retry_at: *retry_at }),
            None => Ok(()),
        }
    }

    /// Whether the code with this id may be compared now.
    ///
    /// # Errors
    /// [`Refusal::CodeExpired`], [`Refusal::CodeExhausted`], [`Refusal::TooManyTries`].
    pub fn may_try_code(&self, id: &str, now: Timestamp) -> Result<(), Refusal> {
        let otp = self.otp.as_ref().filter(|otp| otp.id == id && now < otp.expires_at()).ok_or(Refusal::CodeExpired)?;
        if self.tries >= TRIES_IN_ALL {
            return Err(Refusal::TooManyTries { retry_at: self.expires_at });
        }
        if otp.attempts_left() == 0 { Err(Refusal::CodeExhausted) } else { Ok(()) }
    }

    /// Comparisons left for the code that waits: its own, or what is left of [`TRIES_IN_ALL`].
    pub fn attempts_left(&self) -> u8 {
        let own = self.otp.as_ref().map_or(0, Otp::attempts_left);
        own.min(TRIES_IN_ALL.saturating_sub(self.tries))
    }

    /// The counters that texts to this number were charged to and have not been given back.
    pub fn charged_for(&self, number: &MobileNumber) -> impl Iterator<Item = &str> {
        let number = number.clone();
        self.sent.iter().filter(move |sent| sent.number == number).filter_map(|sent| sent.charged_to.as_deref())
    }

    /// Whether this number was verified in this registration.
    pub fn has_verified(&self, number: &MobileNumber) -> bool {
        self.mobile.as_ref().is_some_and(|mobile| mobile.number == *number && mobile.verified_at.is_some())
    }

    /// The account it becomes; `None` before the last step is reached.
    pub fn account(&self, now: Timestamp) -> Option<Account> {
        let identity = self.identity.clone()?;
        let credentials = self.credentials.clone()?;
        let mobile = self.mobile.clone()?;
        Some(Account {
            id: self.account_id,
            status: AccountStatus::Active,
            username: credentials.username,
            evidence: vec![Evidence { method: identity.method, ial: identity.ial, at: identity.established_at }],
            identity,
            mobile_number: mobile.number,
            mobile_verified_at: mobile.verified_at?,
            consents: vec![self.consent.clone()],
            language: self.consent.language,
            created_at: now,
        })
    }

    fn request_code(
        &mut self,
        mut otp: Otp,
        number_mac: Mac,
        charged_to: Option<String>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.may_send(&otp.number, now)?;
        // The tries used follow the number: asking again gives no fresh guesses until the code is exhausted. Another
        // number's code begins with all of them; over all numbers there are TRIES_IN_ALL.
        otp.tries = match &self.otp {
            Some(last) if last.number == otp.number && last.tries < TRIES => last.tries,
            _ => 0,
        };
        self.sent.retain(|sent| now < sent.at + SENDS_WINDOW);
        self.sent.push(Sent { number: otp.number.clone(), at: now, charged_to });
        self.mobile = Some(Mobile { number: otp.number.clone(), number_mac, verified_at: None });
        self.otp = Some(otp);
        Ok(())
    }

    /// A text that never left costs nothing, and does not cost the code that was there before it.
    fn take_back(&mut self, id: &str, mobile: Option<Mobile>, otp: Option<Otp>) {
        let Some(unsent) = self.otp.take_if(|otp| otp.id == id) else { return };
        if let Some(index) =
            self.sent.iter().rposition(|sent| sent.number == unsent.number && sent.at == unsent.sent_at)
        {
            self.sent.remove(index);
        }
        self.mobile = mobile;
        self.otp = otp;
    }

    fn verify_number(&mut self, id: &str, now: Timestamp) -> Result<(), Refusal> {
        let otp = self.otp.take_if(|otp| otp.id == id && now < otp.expires_at()).ok_or(Refusal::CodeExpired)?;
        // Whoever saves this gives the sends back, and only once.
        for sent in self.sent.iter_mut().filter(|sent| sent.number == otp.number) {
            sent.charged_to = None;
        }
        // A code that waits is always for the number that stands there: both are written and taken back together.
        if let Some(mobile) = self.mobile.as_mut().filter(|mobile| mobile.number == otp.number) {
            mobile.verified_at = Some(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
