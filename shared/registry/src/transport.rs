//! How the registry is reached: one HTTP/1.1 exchange over TLS, or in the local run over loopback.

use bytes::Bytes;
use http::{Request, Response, uri::Scheme};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::crypto::aws_lc_rs;

use crate::config::RegistryConfig;

/// One HTTP exchange, without following redirects.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// Whatever is deployed: the certificate is checked against the platform's roots.
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
    /// Only [`RegistryConfig::for_loopback`] leads here.
    Loopback(Client<HttpConnector, Full<Bytes>>),
}

/// The platform's certificate roots cannot be loaded, so that no registry could be believed.
#[derive(Debug, thiserror::Error)]
#[error("the platform's certificate roots cannot be loaded: {0}")]
pub struct RootsError(#[source] std::io::Error);

impl Transport {
    pub(crate) fn new(config: &RegistryConfig) -> Result<Self, RootsError> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(config.time_outs.connect));
        tcp.set_nodelay(true);
        // A connection per exchange. A Lambda is frozen between checks; what was kept open may have died meanwhile, and
        // finding that out can cost a whole try.
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_max_idle_per_host(0);
        if config.endpoint.scheme() == Some(&Scheme::HTTPS) {
            tcp.enforce_http(false);
            let connector = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(aws_lc_rs::default_provider())
                .map_err(RootsError)?;
            Ok(Self::Tls(client.build(connector.https_only().enable_http1().wrap_connector(tcp))))
        } else {
            Ok(Self::Loopback(client.build(tcp)))
        }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        match self {
            Self::Tls(client) => client.request(request).await,
            Self::Loopback(client) => client.request(request).await,
        }
    }
}
