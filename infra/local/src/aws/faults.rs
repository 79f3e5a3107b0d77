//! What goes wrong on AWS and never in an embedded engine, on demand: throttling, conflicts, lost requests and answers.
//!
//! Nothing is matched until a test asks for it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

mod refusal;
mod rule;

pub use refusal::Refusal;
pub use rule::{Fault, Rule};

/// The script of what goes wrong. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Script>);

#[derive(Debug, Default)]
struct Script {
    watching: AtomicBool,
    rules: Mutex<Vec<Rule>>,
}

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// DynamoDB
    DynamoDb,
    /// KMS
    Kms,
    /// SNS
    Sns,
    /// SQS
    Sqs,
}

impl Faults {
    /// Adds a rule. Where several fit a call, each counts down what it spares, and the first that is due decides.
    pub fn add(&self, rule: Rule) {
        self.rules().push(rule);
        self.0.watching.store(true, Ordering::Release);
    }

    /// Forgets every rule.
    pub fn clear(&self) {
        self.rules().clear();
        self.0.watching.store(false, Ordering::Release);
    }

    /// How many rules have not yet done all they were to do: 0 shows that a test provoked what it meant to.
    pub fn pending(&self) -> usize {
        self.rules().len()
    }

    pub(super) fn are_watching(&self) -> bool {
        self.0.watching.load(Ordering::Acquire)
    }

    /// A call came: what goes wrong with it.
    pub(super) fn meet(&self, service: Service, operation: &str, targets: &[String]) -> Option<Fault> {
        rule::due(&mut self.rules(), service, operation, targets)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_watched_unless_asked_for() {
        let faults = Faults::default();
        let meet = || faults.meet(Service::DynamoDb, "PutItem", &["a".to_owned()]);
        assert!(!faults.are_watching());
        faults.add(Rule::new(Service::DynamoDb, "PutItem", Fault::LoseAnswer).times(2));
        assert!(faults.are_watching());
        assert_eq!((meet(), faults.pending()), (Some(Fault::LoseAnswer), 1));
        faults.clear();
        assert!(!faults.are_watching());
        assert_eq!(meet(), None);
    }
}
