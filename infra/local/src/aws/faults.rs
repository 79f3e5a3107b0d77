//! What goes wrong on AWS and never in an embedded engine, on demand: throttling, conflicts, lost requests and answers.
//! And a record of the calls made, for budgets.
//!
//! Nothing is matched or recorded until a test asks for it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

mod refusal;
mod rule;

pub use refusal::Refusal;
pub use rule::{Fault, Rule};

/// How long a recorded call takes at least: calls made together then overlap, and depth means what it says.
const ROUND_TRIP: Duration = Duration::from_millis(5);

/// The script of what goes wrong, and the record. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watching: AtomicBool,
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    rules: Vec<Rule>,
    record: Option<Vec<Recorded>>,
    records_begun: u32,
}

#[derive(Debug)]
struct Recorded {
    call: Call,
    finished: bool,
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

/// One call, as it arrived: a retry of the SDK is a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who was called.
    pub service: Service,
    /// For what: `PutItem`, `GenerateMac`, `Publish` ...
    pub operation: String,
    /// Which tables (by name, each once), which key (as the caller named it) or which queue (by name).
    pub targets: Vec<String>,
    /// 1 + the depth of the deepest recorded call that had finished when this one came.
    pub depth: u32,
}

impl Faults {
    /// Adds a rule. Where several fit a call, each counts down what it spares, and the first that is due decides.
    pub fn add(&self, rule: Rule) {
        self.script().rules.push(rule);
        self.0.watching.store(true, Ordering::Release);
    }

    /// Forgets every rule and ends the record.
    pub fn clear(&self) {
        let mut script = self.script();
        script.rules.clear();
        script.record = None;
        self.0.watching.store(false, Ordering::Release);
    }

    /// How many rules have not yet done all they were to do: 0 shows that a test provoked what it meant to.
    pub fn pending(&self) -> usize {
        self.script().rules.len()
    }

    /// Begins a record, forgetting the one before.
    pub fn record(&self) {
        let mut script = self.script();
        script.record = Some(Vec::new());
        script.records_begun += 1;
        self.0.watching.store(true, Ordering::Release);
    }

    /// The calls recorded so far, in the order they came.
    pub fn calls(&self) -> Vec<Call> {
        self.script().record.iter().flatten().map(|recorded| recorded.call.clone()).collect()
    }

    /// The deepest chain of calls of the record.
    pub fn depth(&self) -> u32 {
        self.calls().iter().map(|call| call.depth).max().unwrap_or_default()
    }

    pub(super) fn are_watching(&self) -> bool {
        self.0.watching.load(Ordering::Acquire)
    }

    /// A call came: what goes wrong with it, and its place in the record.
    pub(super) async fn meet(
        &self,
        service: Service,
        operation: &str,
        targets: Vec<String>,
    ) -> (Option<Fault>, Ticket) {
        let (fault, place) = {
            let mut script = self.script();
            (rule::due(&mut script.rules, service, operation, &targets), script.enter(service, operation, targets))
        };
        if place.is_some() {
            tokio::time::sleep(ROUND_TRIP).await;
        }
        (fault, Ticket { faults: self.clone(), place })
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held while a call is under way.
#[derive(Debug)]
pub(super) struct Ticket {
    faults: Faults,
    /// The record and the place in it.
    place: Option<(u32, usize)>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some((record, place)) = self.place else {
            return;
        };
        let mut script = self.faults.script();
        if script.records_begun == record
            && let Some(recorded) = script.record.as_mut().and_then(|calls| calls.get_mut(place))
        {
            recorded.finished = true;
        }
    }
}

impl Script {
    fn enter(&mut self, service: Service, operation: &str, targets: Vec<String>) -> Option<(u32, usize)> {
        let record = self.record.as_mut()?;
        let finished = record.iter().filter(|recorded| recorded.finished).map(|recorded| recorded.call.depth);
        let depth = 1 + finished.max().unwrap_or_default();
        let call = Call { service, operation: operation.to_owned(), targets, depth };
        record.push(Recorded { call, finished: false });
        Some((self.records_begun, record.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn meet(faults: &Faults, operation: &str, table: &str) -> Option<Fault> {
        faults.meet(Service::DynamoDb, operation, vec![table.to_owned()]).await.0
    }

    #[tokio::test]
    async fn nothing_is_watched_unless_asked_for() {
        let faults = Faults::default();
        assert!(!faults.are_watching());
        faults.add(Rule::new(Service::DynamoDb, "PutItem", Fault::LoseAnswer).times(2));
        assert!(faults.are_watching());
        assert_eq!(meet(&faults, "PutItem", "a").await, Some(Fault::LoseAnswer));
        assert_eq!((faults.pending(), faults.calls()), (1, Vec::new()));
        faults.clear();
        assert!(!faults.are_watching());
        assert_eq!(meet(&faults, "PutItem", "a").await, None);
    }

    #[tokio::test]
    async fn depth_counts_what_had_to_finish_first() {
        let faults = Faults::default();
        faults.record();
        let first = faults.meet(Service::Kms, "GenerateMac", Vec::new()).await.1;
        let beside = faults.meet(Service::DynamoDb, "GetItem", vec!["a".to_owned()]).await.1;
        drop(first);
        let then = faults.meet(Service::DynamoDb, "PutItem", vec!["a".to_owned()]).await.1;
        drop((beside, then));
        meet(&faults, "GetItem", "b").await;
        let depths: Vec<_> = faults.calls().iter().map(|call| (call.operation.clone(), call.depth)).collect();
        let expected = [("GenerateMac", 1), ("GetItem", 1), ("PutItem", 2), ("GetItem", 3)];
        assert_eq!(depths, expected.map(|(operation, depth)| (operation.to_owned(), depth)));
        assert_eq!(faults.depth(), 3);
        faults.record();
        assert!(faults.calls().is_empty());
    }
}
