//! Errors as clients see them: RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6 and the
//! extensions' own. The description is for the client's developer; it never repeats what was sent.

use serde::Serialize;

/// What went wrong, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A parameter is missing, malformed or repeated.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The code, token or assertion is not good.
    InvalidGrant,
    /// The client may not use this grant or response type.
    UnauthorizedClient,
    /// A grant we do not know.
    UnsupportedGrantType,
    /// Anything but `code`.
    UnsupportedResponseType,
    /// A scope that is unknown or not the client's.
    InvalidScope,
    /// The person or the service said no.
    AccessDenied,
    /// Our fault.
    ServerError,
    /// Try again later.
    TemporarilyUnavailable,
    /// RFC 8707: the resource or audience is none of the client's.
    InvalidTarget,
    /// OpenID Connect Core: the person would have to sign in.
    LoginRequired,
    /// OpenID Connect Core: the person would have to consent.
    ConsentRequired,
    /// OpenID Connect Core: the person would have to do something else.
    InteractionRequired,
    /// OpenID Connect Core: `request` objects are not supported.
    RequestNotSupported,
    /// OpenID Connect Core: only our own `request_uri`s are.
    RequestUriNotSupported,
    /// RFC 9126: the `request_uri` is unknown, expired or another client's.
    InvalidRequestUri,
    /// OpenID Connect Core: the `registration` parameter is not supported.
    RegistrationNotSupported,
    /// RFC 9470 and OpenID: the asked-for assurance cannot be had.
    UnmetAuthenticationRequirements,
    /// RFC 6750: the access token is not good.
    InvalidToken,
    /// RFC 6750: it does not reach that far.
    InsufficientScope,
    /// RFC 9449: the proof of possession is not good.
    InvalidDpopProof,
    /// RFC 7009: that type of token cannot be revoked.
    UnsupportedTokenType,
}

impl ErrorCode {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }

    /// The status of an answer that carries it in JSON.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// An error and what the client's developer can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// Which.
    pub code: ErrorCode,
    /// ASCII, without quotes and backslashes (RFC 6749 section 5.2).
    pub description: &'static str,
}

impl OAuthError {
    /// An error.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description }
    }

    /// A malformed request.
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// A code or token that is not good. Which reason is nobody's business who holds it.
    pub const fn invalid_grant(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }
}
