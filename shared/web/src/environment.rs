//! What a function is given at start-up: its configuration, AWS, the clock, randomness.

use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use aws_config::SdkConfig;
use domain::entropy::Entropy;
use fetch::{Internet, Network};

use crate::{
    aws::{Aws, Service},
    clock::Clock,
    cookie::CookieForm,
    edge::{Edge, NoHash},
    measure::Measure,
    metrics::Metrics,
    throttles::Throttles,
};

/// What a function is given at start-up.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    aws: Reached,
    clients: Arc<Mutex<Clients>>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Where metrics are written.
    pub metrics: Metrics,
    network: Option<Arc<dyn Network>>,
    /// The service's own address.
    pub site: Site,
}

/// The clients made so far, each by its type.
type Clients = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

/// How AWS is reached.
#[derive(Clone, Debug)]
enum Reached {
    OnLambda(Arc<Aws>),
    Otherwise(Box<SdkConfig>),
}

/// The service's own address, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Scheme and host, no path: `https://id.example`.
    pub issuer: String,
    /// The host alone, as texts name it.
    pub host: String,
    /// How cookies are named.
    pub cookies: CookieForm,
    /// What stands before the API.
    pub edge: Edge,
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing.
    #[error("{0} is not set")]
    Missing(String),
    /// A variable's value is not what it should be.
    #[error("{name}: {reason}")]
    Invalid {
        /// The variable.
        name: String,
        /// What it should be.
        reason: String,
    },
    /// The operating system gives no randomness.
    #[error("no randomness: {0}")]
    Entropy(getrandom::Error),
}

impl Environment {
    /// The environment of a Lambda function. Refuses an issuer that is not https: `__Host-` cookies need it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn of_lambda() -> Result<Self, StartError> {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let site = Site::of(&variables)?;
        if !site.cookies.secure {
            return Err(StartError::Invalid { name: "ISSUER".into(), reason: "must be https".into() });
        }
        let aws = Reached::OnLambda(Arc::new(Aws::of_lambda(&variables)?));
        let (clock, entropy, metrics) = (Clock::system(), system_entropy()?, Metrics::of_lambda());
        Ok(Self { variables, aws, clients: Arc::default(), clock, entropy, metrics, network: None, site })
    }

    /// An environment of one's own: the local run and the tests.
    ///
    /// # Errors
    /// [`StartError::Invalid`] for an issuer that is none.
    pub fn new(
        variables: BTreeMap<String, String>,
        aws: SdkConfig,
        clock: Clock,
        entropy: Entropy,
        network: Arc<dyn Network>,
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        let site = Site::of(&variables)?;
        let aws = Reached::Otherwise(Box::new(aws));
        Ok(Self { variables, aws, clients: Arc::default(), clock, entropy, metrics, network: Some(network), site })
    }

    /// For a client of the SDK's: counts by this measure what its service turns away.
    pub fn throttles(&self, measure: Measure) -> Throttles {
        Throttles { measure, metrics: self.metrics.clone(), clock: self.clock.clone() }
    }

    /// A service's client: made once, whoever asks again is given the same. Its connection is opened before the first
    /// request comes.
    pub fn client<C: Clone + Send + Sync + 'static>(&self, service: Service, make: impl FnOnce(&SdkConfig) -> C) -> C {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = clients.get(&TypeId::of::<C>()).and_then(|client| client.downcast_ref::<C>());
        if let Some(client) = made {
            return client.clone();
        }
        let client = make(self.aws_in(service, None));
        clients.insert(TypeId::of::<C>(), Box::new(client.clone()));
        client
    }

    /// The configuration of a client that may be in another region.
    pub fn aws_in(&self, service: Service, region: Option<&str>) -> &SdkConfig {
        match &self.aws {
            Reached::OnLambda(aws) => aws.config(service, region),
            Reached::Otherwise(config) => config,
        }
    }

    /// Has something read from a service while the function starts, when it has more processor than later and nobody waits:
    /// what its first request would wait for; whether it was read. If not, that one finds out what is wrong. Nothing is read
    /// elsewhere than on Lambda, where nothing starts anew.
    pub fn read_ahead(&self, service: Service, reading: impl Future<Output = bool> + Send + 'static) {
        if let Reached::OnLambda(aws) = &self.aws {
            aws.read_ahead(service, reading);
        }
    }

    /// Where URLs that relying parties registered are fetched. Asked for rather than held, so that a function that fetches
    /// none has no TLS of its own in it.
    pub fn network(&self) -> Arc<dyn Network> {
        self.network.clone().unwrap_or_else(|| Arc::new(Internet::default()))
    }

    /// The end of a function's start: the clients are made.
    pub(crate) async fn connect(&self) {
        if let Reached::OnLambda(aws) = &self.aws {
            aws.connect().await;
        }
    }

    /// A variable's text.
    ///
    /// # Errors
    /// [`StartError::Missing`].
    pub fn text(&self, name: &str) -> Result<&str, StartError> {
        required(&self.variables, name)
    }

    /// A variable parsed into its type.
    ///
    /// # Errors
    /// [`StartError::Missing`], [`StartError::Invalid`].
    pub fn parse<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, StartError> {
        let text = self.text(name)?;
        text.parse().map_err(|reason: T::Err| StartError::Invalid { name: name.to_owned(), reason: reason.to_string() })
    }

    /// A variable that may be missing or empty.
    ///
    /// # Errors
    /// [`StartError::Invalid`].
    pub fn optional<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, StartError> {
        match self.variables.get(name) {
            Some(text) if !text.is_empty() => self.parse(name).map(Some),
            _ => Ok(None),
        }
    }
}

impl Site {
    /// Reads an issuer: scheme, host, possibly a port, nothing after it.
    ///
    /// # Errors
    /// [`StartError::Invalid`].
    pub fn parse(issuer: &str) -> Result<Self, StartError> {
        let invalid = |reason: &str| StartError::Invalid { name: "ISSUER".into(), reason: reason.into() };
        let uri: http::Uri = issuer.parse().map_err(|_| invalid("not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(invalid("must be https")),
        };
        let host = uri.host().ok_or_else(|| invalid("has no host"))?;
        if issuer.ends_with('/') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(invalid("must have no path"));
        }
        if host.len() > domain::otp::LONGEST_HOST {
            return Err(invalid("the host does not fit a text message"));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            host: host.to_owned(),
            cookies: CookieForm { secure },
            edge: Edge::default(),
        })
    }

    /// The issuer, and the edge before it if there is one.
    fn of(variables: &BTreeMap<String, String>) -> Result<Self, StartError> {
        let site = Self::parse(required(variables, "ISSUER")?)?;
        let name = "EDGE_SECRET_HASHES";
        let edge = match variables.get(name).map(String::as_str) {
            None | Some("") => Edge::default(),
            Some(hashes) => hashes
                .parse()
                .map_err(|reason: NoHash| StartError::Invalid { name: name.into(), reason: reason.to_string() })?,
        };
        Ok(Self { edge, ..site })
    }
}

/// The operating system's CSPRNG.
///
/// # Errors
/// [`StartError::Entropy`] if it cannot be read; asked once here, so that it does not fail later.
pub fn system_entropy() -> Result<Entropy, StartError> {
    let mut probe = [0; 1];
    getrandom::fill(&mut probe).map_err(StartError::Entropy)?;
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing may be answered; the kernel's pool was just probed"
    )]
    Ok(Entropy::new(|bytes| getrandom::fill(bytes).expect("the operating system's randomness")))
}

pub(crate) fn required<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, StartError> {
    variables.get(name).map(String::as_str).ok_or_else(|| StartError::Missing(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_once() {
        let environment = Environment {
            variables: BTreeMap::new(),
            aws: Reached::Otherwise(Box::new(SdkConfig::builder().build())),
            clients: Arc::default(),
            clock: Clock::new(|| jiff::Timestamp::UNIX_EPOCH),
            entropy: Entropy::new(|bytes| bytes.fill(0)),
            metrics: Metrics::new(|_| {}),
            network: None,
            site: Site::parse("https://id.example").unwrap(),
        };
        let mut made = 0;
        let mut client = || {
            environment.client(Service::Kms, |_| {
                made += 1;
                "a client".to_owned()
            })
        };
        assert_eq!((client(), client()), ("a client".to_owned(), "a client".to_owned()));
        assert_eq!(environment.client(Service::DynamoDb, |_| 7), 7);
        assert_eq!(made, 1);
    }

    #[test]
    fn an_issuer_is_an_origin() {
        let site = Site::parse("https://id.example:8443").unwrap();
        assert_eq!((site.host.as_str(), site.cookies.secure), ("id.example", true));
        assert!(!Site::parse("http://localhost:8080").unwrap().cookies.secure);
        for wrong in [
            "",
            "id.example",
            "ftp://id.example",
            "https://id.example/",
            "https://id.example/x",
            "https://id.example?x",
        ] {
            assert!(Site::parse(wrong).is_err(), "{wrong}");
        }
    }
}
