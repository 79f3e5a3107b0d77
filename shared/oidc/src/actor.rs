//! `act`: who acts on the person's behalf, and on whose behalf before (RFC 8693 section 4.1).

use serde::{Deserialize, Serialize};

use crate::client::ClientId;

/// A chain of clients, the one acting now outermost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The client that asked for the token (`client_id`, RFC 8693 section 4.3).
    pub client_id: ClientId,
    /// Whose token it had exchanged for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

impl Actor {
    /// How many clients a chain may have: agencies pass a person's errand on once or twice, a loop without end.
    pub const LONGEST: usize = 4;

    /// The chain that begins when a client acts with a token whose chain was `previous`; `None` if it gets too long.
    pub fn acting(client_id: ClientId, previous: Option<&Self>) -> Option<Self> {
        let chain = Self { client_id, act: previous.cloned().map(Box::new) };
        (chain.len() <= Self::LONGEST).then_some(chain)
    }

    fn len(&self) -> usize {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientId {
        name.parse().unwrap()
    }

    #[test]
    fn the_one_acting_now_is_outermost() {
        let first = Actor::acting(client("a"), None).unwrap();
        let second = Actor::acting(client("b"), Some(&first)).unwrap();
        let json = serde_json::json!({"client_id": "b", "act": {"client_id": "a"}});
        assert_eq!(serde_json::to_value(&second).unwrap(), json);
        assert_eq!(serde_json::from_value::<Actor>(json).unwrap(), second);
    }

    #[test]
    fn a_chain_ends_somewhere() {
        let mut chain = None;
        for _ in 0..Actor::LONGEST {
            chain = Actor::acting(client("a"), chain.as_ref());
            assert!(chain.is_some());
        }
        assert_eq!(Actor::acting(client("a"), chain.as_ref()), None);
    }
}
