//! Where the answer to an authorization request goes, and which requests get none.

use domain::language::Language;
use serde::{Deserialize, Serialize};

use crate::{client::Client, error::OAuthError, parameters::Parameters};

/// The longest `state`, in bytes.
const LONGEST_STATE: usize = 4 * 1024;
/// The longest it may be in a redirect: API Gateway answers with 10 KB of headers at most.
const LONGEST_ESCAPED: usize = 8 * 1024;

/// Why a request is not answered with a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationRefusal {
    /// Client or redirect URI cannot be trusted: told on a page of ours, and nobody is sent anywhere (RFC 9700
    /// section 4.11).
    #[error("no redirect: {0}")]
    ToPerson(&'static str),
    /// Told to the client.
    #[error("{1}")]
    ToClient(ReturnAddress, OAuthError),
}

/// How the answer travels (OAuth 2.0 Multiple Response Types, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// Where the answer goes, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReturnAddress {
    /// One of the client's registered redirect URIs, as it stands there.
    pub redirect_uri: String,
    /// Comes back byte for byte, or the request is refused.
    pub state: Option<String>,
    /// How.
    pub response_mode: ResponseMode,
    /// The language of the pages on the way there, and of those that lead back.
    #[serde(default)]
    pub language: Option<Language>,
}

impl ReturnAddress {
    /// Reads what has to be right before anything may be told to the client.
    pub(super) fn parse(parameters: &Parameters, client: &Client) -> Result<Self, AuthorizationRefusal> {
        let asked = match parameters.one("redirect_uri") {
            Some(asked) => asked,
            None if parameters.contains("redirect_uri") => {
                return Err(AuthorizationRefusal::ToPerson("redirect_uri was sent more than once"));
            }
            None => return Err(AuthorizationRefusal::ToPerson("redirect_uri is missing")),
        };
        let redirect_uri = client.redirect_uri(asked);
        let redirect_uri = redirect_uri.ok_or(AuthorizationRefusal::ToPerson("redirect_uri is not registered"))?;
        let response_mode = match parameters.one("response_mode") {
            Some("form_post") => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        };
        let state = parameters.one("state").filter(|state| comes_back_as_it_is(state)).map(str::to_owned);
        let language = parameters.one("ui_locales").and_then(Language::first_known);
        Ok(Self { redirect_uri: redirect_uri.to_owned(), state, response_mode, language })
    }

    /// Refuses a `state` that would come back as another one, or not at all.
    pub(super) fn check_state(&self, parameters: &Parameters) -> Result<(), OAuthError> {
        match parameters.one("state") {
            Some(_) if self.state.is_none() => {
                Err(OAuthError::invalid_request("state is malformed: send UTF-8 of at most 4 KB"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_response_mode(&self, parameters: &Parameters) -> Result<(), OAuthError> {
        match parameters.one("response_mode") {
            None | Some("query" | "form_post") => Ok(()),
            Some(_) => Err(OAuthError::invalid_request("response_mode must be query or form_post")),
        }
    }

    /// Scheme, host and port, as a Content-Security-Policy names them; the scheme alone for an app's own.
    pub fn origin(&self) -> String {
        origin(&self.redirect_uri)
    }
}

/// Scheme, host and port of a registered address, as a Content-Security-Policy names them; the scheme alone for an app's
/// own.
pub fn origin(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme, rest)) if matches!(scheme, "http" | "https") => {
            format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default())
        }
        _ => format!("{}:", uri.split(':').next().unwrap_or_default()),
    }
}

/// A gateway puts U+FFFD in place of bytes that are no UTF-8.
fn comes_back_as_it_is(state: &str) -> bool {
    let escaped = state.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>();
    state.len() <= LONGEST_STATE && escaped <= LONGEST_ESCAPED && !state.contains(char::REPLACEMENT_CHARACTER)
}
