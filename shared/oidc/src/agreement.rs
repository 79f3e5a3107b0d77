//! What a person agreed to share with a client, and to let it do in their name.

use std::collections::BTreeSet;

use domain::{account::AccountId, bearer::Bearer};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{claim::ClaimName, scope::Scope};

/// How far an agreement reaches, or has to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The claims that are told. What there was nothing to tell under was not agreed to.
    pub claims: BTreeSet<ClaimName>,
    /// The agencies' own scopes: what the client may do there in the person's name.
    pub scopes: BTreeSet<Scope>,
    /// Whether tokens may outlive the session.
    pub offline: bool,
}

impl Extent {
    /// Whether all of it is also in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.claims.is_subset(&other.claims) && self.scopes.is_subset(&other.scopes) && (other.offline || !self.offline)
    }

    /// Names what was put to whom in which request: the page carries it, so that an answer counts for that alone. It
    /// tells nothing, since nobody knows the account's random id.
    pub fn put_to(&self, account: AccountId, request: &Bearer) -> String {
        let claims = self.claims.iter().map(|claim| claim.as_str());
        let scopes = self.scopes.iter().map(Scope::as_str);
        let said = claims.chain(["and"]).chain(scopes).collect::<Vec<_>>().join(" ");
        let text = format!("{}\n{account}\n{said}\n{}", request.expose(), self.offline);
        hex::encode(Sha256::digest(text))
    }
}

/// An agreement. Asked for again when a client wants more than it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How far it reaches: all that was ever agreed to.
    pub extent: Extent,
    /// When it was last given.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(claims: &[ClaimName], scopes: &[&str], offline: bool) -> Extent {
        Extent {
            claims: claims.iter().copied().collect(),
            scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
            offline,
        }
    }

    #[test]
    fn more_than_was_agreed_to_is_not_within_it() {
        let agreed = extent(&[ClaimName::GivenName], &["tax.read"], false);
        assert!(agreed.is_within(&agreed) && Extent::default().is_within(&agreed));
        assert!(!extent(&[ClaimName::GivenName], &[], true).is_within(&agreed));
        assert!(!extent(&[ClaimName::CitizenId], &[], false).is_within(&agreed));
        assert!(!extent(&[], &["tax.write"], false).is_within(&agreed));
    }

    #[test]
    fn an_answer_is_to_one_question_put_to_one_account_in_one_request() {
        let (one, other) = (AccountId::from_random([1; 16]), AccountId::from_random([2; 16]));
        let (request, another) = (Bearer::new([1; 32]), Bearer::new([2; 32]));
        let asked = extent(&[ClaimName::GivenName], &["tax.read"], false);
        let put = asked.put_to(one, &request);
        assert_eq!(put, asked.put_to(one, &request));
        assert_ne!(put, asked.put_to(other, &request));
        assert_ne!(put, asked.put_to(one, &another));
        for more in [
            extent(&[ClaimName::GivenName], &["tax.read"], true),
            extent(&[ClaimName::GivenName, ClaimName::Name], &["tax.read"], false),
            extent(&[ClaimName::GivenName], &["tax.read", "tax.write"], false),
            extent(&[], &["given_name", "tax.read"], false),
        ] {
            assert_ne!(put, more.put_to(one, &request), "{more:?}");
        }
    }
}
