//! The end of a sign-in: one transaction, and the cookies that come of it.

use domain::{
    account::AccountId,
    bearer::Bearer,
    device::{DeviceKey, LIFETIME},
    session::{Authentication as Evidence, Session, SessionId},
    sign_in::PendingSignIn,
    user_agent::BrowserName,
    username::Username,
};
use store::{
    pending_sign_ins::PendingSignIns,
    sessions::{BeginError, Beginning},
};
use web::{Incoming, Problem, Response, answer, cookie::CookieName};

use crate::{Authentication, browser, serving::Serving, step};

/// A sign-in with everything proved.
#[derive(Debug)]
pub struct Proved<'a> {
    /// Whose.
    pub account_id: AccountId,
    /// The username that was typed.
    pub username: &'a Username,
    /// By what.
    pub evidence: Evidence,
    /// The device that it replaces.
    pub device: Option<DeviceKey>,
    /// The sign-in that waited for its code in this browser, where one did.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// What it serves.
    pub serving: Option<&'a Serving>,
    /// The session that this browser had.
    pub before: Option<&'a Session>,
}

impl Authentication {
    /// Begins the session, remembers the browser, and ends the session that this browser had.
    ///
    /// # Errors
    /// [`Problem::SignInFailed`] where the account is not active, [`Problem::OtpExpired`] where the code was used
    /// already; the tables'.
    pub async fn finish(&self, incoming: &Incoming, proved: Proved<'_>) -> Result<Response, Problem> {
        let Proved { account_id, username, evidence, device: replaced, pending, serving, before } = proved;
        let now = self.clock.now();
        let (secret, device) = (Bearer::new(self.entropy.bytes()), Bearer::new(self.entropy.bytes()));
        let id = SessionId::from_random(self.entropy.bytes());
        let browser = BrowserName::of(&incoming.caller.user_agent);
        let session = Session::begin(id, account_id, evidence, browser, now);
        let session = match before {
            Some(before) => session.after(before),
            None => session,
        };
        let beginning = Beginning {
            secret: &secret,
            session,
            pending,
            device: (&self.devices, DeviceKey::of(&device, username), replaced.clone()),
        };
        let (begun, ended) = tokio::join!(self.sessions.begin(&self.accounts, beginning), self.end(incoming));
        match begun {
            Ok(()) => {}
            Err(BeginError::NotActive) => return Err(Problem::SignInFailed),
            Err(BeginError::NotPending) => return Err(Problem::OtpExpired),
            Err(BeginError::Store(error)) => return Err(wizard::unavailable(error)),
        }
        if let Err(error) = ended {
            tracing::warn!(%error, "the session before was not ended");
        }
        tracing::info!(acr = evidence.acr().as_str(), "signed in");
        let devices = browser::devices(incoming).renewed(device, replaced.as_ref(), username);
        let cookies = incoming.site.cookies;
        let response = step::done(incoming, serving);
        let response = answer::with_cookie(response, &cookies.set(CookieName::Session, &secret.expose()));
        let remembered = cookies.set_for(CookieName::Device, &devices.expose(), remembered_for());
        let response = answer::with_cookie(response, &remembered);
        Ok(answer::with_cookie(response, &cookies.clear(CookieName::Registered)))
    }
}

/// How long the browser keeps its devices, in seconds.
pub fn remembered_for() -> u32 {
    u32::try_from(LIFETIME.as_secs()).unwrap_or(u32::MAX)
}
