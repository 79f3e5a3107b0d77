//! A request to sign out: whose it is, which session it means, and where it leads.

use domain::session::Session;
use form_urlencoded::Serializer;
use oidc::{
    authorization_request,
    client::{Client, ClientId},
    discovery::path,
    id_token::IdTokenHint,
    parameters::Parameters,
};
use web::{Incoming, Problem};

/// The person's answer, when they are asked.
pub(crate) const CONFIRM: &str = "confirm";

/// What is carried from a POST of another site, and through the question.
const CARRIED: [&str; 6] =
    ["id_token_hint", "client_id", "post_logout_redirect_uri", "post_logout_redirect_url", "state", "ui_locales"];

/// A request that can be acted on.
#[derive(Debug)]
pub(crate) struct EndSession {
    parameters: Parameters,
    hint: Option<IdTokenHint>,
    pub(crate) client: Option<Client>,
}

/// One that cannot, and why, for the client's developer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotAsked(pub(crate) &'static str);

/// The client of a request: the hint's, or the one it names.
pub(crate) fn client_id(parameters: &Parameters, hint: Option<&IdTokenHint>) -> Result<Option<ClientId>, NotAsked> {
    let named = parameters.one("client_id").map(str::parse::<ClientId>).transpose();
    let named = named.map_err(|_| NotAsked("client_id is none"))?;
    match (hint, named) {
        (Some(hint), Some(named)) if hint.client_id != named => {
            Err(NotAsked("id_token_hint was issued to another client than client_id"))
        }
        (Some(hint), _) => Ok(Some(hint.client_id.clone())),
        (None, named) => Ok(named),
    }
}

/// What was posted: as a form, which may hold anything, or in JSON, of which the known names are read.
pub(crate) fn posted(incoming: &Incoming) -> Result<Parameters, Problem> {
    match incoming.form() {
        Err(Problem::UnsupportedMediaType) => {
            let fields = incoming.fields()?;
            let known = CARRIED.iter().chain([&CONFIRM]);
            Ok(Parameters::new(known.filter_map(|name| Some(((*name).to_owned(), fields.text(name)?.to_owned())))))
        }
        form => form.map(Parameters::new),
    }
}

/// The same request as a GET of our own site.
pub(crate) fn as_get(parameters: &Parameters) -> String {
    let pairs = parameters.iter().filter(|(name, _)| CARRIED.contains(name));
    format!("{}?{}", path::END_SESSION, Serializer::new(String::new()).extend_pairs(pairs).finish())
}

impl EndSession {
    pub(crate) const fn new(parameters: Parameters, hint: Option<IdTokenHint>, client: Option<Client>) -> Self {
        Self { parameters, hint, client }
    }

    /// Whether its hint is an ID token of this very session: the person need not be asked.
    pub(crate) fn is_about(&self, session: &Session) -> bool {
        self.hint.as_ref().is_some_and(|hint| {
            let party = session.relying_parties.get(hint.client_id.as_str());
            party.is_some_and(|party| party.sid == hint.sid && party.sub == hint.sub)
        })
    }

    /// Where it leads: an address that the client registered, with its state. Some older clients call it `_url`.
    pub(crate) fn next(&self) -> Option<String> {
        let uri = self.registered()?;
        let Some(state) = self.parameters.one("state") else { return Some(uri.to_owned()) };
        let joint = if uri.contains('?') { '&' } else { '?' };
        Some(format!("{uri}{joint}{}", Serializer::new(String::new()).append_pair("state", state).finish()))
    }

    /// Scheme, host and port of where it leads.
    pub(crate) fn origin(&self) -> Option<String> {
        self.registered().map(authorization_request::origin)
    }

    /// What is carried through the question.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        let carried = self.parameters.iter().filter(|(name, _)| CARRIED.contains(name));
        carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn registered(&self) -> Option<&str> {
        let asked = ["post_logout_redirect_uri", "post_logout_redirect_url"];
        let asked = asked.into_iter().find_map(|name| self.parameters.one(name))?;
        let registered = &self.client.as_ref()?.post_logout_redirect_uris;
        registered.iter().find(|uri| *uri == asked).map(String::as_str)
    }
}
