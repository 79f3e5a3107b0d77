//! Cookies (RFC 6265bis). Over https they are `__Host-` and Secure; over plain http, which only the local run on
//! loopback has, the same names without.

use std::fmt;

use http::HeaderValue;

/// A cookie of the service, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// The registration under way.
    Registration,
    /// The username just registered, for the page that says so. Readable by nobody else, gone in ten minutes.
    Registered,
    /// Who is signed in.
    Session,
    /// Binds authorization requests and half-finished sign-ins to the browser they were made in.
    Browser,
    /// Which accounts have been signed in to in this browser before.
    Device,
}

impl CookieName {
    const fn bare(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Registered => "registered",
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Device => "device",
        }
    }
}

/// How cookies are named and marked: by the issuer's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieForm {
    /// Whether the issuer is https.
    pub secure: bool,
}

impl CookieForm {
    /// The full name.
    pub fn name(self, cookie: CookieName) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}", cookie.bare())
    }

    /// `Set-Cookie` for a value that lives as long as the browser.
    pub fn set(self, cookie: CookieName, value: &str) -> SetCookie {
        SetCookie(format!("{}={value}; {}", self.name(cookie), self.attributes()))
    }

    /// `Set-Cookie` for a value that lives `seconds`.
    pub fn set_for(self, cookie: CookieName, value: &str, seconds: u32) -> SetCookie {
        SetCookie(format!("{}={value}; Max-Age={seconds}; {}", self.name(cookie), self.attributes()))
    }

    /// `Set-Cookie` that takes a cookie away.
    pub fn clear(self, cookie: CookieName) -> SetCookie {
        self.set_for(cookie, "", 0)
    }

    const fn attributes(self) -> &'static str {
        if self.secure { "Path=/; Secure; HttpOnly; SameSite=Lax" } else { "Path=/; HttpOnly; SameSite=Lax" }
    }
}

/// The language chosen on a page: kept a year, readable by nothing but us.
pub fn language(form: CookieForm, tag: &str) -> SetCookie {
    SetCookie(format!("lang={tag}; Max-Age=31536000; {}", form.attributes()))
}

/// The value of a `Set-Cookie` header. Not shown: it may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookie(String);

impl SetCookie {
    /// The header's value. Ours are hexadecimal, usernames and tags, so this does not fail; a value that could not be
    /// a header is no cookie.
    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SetCookie(redacted)")
    }
}

/// The cookies of a request. Of several with one name the first counts: browsers send the most specific path first, and
/// `__Host-` admits only one.
#[derive(Clone, Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Reads the values of the `Cookie` headers.
    pub fn parse<'a>(headers: impl Iterator<Item = &'a str>) -> Self {
        let pairs = headers
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()));
        Self(pairs.collect())
    }

    /// The value of a cookie by its full name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_scheme() {
        let https = CookieForm { secure: true }.set(CookieName::Registration, "x").header().unwrap();
        assert_eq!(https, "__Host-registration=x; Path=/; Secure; HttpOnly; SameSite=Lax");
        let http = CookieForm { secure: false }.clear(CookieName::Session).header().unwrap();
        assert_eq!(http, "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn cookies_are_read_from_any_number_of_headers_and_never_shown() {
        let cookies = Cookies::parse(["a=1; b=\"2\"", "c=3=4"].into_iter());
        assert_eq!((cookies.value("a"), cookies.value("b"), cookies.value("c")), (Some("1"), Some("2"), Some("3=4")));
        assert_eq!(cookies.value("d"), None);
        assert_eq!(format!("{cookies:?}"), r#"["a", "b", "c"]"#);
    }
}
