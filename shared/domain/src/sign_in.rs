//! A sign-in that waits for its code: between the password that was right and the session.
//!
//! ```text
//!   password right ──code sent──► waiting ──right code──► done: a session
//!                                  │ │  ▲
//!     another code, also by the     ┘ └──┤ the tries stay, and start at 0 after the fifth
//!     password typed again
//!                                       └ wrong code: counted; the fifth ends the code, the fifteenth the sign-in
//!   it ends ten minutes after the password was last typed
//! ```
//!
//! How many texts an account is sent is counted by account, over all browsers: see [`crate::limit`].

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    account::AccountId,
    device::DeviceKey,
    otp::{Otp, TRIES},
    username::Username,
};

/// How long the password holds.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Comparisons of codes in one sign-in, over all its codes.
pub const TRIES_IN_ALL: u8 = 15;

/// A sign-in's own name: its codes are bound to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignInId(String);

impl SignInId {
    /// An id from 16 random bytes.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A sign-in that waits for its code, as stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSignIn {
    /// Its id.
    pub id: SignInId,
    /// Whose password was right.
    pub account_id: AccountId,
    /// The username it was right for.
    pub username: Username,
    /// When it was.
    pub password_at: Timestamp,
    /// Which password it was: the sign-in is not completed once there is another.
    pub password_version: u32,
    /// The device it was typed in, where a code was asked for all the same.
    pub device: Option<DeviceKey>,
    /// The code last sent.
    pub otp: Otp,
    /// Codes compared so far.
    pub tries: u8,
    /// The addresses' counters that its texts were charged to, given back when a code returns.
    pub charged_to: Vec<String>,
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PendingSignIn(redacted)")
    }
}

/// What can happen to it.
#[derive(Clone, Debug)]
pub enum Event {
    /// Another code is about to be sent.
    CodeRequested {
        /// The code.
        otp: Otp,
        /// The address's counter it was charged to.
        charged_to: String,
    },
    /// The password was right once more, and another code is about to be sent: the time begins anew, the tries do not.
    PasswordTyped {
        /// The code.
        otp: Otp,
        /// The address's counter it was charged to.
        charged_to: String,
        /// The device it was typed in.
        device: Option<DeviceKey>,
        /// Which password it was.
        password_version: u32,
    },
    /// The code with this id is about to be compared.
    CodeTried(String),
}

/// Why it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The password was too long ago: to be typed again.
    #[error("the sign-in has ended")]
    Ended,
    /// A text was sent a moment ago.
    #[error("too many texts")]
    TooManySends {
        /// When another may be.
        retry_at: Timestamp,
    },
    /// Too old, or another was sent since.
    #[error("the code has expired")]
    CodeExpired,
    /// The code was wrong too often; another can be asked for.
    #[error("the code was tried too often")]
    CodeExhausted,
    /// Too many codes were tried in this sign-in; it can only be begun again.
    #[error("too many codes were tried")]
    TooManyTries {
        /// When this sign-in ends.
        retry_at: Timestamp,
    },
}

impl PendingSignIn {
    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.password_at + LIFETIME
    }

    /// The sign-in after `event`.
    ///
    /// # Errors
    /// The [`Refusal`] that leaves it as it was.
    pub fn apply(mut self, event: Event, now: Timestamp) -> Result<Self, Refusal> {
        match event {
            Event::CodeRequested { otp, charged_to } => self.renew(otp, charged_to, now)?,
            Event::PasswordTyped { otp, charged_to, device, password_version } => {
                self.renew(otp, charged_to, now)?;
                self.password_at = now;
                self.password_version = password_version;
                self.device = device;
            }
            Event::CodeTried(id) => {
                self.may_try_code(&id, now)?;
                self.tries += 1;
                self.otp.tries += 1;
            }
        }
        Ok(self)
    }

    /// Whether another code may be sent now, as far as this sign-in goes.
    ///
    /// # Errors
    /// [`Refusal::Ended`], [`Refusal::TooManyTries`], [`Refusal::TooManySends`].
    pub fn may_send(&self, now: Timestamp) -> Result<(), Refusal> {
        self.under_way(now)?;
        let retry_at = self.otp.resend_at();
        if now < retry_at { Err(Refusal::TooManySends { retry_at }) } else { Ok(()) }
    }

    /// Whether the code with this id may be compared now.
    ///
    /// # Errors
    /// [`Refusal::Ended`], [`Refusal::TooManyTries`], [`Refusal::CodeExpired`], [`Refusal::CodeExhausted`].
    pub fn may_try_code(&self, id: &str, now: Timestamp) -> Result<(), Refusal> {
        self.under_way(now)?;
        if self.otp.id != id || now >= self.otp.expires_at() {
            return Err(Refusal::CodeExpired);
        }
        if self.otp.attempts_left() == 0 { Err(Refusal::CodeExhausted) } else { Ok(()) }
    }

    /// Whether the code that waits spares this account a text: the same password was typed twice within the pause between
    /// texts, and the code can still be entered.
    pub fn waits_for(&self, account: AccountId, password_version: u32, now: Timestamp) -> bool {
        let fresh = matches!(self.may_send(now), Err(Refusal::TooManySends { .. }));
        (self.account_id, self.password_version) == (account, password_version)
            && fresh
            && self.may_try_code(&self.otp.id, now).is_ok()
    }

    fn renew(&mut self, mut otp: Otp, charged_to: String, now: Timestamp) -> Result<(), Refusal> {
        self.may_send(now)?;
        otp.tries = if self.otp.tries < TRIES { self.otp.tries } else { 0 };
        self.otp = otp;
        self.charged_to.push(charged_to);
        Ok(())
    }

    fn under_way(&self, now: Timestamp) -> Result<(), Refusal> {
        if now >= self.expires_at() {
            return Err(Refusal::Ended);
        }
        if self.tries >= TRIES_IN_ALL { Err(Refusal::TooManyTries { retry_at: self.expires_at() }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
