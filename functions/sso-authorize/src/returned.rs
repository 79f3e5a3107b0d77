//! The answer on its way back to the client (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207): in the query of a redirect,
//! or in a form that the browser posts.

use form_urlencoded::Serializer;
use oidc::{
    authorization_request::{ResponseMode, ReturnAddress},
    error::OAuthError,
    grant::Code,
};
use web::{Incoming, Response, answer};

use crate::page;

/// Back with a code.
pub(crate) fn code(incoming: &Incoming, answer_to: &ReturnAddress, code: &Code) -> Response {
    back(incoming, answer_to, vec![("code", code.expose())])
}

/// Back with an error.
pub(crate) fn error(incoming: &Incoming, answer_to: &ReturnAddress, error: &OAuthError) -> Response {
    tracing::info!(code = error.code.as_str(), description = error.description, "request refused");
    back(incoming, answer_to, error_fields(error))
}

pub(crate) fn error_fields(error: &OAuthError) -> Vec<(&'static str, String)> {
    vec![("error", error.code.as_str().to_owned()), ("error_description", error.description.to_owned())]
}

fn back(incoming: &Incoming, answer_to: &ReturnAddress, fields: Vec<(&'static str, String)>) -> Response {
    let fields = complete(incoming, answer_to, fields);
    match answer_to.response_mode {
        ResponseMode::Query => answer::see_other(&location(answer_to, &fields)),
        ResponseMode::FormPost => page::posted(incoming, answer_to, fields),
    }
}

/// What every answer carries: `state` byte for byte, and who answers.
pub(crate) fn complete(
    incoming: &Incoming,
    answer_to: &ReturnAddress,
    mut fields: Vec<(&'static str, String)>,
) -> Vec<(&'static str, String)> {
    if let Some(state) = &answer_to.state {
        fields.push(("state", state.clone()));
    }
    fields.push(("iss", incoming.site.issuer.clone()));
    fields
}

/// The redirect URI with the fields behind what its query has already.
pub(crate) fn location(answer_to: &ReturnAddress, fields: &[(&'static str, String)]) -> String {
    let uri = &answer_to.redirect_uri;
    let joint = match uri.find('?') {
        None => "?",
        Some(_) if uri.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", Serializer::new(String::new()).extend_pairs(fields).finish())
}
