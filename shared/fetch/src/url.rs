//! A registered URL: absolute, a host, no user, no fragment.

use std::{fmt, str::FromStr};

use http::Uri;

/// Longer than any that means well, in bytes.
const LONGEST: usize = 2048;

/// A URL as a relying party registered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredUrl {
    uri: Uri,
    host: String,
    port: u16,
}

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not an absolute http or https URL with a host.
    #[error("not an absolute URL")]
    NotAUrl,
    /// With a user or a fragment.
    #[error("a registered URL has no user and no fragment")]
    TooMuch,
}

impl RegisteredUrl {
    /// Whether it is https: all that is ever fetched, but for the local run.
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The host's name, or an address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As written, or the scheme's.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `Host`: name and, where written, port.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }
}

impl FromStr for RegisteredUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `Uri` drops a fragment in silence.
        if text.contains('#') {
            return Err(UrlError::TooMuch);
        }
        let uri: Uri = text.parse().map_err(|_| UrlError::NotAUrl)?;
        let authority = uri.authority().filter(|_| text.len() <= LONGEST).ok_or(UrlError::NotAUrl)?.as_str();
        if authority.contains('@') {
            return Err(UrlError::TooMuch);
        }
        let default = match uri.scheme_str() {
            Some("https") => 443,
            Some("http") => 80,
            _ => return Err(UrlError::NotAUrl),
        };
        // `Uri` finds no number in a port that is too large.
        let written = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
        let port = match (uri.port_u16(), written) {
            (Some(port), true) if port != 0 => port,
            (None, false) => default,
            _ => return Err(UrlError::NotAUrl),
        };
        let host = uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        if host.is_empty() {
            return Err(UrlError::NotAUrl);
        }
        Ok(Self { host, port, uri })
    }
}

impl fmt::Display for RegisteredUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_known() {
        for (text, host, port) in [
            ("https://rp.example/jwks?v=1", "rp.example", 443),
            ("https://rp.example:8443", "rp.example", 8443),
            ("http://localhost:8080/x", "localhost", 8080),
            ("https://[2001:db8::1]/x", "2001:db8::1", 443),
            ("https://[::1]:444/x", "::1", 444),
        ] {
            let url: RegisteredUrl = text.parse().unwrap();
            assert_eq!((url.host(), url.port()), (host, port), "{text}");
        }
    }

    #[test]
    fn a_user_or_a_fragment_is_refused() {
        for text in ["https://user@rp.example/", "https://user:secret@rp.example/", "https://rp.example/#x"] {
            assert_eq!(text.parse::<RegisteredUrl>(), Err(UrlError::TooMuch), "{text}");
        }
        for text in
            ["", "/jwks", "rp.example", "ftp://rp.example/", "https://", "https://rp.example:0/", "https://a b/"]
        {
            assert_eq!(text.parse::<RegisteredUrl>(), Err(UrlError::NotAUrl), "{text}");
        }
        for text in
            ["https://rp.example:99999/", "https://rp.example:/", &format!("https://rp.example/{}", "x".repeat(2048))]
        {
            assert_eq!(text.parse::<RegisteredUrl>(), Err(UrlError::NotAUrl), "{text}");
        }
    }
}
