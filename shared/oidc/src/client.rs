//! A relying party as it is registered: `client` in OAuth's sense. Names are those of RFC 7591, OpenID Connect Dynamic
//! Client Registration, RFC 9126, RFC 9449 and the logout specifications; the rest is ours and documented as such.

mod metadata;
mod url;

use std::{fmt, str::FromStr};

use domain::{assurance::Ial, language::Localised};
use serde::{Deserialize, Serialize};

pub use metadata::{MetadataError, Registration};
pub use url::{Locality, UrlError};

use crate::{
    claim::ClaimName,
    client_authentication::AuthMethod,
    jwk::ClientKeys,
    jws::SigningAlgorithm,
    profile::Profile,
    scope::{Scope, Scopes},
};

/// A client's name on the wire: 1 to 64 of `A-Z a-z 0-9 . _ - ~`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// An id from 16 random bytes, for clients that choose none.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ClientId {
    type Err = ClientIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientIdError)
        }
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

/// Not a client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client_id is 1 to 64 of A-Z a-z 0-9 . _ - ~")]
pub struct ClientIdError;

/// How a client gets tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 6749 section 6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// RFC 6749 section 4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// Every one, as discovery lists them.
    pub const EVERY: [Self; 4] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::TokenExchange];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

impl FromStr for GrantType {
    type Err = UnknownGrantType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::EVERY.into_iter().find(|grant_type| grant_type.as_str() == text).ok_or(UnknownGrantType)
    }
}

/// A grant type we do not have, the password grant among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown grant type")]
pub struct UnknownGrantType;

/// How a person is named to a client (OpenID Connect Core section 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// By a name of its sector's own.
    #[default]
    Pairwise,
    /// By one name for all such clients.
    Public,
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessTokenFormat {
    /// Introspected, and revoked at once.
    #[default]
    Opaque,
    /// RFC 9068.
    Jwt,
}

/// A client, valid as it stands. Made by [`Registration`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Client {
    /// `client_id`
    pub client_id: ClientId,
    /// `client_name`, with `#th` and `#en` where they differ.
    pub name: Localised,
    /// Ours, `agency`: whose system it is.
    pub agency: Option<Localised>,
    /// Ours, `purpose`: what people's data are wanted for, in a few words, as the consent page says it.
    pub purpose: Option<Localised>,
    /// `client_uri`, `policy_uri`: shown on the consent page.
    pub client_uri: Option<String>,
    /// See `client_uri`.
    pub policy_uri: Option<String>,
    /// `redirect_uris`: compared as strings, exactly.
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`: likewise.
    pub post_logout_redirect_uris: Vec<String>,
    /// `grant_types`
    pub grant_types: Vec<GrantType>,
    /// `scope`: what it may ask for at most.
    pub scope: Scopes,
    /// `token_endpoint_auth_method`
    pub token_endpoint_auth_method: AuthMethod,
    /// `jwks`
    pub jwks: Option<ClientKeys>,
    /// `jwks_uri`
    pub jwks_uri: Option<String>,
    /// `id_token_signed_response_alg`
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// `subject_type`
    pub subject_type: SubjectType,
    /// Ours: whose clients share a person's subject. A host or a name.
    pub sector: String,
    /// `require_pushed_authorization_requests`
    pub require_pushed_authorization_requests: bool,
    /// `dpop_bound_access_tokens`
    pub dpop_bound_access_tokens: bool,
    /// `backchannel_logout_uri`
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`
    pub backchannel_logout_session_required: bool,
    /// Ours: false only for a confidential client that is older than PKCE, which must then send a nonce.
    pub require_pkce: bool,
    /// Ours.
    pub profile: Profile,
    /// Ours: no person below this level comes back signed in.
    pub minimum_ial: Option<Ial>,
    /// Ours: only people with a verified number.
    pub require_verified_mobile: bool,
    /// Ours: only people with a verified e-mail address.
    pub require_verified_email: bool,
    /// Ours.
    pub access_token_format: AccessTokenFormat,
    /// Ours: the `resource`s of RFC 8707 it may ask tokens for.
    pub resources: Vec<String>,
    /// Ours: the clients whose tokens it may get by RFC 8693.
    pub exchange_audiences: Vec<ClientId>,
    /// Ours: it takes citizen IDs that nobody vouched for.
    pub unverified_citizen_id: bool,
    /// Ours: people are not asked, because a law or their own agency already has.
    pub skip_consent: bool,
    /// Ours: JWTs signed for it a minute at most, so that none spends the others' share of KMS.
    pub signatures_per_minute: u32,
}

impl Client {
    /// The sector in which clients registered as `public` name people. No host is called so.
    const PUBLIC_SECTOR: &'static str = "#public";

    /// The sector whose subject this client is told.
    pub fn subject_sector(&self) -> &str {
        match self.subject_type {
            SubjectType::Pairwise => &self.sector,
            SubjectType::Public => Self::PUBLIC_SECTOR,
        }
    }

    /// Whether it can keep a secret.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != AuthMethod::None
    }

    /// Whether it may use this grant.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether some scope it is registered for asks for this claim.
    pub fn may_be_told(&self, claim: ClaimName) -> bool {
        self.scope.claims().contains(&claim)
    }

    /// What of these scopes is its own. Those that nobody knows are left out (OpenID Connect Core section 3.1.2.1).
    ///
    /// # Errors
    /// `None` if one that we know is not registered for it.
    pub fn granted(&self, asked: &Scopes) -> Option<Scopes> {
        let own = |scope: &Scope| self.scope.contains(scope.as_str());
        if asked.iter().any(|scope| scope.is_known() && !own(scope)) { None } else { Some(asked.filtered(own)) }
    }

    /// The URL of a registered redirect, if it is that very string.
    pub fn redirect_uri(&self, asked: &str) -> Option<&str> {
        self.redirect_uris.iter().find(|uri| *uri == asked).map(String::as_str)
    }

    /// Whether its registration can let somebody in as somebody else, and so needs two operators (architecture.md).
    pub fn needs_second_operator(&self) -> bool {
        self.skip_consent || !self.require_pkce || self.may_be_told(ClaimName::CitizenId)
    }
}
