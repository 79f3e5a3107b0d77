//! The end of a sign-in: one transaction, and the cookies that come of it.

use domain::{
    account::AccountId,
    bearer::Bearer,
    device::{DeviceKey, LIFETIME},
    session::{Authentication as Evidence, Session, SessionCookie, SessionId},
    sign_in::PendingSignIn,
    user_agent::BrowserName,
    username::Username,
};
use jiff::Timestamp;
use store::{
    pending_sign_ins::PendingSignIns,
    sessions::{BeginError, Beginning},
    whereabouts::Whereabouts,
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
    /// When the password was typed.
    pub password_at: Timestamp,
    /// Where it is noted.
    pub whereabouts: &'a Whereabouts,
    /// The device that it replaces.
    pub device: Option<DeviceKey>,
    /// The sign-in that waited for its code in this browser, where one did.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// What it serves.
    pub serving: Option<&'a Serving>,
}

impl Authentication {
    /// Begins the session, remembers the browser, and ends the session that this browser had.
    ///
    /// # Errors
    /// [`Problem::SignInFailed`] where the account is not active, [`Problem::OtpExpired`] where the code was used
    /// already; the tables'.
    pub async fn finish(&self, incoming: &Incoming, proved: Proved<'_>) -> Result<Response, Problem> {
        let Proved { account_id, username, evidence, password_at, whereabouts, device: replaced, pending, serving } =
            proved;
        let now = self.clock.now();
        let (secret, device) = (Bearer::new(self.entropy.bytes()), Bearer::new(self.entropy.bytes()));
        let cookie = SessionCookie { id: SessionId::from_random(self.entropy.bytes()), secret };
        let holder = (account_id, username.clone());
        let browser = BrowserName::of(&incoming.caller.user_agent);
        let key = DeviceKey::of(&device, username);
        let beginning = Beginning {
            secret: cookie.secret.digest(),
            session: Session::begin(cookie.id.clone(), holder, key, evidence, browser, now),
            password_at,
            whereabouts,
            pending,
            device: (&self.devices, replaced.clone()),
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
        let response = answer::with_cookie(response, &cookies.set(CookieName::Session, &cookie.expose()));
        let remembered = cookies.set_for(CookieName::Device, &devices.expose(), remembered_for());
        let response = answer::with_cookie(response, &remembered);
        Ok(answer::with_cookie(response, &cookies.clear(CookieName::Registered)))
    }
}

/// How long the browser keeps its devices, in seconds.
pub fn remembered_for() -> u32 {
    u32::try_from(LIFETIME.as_secs()).unwrap_or(u32::MAX)
}
