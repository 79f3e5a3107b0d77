//! The end of a sign-in: one transaction, and the cookies that come of it.

use domain::{
    account::AccountId,
    bearer::Bearer,
    device::{DeviceKey, LIFETIME},
    logout::LogoutNotice,
    session::{Authentication as Evidence, Session, SessionCookie, SessionId},
    sign_in::PendingSignIn,
    user_agent::BrowserName,
    username::Username,
};
use sign_out::SignOut;
use store::{
    pending_sign_ins::PendingSignIns,
    sessions::{Before, BeginError, Beginning},
    whereabouts::Whereabouts,
};
use web::{Incoming, Measure, Problem, Response, answer, cookie::CookieName, measure::SignInOutcome};

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
    /// Which password was compared.
    pub password_version: u32,
    /// Where it is noted.
    pub whereabouts: &'a Whereabouts,
    /// The device that it replaces.
    pub device: Option<DeviceKey>,
    /// The sign-in that waited for its code in this browser, where one did.
    pub pending: Option<(&'a PendingSignIns, &'a Bearer, &'a PendingSignIn)>,
    /// What it serves.
    pub serving: Option<&'a Serving>,
    /// The session that this browser had: see [`Authentication::before`].
    pub before: Option<Before>,
    /// What its relying parties are to be told, if it is somebody else's, and by whom.
    pub notices: Vec<LogoutNotice>,
    /// See [`Self::notices`].
    pub sign_out: &'a SignOut,
}

/// How often a session that changed meanwhile is read again.
const RACES: u32 = 3;

impl Authentication {
    /// Begins the session and remembers the browser. The session that this browser had goes on in it; somebody else's
    /// ends, its relying parties told before. Whatever fails, that one stays as it was.
    ///
    /// # Errors
    /// [`Problem::SignInFailed`] where the account is not active, [`Problem::OtpExpired`] where the code was used
    /// already; the tables' and the queue's.
    pub async fn finish(&self, incoming: &Incoming, proved: Proved<'_>) -> Result<Response, Problem> {
        let (secret, device) = (Bearer::new(self.entropy.bytes()), Bearer::new(self.entropy.bytes()));
        let key = DeviceKey::of(&device, proved.username);
        let id = self.begin(incoming, &proved, &secret, key).await?;
        let cookie = SessionCookie { id, secret };
        let Proved { username, evidence, device: replaced, serving, .. } = proved;
        tracing::info!(acr = evidence.acr().as_str(), "signed in");
        incoming.measure(Measure::SignIn(SignInOutcome::Done));
        let devices = browser::devices(incoming).renewed(device, replaced.as_ref(), username);
        let cookies = incoming.site.cookies;
        let response = step::done(incoming, serving);
        let response = answer::with_cookie(response, &cookies.set(CookieName::Session, &cookie.expose()));
        let remembered = cookies.set_for(CookieName::Device, &devices.expose(), remembered_for());
        let response = answer::with_cookie(response, &remembered);
        Ok(answer::with_cookie(response, &cookies.clear(CookieName::Registered)))
    }

    /// The name of the session, which may be the one that the browser had.
    async fn begin(
        &self,
        incoming: &Incoming,
        proved: &Proved<'_>,
        secret: &Bearer,
        device: DeviceKey,
    ) -> Result<SessionId, Problem> {
        let id = SessionId::from_random(self.entropy.bytes());
        let browser = BrowserName::of(&incoming.caller.user_agent);
        let holder = (proved.account_id, proved.username.clone());
        let new = Session::begin(id, holder, device, proved.evidence, browser, self.clock.now());
        let new = Session { device_before: proved.device.clone(), ..new };
        let (mut before, mut notices) = (proved.before.clone(), proved.notices.clone());
        for _ in 0..RACES {
            let session = match &before {
                Some(before) => new.clone().after(&before.session),
                None => new.clone(),
            };
            let id = session.session_id.clone();
            proved.sign_out.send(&notices).await?;
            let beginning = Beginning {
                secret: secret.digest(),
                session,
                password_version: proved.password_version,
                whereabouts: proved.whereabouts,
                pending: proved.pending,
                device: (&self.devices, proved.device.clone()),
                before: before.as_ref(),
            };
            match self.sessions.begin(&self.accounts, beginning).await {
                Ok(()) => return Ok(id),
                Err(BeginError::NotActive) => return Err(Problem::SignInFailed),
                Err(BeginError::NotPending) => return Err(Problem::OtpExpired),
                Err(BeginError::Changed) => {
                    before = self.before(incoming).await?.filter(|before| before.concerns(Some(proved.account_id)));
                    notices = proved.sign_out.left_by(before.as_ref(), Some(proved.account_id)).await?;
                }
                Err(BeginError::Store(error)) => return Err(wizard::unavailable(error)),
            }
        }
        Err(Problem::Busy)
    }
}

/// How long the browser keeps its devices, in seconds.
pub fn remembered_for() -> u32 {
    u32::try_from(LIFETIME.as_secs()).unwrap_or(u32::MAX)
}
