//! A browser that has been seen: a secret per browser and account, which spares its owner the code by text message.
//!
//! It is no second factor, only a place to guess from that strangers do not share: ten wrong passwords end it, and what
//! strangers fail at elsewhere does not count against it. At each sign-in it is replaced by a new one.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{account::AccountId, bearer::Bearer, username::Username};

/// How long a browser is remembered after its last sign-in.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Wrong passwords before it is a stranger.
pub const FAILURES: u32 = 10;
/// How many accounts one browser remembers: a family's.
pub const MOST: usize = 3;

/// A device, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Whose browser it is.
    pub account_id: AccountId,
    /// Wrong passwords since the last sign-in.
    pub failures: u32,
    /// When it was last signed in with, in milliseconds since 1970.
    pub seen: i64,
    /// Seconds since 1970.
    pub expires: i64,
}

impl Device {
    /// A device seen now.
    pub fn seen(account_id: AccountId, now: Timestamp) -> Self {
        Self { account_id, failures: 0, seen: now.as_millisecond(), expires: (now + LIFETIME).as_second() }
    }
}

/// What a device is found by: SHA-256 over secret and username. A secret says nothing about another username.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceKey(String);

impl DeviceKey {
    /// The key of `secret` for `username`.
    pub fn of(secret: &Bearer, username: &Username) -> Self {
        // The secret's 64 digits come first and never vary in length: no two pairs read the same.
        let hash = Sha256::new().chain_update(secret.expose()).chain_update(username.as_str());
        Self(hex::encode(hash.finalize()))
    }

    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secrets in a browser's cookie, newest first: as many as accounts it remembers. Which is whose is not said there.
#[derive(Clone, Default)]
pub struct DeviceSecrets(Vec<Bearer>);

impl DeviceSecrets {
    /// The keys they make with `username`: at most one of them names a device.
    pub fn keys(&self, username: &Username) -> Vec<DeviceKey> {
        self.0.iter().map(|secret| DeviceKey::of(secret, username)).collect()
    }

    /// With `new` instead of the secret that `replaced` was made from; the oldest gives way where there are too many.
    #[must_use]
    pub fn renewed(self, new: Bearer, replaced: Option<&DeviceKey>, username: &Username) -> Self {
        let kept = self.0.into_iter().filter(|secret| Some(&DeviceKey::of(secret, username)) != replaced);
        Self(std::iter::once(new).chain(kept).take(MOST).collect())
    }

    /// The cookie's value: hexadecimal secrets joined by dots.
    pub fn expose(&self) -> String {
        self.0.iter().map(Bearer::expose).collect::<Vec<_>>().join(".")
    }
}

impl FromStr for DeviceSecrets {
    type Err = std::convert::Infallible;

    /// Reads a cookie; what is no secret is left out, and so is what is too many.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split('.').filter_map(|secret| secret.parse().ok()).take(MOST).collect()))
    }
}

impl fmt::Debug for DeviceSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeviceSecrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somying() -> Username {
        "somying.r".parse().unwrap()
    }

    #[test]
    fn a_secret_is_of_use_for_its_username_alone() {
        let secret = Bearer::new([1; 32]);
        assert_ne!(DeviceKey::of(&secret, &somying()), DeviceKey::of(&secret, &"somchai".parse().unwrap()));
        assert_ne!(DeviceKey::of(&secret, &somying()), DeviceKey::of(&Bearer::new([2; 32]), &somying()));
    }

    #[test]
    fn a_renewed_secret_takes_the_place_of_the_old_and_the_fourth_that_of_the_oldest() {
        let secret = |byte: u8| Bearer::new([byte; 32]);
        let mut secrets = DeviceSecrets::default();
        for byte in 1..=3 {
            secrets = secrets.renewed(secret(byte), None, &somying());
        }
        let replaced = DeviceKey::of(&secret(1), &somying());
        let renewed = secrets.clone().renewed(secret(9), Some(&replaced), &somying());
        let expected = |bytes: [u8; 3]| bytes.map(|byte| secret(byte).expose()).join(".");
        assert_eq!(renewed.expose(), expected([9, 3, 2]));
        assert_eq!(secrets.renewed(secret(4), None, &somying()).expose(), expected([4, 3, 2]));
    }

    #[test]
    fn a_cookie_is_read_whatever_it_holds() {
        let three = [1, 2, 3].map(|byte| Bearer::new([byte; 32]).expose());
        let read = |text: &str| text.parse::<DeviceSecrets>().unwrap().expose();
        assert_eq!(read(&three.join(".")), three.join("."));
        assert_eq!(read(&format!("{}.rubbish", three[0])), three[0]);
        assert_eq!(read(&[three.clone(), three.clone()].concat().join(".")), three.join("."));
        assert_eq!(read(""), "");
    }
}
