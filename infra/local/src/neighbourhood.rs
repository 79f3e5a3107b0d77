//! The network of the local run: its own address, this machine over plain http for relying parties that run beside it,
//! and the Internet as deployed functions see it. No bootstrap contains this file.
//!
//! A connection to the run's own address is HTTP like any other, over a pipe in place of a socket: so the demonstration
//! e-Service and the provider reach each other whatever `PORT` and `ISSUER` say, behind a proxy, and in tests that
//! listen nowhere.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock, Weak},
};

use fetch::{Connecting, FetchError, Internet, Io, Network, RegisteredUrl};
use tokio::net::{TcpStream, lookup_host};

use crate::gateway::{self, Gateway};

/// How much either end of a pipe may be ahead of the other, in bytes.
const PIPE: usize = 64 * 1024;

/// The run itself, loopback, and the Internet.
#[derive(Debug, Default)]
pub(crate) struct Neighbourhood {
    internet: Internet,
    home: OnceLock<Home>,
}

/// The run's own address, and who answers there. Weak, since what stands behind the gateway holds the network.
#[derive(Debug)]
struct Home {
    issuer: RegisteredUrl,
    gateway: Weak<Gateway>,
}

impl Neighbourhood {
    /// From now on the issuer's address is this gateway's.
    pub(crate) fn settle(&self, issuer: &str, gateway: &Arc<Gateway>) {
        if let Ok(issuer) = issuer.parse() {
            let _ = self.home.set(Home { issuer, gateway: Arc::downgrade(gateway) });
        }
    }

    /// The gateway, if the URL is one of its own.
    fn at_home(&self, url: &RegisteredUrl) -> Option<Arc<Gateway>> {
        let Home { issuer, gateway } = self.home.get()?;
        let ours = (issuer.is_https(), issuer.host(), issuer.port()) == (url.is_https(), url.host(), url.port());
        if ours { gateway.upgrade() } else { None }
    }
}

impl Network for Neighbourhood {
    fn connect<'a>(&'a self, url: &'a RegisteredUrl) -> Connecting<'a> {
        match self.at_home(url) {
            Some(gateway) => Box::pin(async move { Ok(pipe(gateway)) }),
            None if url.is_https() => self.internet.connect(url),
            None => Box::pin(next_door(url)),
        }
    }
}

/// A connection to the gateway, served until this end is dropped.
fn pipe(gateway: Arc<Gateway>) -> Box<dyn Io> {
    let (near, far) = tokio::io::duplex(PIPE);
    tokio::spawn(gateway::serve_connection(far, IpAddr::V4(Ipv4Addr::LOCALHOST), gateway));
    Box::new(near)
}

/// http goes no further than this machine.
async fn next_door(url: &RegisteredUrl) -> Result<Box<dyn Io>, FetchError> {
    let unreachable = |error: io::Error| FetchError::Unreachable(error.to_string());
    let found = lookup_host((url.host(), url.port())).await.map_err(|_| FetchError::Unresolved)?;
    let addresses: Vec<SocketAddr> = found.collect();
    if !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(FetchError::Forbidden);
    }
    // `localhost` may be ::1 first, where nobody listens.
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(unreachable)?;
    Ok(Box::new(stream))
}

#[cfg(test)]
mod tests {
    use fetch::Fetch;
    use http::{Method, Response, StatusCode};
    use jiff::Timestamp;
    use lambda_http::Body;

    use super::*;
    use crate::{gateway::Handler, template::Route};

    #[tokio::test]
    async fn the_runs_own_address_is_answered_by_its_gateway_and_no_other_is() {
        let handler: Handler = Arc::new(|_| Box::pin(async { Response::new(Body::Text("home".into())) }));
        let routes = vec![(Route::new(Method::GET, "/x"), handler)];
        let gateway = Arc::new(Gateway::new(routes, Arc::new(|| Timestamp::UNIX_EPOCH)));
        let network = Arc::new(Neighbourhood::default());
        network.settle("http://localhost:8080", &gateway);
        let fetch = Fetch::new(network);
        let answer = fetch.get(&"http://localhost:8080/x".parse().unwrap()).await.unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (StatusCode::OK, &b"home"[..]));
        let elsewhere = fetch.get(&"http://localhost:1/x".parse().unwrap()).await;
        assert!(elsewhere.is_err(), "{elsewhere:?}");
    }

    #[tokio::test]
    async fn http_goes_no_further_than_this_machine() {
        let fetch = Fetch::new(Arc::new(Neighbourhood::default()));
        for url in
            ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::ffff:127.0.0.1]/", "http://1.1.1.1/"]
        {
            let refused = fetch.get(&url.parse().unwrap()).await;
            assert!(matches!(refused, Err(FetchError::Forbidden)), "{url}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn https_goes_where_it_goes_deployed() {
        let fetch = Fetch::new(Arc::new(Neighbourhood::default()));
        let refused = fetch.get(&"https://127.0.0.1/".parse().unwrap()).await;
        assert!(matches!(refused, Err(FetchError::Forbidden)), "{refused:?}");
    }
}
