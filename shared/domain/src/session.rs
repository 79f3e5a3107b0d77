//! A session: one browser signed in as one account, for half an hour without use and twelve hours in all.
//!
//! Stricter than NIST SP 800-63B-4 section 2.2.3 asks for at AAL2 (1 h, 24 h).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;

/// How long a session lasts without use.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// How long it lasts in all.
pub const IN_ALL: SignedDuration = SignedDuration::from_hours(12);
/// How old "last seen" may grow before it is written again: not every request is a write.
const SEEN_GRAIN: SignedDuration = SignedDuration::from_mins(1);

/// A session, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who is signed in.
    pub account_id: AccountId,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
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
    pub const fn begin(account_id: AccountId, now: Timestamp) -> Self {
        Self { account_id, authenticated_at: now, seen_at: now }
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

    #[test]
    fn a_session_ends_idle_and_ends_in_all() {
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let mut session = Session::begin(AccountId::from_random([1; 16]), start);
        assert_eq!(session.check(start), Ok(()));
        assert_eq!(session.check(start + SEEN_GRAIN), Err(SessionRefusal::Unseen));
        assert_eq!(session.check(start + IDLE), Err(SessionRefusal::Ended));
        session.seen_at = start + IN_ALL - IDLE / 2;
        assert_eq!(session.check(start + IN_ALL - SEEN_GRAIN), Err(SessionRefusal::Unseen));
        assert_eq!(session.check(start + IN_ALL), Err(SessionRefusal::Ended));
    }
}
