//! Pushed authorization requests (RFC 9126): the client sends its request itself, and the browser carries a reference.

use domain::{bearer::Bearer, entropy::Entropy};
use endpoint::{Call, Caller, Clients, Failure, created};
use http::Method;
use oidc::{
    authorization_request::{AuthorizationRefusal, AuthorizationRequest},
    error::OAuthError,
    parameters::Parameters,
};
use serde_json::json;
use store::{
    replays::Replays,
    requests::{PUSHED_FOR, REFERENCE, Requests},
};
use web::{Clock, Door, Environment, Function, Incoming, Problem, Response, StartError};

/// The function.
#[derive(Debug)]
pub struct SsoPar {
    clients: Clients,
    requests: Requests,
    replays: Replays,
    clock: Clock,
    entropy: Entropy,
}

impl Function for SsoPar {
    const NAME: &'static str = "sso-par";
    const DOOR: Door = Door::Anybody;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        let grants = wizard::table(environment, "GRANTS_TABLE")?;
        Ok(Self {
            clients: Clients::start(environment, wizard::table(environment, "CLIENTS_TABLE")?)?,
            requests: Requests::new(grants.clone()),
            replays: Replays::new(grants),
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn answer(&self, incoming: &Incoming) -> Result<Response, Problem> {
        if incoming.method != Method::POST {
            return Err(Problem::MethodNotAllowed);
        }
        Ok(self.push(incoming).await.unwrap_or_else(|failure| failure.response(incoming)))
    }
}

impl SsoPar {
    async fn push(&self, incoming: &Incoming) -> Result<Response, Failure> {
        let now = self.clock.now();
        let call = Call::read(incoming)?;
        let Caller { client, mut replays } = self.clients.authenticate(&call, now).await?;
        let proof = call.proof(None, now)?;
        let mut pushed = own_parameters(&call.form);
        if let Some((proof, replay)) = proof {
            pushed = bound_to(pushed, proof.jkt.as_str())?;
            replays.push(replay);
        }
        let checked = check(&pushed, &client);
        if checked.is_err() {
            // What was signed is used up by a refusal too: whoever saw it cannot try again with it.
            endpoint::used_once(&self.replays, &replays).await?;
        }
        checked?;

        let reference = Bearer::new(self.entropy.bytes());
        let (unused, stored) = tokio::join!(
            endpoint::used_once(&self.replays, &replays),
            self.requests.push(&reference, client.client_id.clone(), pushed, now)
        );
        unused?;
        stored?;
        tracing::info!(client_id = %client.client_id, "request pushed");
        Ok(created(&json!({ "request_uri": format!("{REFERENCE}{}", reference.expose()), "expires_in": PUSHED_FOR })))
    }
}

/// What belongs to the request; the rest authenticates the client.
fn own_parameters(form: &Parameters) -> Parameters {
    form.clone().without(&["client_secret", "client_assertion", "client_assertion_type"])
}

/// RFC 9449 section 10.1: a proof sent with the push binds the code as `dpop_jkt` does.
fn bound_to(pushed: Parameters, jkt: &str) -> Result<Parameters, OAuthError> {
    match pushed.one("dpop_jkt") {
        Some(named) if named != jkt => Err(OAuthError::invalid_request("dpop_jkt is not the proof's key")),
        Some(_) => Ok(pushed),
        None => Ok(pushed.with("dpop_jkt", jkt)),
    }
}

/// Everything is checked here already: the client's developer is told at once, and not a person later.
fn check(pushed: &Parameters, client: &oidc::client::Client) -> Result<(), OAuthError> {
    if pushed.contains("request_uri") {
        return Err(OAuthError::invalid_request("a pushed request cannot refer to another"));
    }
    match AuthorizationRequest::parse(pushed, client) {
        Ok(_) => Ok(()),
        Err(AuthorizationRefusal::ToClient(_, error)) => Err(error),
        Err(AuthorizationRefusal::ToPerson(reason)) => Err(OAuthError::invalid_request(reason)),
    }
}
