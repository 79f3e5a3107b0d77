//! Where the registry is and how long it may take: parsed once at start-up, valid from then on.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use http::{Uri, uri::Scheme};
use secrecy::{ExposeSecret, SecretString};

/// Where the registry is, how long it may take, and who asks.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    pub(crate) endpoint: Uri,
    pub(crate) time_outs: TimeOuts,
    pub(crate) credentials: Option<Credentials>,
}

impl RegistryConfig {
    /// The configuration of a deployed function.
    ///
    /// `endpoint` is an absolute https URL without user, query or fragment, such as
    /// `https://idcard.bora.dopa.go.th/checkcardstatus/checkcardservice.asmx`.
    ///
    /// # Errors
    /// [`ConfigError`], naming what is wrong with the endpoint.
    pub fn parse(endpoint: &str, time_outs: TimeOuts, credentials: Option<Credentials>) -> Result<Self, ConfigError> {
        let endpoint = absolute(endpoint)?;
        if endpoint.scheme() != Some(&Scheme::HTTPS) {
            return Err(ConfigError::NotHttps);
        }
        Ok(Self { endpoint, time_outs, credentials })
    }

    /// The configuration of the local run, whose registry is a simulator in the same process: plain http, and only to
    /// a loopback address. A name such as `localhost` is refused, since a resolver decides where it leads.
    ///
    /// # Errors
    /// [`ConfigError`], naming what is wrong with the endpoint.
    pub fn for_loopback(
        endpoint: &str,
        time_outs: TimeOuts,
        credentials: Option<Credentials>,
    ) -> Result<Self, ConfigError> {
        let endpoint = absolute(endpoint)?;
        let host = endpoint.host().unwrap_or_default();
        let address: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
        if endpoint.scheme() != Some(&Scheme::HTTP) || !address.is_ok_and(|address| address.is_loopback()) {
            return Err(ConfigError::NotLoopback);
        }
        Ok(Self { endpoint, time_outs, credentials })
    }
}

/// How long the registry may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOuts {
    pub(crate) connect: Duration,
    pub(crate) per_try: Duration,
    pub(crate) overall: Duration,
}

/// API Gateway gives up after 29 seconds; the person is to get an answer of ours before that.
const LONGEST: Duration = Duration::from_secs(25);

impl TimeOuts {
    /// `connect`: opening the TCP connection. `per_try`: that, TLS, and the whole answer. `overall`: both tries and the
    /// pause between them.
    ///
    /// # Errors
    /// [`ConfigError::TimeOuts`] unless 0 < connect <= per_try <= overall <= 25 s.
    pub fn new(connect: Duration, per_try: Duration, overall: Duration) -> Result<Self, ConfigError> {
        if connect.is_zero() || connect > per_try || per_try > overall || overall > LONGEST {
            return Err(ConfigError::TimeOuts);
        }
        Ok(Self { connect, per_try, overall })
    }
}

/// 1 s to connect, 3 s per try, 7 s in all.
impl Default for TimeOuts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), per_try: Duration::from_secs(3), overall: Duration::from_secs(7) }
    }
}

/// `connect=1000, per_try=3000, overall=7000`, in milliseconds and in this order.
impl FromStr for TimeOuts {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut parts = text.split(',');
        let mut next = |name: &str| {
            let (key, value) = parts.next()?.split_once('=')?;
            let milliseconds: u32 = value.trim().parse().ok()?;
            (key.trim() == name).then(|| Duration::from_millis(milliseconds.into()))
        };
        match (next("connect"), next("per_try"), next("overall"), parts.next()) {
            (Some(connect), Some(per_try), Some(overall), None) => Self::new(connect, per_try, overall),
            _ => Err(ConfigError::TimeOuts),
        }
    }
}

/// Who asks, for HTTP Basic (RFC 7617).
#[derive(Clone)]
pub struct Credentials {
    pub(crate) user: String,
    pub(crate) secret: SecretString,
}

impl Credentials {
    /// A user and its secret.
    ///
    /// # Errors
    /// [`ConfigError::Credentials`] where one is empty, the user holds a colon, or either a control character
    /// (RFC 7617 section 2).
    pub fn new(user: impl Into<String>, secret: SecretString) -> Result<Self, ConfigError> {
        let user = user.into();
        let unfit = |text: &str| text.is_empty() || text.chars().any(char::is_control);
        if unfit(&user) || user.contains(':') || unfit(secret.expose_secret()) {
            return Err(ConfigError::Credentials);
        }
        Ok(Self { user, secret })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(redacted)")
    }
}

/// Why a configuration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an absolute URL with a host, or with a port that is none.
    #[error("the registry's endpoint is not an absolute URL")]
    NotAUrl,
    /// With a user, a query (`?WSDL` is easily copied along) or a fragment.
    #[error("the registry's endpoint must have no user, query or fragment")]
    TooMuch,
    /// Not https.
    #[error("the registry's endpoint must be https")]
    NotHttps,
    /// Not http to a loopback address.
    #[error("a local registry must be http on a loopback address")]
    NotLoopback,
    /// Not in order, or longer than the person can be kept waiting.
    #[error("time-outs must be `connect=MS, per_try=MS, overall=MS`, each no longer than the next, 25000 at most")]
    TimeOuts,
    /// Not fit for HTTP Basic.
    #[error("the registry's credentials do not fit HTTP Basic")]
    Credentials,
}

fn absolute(text: &str) -> Result<Uri, ConfigError> {
    let uri: Uri = text.parse().map_err(|_| ConfigError::NotAUrl)?;
    // `Uri` drops a fragment in silence, and finds no number in a port that is too large.
    if uri.query().is_some() || text.contains(['#', '@']) {
        return Err(ConfigError::TooMuch);
    }
    let port_is_read = uri.port().is_some() == uri.authority().is_some_and(|authority| has_port(authority.as_str()));
    match uri.host() {
        Some(host) if !host.is_empty() && uri.scheme().is_some() && port_is_read => Ok(uri),
        _ => Err(ConfigError::NotAUrl),
    }
}

/// A colon after the host, which in an IPv6 address ends with a bracket.
fn has_port(authority: &str) -> bool {
    authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(endpoint: &str) -> Result<RegistryConfig, ConfigError> {
        RegistryConfig::parse(endpoint, TimeOuts::default(), None)
    }

    fn for_loopback(endpoint: &str) -> Result<RegistryConfig, ConfigError> {
        RegistryConfig::for_loopback(endpoint, TimeOuts::default(), None)
    }

    #[test]
    fn a_deployed_endpoint_is_https() {
        assert!(parse("https://idcard.bora.dopa.go.th/checkcardstatus/checkcardservice.asmx").is_ok());
        assert!(parse("https://[2001:db8::1]:8443/x").is_ok());
        for (text, error) in [
            ("", ConfigError::NotAUrl),
            ("/checkcardservice.asmx", ConfigError::NotAUrl),
            ("registry.example", ConfigError::NotAUrl),
            ("https://", ConfigError::NotAUrl),
            ("https:///x", ConfigError::NotAUrl),
            ("https://registry.example:99999/x", ConfigError::NotAUrl),
            ("https://registry.example:/x", ConfigError::NotAUrl),
            ("https://registry.example/a b", ConfigError::NotAUrl),
            ("https://user:secret@registry.example/x", ConfigError::TooMuch),
            ("https://registry.example/x?WSDL", ConfigError::TooMuch),
            ("https://registry.example/x#y", ConfigError::TooMuch),
            ("http://registry.example/x", ConfigError::NotHttps),
            ("http://127.0.0.1/x", ConfigError::NotHttps),
            ("ftp://registry.example/x", ConfigError::NotHttps),
        ] {
            assert_eq!(parse(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn a_local_endpoint_is_a_loopback_address() {
        for text in ["http://127.0.0.1:4000/x", "http://127.1.2.3/x", "http://[::1]:4000/x"] {
            assert!(for_loopback(text).is_ok(), "{text}");
        }
        for text in [
            "https://127.0.0.1/x",
            "http://localhost/x",
            "http://10.0.0.1/x",
            "http://0.0.0.0/x",
            "http://127.0.0.1.example/x",
            "http://[::ffff:10.0.0.1]/x",
        ] {
            assert_eq!(for_loopback(text).err(), Some(ConfigError::NotLoopback), "{text}");
        }
    }

    #[test]
    fn time_outs_are_in_order() {
        assert_eq!("connect=1000, per_try=3000, overall=7000".parse(), Ok(TimeOuts::default()));
        for text in [
            "",
            "1000,3000,7000",
            "connect=1000,per_try=3000",
            "connect=0,per_try=3000,overall=7000",
            "connect=4000,per_try=3000,overall=7000",
            "connect=1000,per_try=8000,overall=7000",
            "connect=1000,per_try=3000,overall=25001",
            "connect=-1,per_try=3000,overall=7000",
            "per_try=3000,connect=1000,overall=7000",
            "connect=1000,per_try=3000,overall=7000,more=1",
        ] {
            assert_eq!(text.parse::<TimeOuts>(), Err(ConfigError::TimeOuts), "{text}");
        }
    }

    #[test]
    fn credentials_fit_http_basic_and_stay_secret() {
        let new = |user: &str, secret: &str| Credentials::new(user, secret.into());
        let credentials = new("ministry", "pa:ss word").unwrap();
        let config = RegistryConfig::parse("https://registry.example/x", TimeOuts::default(), Some(credentials));
        let debug = format!("{:?}", config.unwrap());
        assert!(!debug.contains("ministry") && !debug.contains("pa:ss"), "{debug}");
        for (user, secret) in [("", "x"), ("x", ""), ("a:b", "x"), ("a\n", "x"), ("a", "x\r\nHost: y")] {
            assert!(new(user, secret).is_err(), "{user} {secret}");
        }
    }
}
