//! Limits counted in windows of time: how many of what, and when to come back. The numbers are facts.md's.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// At most `most` in every `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted, the first part of the counter's key.
    pub name: &'static str,
    /// How many.
    pub most: u32,
    /// In how long.
    pub window: SignedDuration,
}

impl Limit {
    /// A limit.
    pub const fn new(name: &'static str, most: u32, window: SignedDuration) -> Self {
        Self { name, most, window }
    }

    /// The counter that `subject` is counted in at `now`, and when that window ends.
    ///
    /// Windows are aligned to the epoch, so that a counter is one item and one update; a `subject` must not be
    /// something personal in clear.
    pub fn bucket(&self, subject: &str, now: Timestamp) -> Bucket {
        let seconds = self.window.as_secs().max(1);
        let start = now.as_second().div_euclid(seconds) * seconds;
        let ends_at = Timestamp::from_second(start.saturating_add(seconds)).unwrap_or(now);
        Bucket { key: format!("{}#{subject}#{start}", self.name), most: self.most, ends_at, part: None }
    }
}

/// One window's counter for one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The item's key.
    pub key: String,
    /// How many it may count.
    pub most: u32,
    /// When it is over.
    pub ends_at: Timestamp,
    /// A limit within it, if it has one.
    pub part: Option<Part>,
}

/// What one of many may count in a [`Bucket`], in the same item: who has counted theirs counts nothing of the whole, so
/// that nobody can use up what is everybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The attribute's name: whose part it is, hashed, and which window's.
    pub name: String,
    /// How many it may count.
    pub most: u32,
    /// When it is over, within its bucket's window.
    pub ends_at: Timestamp,
}

impl Bucket {
    /// The same, of which `subject` may count only as many as `limit` says.
    #[must_use]
    pub fn with_part(self, limit: &Limit, subject: &str, now: Timestamp) -> Self {
        let Bucket { key, most, ends_at, .. } = limit.bucket(subject, now);
        let name = format!("part-{}", hex::encode(Sha256::digest(format!("{}#{key}", self.key))));
        Self { part: Some(Part { name, most, ends_at }), ..self }
    }
}

/// Refusals by the registry, per citizen ID and address.
pub const IDENTITY_PER_ID_AND_ADDRESS: Limit = Limit::new("identity-id-address", 5, SignedDuration::from_hours(6));
/// Refusals by the registry, per citizen ID from anywhere.
pub const IDENTITY_PER_ID: Limit = Limit::new("identity-id", 50, SignedDuration::from_hours(24));
/// Texts for registrations, per number.
pub const REGISTRATION_SENDS_PER_NUMBER: Limit = Limit::new("registration-sends", 5, SignedDuration::from_hours(24));
/// Checks of a card by the registry: by the citizen ID's MAC and, within that, by address.
pub fn identity_checks(citizen_id: &str, address: &str, now: Timestamp) -> Bucket {
    IDENTITY_PER_ID.bucket(citizen_id, now).with_part(&IDENTITY_PER_ID_AND_ADDRESS, address, now)
}

/// Times a number is told that a citizen ID has an account.
pub const ALREADY_REGISTERED_PER_NUMBER: Limit = Limit::new("already-registered", 3, SignedDuration::from_hours(24));
/// Texts for signing in, per account: its owner's budget, which nobody else can spend without the password.
pub const SIGN_IN_TEXTS_PER_ACCOUNT: [Limit; 2] = [
    Limit::new("sign-in-texts", 3, SignedDuration::from_mins(15)),
    Limit::new("sign-in-texts-day", 10, SignedDuration::from_hours(24)),
];
/// Failed sign-ins, per address.
pub const SIGN_IN_FAILURES_PER_ADDRESS: Limit = Limit::new("sign-in-address", 60, SignedDuration::from_hours(1));
/// Accounts with a self-asserted identity, per number. Not a window: a count kept with the accounts.
pub const UNPROVEN_ACCOUNTS_PER_NUMBER: u32 = 3;

/// Up to so many failures in a row, the next try must wait so long after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureTier {
    /// Below this many failures.
    pub up_to: u32,
    /// The pause.
    pub wait: SignedDuration,
}

/// Slower from the fifth failure in a row, none after the hundredth (NIST SP 800-63B-4 section 3.2.2).
pub const FAILURE_TIERS: [FailureTier; 4] = [
    FailureTier { up_to: 5, wait: SignedDuration::ZERO },
    FailureTier { up_to: 10, wait: SignedDuration::from_secs(2) },
    FailureTier { up_to: 20, wait: SignedDuration::from_secs(30) },
    FailureTier { up_to: 100, wait: SignedDuration::from_mins(15) },
];

/// The circuit breakers per address, parameters of the deployment: mobile carriers put thousands behind one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressBreakers {
    /// Texts an hour, given back when the code returns.
    pub sends: Limit,
    /// Refusals by the registry an hour.
    pub refusals: Limit,
}

impl AddressBreakers {
    /// Breakers at these numbers an hour.
    pub const fn new(sends: u32, refusals: u32) -> Self {
        Self {
            sends: Limit::new("sends-address", sends, SignedDuration::from_hours(1)),
            refusals: Limit::new("refusals-address", refusals, SignedDuration::from_hours(1)),
        }
    }
}

/// A ceiling on texts an hour for one purpose, in shards: no counter is one that every request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling(Limit);

impl Ceiling {
    /// Over how many counters it is spread.
    const SHARDS: u32 = 8;

    /// At most `most` an hour, or a few more: each shard is rounded up.
    pub const fn new(name: &'static str, most: u32) -> Self {
        Self(Limit::new(name, most.div_ceil(Self::SHARDS), SignedDuration::from_hours(1)))
    }

    /// The counter of a shard chosen by `random`.
    pub fn bucket(&self, random: u64, now: Timestamp) -> Bucket {
        self.0.bucket(&(random % u64::from(Self::SHARDS)).to_string(), now)
    }
}

/// The subject an address is counted as: an IPv6 network of 64 bits is one customer.
pub fn address_subject(address: std::net::IpAddr) -> String {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_when_the_next_begins() {
        let limit = Limit::new("x", 5, SignedDuration::from_hours(1));
        let now: Timestamp = "2026-11-24T10:59:59Z".parse().unwrap();
        let bucket = limit.bucket("a", now);
        assert_eq!(bucket.ends_at.to_string(), "2026-11-24T11:00:00Z");
        assert_eq!(limit.bucket("a", bucket.ends_at).ends_at.to_string(), "2026-11-24T12:00:00Z");
        assert_ne!(limit.bucket("a", bucket.ends_at).key, bucket.key);
        assert_ne!(limit.bucket("b", now).key, bucket.key);
    }

    #[test]
    fn a_part_is_one_subjects_and_ends_within_the_whole() {
        let now: Timestamp = "2026-11-24T10:59:59Z".parse().unwrap();
        let bucket = identity_checks("mac", "192.0.2.7", now);
        let part = bucket.part.clone().unwrap();
        assert_eq!((bucket.most, bucket.ends_at.to_string().as_str()), (50, "2026-11-25T00:00:00Z"));
        assert_eq!((part.most, part.ends_at.to_string().as_str()), (5, "2026-11-24T12:00:00Z"));
        assert!(!part.name.contains("192"), "{}", part.name);
        let other = |address: &str, at: Timestamp| identity_checks("mac", address, at);
        assert_eq!(other("192.0.2.8", now).key, bucket.key);
        assert_ne!(other("192.0.2.8", now).part, bucket.part);
        assert_eq!(other("192.0.2.7", part.ends_at).key, bucket.key);
        assert_ne!(other("192.0.2.7", part.ends_at).part, bucket.part);
    }

    #[test]
    fn an_ipv6_network_is_one_subject_and_a_mapped_address_its_ipv4() {
        let subject = |text: &str| address_subject(text.parse().unwrap());
        assert_eq!(subject("2001:db8:1:2:3::4"), subject("2001:db8:1:2:ffff::1"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!(subject("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
