//! The edge before the API, which connects to it for everybody: its word on the viewer's address is taken where it shows
//! its secret, and nobody else's is.

use std::{net::IpAddr, str::FromStr, sync::Arc};

use http::HeaderMap;
use sha2::{Digest, Sha256};

/// What the edge writes over whatever a viewer sent, as `infra/edge.yaml` has it.
const VIEWER_ADDRESS: &str = "x-viewer-address";
/// What it shows to be believed.
const SECRET: &str = "x-origin-secret";

/// How the edge is known: by the SHA-256 of its secrets, two while one is replaced. Without any there is no edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge(Arc<[[u8; 32]]>);

/// What is not a list of hashes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be SHA-256 in hex, with commas between")]
pub struct NoHash;

impl FromStr for Edge {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        let hash = |hex: &str| {
            let mut hash = [0; 32];
            hex::decode_to_slice(hex.trim(), &mut hash).map(|()| hash).map_err(|_| NoHash)
        };
        text.split(',').map(hash).collect::<Result<_, _>>().map(Self)
    }
}

impl Edge {
    /// The viewer's address, if the edge says it.
    pub fn viewer_address(&self, headers: &HeaderMap) -> Option<IpAddr> {
        // The secret has 256 random bits: how long comparing its hash takes tells nothing of it.
        let shown: [u8; 32] = Sha256::digest(only(headers, SECRET)?).into();
        self.0.contains(&shown).then(|| only(headers, VIEWER_ADDRESS)?.parse().ok())?
    }
}

/// A header that came once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, Request};

    use super::*;
    use crate::{environment::Site, incoming::Incoming};

    // Their SHA-256 by sha256sum.
    const NEW: (&str, &str) = ("secret-a", "8766b9cb08e6040b704f1e3ee1e186efccf2635b1d2634d6525333007e6aeae1");
    const OLD: (&str, &str) = ("secret-b", "ff492ef788c89b555e6f738b33d2422f57dbb6656af2402155672c5f123a90af");

    fn edge() -> Edge {
        format!("{},{}", NEW.1, OLD.1).parse().unwrap()
    }

    fn said(edge: &Edge, headers: &[(&'static str, &'static str)]) -> Option<IpAddr> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        edge.viewer_address(&map)
    }

    #[test]
    fn an_address_is_believed_with_either_secret() {
        for (secret, _) in [NEW, OLD] {
            let address = said(&edge(), &[(SECRET, secret), (VIEWER_ADDRESS, "2001:db8::7")]);
            assert_eq!(address, Some("2001:db8::7".parse().unwrap()), "{secret}");
        }
    }

    #[test]
    fn nobody_is_believed_without() {
        let address = (VIEWER_ADDRESS, "203.0.113.7");
        assert_eq!(said(&edge(), &[address]), None);
        assert_eq!(said(&edge(), &[(SECRET, "secret-c"), address]), None);
        assert_eq!(said(&edge(), &[(SECRET, NEW.1), address]), None, "the hash is no secret");
        assert_eq!(said(&Edge::default(), &[(SECRET, NEW.0), address]), None);
        assert_eq!(said(&edge(), &[(SECRET, NEW.0), address, (VIEWER_ADDRESS, "203.0.113.8")]), None);
        assert_eq!(said(&edge(), &[(SECRET, NEW.0), (VIEWER_ADDRESS, "203.0.113.7:443")]), None);
    }

    #[test]
    fn a_request_has_the_viewers_address() {
        let site = Site { edge: edge(), ..Site::parse("https://id.example").unwrap() };
        let from = |secret: &str| {
            let request = http::Request::get("/").header(SECRET, secret).header(VIEWER_ADDRESS, "203.0.113.7");
            let request: Request = request.body(Body::Empty).unwrap();
            Incoming::parse(request, site.clone()).caller.address
        };
        assert_eq!(from(NEW.0), "203.0.113.7".parse::<IpAddr>().unwrap());
        assert_eq!(from("secret-c"), "0.0.0.0".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in ["", "91a2", NEW.0, &format!("{},", NEW.1)] {
            assert_eq!(text.parse::<Edge>(), Err(NoHash), "{text:?}");
        }
    }
}
