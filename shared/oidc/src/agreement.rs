//! What a person agreed to share with a client.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::claim::ClaimName;

/// An agreement, as stored. Asked for again when a client wants more than it covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The claims.
    pub claims: BTreeSet<ClaimName>,
    /// Whether tokens may outlive the session.
    pub offline: bool,
    /// When it was last given.
    pub at: Timestamp,
}

impl Agreement {
    /// Whether it reaches as far as this.
    pub fn covers(&self, claims: &BTreeSet<ClaimName>, offline: bool) -> bool {
        claims.is_subset(&self.claims) && (self.offline || !offline)
    }

    /// This agreement and one given now: what was agreed to before stays agreed to.
    #[must_use]
    pub fn extended(before: Option<Self>, claims: BTreeSet<ClaimName>, offline: bool, at: Timestamp) -> Self {
        match before {
            Some(before) => Self {
                claims: before.claims.into_iter().chain(claims).collect(),
                offline: before.offline || offline,
                at,
            },
            None => Self { claims, offline, at },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_was_agreed_to_is_not_covered() {
        let at = Timestamp::UNIX_EPOCH;
        let names = |names: &[ClaimName]| names.iter().copied().collect::<BTreeSet<_>>();
        let agreed = Agreement::extended(None, names(&[ClaimName::GivenName]), false, at);
        assert!(agreed.covers(&names(&[ClaimName::GivenName]), false));
        assert!(!agreed.covers(&names(&[ClaimName::GivenName]), true));
        assert!(!agreed.covers(&names(&[ClaimName::CitizenId]), false));
        let more = Agreement::extended(Some(agreed), names(&[ClaimName::CitizenId]), true, at);
        assert!(more.covers(&names(&[ClaimName::GivenName, ClaimName::CitizenId]), true));
    }
}
