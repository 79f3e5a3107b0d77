//! Who calls: the client's registered method, and no other.

use fetch::{Fetch, RegisteredUrl};
use jiff::{SignedDuration, Timestamp};
use oidc::{
    assertion::{self, Assertion, AssertionError, AssertionRules},
    client::{Client, ClientId},
    client_authentication::{Credential, Presented},
    discovery::path,
    error::{ErrorCode, OAuthError},
    jwk::ClientKeys,
    jwt::JwtError,
    profile::Profile,
};
use store::{
    clients::Registered,
    replays::{Replay, Replays, Signed},
};
use web::{Environment, StartError};

use crate::{Call, Failure};

/// How long what a `jwks_uri` answered is used without asking again (OpenID Connect Core section 10.1.1).
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long it is believed while the address does not answer: a key that was withdrawn is not good for ever.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);

/// The registered clients, and the way to the keys that they publish themselves.
#[derive(Clone, Debug)]
pub struct Clients {
    registered: store::clients::Clients,
    fetch: Fetch,
    issuer: String,
}

/// A client that has shown who it is.
#[derive(Debug)]
pub struct Caller {
    /// The client.
    pub client: Client,
    /// What it showed it with, to be used once: for the caller to use.
    pub replays: Vec<Replay>,
}

impl Clients {
    /// From a function's environment; the table is named by `CLIENTS_TABLE`.
    ///
    /// # Errors
    /// The variable is missing.
    pub fn start(environment: &Environment, table: store::Table) -> Result<Self, StartError> {
        Ok(Self {
            registered: store::clients::Clients::new(table),
            fetch: Fetch::new(environment.network()),
            issuer: environment.site.issuer.clone(),
        })
    }

    /// A client that may be served, without any proof that it calls.
    ///
    /// # Errors
    /// The table's.
    pub async fn active(&self, id: &ClientId) -> Result<Option<Registered>, Failure> {
        Ok(self.registered.active(id).await?)
    }

    /// Whether a client that a token came from is served still. The caller is: it has just been asked for.
    ///
    /// # Errors
    /// The table's.
    pub async fn serve(&self, id: &ClientId, caller: &Client) -> Result<bool, Failure> {
        Ok(*id == caller.client_id || self.active(id).await?.is_some())
    }

    /// Notes that somebody signed in to it.
    ///
    /// # Errors
    /// The table's.
    pub async fn mark_used(&self, id: &ClientId) -> Result<(), Failure> {
        Ok(self.registered.mark_used(id).await?)
    }

    /// Authenticates the client that calls.
    ///
    /// # Errors
    /// `invalid_client`, and `invalid_request` for two methods at once.
    pub async fn authenticate(&self, call: &Call, now: Timestamp) -> Result<Caller, Failure> {
        let presented = Presented::read(call.authorization.as_deref(), &call.form).map_err(OAuthError::from)?;
        let Some(registered) = self.registered.active(&presented.client_id).await? else { return Err(failed()) };
        if !presented.is_by(registered.client.token_endpoint_auth_method) {
            return Err(failed());
        }
        let replays = match presented.credential {
            Credential::Basic(secret) | Credential::Post(secret) => {
                if !registered.secret.as_ref().is_some_and(|digest| digest.is_of(&secret)) {
                    return Err(failed());
                }
                Vec::new()
            }
            Credential::Assertion(text) => {
                let assertion = self.asserted(&registered, &text, &call.url, now).await?;
                let signer = registered.client.client_id.as_str();
                vec![Replay::new(Signed::Assertion, signer, &assertion.jti.digest(), assertion.expires_at)]
            }
            Credential::Nothing => Vec::new(),
        };
        Ok(Caller { client: registered.client, replays })
    }

    async fn asserted(
        &self,
        registered: &Registered,
        text: &str,
        url: &str,
        now: Timestamp,
    ) -> Result<Assertion, Failure> {
        let client = &registered.client;
        let token_endpoint = format!("{}{}", self.issuer, path::TOKEN);
        let endpoints = [token_endpoint.as_str(), url];
        let rules = match client.profile {
            Profile::Fapi2 => AssertionRules::fapi2(&self.issuer),
            Profile::Standard => AssertionRules::standard(&self.issuer, &endpoints),
        };
        let verify = |keys: &ClientKeys| assertion::verify(text, &client.client_id, keys, &rules, now);
        let known = client.jwks.as_ref().or_else(|| registered.keys_fetched_within(BELIEVED, now));
        let verified = known.map(&verify);
        let is_settled = client.jwks.is_some() || registered.keys_fetched_within(FRESH, now).is_some();
        let verified = match verified {
            // A client that reuses a `kid`, or names none, has rotated where the signature is another's.
            Some(Err(AssertionError::Jwt(JwtError::UnknownKey | JwtError::Signature))) | None => {
                self.published(client, now).await?.as_ref().map(&verify).or(verified)
            }
            Some(Ok(_)) if !is_settled => self.published(client, now).await?.as_ref().map(&verify).or(verified),
            Some(_) => verified,
        };
        verified.ok_or_else(failed)?.map_err(|error| {
            tracing::info!(%error, client_id = %client.client_id, "assertion refused");
            failed()
        })
    }

    /// What the client's `jwks_uri` answers now: asked once a minute at most, whatever `kid`s are sent.
    async fn published(&self, client: &Client, now: Timestamp) -> Result<Option<ClientKeys>, Failure> {
        let Some(uri) = client.jwks_uri.as_deref() else { return Ok(None) };
        let Ok(url) = uri.parse::<RegisteredUrl>() else { return Ok(None) };
        if !self.registered.may_ask_for_keys(&client.client_id, now).await? {
            return Ok(None);
        }
        let answer = match self.fetch.get(&url).await {
            Ok(answer) if answer.status == http::StatusCode::OK => answer,
            Ok(answer) => {
                tracing::warn!(client_id = %client.client_id, status = answer.status.as_u16(), "jwks_uri");
                return Ok(None);
            }
            Err(error) => {
                tracing::warn!(client_id = %client.client_id, %error, "jwks_uri");
                return Ok(None);
            }
        };
        let Ok(keys) = ClientKeys::parse(&answer.body) else {
            tracing::warn!(client_id = %client.client_id, "jwks_uri is no key set");
            return Ok(None);
        };
        self.registered.keep_keys(&client.client_id, uri, &keys, now).await?;
        Ok(Some(keys))
    }
}

/// Uses each of these up, where no transaction does.
///
/// # Errors
/// As [`replayed`], for one that was used before.
pub async fn used_once(replays: &Replays, each: &[Replay]) -> Result<(), Failure> {
    for replay in each {
        if !replays.first_use(replay).await? {
            return Err(replayed(replay.signed));
        }
    }
    Ok(())
}

/// What is told of something that was used before (RFC 7523 section 3.2, RFC 9449 section 5).
pub fn replayed(signed: Signed) -> Failure {
    let error = match signed {
        Signed::Assertion => OAuthError::new(ErrorCode::InvalidClient, "the assertion was used before"),
        Signed::Proof => OAuthError::new(ErrorCode::InvalidDpopProof, "the proof was used before"),
    };
    error.into()
}

/// One answer to everything: which part was wrong is nobody's business who could not show who he is.
fn failed() -> Failure {
    OAuthError::new(ErrorCode::InvalidClient, "client authentication failed").into()
}
