//! What is told to who may not know: `WWW-Authenticate` by RFC 6750 section 3 and RFC 9449 section 7.1.

use endpoint::{Failure, json};
use http::{HeaderValue, StatusCode, header};
use oidc::error::{ErrorCode, OAuthError};
use serde_json::json as value;
use store::StoreError;
use web::{Incoming, Response};

/// Why nothing is told.
#[derive(Debug)]
pub(crate) enum Refused {
    /// No token came: no reason is given (RFC 6750 section 3.1).
    Nothing,
    /// The token or the request that brought it, and what is wrong with it.
    Token(ErrorCode, &'static str),
    /// Anything else.
    Call(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(OAuthError { code, description }) => Self::Token(code, description),
            other => Self::Call(other),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Call(error.into())
    }
}

pub(crate) fn response(incoming: &Incoming, refused: &Refused, is_dpop: bool) -> Response {
    let scheme = if is_dpop { "DPoP algs=\"ES256 PS256\"" } else { "Bearer realm=\"Digital ID\"" };
    let (status, challenge, body) = match refused {
        Refused::Call(failure) => return failure.response(incoming),
        Refused::Nothing => (StatusCode::UNAUTHORIZED, scheme.to_owned(), value!({})),
        Refused::Token(code, description) => {
            // RFC 6750 section 3.1.
            let status = match code {
                ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
                ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNAUTHORIZED,
            };
            let code = code.as_str();
            let challenge = format!("{scheme}, error=\"{code}\", error_description=\"{description}\"");
            (status, challenge, value!({ "error": code, "error_description": description }))
        }
    };
    let mut response = json(status, &body);
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
