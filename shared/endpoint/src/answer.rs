//! Answers to clients: JSON, never kept, errors by RFC 6749 section 5.2.

use http::{HeaderValue, StatusCode, header};
use oidc::error::{ErrorCode, OAuthError};
use serde_json::{Value, json};
use store::StoreError;
use web::{Incoming, Response, answer};

/// Why a call is not answered with what it asked for.
#[derive(Debug)]
pub enum Failure {
    /// The client's doing.
    Refused(OAuthError),
    /// Not now: something we depend on is not there, or there was too much at once. Seconds until it makes sense.
    NotNow(u32),
    /// Our fault. The cause was logged.
    Ours,
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store");
        match error {
            StoreError::Busy => Self::NotNow(1),
            StoreError::Unavailable(_) => Self::NotNow(5),
            StoreError::Shape(_) => Self::Ours,
        }
    }
}

impl Failure {
    /// Something else than a table is not there; its cause is logged here, once.
    pub fn unavailable(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "dependency");
        Self::NotNow(5)
    }

    /// As JSON.
    pub fn response(&self, incoming: &Incoming) -> Response {
        let error = match self {
            Self::Refused(error) => *error,
            Self::NotNow(_) => OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment"),
            Self::Ours => OAuthError::new(ErrorCode::ServerError, "something went wrong on our side"),
        };
        tracing::info!(code = error.code.as_str(), description = error.description, "refused");
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut body = json!({ "error": error.code.as_str(), "error_description": error.description });
        if let Some(body) = body.as_object_mut().filter(|_| status.is_server_error()) {
            body.insert("request_id".into(), incoming.request_id.as_str().into());
        }
        let mut response = json(status, &body);
        if let Self::NotNow(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        if error.code == ErrorCode::InvalidClient {
            let challenge = HeaderValue::from_static("Basic realm=\"Digital ID\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// JSON that is nobody else's to keep (RFC 6749 section 5.1).
pub fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = answer::json(status, body);
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// 200 with JSON.
pub fn given(body: &Value) -> Response {
    json(StatusCode::OK, body)
}

/// 201 with JSON.
pub fn created(body: &Value) -> Response {
    json(StatusCode::CREATED, body)
}

/// 200 without a body (RFC 7009 section 2.2).
pub fn nothing() -> Response {
    Response::new(lambda_http::Body::Empty)
}
