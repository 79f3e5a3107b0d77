//! AWS as a function on Lambda reaches it: by what Lambda writes into its environment, and by nothing else.
//!
//! The SDK's default chain would look for profiles, containers and instance metadata as well, and give each client an HTTP
//! client of its own, each of which reads the machine's 140 certificate roots. Here is one for all of them. It trusts the
//! roots that AWS names for its services, and its connections are opened before the first request comes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, identity::IdentityCache, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use futures_util::future::{BoxFuture, join_all};
use http_body_util::BodyExt;

use crate::environment::{StartError, required};

/// Amazon Trust Services: "Amazon Root CA 1" to "4" and "Starfield Services Root Certificate Authority - G2", to one of which
/// every service's certificate leads (amazontrust.com/repository). No other authority can speak for AWS to us.
const ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// To connect, TLS included.
const CONNECT: Duration = Duration::from_millis(800);

/// A service whose client a function makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB
    DynamoDb,
    /// KMS
    Kms,
    /// SNS
    Sns,
    /// SQS
    Sqs,
}

impl Service {
    /// How its endpoint's name begins.
    const fn endpoint_prefix(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::Kms => "kms",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }
}

/// What Lambda tells of AWS. Nothing is made of it for functions that make no client.
pub(crate) struct Aws {
    region: Region,
    credentials: Credentials,
    endpoint: Option<String>,
    made: OnceLock<Made>,
    reached: Mutex<BTreeMap<String, Option<BoxFuture<'static, bool>>>>,
}

#[derive(Debug)]
struct Made {
    config: SdkConfig,
    connector: SharedHttpConnector,
}

impl Aws {
    /// Reads Lambda's reserved variables, and `AWS_ENDPOINT_URL`, which stands for every service's own address. The
    /// credentials are the process's for life: Lambda ends it before they do.
    ///
    /// # Errors
    /// [`StartError::Missing`].
    pub(crate) fn of_lambda(variables: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let text = |name: &str| required(variables, name).map(str::to_owned);
        let session = variables.get("AWS_SESSION_TOKEN").cloned();
        let (key, secret) = (text("AWS_ACCESS_KEY_ID")?, text("AWS_SECRET_ACCESS_KEY")?);
        Ok(Self {
            region: Region::new(text("AWS_REGION")?),
            credentials: Credentials::new(key, secret, session, None, "Lambda"),
            endpoint: variables.get("AWS_ENDPOINT_URL").filter(|url| !url.is_empty()).cloned(),
            made: OnceLock::new(),
            reached: Mutex::default(),
        })
    }

    /// The configuration of a service's client, in `region` if that is not the function's own.
    pub(crate) fn config(&self, service: Service, region: Option<&str>) -> &SdkConfig {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.entry(self.address(service, region)).or_default();
        &self.made.get_or_init(|| self.make()).config
    }

    /// What the first request would ask of a service, to be asked while the function starts: it opens the connections too.
    pub(crate) fn read_ahead(&self, service: Service, reading: impl Future<Output = bool> + Send + 'static) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.insert(self.address(service, None), Some(Box::pin(reading)));
    }

    fn address(&self, service: Service, region: Option<&str>) -> String {
        self.endpoint.clone().unwrap_or_else(|| {
            let region = region.unwrap_or(self.region.as_ref());
            format!("https://{}.{region}.amazonaws.com", service.endpoint_prefix())
        })
    }

    fn make(&self) -> Made {
        let connector = connector();
        let shared = connector.clone();
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            // Nothing is fetched, so nothing needs to be kept.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(time_outs())
            // An answer that stands still meets the time-out of its attempt.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        builder.set_endpoint_url(self.endpoint.clone());
        Made { config: builder.build(), connector }
    }

    /// Opens a connection to each service that a client was made for: while a function starts it has more processor than
    /// later, and nobody waits yet. Those that it needs beside the first then resume its TLS session.
    pub(crate) async fn connect(&self) {
        let Some(made) = self.made.get() else { return };
        let reached = std::mem::take(&mut *self.reached.lock().unwrap_or_else(PoisonError::into_inner));
        join_all(reached.into_iter().map(|(address, reading)| async move {
            let opening = async {
                match reading {
                    Some(reading) => reading.await,
                    None => open(&made.connector, &address).await,
                }
            };
            if tokio::time::timeout(CONNECT, opening).await != Ok(true) {
                tracing::warn!(address, "no connection at start-up");
            }
        }))
        .await;
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

/// An unsigned request, which DynamoDB answers with its health and the others refuse: either way the connection is there.
/// If not, the first request finds out what is wrong.
async fn open(connector: &SharedHttpConnector, address: &str) -> bool {
    let Ok(request) = HttpRequest::get(address) else { return false };
    let Ok(response) = connector.call(request).await else { return false };
    // Read to its end, it leaves the connection to the next.
    response.into_body().collect().await.is_ok()
}

fn connector() -> SharedHttpConnector {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let builder = Connector::builder().connector_settings(settings).tls_provider(Provider::rustls(CryptoMode::AwsLc));
    let builder = match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => builder.tls_context(context),
        // It only puts together what it was given.
        Err(_) => builder,
    };
    SharedHttpConnector::new(builder.build())
}

/// An API call waits this long at most, and is tried again within it. The longest chain, identity's, is five calls and
/// the registry's 7 s: 22 s with a refund, within the deadline of a request.
pub fn time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(Duration::from_millis(1400))
        .operation_timeout(Duration::from_secs(3))
        .build()
}

#[cfg(test)]
mod tests;
