//! The token endpoint (RFC 6749 section 3.2): four grants, each a file. Everything that can be checked is checked first;
//! what is used once is used up last, in one transaction.

mod attempt;
mod audience;
mod client_credentials;
mod code;
mod exchange;
mod issue;
mod refresh;

use domain::entropy::Entropy;
use endpoint::{Call, Caller, Clients, Failure, given, replayed};
use http::Method;
use jiff::Timestamp;
use oidc::{
    client::{Client, GrantType},
    error::{ErrorCode, OAuthError},
    grant::GrantId,
    jwk::Thumbprint,
};
use serde_json::Value;
use signing::Signing;
use store::{
    accounts::Accounts,
    consents::Consents,
    disclosures::Disclosures,
    grants::{Grants, SaveError, StoredGrant},
    limits::Limits,
    replays::{Replay, Replays},
    sessions::Sessions,
};
use web::{Clock, Door, Environment, Function, Incoming, Measure, Problem, Response, StartError};

/// The function.
#[derive(Debug)]
pub struct SsoToken {
    clients: Clients,
    grants: Grants,
    replays: Replays,
    accounts: Accounts,
    consents: Consents,
    sessions: Sessions,
    disclosures: Disclosures,
    limits: Limits,
    signing: Signing,
    issuer: String,
    clock: Clock,
    entropy: Entropy,
}

impl Function for SsoToken {
    const NAME: &'static str = "sso-token";
    const DOOR: Door = Door::AnyOrigin;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let accounts = wizard::table(environment, "ACCOUNTS_TABLE")?;
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        let signing = Signing::start(environment)?;
        signing.read_ahead(environment);
        Ok(Self {
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            grants: Grants::new(grants.clone()),
            replays: Replays::new(grants),
            accounts: Accounts::new(accounts.clone()),
            consents: Consents::new(accounts),
            sessions: wizard::sessions(environment)?,
            disclosures: Disclosures::new(wizard::table(environment, "DISCLOSURES_TABLE")?),
            limits: wizard::limits(environment)?,
            signing,
            issuer: environment.site.issuer.clone(),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method != Method::POST {
            return Err(Problem::MethodNotAllowed);
        }
        Ok(match self.grant(incoming).await {
            Ok(body) => given(&body),
            Err(failure) => failure.response(incoming),
        })
    }
}

/// A call whose client is known and may use the grant.
struct Asking<'a> {
    call: &'a Call,
    client: Client,
    /// The key of its DPoP proof, if it sent one.
    jkt: Option<Thumbprint>,
    /// What it signed, to be used up with what it gets.
    replays: Vec<Replay>,
    now: Timestamp,
}

impl SsoToken {
    async fn grant(&self, incoming: &Incoming) -> Result<Value, Failure> {
        let now = self.clock.now();
        let call = Call::read(incoming)?;
        let named = call.form.required("grant_type", "grant_type is missing")?;
        let grant_type: GrantType = named
            .parse()
            .map_err(|_| OAuthError::new(ErrorCode::UnsupportedGrantType, "the grant type is not supported"))?;
        // Boxed, or every request would clear memory for the largest of the four.
        let given = match grant_type {
            GrantType::AuthorizationCode => Box::pin(self.redeem(&call, now)).await,
            GrantType::RefreshToken => Box::pin(self.refresh(&call, now)).await,
            GrantType::ClientCredentials => Box::pin(self.client_credentials(&call, now)).await,
            GrantType::TokenExchange => Box::pin(self.exchange(&call, now)).await,
        };
        // Who was given something is who they claimed to be.
        let client = call.claimed_client().filter(|_| given.is_ok());
        incoming.measure(client.map(|client| Measure::token(grant_type.as_str(), client.as_str())));
        given
    }

    /// Authenticates the client, beside reading `grant` and the keys that sign: none waits for the other.
    async fn asking<'a>(
        &self,
        call: &'a Call,
        grant_type: GrantType,
        grant: Option<GrantId>,
        now: Timestamp,
    ) -> Result<(Asking<'a>, Option<StoredGrant>), Failure> {
        let found = async {
            match grant {
                Some(id) => self.grants.find(id).await,
                None => Ok(None),
            }
        };
        let signatures = async {
            match call.claimed_client() {
                Some(id) => self.limits.used(&issue::signatures(&id, now)).await,
                None => Ok(0),
            }
        };
        let (caller, found, ready, signatures) =
            tokio::join!(self.clients.authenticate(call, now), found, self.signing.ready(now), signatures);
        let Caller { client, mut replays } = caller?;
        ready.map_err(Failure::unavailable)?;
        if signatures? >= client.signatures_per_minute {
            return Err(Failure::NotNow(30));
        }
        if !client.may_use(grant_type) {
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, "the grant type is not registered").into());
        }
        let proof = call.proof(None, now)?;
        let jkt = proof.map(|(proof, replay)| {
            replays.push(replay);
            proof.jkt
        });
        if client.dpop_bound_access_tokens && jkt.is_none() {
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, "a DPoP proof is required").into());
        }
        Ok((Asking { call, client, jkt, replays, now }, found?))
    }

    /// What was signed for a call is used up by a refusal too: whoever saw it cannot try again with it.
    async fn refuse(&self, asking: &Asking<'_>, failure: Failure) -> Failure {
        if matches!(failure, Failure::Refused(_))
            && let Err(used) = endpoint::used_once(&self.replays, &asking.replays).await
        {
            return used;
        }
        failure
    }
}

/// What a failed write is to the client; a race is the caller's to run again.
fn not_saved(error: SaveError) -> Failure {
    match error {
        SaveError::Changed => Failure::NotNow(1),
        SaveError::Replayed(signed) => replayed(signed),
        SaveError::NotActive | SaveError::SessionEnded => {
            OAuthError::invalid_grant("the grant is not good any more").into()
        }
        SaveError::Store(error) => error.into(),
    }
}
