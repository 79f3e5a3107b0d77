//! A service signed in to in a session, as the account's own pages tell of it in JSON.

use domain::{language::Language, session::Session};
use serde::Serialize;

/// A service signed in to.
#[derive(Debug, Serialize)]
pub struct Service<'a> {
    client_id: &'a str,
    name: &'a str,
    since: String,
}

impl<'a> Service<'a> {
    /// Every one of a session.
    pub fn every_of(session: &'a Session, language: Language) -> Vec<Self> {
        let services = session.relying_parties.iter().map(|(client_id, party)| Self {
            client_id,
            name: party.name.in_language(language),
            since: party.since.to_string(),
        });
        services.collect()
    }
}
