//! The opaque handle of a stored authorization request, as pages carry it through sign-in and registration. It opens
//! nothing by itself: the request is bound to the browser that it was made in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest handle that is looked at.
const LONGEST: usize = 128;

/// A handle: 16 to 128 characters that need no escaping anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHandle(String);

impl RequestHandle {
    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the request goes on, once there is something new to say about the person.
    pub fn resume_path(&self) -> String {
        format!("/connect/resume?request={self}")
    }
}

impl fmt::Display for RequestHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for RequestHandle {
    type Err = RequestHandleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let well_formed = (16..=LONGEST).contains(&text.len()) && text.bytes().all(plain);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(RequestHandleError) }
    }
}

/// Not a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a handle of an authorization request")]
pub struct RequestHandleError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_needs_no_escaping() {
        let handle: RequestHandle = "0123456789abcdef".parse().unwrap();
        assert_eq!(handle.resume_path(), "/connect/resume?request=0123456789abcdef");
        for wrong in
            ["", "short", "0123456789abcde&", "0123456789abcde\"", "//evil.example/aaaaaaaaa", &"a".repeat(129)]
        {
            assert!(wrong.parse::<RequestHandle>().is_err(), "{wrong}");
        }
    }
}
