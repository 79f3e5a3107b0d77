//! OpenID Connect and OAuth 2.0 as values and rules: no AWS, no HTTP, no clock and no randomness of its own.

pub mod access_token;
pub mod acr;
pub mod actor;
pub mod assertion;
pub mod claim;
pub mod client;
pub mod client_authentication;
pub mod client_secret;
mod der;
pub mod dpop;
pub mod error;
pub mod grant;
pub mod id_token;
pub mod jti;
pub mod jwk;
pub mod jws;
pub mod jwt;
pub mod logout_token;
pub mod numeric_date;
pub mod parameters;
pub mod pkce;
pub mod profile;
pub mod scope;
#[cfg(test)]
mod testing;
