//! The addresses a client registers, by what happens to them: redirected to, or called by us.

use std::net::IpAddr;

/// Whether plain http on loopback passes: for what runs on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// Deployed: https, and loopback only for apps on the person's own device.
    Deployed,
    /// The local run.
    Loopback,
}

/// Why an address is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not an absolute URL.
    #[error("not an absolute URL")]
    Form,
    /// RFC 6749 section 3.1.2.
    #[error("has a fragment")]
    Fragment,
    /// `https://user:password@host/`
    #[error("has user information")]
    UserInfo,
    /// Anything but https where https is needed.
    #[error("is not https")]
    Scheme,
    /// `*`, or characters that no URL has.
    #[error("has characters that do not belong there")]
    Characters,
    /// Over 2048 bytes.
    #[error("is too long")]
    TooLong,
}

/// The parts of an address that decide.
#[derive(Debug)]
pub(super) struct Address<'a> {
    scheme: &'a str,
    /// Lower-cased, without a port; empty for a scheme of an app's own.
    pub(super) host: String,
}

impl<'a> Address<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, UrlError> {
        if text.len() > 2048 {
            return Err(UrlError::TooLong);
        }
        if text.contains('*') || !text.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)) {
            return Err(UrlError::Characters);
        }
        if text.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::Form)?;
        let well_formed = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'.' | b'-'));
        if !well_formed {
            return Err(UrlError::Form);
        }
        let Some(rest) = rest.strip_prefix("//") else { return Ok(Self { scheme, host: String::new() }) };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let uri: http::uri::Authority = authority.parse().map_err(|_| UrlError::Form)?;
        Ok(Self { scheme, host: uri.host().to_ascii_lowercase() })
    }

    pub(super) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    fn is_secure(&self) -> bool {
        self.scheme == "https" && !self.host.is_empty()
    }

    /// Whether the host is one that nobody else's redirects lead to: neither every device's own, nor a word after an
    /// app's scheme. In the local run that of loopback is.
    pub(super) fn is_the_clients_own(&self, locality: Locality) -> bool {
        self.is_secure() || (locality == Locality::Loopback && self.is_local())
    }

    fn is_local(&self) -> bool {
        self.scheme == "http" && self.is_loopback()
    }
}

/// An address we send browsers to. An app on the person's device (RFC 8252), which is a public client, may have one on
/// loopback or under a scheme of its own, reversed domain name.
pub(super) fn redirect(text: &str, is_app: bool, locality: Locality) -> Result<(), UrlError> {
    let address = Address::parse(text)?;
    let on_device = is_app && (address.is_local() || (address.host.is_empty() && address.scheme.contains('.')));
    if address.is_secure() || on_device || (locality == Locality::Loopback && address.is_local()) {
        Ok(())
    } else {
        Err(UrlError::Scheme)
    }
}

/// An address we call ourselves, or show.
pub(super) fn called(text: &str, locality: Locality) -> Result<(), UrlError> {
    let address = Address::parse(text)?;
    if address.is_secure() || (locality == Locality::Loopback && address.is_local()) {
        Ok(())
    } else {
        Err(UrlError::Scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_https_or_an_apps_own() {
        use Locality::{Deployed, Loopback};
        assert_eq!(redirect("https://rp.example/cb?x=1", false, Deployed), Ok(()));
        assert_eq!(redirect("http://127.0.0.1:9000/cb", true, Deployed), Ok(()));
        assert_eq!(redirect("th.go.tax.app:/cb", true, Deployed), Ok(()));
        assert_eq!(redirect("http://localhost:9000/cb", false, Loopback), Ok(()));
        let refused = [
            ("http://127.0.0.1:9000/cb", UrlError::Scheme),
            ("http://rp.example/cb", UrlError::Scheme),
            ("https://rp.example/cb#x", UrlError::Fragment),
            ("https://me@rp.example/cb", UrlError::UserInfo),
            ("https://*.rp.example/cb", UrlError::Characters),
            ("https://rp.example/ก", UrlError::Characters),
            ("javascript:alert(1)", UrlError::Scheme),
            ("th.go.tax.app:/cb", UrlError::Scheme),
            ("//rp.example/cb", UrlError::Form),
            ("https:rp.example", UrlError::Scheme),
            ("", UrlError::Form),
        ];
        for (text, error) in refused {
            assert_eq!(redirect(text, false, Deployed), Err(error), "{text}");
        }
        assert_eq!(redirect("javascript:alert(1)", true, Deployed), Err(UrlError::Scheme));
    }

    #[test]
    fn what_we_call_is_https() {
        assert_eq!(called("https://rp.example/jwks", Locality::Deployed), Ok(()));
        assert_eq!(called("http://127.0.0.1:1/jwks", Locality::Deployed), Err(UrlError::Scheme));
        assert_eq!(called("http://127.0.0.1:1/jwks", Locality::Loopback), Ok(()));
        assert_eq!(called("http://rp.example/jwks", Locality::Loopback), Err(UrlError::Scheme));
    }
}
