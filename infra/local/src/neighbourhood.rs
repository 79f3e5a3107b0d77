//! The network of the local run: this machine over plain http, for relying parties that run beside it, and the
//! Internet as deployed functions see it. No bootstrap contains this file.

use std::{io, net::SocketAddr};

use fetch::{Connecting, FetchError, Internet, Io, Network, RegisteredUrl};
use tokio::net::{TcpStream, lookup_host};

/// Loopback, and the Internet.
#[derive(Debug, Default)]
pub(crate) struct Neighbourhood {
    internet: Internet,
}

impl Network for Neighbourhood {
    fn connect<'a>(&'a self, url: &'a RegisteredUrl) -> Connecting<'a> {
        if url.is_https() { self.internet.connect(url) } else { Box::pin(next_door(url)) }
    }
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
    use std::sync::Arc;

    use fetch::Fetch;

    use super::*;

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
