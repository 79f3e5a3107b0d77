//! `cargo run`: every function of the template in one process, on loopback, against stand-ins for AWS and the card
//! registry that speak the real protocols.

pub mod aws;
pub mod card_registry;
mod clients;
mod deliveries;
mod demonstration;
mod functions;
pub mod gateway;
mod inspection;
mod neighbourhood;
pub mod sms_outbox;
pub mod template;

use std::{collections::BTreeMap, convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use domain::entropy::Entropy;
use http::{Response, request::Parts};
use http_body_util::Full;
use tokio::{net::TcpListener, task::JoinHandle};
use web::{Clock, Environment, Metrics, Operation};

use aws::{Aws, AwsError, Storage, faults::Faults, sqs::Queues};
use card_registry::Outage;
use deliveries::Deliveries;
use demonstration::Demonstration;
use functions::Started;
use gateway::Gateway;
use neighbourhood::Neighbourhood;
use sms_outbox::Outbox;
use template::{Template, TemplateError};

/// What a local run is made with; tests bring their own clock, randomness and HTTP client.
#[derive(Debug)]
pub struct Settings {
    /// Scheme, host and port, as the browser sees it.
    pub issuer: String,
    /// Where accounts and keys are kept.
    pub storage: Storage,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What the SDK's clients send their requests with, if not with their own.
    pub http_client: Option<SharedHttpClient>,
    /// How long the SDK's clients wait: as deployed, unless a busy machine is to change no answer.
    pub time_outs: TimeoutConfig,
    /// How long the SDK's clients wait before they first try again.
    pub retry_pause: Duration,
    /// Values for the template's parameters, beside those that follow from the above.
    pub parameters: BTreeMap<String, String>,
    /// How long after a failure a message is delivered again.
    pub redelivery: Duration,
    /// Where metrics are written.
    pub metrics: Metrics,
}

impl Settings {
    /// The settings of `cargo run`.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn new(issuer: impl Into<String>) -> Result<Self, LocalError> {
        Ok(Self {
            issuer: issuer.into(),
            storage: Storage::default(),
            clock: Clock::system(),
            entropy: web::environment::system_entropy()?,
            http_client: None,
            time_outs: web::aws::time_outs(),
            retry_pause: Duration::from_secs(1),
            parameters: BTreeMap::new(),
            redelivery: Duration::from_secs(1),
            metrics: Metrics::new(|line| tracing::info!(target: "metrics", "{line}")),
        })
    }
}

/// The running service. Everything stops when it is dropped.
#[derive(Debug)]
pub struct Local {
    gateway: Arc<Gateway>,
    aws: Aws,
    time_outs: TimeoutConfig,
    outage: Outage,
    registry: JoinHandle<Infallible>,
    _deliveries: Vec<Deliveries>,
}

/// Why the local run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The command line.
    #[error("{0}")]
    Usage(String),
    /// The port is taken.
    #[error("cannot listen: {0}")]
    Listen(std::io::Error),
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The stand-ins cannot start.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A function cannot start.
    #[error("{0}")]
    Function(#[from] web::StartError),
    /// The demonstration's clients cannot be registered.
    #[error("clients.json: {0}")]
    Clients(String),
    /// The template has a function that this run does not know.
    #[error("the template's function {0} is not linked into the local run")]
    UnknownFunction(String),
}

impl Local {
    /// Starts the stand-ins, then every function of the template.
    ///
    /// # Errors
    /// See [`LocalError`].
    pub async fn start(settings: Settings) -> Result<Self, LocalError> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.map_err(LocalError::Listen)?;
        let address = listener.local_addr().map_err(LocalError::Listen)?;
        let outage = Outage::default();
        let registry = tokio::spawn(card_registry::serve(listener, outage.clone()));

        let mut parameters = BTreeMap::from([
            ("Issuer".to_owned(), settings.issuer.clone()),
            ("CardRegistryUrl".to_owned(), format!("http://{address}{}", card_registry::PATH)),
        ]);
        parameters.extend(settings.parameters);
        let template = Template::read(&Template::path(), &parameters)?;
        let clock: aws::Clock = {
            let clock = settings.clock.clone();
            Arc::new(move || clock.now())
        };
        let aws = Aws::start(&template, &settings.storage, clock.clone()).await?;
        let sdk = sdk_config(&aws, settings.http_client, settings.time_outs.clone(), settings.retry_pause);

        let network = Arc::new(Neighbourhood::default());
        let mut routes = inspection::routes(&aws.outbox());
        let mut deliveries = Vec::new();
        let mut secrets = clients::Secrets::new();
        for function in &template.functions {
            let environment = Environment::new(
                function.environment.clone(),
                sdk.clone(),
                settings.clock.clone(),
                settings.entropy.clone(),
                network.clone(),
                settings.metrics.clone(),
            )?;
            let started = functions::start(&function.name, &environment).await?;
            routes.push(inspection::invoke(&function.name, &started));
            match started {
                Started::Http(handler) => {
                    routes.extend(function.routes.iter().map(|route| (route.clone(), handler.clone())));
                }
                Started::Event(handler) => {
                    if function.name == ops_clients::OpsClients::NAME {
                        secrets = clients::register(&handler, &settings.issuer).await?;
                        routes.push(clients::route(&handler));
                    }
                    let sources = function.sources.iter().cloned();
                    deliveries.extend(sources.map(|source| {
                        Deliveries::begin(source, aws.queues(), Arc::clone(&handler), settings.redelivery)
                    }));
                }
            }
        }
        let e_service =
            Demonstration::new(&settings.issuer, &secrets, network.clone(), settings.clock, settings.entropy)?;
        routes.extend(e_service.routes());
        let gateway = Arc::new(Gateway::new(routes, clock));
        network.settle(&settings.issuer, &gateway);
        Ok(Self { gateway, aws, time_outs: settings.time_outs, outage, registry, _deliveries: deliveries })
    }

    /// Serves until the task is dropped.
    pub async fn serve(&self, listener: TcpListener) {
        gateway::serve(listener, Arc::clone(&self.gateway), std::future::pending()).await;
    }

    /// Answers one request without a socket.
    pub async fn answer(&self, parts: &Parts, body: Bytes, peer: IpAddr) -> Response<Full<Bytes>> {
        self.gateway.answer(parts, body, peer).await
    }

    /// The texts that were sent.
    pub fn outbox(&self) -> Arc<Outbox> {
        self.aws.outbox()
    }

    /// The queues and what is in them, dead letters too.
    pub fn queues(&self) -> Queues {
        self.aws.queues()
    }

    /// What the stand-ins can be told to do wrong.
    pub fn faults(&self) -> Faults {
        self.aws.faults()
    }

    /// Takes the card registry away, and gives it back.
    pub fn registry_outage(&self) -> Outage {
        self.outage.clone()
    }

    /// An SDK configuration that reaches the stand-ins, for tests that look into the tables.
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.aws, None, self.time_outs.clone(), Duration::ZERO)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.registry.abort();
    }
}

/// As a deployed function has it, but for the endpoint and credentials that mean nothing.
fn sdk_config(
    aws: &Aws,
    http_client: Option<SharedHttpClient>,
    time_outs: TimeoutConfig,
    retry_pause: Duration,
) -> SdkConfig {
    let credentials = Credentials::from_keys("local", "local", None);
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(template::REGION))
        .endpoint_url(aws.endpoint())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(retry_pause))
        .timeout_config(time_outs);
    builder.set_http_client(http_client);
    builder.build()
}
