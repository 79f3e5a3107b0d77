//! The Internet as deployed functions see it: https to public addresses, and nothing else.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use futures_util::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    FetchError, RegisteredUrl,
    address::is_public,
    network::{Connecting, Io, Network},
};

/// https to public addresses. Costs nothing until the first connection.
pub struct Internet {
    resolve: Box<Resolve>,
    may_reach: fn(IpAddr) -> bool,
    tls: OnceLock<TlsConnector>,
}

/// Every address of a name.
type Resolve = dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync;

impl Default for Internet {
    fn default() -> Self {
        let resolve = |host: String, port| -> BoxFuture<'static, _> {
            Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
        };
        Self { resolve: Box::new(resolve), may_reach: is_public, tls: OnceLock::new() }
    }
}

impl fmt::Debug for Internet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Internet")
    }
}

impl Network for Internet {
    fn connect<'a>(&'a self, url: &'a RegisteredUrl) -> Connecting<'a> {
        Box::pin(self.reach(url))
    }
}

impl Internet {
    async fn reach(&self, url: &RegisteredUrl) -> Result<Box<dyn Io>, FetchError> {
        if !url.is_https() {
            return Err(FetchError::NotHttps);
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(|_| FetchError::Unresolved)?;
        let addresses = self.addresses(url).await?;
        let tcp = first_to_connect(&addresses).await?;
        let tls = self.tls()?.connect(name, tcp).await.map_err(FetchError::unreachable)?;
        Ok(Box::new(tls))
    }

    /// Resolved once, here. One forbidden address among several forbids them all: who names it means no good.
    async fn addresses(&self, url: &RegisteredUrl) -> Result<Vec<SocketAddr>, FetchError> {
        let addresses = match url.host().parse() {
            Ok(literal) => vec![SocketAddr::new(literal, url.port())],
            Err(_) => (self.resolve)(url.host().to_owned(), url.port()).await.map_err(|_| FetchError::Unresolved)?,
        };
        if addresses.is_empty() {
            return Err(FetchError::Unresolved);
        }
        if addresses.iter().all(|address| (self.may_reach)(address.ip())) {
            Ok(addresses)
        } else {
            Err(FetchError::Forbidden)
        }
    }

    fn tls(&self) -> Result<TlsConnector, FetchError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(FetchError::Unreachable("the platform's certificate roots cannot be loaded".to_owned()));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(FetchError::unreachable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.tls.get_or_init(|| TlsConnector::from(Arc::new(config))).clone())
    }
}

/// To these very addresses, one after the other.
async fn first_to_connect(addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
    let mut failed = FetchError::Unresolved;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = FetchError::unreachable(error),
        }
    }
    Err(failed)
}

#[cfg(test)]
impl Internet {
    /// One of the tests: names lead where they say, certificates are believed by their roots, and loopback stands for
    /// whatever is public.
    pub(crate) fn of_tests(
        resolve: impl Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync + 'static,
        may_reach: fn(IpAddr) -> bool,
        roots: RootCertStore,
    ) -> Self {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { resolve: Box::new(resolve), may_reach, tls: OnceLock::from(TlsConnector::from(Arc::new(config))) }
    }
}
