//! How a client shows who it is at the endpoints it calls itself (RFC 6749 section 2.3, OpenID Connect Core section 9).

mod basic;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    assertion::{ASSERTION_TYPE, claimed_client_id},
    client::ClientId,
    client_secret::ClientSecret,
    error::{ErrorCode, OAuthError},
    parameters::Parameters,
};

/// `token_endpoint_auth_method` (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// A JWT signed by the client.
    PrivateKeyJwt,
    /// Nothing: a public client, which PKCE protects.
    None,
}

impl AuthMethod {
    /// Every one, as discovery lists them.
    pub const EVERY: [Self; 4] = [Self::PrivateKeyJwt, Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    /// The name in metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether it has a secret of ours.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether the client can keep one, or a key: a confidential client (RFC 6749 section 2.1).
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for AuthMethod {
    type Err = UnknownAuthMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|method| method.as_str() == text).ok_or(UnknownAuthMethod)
    }
}

/// Not a way to authenticate that we have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown client authentication method")]
pub struct UnknownAuthMethod;

/// What a request presents. Nothing of it has been compared with anything yet.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Who the caller says it is.
    pub client_id: ClientId,
    /// What is to show it.
    pub credential: Credential,
}

/// The one thing that is to show who calls.
#[derive(Clone)]
pub enum Credential {
    /// A secret in the `Authorization` header.
    Basic(ClientSecret),
    /// A secret in the form.
    Post(ClientSecret),
    /// A `private_key_jwt`, for [`crate::assertion::verify`].
    Assertion(String),
    /// Nothing.
    Nothing,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({}, redacted)", self.method())
    }
}

impl Credential {
    /// Its method.
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::Basic(_) => AuthMethod::ClientSecretBasic,
            Self::Post(_) => AuthMethod::ClientSecretPost,
            Self::Assertion(_) => AuthMethod::PrivateKeyJwt,
            Self::Nothing => AuthMethod::None,
        }
    }
}

impl Presented {
    /// What is in the `Authorization` header, as it came, and in the form.
    ///
    /// # Errors
    /// [`PresentationError`]: two methods at once, none, or one we do not have.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, PresentationError> {
        let named = form.one("client_id").map(client_id).transpose()?;
        let secret = form.one("client_secret");
        let assertion = form.one("client_assertion");
        let (claimed, credential) = match (authorization, secret, assertion) {
            (Some(header), None, None) => {
                let (client_id, secret) = basic::read(header)?;
                (Some(client_id), Credential::Basic(secret))
            }
            (None, Some(secret), None) => (None, Credential::Post(ClientSecret::presented(secret))),
            (None, None, Some(assertion)) => {
                if form.one("client_assertion_type") != Some(ASSERTION_TYPE) {
                    return Err(PresentationError::AssertionType);
                }
                let claimed = claimed_client_id(assertion).map_err(|_| PresentationError::Malformed)?;
                (Some(claimed), Credential::Assertion(assertion.to_owned()))
            }
            (None, None, None) => (None, Credential::Nothing),
            _ => return Err(PresentationError::Several),
        };
        let client_id = match (claimed, named) {
            (Some(claimed), Some(named)) if claimed != named => return Err(PresentationError::TwoClients),
            (Some(claimed), _) => claimed,
            (None, Some(named)) => named,
            (None, None) => return Err(PresentationError::NoClient),
        };
        Ok(Self { client_id, credential })
    }

    /// Whether it is the client's registered method: no other will do, or the weakest would.
    pub fn is_by(&self, registered: AuthMethod) -> bool {
        self.credential.method() == registered
    }
}

fn client_id(text: &str) -> Result<ClientId, PresentationError> {
    text.parse().map_err(|_| PresentationError::UnknownClient)
}

/// Why a request does not say who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// Two methods in one request (RFC 6749 section 2.3).
    #[error("only one client authentication method may be used")]
    Several,
    /// Two clients in one request.
    #[error("client_id is not the client that authenticates")]
    TwoClients,
    /// `client_assertion_type` is missing or another.
    #[error("client_assertion_type is not supported")]
    AssertionType,
    /// Neither a client nor a credential.
    #[error("client authentication is missing")]
    NoClient,
    /// An `Authorization` scheme that does not authenticate clients.
    #[error("the authentication scheme is not supported")]
    Scheme,
    /// A Basic header or an assertion that cannot be read.
    #[error("the client authentication cannot be read")]
    Malformed,
    /// Nobody has such a `client_id`.
    #[error("the client is not known")]
    UnknownClient,
}

impl From<PresentationError> for OAuthError {
    /// RFC 6749 section 5.2: more than one way is a malformed request, the wrong way a failed authentication.
    fn from(error: PresentationError) -> Self {
        let invalid_client = |description| Self::new(ErrorCode::InvalidClient, description);
        match error {
            PresentationError::Several => Self::invalid_request("only one client authentication method may be used"),
            PresentationError::TwoClients => Self::invalid_request("client_id is not the client that authenticates"),
            PresentationError::AssertionType => invalid_client("client_assertion_type is not supported"),
            PresentationError::NoClient => invalid_client("client authentication is missing"),
            PresentationError::Scheme => invalid_client("the authentication scheme is not supported"),
            PresentationError::Malformed | PresentationError::UnknownClient => {
                invalid_client("client authentication failed")
            }
        }
    }
}

#[cfg(test)]
mod tests;
