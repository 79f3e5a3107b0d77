//! A session: one browser signed in as one account, for half an hour without use and twelve hours in all.
//!
//! Stricter than NIST SP 800-63B-4 section 2.2.3 asks for at AAL2 (1 h, 24 h).
//!
//! Its cookie is `<id>.<secret>`: the secret can be renewed and what was given in the session still finds it.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    account::AccountId, bearer::Bearer, device::DeviceKey, language::Localised, user_agent::BrowserName,
    username::Username,
};

/// How long a session lasts without use.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// How long it lasts in all.
pub const IN_ALL: SignedDuration = SignedDuration::from_hours(12);
/// How old "last seen" may grow before it is written again: not every request is a write.
const SEEN_GRAIN: SignedDuration = SignedDuration::from_mins(1);

/// A session's public name: random, and of no use as its cookie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// An id from 16 random bytes.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SessionIdError)?;
        Ok(Self::from_random(bytes))
    }
}

/// Not a session's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a session")]
pub struct SessionIdError;

/// The value of a session's cookie.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    /// Which session.
    pub id: SessionId,
    /// What opens it.
    pub secret: Bearer,
}

impl SessionCookie {
    /// The value as the browser keeps it.
    pub fn expose(&self) -> String {
        format!("{}.{}", self.id.as_str(), self.secret.expose())
    }
}

impl FromStr for SessionCookie {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, secret) = text.split_once('.').ok_or(SessionIdError)?;
        Ok(Self { id: id.parse()?, secret: secret.parse().map_err(|_| SessionIdError)? })
    }
}

/// What a person proved themselves with in this sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// The password, in a browser seen before.
    Password,
    /// The password, and a code by text message.
    PasswordAndText,
}

impl Authentication {
    /// The authentication methods, by their names in RFC 8176.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::PasswordAndText => &["pwd", "otp", "sms", "mfa"],
        }
    }

    /// The level. A known device is no second factor: the password alone is `aal1` in any browser.
    pub const fn acr(self) -> Acr {
        match self {
            Self::Password => Acr::Aal1,
            Self::PasswordAndText => Acr::Aal2,
        }
    }
}

/// An authentication level, lowest first, as `acr` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acr {
    /// One factor.
    Aal1,
    /// Two factors.
    Aal2,
}

impl Acr {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
        }
    }
}

impl FromStr for Acr {
    type Err = AcrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Aal1, Self::Aal2].into_iter().find(|acr| acr.as_str() == text).ok_or(AcrError)
    }
}

/// Not a level we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown authentication level")]
pub struct AcrError;

impl fmt::Display for Acr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A relying party that the session signed in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// The session's name at this relying party alone: random, so that two of them cannot compare.
    pub sid: String,
    /// The person's name in this relying party's sector.
    pub sub: String,
    /// What it is called.
    pub name: Localised,
    /// When it was first signed in to.
    pub since: Timestamp,
}

/// A session, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its public name, for lists and for ending it from another browser.
    pub session_id: SessionId,
    /// Who is signed in.
    pub account_id: AccountId,
    /// With which username.
    pub username: Username,
    /// What the browser is known again by: forgotten where its owner ends the session from elsewhere.
    pub device: DeviceKey,
    /// What it was known by before, which is still taken for a minute: forgotten with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_before: Option<DeviceKey>,
    /// How the person signed in.
    pub authentication: Authentication,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// In which browser, as its owner would call it.
    pub browser: BrowserName,
    /// How many codes were issued in it: it ends only with everybody told who got one.
    #[serde(default)]
    pub codes: u32,
    /// The relying parties signed in to, by client id.
    pub relying_parties: BTreeMap<String, RelyingParty>,
}

/// Why a session is not one, or what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRefusal {
    /// It was not used for too long, or lasted as long as any may.
    Ended,
    /// It is in use, and its last use should be written.
    Unseen,
}

impl Session {
    /// A session that begins now.
    pub fn begin(
        session_id: SessionId,
        holder: (AccountId, Username),
        device: DeviceKey,
        authentication: Authentication,
        browser: BrowserName,
        now: Timestamp,
    ) -> Self {
        let (account_id, username) = holder;
        Self {
            session_id,
            account_id,
            username,
            device,
            device_before: None,
            authentication,
            authenticated_at: now,
            seen_at: now,
            browser,
            codes: 0,
            relying_parties: BTreeMap::new(),
        }
    }

    /// The same, where it takes the place of one in the same browser: the same person's goes on under its name, and what
    /// was given in it stays. Somebody else's ends.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        if before.account_id == self.account_id {
            self.session_id.clone_from(&before.session_id);
        }
        self
    }

    /// When it ends at the latest.
    pub fn ends_at(&self) -> Timestamp {
        self.authenticated_at + IN_ALL
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// [`SessionRefusal::Ended`] if not; [`SessionRefusal::Unseen`] if its use should be written down.
    pub fn check(&self, now: Timestamp) -> Result<(), SessionRefusal> {
        if now >= self.ends_at() || now >= self.seen_at + IDLE {
            return Err(SessionRefusal::Ended);
        }
        if now >= self.seen_at + SEEN_GRAIN { Err(SessionRefusal::Unseen) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(id: u8, account: u8, start: Timestamp) -> Session {
        let (id, account) = (SessionId::from_random([id; 16]), AccountId::from_random([account; 16]));
        let (somying, device) = ("somying.r".parse::<Username>().unwrap(), Bearer::new([1; 32]));
        let device = DeviceKey::of(&device, &somying);
        Session::begin(id, (account, somying), device, Authentication::Password, BrowserName::of(""), start)
    }

    #[test]
    fn a_session_ends_idle_and_ends_in_all() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let mut session = begun(1, 1, start);
        assert_eq!(session.check(start), Ok(()));
        assert_eq!(session.check(start + SEEN_GRAIN), Err(SessionRefusal::Unseen));
        assert_eq!(session.check(start + IDLE), Err(SessionRefusal::Ended));
        session.seen_at = start + IN_ALL - IDLE / 2;
        assert_eq!(session.check(start + IN_ALL - SEEN_GRAIN), Err(SessionRefusal::Unseen));
        assert_eq!(session.check(start + IN_ALL), Err(SessionRefusal::Ended));
    }

    #[test]
    fn only_the_same_persons_session_goes_on() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let before = begun(1, 1, start);
        let (same, other) = (begun(2, 1, start).after(&before), begun(3, 2, start).after(&before));
        assert_eq!(same.session_id, before.session_id);
        assert_ne!(other.session_id, before.session_id);
    }

    #[test]
    fn a_cookie_names_its_session_and_nothing_else_is_one() {
        let cookie = SessionCookie { id: SessionId::from_random([1; 16]), secret: Bearer::new([2; 32]) };
        let read: SessionCookie = cookie.expose().parse().unwrap();
        assert_eq!((read.id, read.secret.digest()), (cookie.id.clone(), cookie.secret.digest()));
        for wrong in
            ["", ".", "00", &cookie.secret.expose(), &format!("{}.00", cookie.id.as_str()), &cookie.expose()[1..]]
        {
            assert!(wrong.parse::<SessionCookie>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_second_factor_is_the_second_level() {
        assert_eq!(Authentication::Password.acr().as_str(), "aal1");
        assert_eq!(Authentication::PasswordAndText.acr().as_str(), "aal2");
        assert!(Acr::Aal1 < Acr::Aal2);
        assert!(!Authentication::Password.amr().contains(&"mfa"));
    }
}
