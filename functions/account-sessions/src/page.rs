//! The page that shows where one is signed in.

use askama::Template;
use domain::session::{Acr, RelyingParty, Session, SessionId};
use web::{
    Incoming,
    page::{Moment, Page},
};

/// This browser, and the others.
#[derive(Debug, Template)]
#[template(path = "sessions.html")]
pub(crate) struct SessionsPage {
    /// The layout's.
    page: Page,
    /// What has just been done, in words; empty if nothing was.
    done: String,
    /// Whether it was done in full.
    in_full: bool,
    /// The session that asks; `None` if it ended in this very moment.
    this: Option<Place>,
    others: Vec<Place>,
}

/// A session, as it is shown.
#[derive(Debug)]
struct Place {
    id: String,
    /// Empty where the browser is none we know.
    browser: String,
    since: Moment,
    seen: Moment,
    /// Whether a code by text message was entered too.
    with_code: bool,
    /// The services signed in to, and since when.
    services: Vec<(String, Moment)>,
}

impl SessionsPage {
    pub(crate) fn of(incoming: &Incoming, sessions: &[Session], current: &SessionId) -> Self {
        let (this, others): (Vec<_>, Vec<_>) = sessions.iter().partition(|session| session.session_id == *current);
        let place = |session: &Session| Place::of(incoming, session);
        let (done, in_full) = done(incoming);
        Self {
            page: incoming.page(),
            done: done.to_owned(),
            in_full,
            this: this.into_iter().map(place).next(),
            others: others.into_iter().map(place).collect(),
        }
    }
}

impl Place {
    fn of(incoming: &Incoming, session: &Session) -> Self {
        let moment = |at| Moment::of(at, incoming.language);
        let service =
            |party: &RelyingParty| (party.name.in_language(incoming.language).to_owned(), moment(party.since));
        Self {
            id: session.session_id.as_str().to_owned(),
            browser: session.browser.as_str().to_owned(),
            since: moment(session.authenticated_at),
            seen: moment(session.seen_at),
            with_code: session.authentication.acr() == Acr::Aal2,
            services: session.relying_parties.values().map(service).collect(),
        }
    }
}

/// What the page before has done, by the address it leads to.
fn done(incoming: &Incoming) -> (&str, bool) {
    match incoming.query("done") {
        Some("ended") => (incoming.say("ออกจากระบบแล้ว", "Signed out"), true),
        Some("password") => (incoming.say("เปลี่ยนรหัสผ่านแล้ว", "Your password has been changed"), true),
        Some("password-others") => (
            incoming.say(
                "เปลี่ยนรหัสผ่านแล้ว และออกจากระบบที่อื่นทั้งหมดแล้ว",
                "Your password has been changed, and you are signed out everywhere else",
            ),
            true,
        ),
        Some("password-only") => (
            incoming.say(
                "เปลี่ยนรหัสผ่านแล้ว แต่ยังออกจากระบบที่อื่นไม่ครบ กรุณากดออกจากระบบที่อื่นทั้งหมดอีกครั้ง",
                "Your password has been changed, but we could not sign you out everywhere else. Please press “Sign out everywhere else” once more",
            ),
            false,
        ),
        _ => ("", true),
    }
}
