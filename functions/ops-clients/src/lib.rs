//! The operators' command over relying parties: register, change, turn off and on, list. Whatever can let somebody in as
//! somebody else needs a second operator; a secret is told once and kept as a hash.

mod shown;

use domain::{entropy::Entropy, operator::Operator};
use oidc::{
    client::{Client, ClientId, Locality, MetadataError, Registration},
    client_secret::{ClientSecret, SecretDigest},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::clients::{Change, Clients, RegisterError, Registered};
use web::{Clock, Environment, Operation, Order, OrderRefused, StartError};

/// The function.
#[derive(Debug)]
pub struct OpsClients {
    clients: Clients,
    locality: Locality,
    clock: Clock,
    entropy: Entropy,
}

/// What it can be told to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Registers a client with this metadata.
    Register(Map<String, Value>),
    /// Lays this metadata over a client's own; a member of `null` goes back to its default.
    Update(Map<String, Value>),
    /// Makes a new secret; the old one is dead.
    RenewSecret(Named),
    /// Turns a client off: nothing of it is served any more.
    Disable(Named),
    /// Turns it on again.
    Enable(Named),
    /// Shows every client.
    List {},
}

/// A client by its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Which.
    pub client_id: ClientId,
}

impl Operation for OpsClients {
    const NAME: &'static str = "ops-clients";
    type Action = Action;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        // Only the local run has an issuer without TLS, and its relying parties are on loopback.
        let locality = if environment.site.cookies.secure { Locality::Deployed } else { Locality::Loopback };
        Ok(Self {
            clients: Clients::new(wizard::table(environment, "CLIENTS_TABLE")?),
            locality,
            clock: environment.clock.clone(),
            entropy: environment.entropy.clone(),
        })
    }

    async fn perform(&self, order: Order<Action>) -> Result<Value, OrderRefused> {
        match order.action.clone() {
            Action::Register(metadata) => self.register(&order, metadata).await,
            Action::Update(metadata) => self.update(&order, &metadata).await,
            Action::RenewSecret(Named { client_id }) => self.renew_secret(&order, &client_id).await,
            Action::Disable(Named { client_id }) => self.turn(&order, &client_id, true).await,
            Action::Enable(Named { client_id }) => self.turn(&order, &client_id, false).await,
            Action::List {} => {
                let clients = self.clients.all().await.map_err(OrderRefused::unavailable)?;
                Ok(json!({ "clients": clients.iter().map(shown::listed).collect::<Vec<_>>() }))
            }
        }
    }
}

impl OpsClients {
    async fn register(&self, order: &Order<Action>, metadata: Map<String, Value>) -> Result<Value, OrderRefused> {
        let client = self.read(&metadata)?;
        needs_second(order, &client)?;
        let (secret, digest) = self.secret_for(&client);
        let change = self.change("register", order);
        let registered = Registered::new(client, metadata, digest, change);
        self.clients.register(&registered).await.map_err(|error| match error {
            RegisterError::Conflict => OrderRefused::new("client_exists", "a client with this client_id exists"),
            RegisterError::Store(error) => OrderRefused::unavailable(error),
        })?;
        tracing::info!(client_id = %registered.client.client_id, "client registered");
        Ok(shown::told(&registered, secret.as_ref()))
    }

    async fn update(&self, order: &Order<Action>, changes: &Map<String, Value>) -> Result<Value, OrderRefused> {
        let named: ClientId = changes
            .get("client_id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| OrderRefused::invalid("client_id is missing"))?;
        let mut registered = self.found(&named).await?;
        let mut metadata = registered.metadata.clone();
        for (member, value) in changes {
            match value {
                Value::Null => metadata.remove(member),
                value => metadata.insert(member.clone(), value.clone()),
            };
        }
        let client = self.read(&metadata)?;
        // Who may do more than before, or could before, is two people's to decide.
        needs_second(order, &client)?;
        needs_second(order, &registered.client)?;
        if registered.used && client.subject_sector() != registered.client.subject_sector() {
            let fixed = "people have signed in: sector, subject_type and what the sector follows from are fixed";
            return Err(OrderRefused::new("sector_fixed", fixed));
        }
        let had_secret = registered.client.token_endpoint_auth_method.has_secret();
        let (secret, digest) = match had_secret && client.token_endpoint_auth_method.has_secret() {
            true => (None, registered.secret.clone()),
            false => self.secret_for(&client),
        };
        registered.history.push(self.change("update", order));
        // Keys of another address are nobody's any more.
        registered.fetched_keys.take_if(|_| client.jwks_uri != registered.client.jwks_uri);
        (registered.client, registered.metadata, registered.secret) = (client, metadata, digest);
        self.written(&registered).await?;
        Ok(shown::told(&registered, secret.as_ref()))
    }

    async fn renew_secret(&self, order: &Order<Action>, id: &ClientId) -> Result<Value, OrderRefused> {
        let mut registered = self.found(id).await?;
        // Who has the secret is the client.
        needs_second(order, &registered.client)?;
        let (secret, digest) = self.secret_for(&registered.client);
        if secret.is_none() {
            return Err(OrderRefused::invalid("the client has no secret"));
        }
        registered.secret = digest;
        registered.history.push(self.change("renew_secret", order));
        self.written(&registered).await?;
        Ok(shown::told(&registered, secret.as_ref()))
    }

    async fn turn(&self, order: &Order<Action>, id: &ClientId, off: bool) -> Result<Value, OrderRefused> {
        let mut registered = self.found(id).await?;
        if !off {
            needs_second(order, &registered.client)?;
        }
        registered.disabled = off;
        registered.history.push(self.change(if off { "disable" } else { "enable" }, order));
        self.written(&registered).await?;
        Ok(shown::listed(&registered))
    }

    fn read(&self, metadata: &Map<String, Value>) -> Result<Client, OrderRefused> {
        let random = ClientId::from_random(self.entropy.bytes());
        Registration::read(metadata, random, self.locality).map_err(|errors| {
            // RFC 7591 section 3.2.2.
            let redirect = errors.iter().all(|MetadataError { member, .. }| *member == "redirect_uris");
            let code = if redirect { "invalid_redirect_uri" } else { "invalid_client_metadata" };
            let details: Vec<_> = errors.iter().map(MetadataError::to_string).collect();
            OrderRefused::new(code, details.join("; "))
        })
    }

    fn secret_for(&self, client: &Client) -> (Option<ClientSecret>, Option<SecretDigest>) {
        let has_one = client.token_endpoint_auth_method.has_secret();
        let secret = has_one.then(|| ClientSecret::from_random(self.entropy.bytes()));
        let digest = secret.as_ref().map(ClientSecret::digest);
        (secret, digest)
    }

    async fn found(&self, id: &ClientId) -> Result<Registered, OrderRefused> {
        let found = self.clients.find(id).await.map_err(OrderRefused::unavailable)?;
        found.ok_or_else(|| OrderRefused::new("unknown_client", "no such client"))
    }

    async fn written(&self, registered: &Registered) -> Result<(), OrderRefused> {
        self.clients.change(registered).await.map_err(|error| match error {
            RegisterError::Conflict => OrderRefused::new("changed_meanwhile", "somebody changed the client meanwhile"),
            RegisterError::Store(error) => OrderRefused::unavailable(error),
        })
    }

    fn change(&self, action: &str, order: &Order<Action>) -> Change {
        Change {
            action: action.to_owned(),
            operator: order.operator.as_str().to_owned(),
            second_operator: order.second_operator.as_ref().map(|second| Operator::as_str(second).to_owned()),
            reason: order.reason.as_str().to_owned(),
            at: self.clock.now(),
        }
    }
}

fn needs_second(order: &Order<Action>, client: &Client) -> Result<(), OrderRefused> {
    if client.needs_second_operator() { order.needs_second().map(drop) } else { Ok(()) }
}
