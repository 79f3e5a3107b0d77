//! The registration's cookie: its id, which finds it with one read, and the secret that opens it.

use std::str::FromStr;

use domain::{bearer::Bearer, registration::RegistrationId};

/// `<id>.<secret>`, both hexadecimal.
#[derive(Debug)]
pub struct Cookie {
    /// Which registration.
    pub id: RegistrationId,
    /// What opens it; stored only as SHA-256.
    pub secret: Bearer,
}

impl Cookie {
    /// The cookie's value.
    pub fn expose(&self) -> String {
        format!("{}.{}", self.id.as_str(), self.secret.expose())
    }
}

impl FromStr for Cookie {
    type Err = CookieError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, secret) = text.split_once('.').ok_or(CookieError)?;
        Ok(Self { id: id.parse().map_err(|_| CookieError)?, secret: secret.parse().map_err(|_| CookieError)? })
    }
}

/// Not a registration's cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieError;
