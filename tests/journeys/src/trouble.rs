//! What can go wrong with the calls that a request makes: each call, each way, one at a time.

use std::{fmt, thread};

use local::aws::faults::{Fault, Refusal, Rule, Service};

use crate::calls::Call;

/// Something going wrong with one of a request's calls.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The call.
    pub call: Call,
    /// How many calls that the same rule fits come before it.
    after: u32,
    /// What goes wrong.
    pub fault: Fault,
}

impl Trouble {
    /// All that can go wrong with these calls.
    pub fn every(calls: &[Call]) -> Vec<Self> {
        Self::with(calls, &[Refusal::Throttling, Refusal::InternalServerError, Refusal::ProvisionedThroughputExceeded])
    }

    /// The same with one refusal for the three that the SDK and the stores take alike.
    pub fn of_each_kind(calls: &[Call]) -> Vec<Self> {
        Self::with(calls, &[Refusal::Throttling])
    }

    fn with(calls: &[Call], refusals: &[Refusal]) -> Vec<Self> {
        let mut troubles = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            let alike =
                |other: &&Call| other.operation == call.operation && other.tables.first() == call.tables.first();
            let after = u32::try_from(calls.iter().take(index).filter(alike).count()).unwrap_or(u32::MAX);
            troubles.extend(faults(call, refusals).into_iter().map(|fault| Self { call: call.clone(), after, fault }));
        }
        troubles
    }

    /// The rule by which it comes up, so many times in a row.
    pub fn rule(&self, times: u32) -> Rule {
        self.call.rule(self.fault).after(self.after).times(times)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, after, fault } = self;
        write!(formatter, "{fault:?} at {} {} (number {after})", call.operation, call.tables.join(", "))
    }
}

fn faults(call: &Call, refusals: &[Refusal]) -> Vec<Fault> {
    let is_of_tables = call.service() == Service::DynamoDb;
    let refusals =
        refusals.iter().filter(|refusal| is_of_tables || **refusal != Refusal::ProvisionedThroughputExceeded);
    let reads = ["GetItem", "BatchGetItem"].contains(&call.operation.as_str());
    let conflict = (is_of_tables && !reads).then_some(Refusal::TransactionConflict);
    let entry = (call.operation == "BatchGetItem" || call.service() == Service::Sqs).then_some(Fault::RefuseEntry);
    let refused = refusals.copied().chain(conflict).map(Fault::Refuse);
    refused.chain([Fault::LoseAnswer, Fault::LoseRequest]).chain(entry).collect()
}

/// Runs the even and the odd ones beside each other.
///
/// # Panics
/// If either does.
#[expect(clippy::expect_used, reason = "only tests run troubles")]
pub fn in_two_threads<F: Future<Output = ()>>(run: impl Fn(usize) -> F + Sync) {
    let run = |first| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(run(first));
    };
    thread::scope(|scope| {
        scope.spawn(|| run(0));
        scope.spawn(|| run(1));
    });
}
