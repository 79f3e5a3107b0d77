//! Who is here, in memory: sign-ins under way, sessions, what is to be told to whom. A restart forgets it all.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{failure::Failure, session::Session, shelf::Shelf, sign_in::Asked};

/// As long as the provider keeps a request.
const REQUEST: SignedDuration = SignedDuration::from_mins(60);
/// How long a session lasts.
const SESSION: SignedDuration = SignedDuration::from_hours(8);

/// Every visit.
#[derive(Default)]
pub(super) struct Visits(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Sign-ins under way, by `state`.
    requests: Shelf<Asked>,
    sessions: Shelf<Session>,
    /// The sessions that the provider ended.
    ended: Shelf<()>,
    /// By browser.
    failures: Shelf<Failure>,
    /// The `state` of the last sign-out, by browser.
    goodbyes: Shelf<String>,
    /// The `jti`s of logout tokens.
    logout_tokens: Shelf<()>,
}

impl Visits {
    /// Keeps a sign-in under way.
    pub(super) fn ask(&self, state: &str, asked: Asked, now: Timestamp) {
        self.kept().requests.put(state, asked, now + REQUEST, now);
    }

    /// The sign-in of this `state`, once, and in the browser it was begun in.
    pub(super) fn asked(&self, state: &str, browser: &str, now: Timestamp) -> Option<Asked> {
        let mut kept = self.kept();
        kept.requests.find(state, now).filter(|asked| asked.browser == browser)?;
        kept.requests.take(state, now)
    }

    /// Keeps a session under its cookie's value.
    pub(super) fn sign_in(&self, id: &str, session: Session, now: Timestamp) {
        self.kept().sessions.put(id, session, now + SESSION, now);
    }

    /// A session by its cookie's value.
    pub(super) fn session(&self, id: &str, now: Timestamp) -> Option<Session> {
        self.kept().sessions.find(id, now).cloned()
    }

    /// Changes a session, if it has not ended meanwhile.
    pub(super) fn change(&self, id: &str, now: Timestamp, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.kept().sessions.find_mut(id, now) {
            change(session);
        }
    }

    /// Ends a session from its own browser.
    pub(super) fn sign_out(&self, id: &str, now: Timestamp) -> Option<Session> {
        self.kept().sessions.take(id, now)
    }

    /// Ends every session that is so, at the provider's word.
    pub(super) fn end(&self, is_so: impl FnMut(&Session) -> bool, now: Timestamp) -> usize {
        let mut kept = self.kept();
        let ended = kept.sessions.take_all(is_so);
        ended.iter().for_each(|id| kept.ended.put(id, (), now + SESSION, now));
        ended.len()
    }

    /// Whether the provider ended this session.
    pub(super) fn was_ended(&self, id: &str, now: Timestamp) -> bool {
        self.kept().ended.find(id, now).is_some()
    }

    /// Keeps what a browser is to be told.
    pub(super) fn keep_failure(&self, browser: &str, failure: Failure, until: Timestamp, now: Timestamp) {
        self.kept().failures.put(browser, failure, until, now);
    }

    /// What a browser is to be told.
    pub(super) fn failure(&self, browser: &str, now: Timestamp) -> Option<Failure> {
        self.kept().failures.find(browser, now).cloned()
    }

    /// Remembers that a browser goes to sign out, with this `state`.
    pub(super) fn leave(&self, browser: &str, state: &str, now: Timestamp) {
        self.kept().goodbyes.put(browser, state.to_owned(), now + REQUEST, now);
    }

    /// Whether a browser comes back from signing out.
    pub(super) fn left(&self, browser: &str, state: &str, now: Timestamp) -> bool {
        self.kept().goodbyes.find(browser, now).is_some_and(|left| left == state)
    }

    /// Whether a logout token comes for the first time.
    pub(super) fn is_first(&self, jti: &str, expires_at: Timestamp, now: Timestamp) -> bool {
        let mut kept = self.kept();
        let is_first = kept.logout_tokens.find(jti, now).is_none();
        kept.logout_tokens.put(jti, (), expires_at, now);
        is_first
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_sign_in_is_answered_once_and_in_its_own_browser() {
        let visits = Visits::default();
        let asked = Asked { browser: "mine".into(), nonce: "n".into(), verifier: "v".into(), again: None, at: NOW };
        visits.ask("s", asked, NOW);
        assert!(visits.asked("s", "another", NOW).is_none());
        assert!(visits.asked("other", "mine", NOW).is_none());
        assert!(visits.asked("s", "mine", NOW).is_some(), "a stranger's try has used nothing up");
        assert!(visits.asked("s", "mine", NOW).is_none());
    }

    #[test]
    fn a_logout_token_is_taken_once() {
        let visits = Visits::default();
        let until = NOW + SignedDuration::from_mins(2);
        assert!(visits.is_first("a", until, NOW));
        assert!(visits.is_first("b", until, NOW));
        assert!(!visits.is_first("a", until, NOW));
    }

    #[test]
    fn whoever_comes_back_from_signing_out_shows_the_state_they_left_with() {
        let visits = Visits::default();
        visits.leave("mine", "s", NOW);
        assert!(visits.left("mine", "s", NOW));
        assert!(!visits.left("mine", "t", NOW) && !visits.left("another", "s", NOW));
    }
}
