//! Which calls something goes wrong with, and what.

use super::{Refusal, Service};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with an error and not executed.
    Refuse(Refusal),
    /// It is executed, and the connection ends without an answer.
    LoseAnswer,
    /// The connection ends before it is executed.
    LoseRequest,
    /// Of a batch of messages the first is refused, the others are taken; of a batch of keys none is read.
    RefuseEntry,
}

/// Which calls a fault befalls: by default the next one of its operation, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    service: Service,
    operation: String,
    target: Option<String>,
    passing: u32,
    remaining: u32,
    fault: Fault,
}

impl Rule {
    /// The next call of this operation.
    pub fn new(service: Service, operation: &str, fault: Fault) -> Self {
        Self { service, operation: operation.to_owned(), target: None, passing: 0, remaining: 1, fault }
    }

    /// Only calls that touch this table, this queue, or this key by the name the caller uses.
    #[must_use]
    pub fn of(self, target: &str) -> Self {
        Self { target: Some(target.to_owned()), ..self }
    }

    /// The first so many matching calls are spared.
    #[must_use]
    pub fn after(self, passing: u32) -> Self {
        Self { passing, ..self }
    }

    /// So many matching calls in a row instead of one; `u32::MAX` is for good.
    #[must_use]
    pub fn times(self, remaining: u32) -> Self {
        Self { remaining, ..self }
    }

    pub(super) fn matches(&self, service: Service, operation: &str, targets: &[String]) -> bool {
        self.service == service
            && self.operation == operation
            && self.target.as_ref().is_none_or(|target| targets.contains(target))
    }
}

/// What befalls a call by these rules, each of which counts the call; those that have done their part go.
pub(super) fn due(rules: &mut Vec<Rule>, service: Service, operation: &str, targets: &[String]) -> Option<Fault> {
    let mut due = None;
    for rule in rules.iter_mut().filter(|rule| rule.matches(service, operation, targets)) {
        if rule.passing > 0 {
            rule.passing -= 1;
        } else if due.is_none() {
            due = Some(rule.fault);
            if rule.remaining != u32::MAX {
                rule.remaining = rule.remaining.saturating_sub(1);
            }
        }
    }
    rules.retain(|rule| rule.remaining > 0);
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSE: Fault = Fault::Refuse(Refusal::Throttling);

    fn meet(rules: &mut Vec<Rule>, operation: &str, table: &str) -> Option<Fault> {
        due(rules, Service::DynamoDb, operation, &[table.to_owned()])
    }

    #[test]
    fn the_nth_call_is_the_one() {
        let mut rules = vec![Rule::new(Service::DynamoDb, "PutItem", REFUSE).of("a").after(1).times(2)];
        let calls = [
            ("PutItem", "a"),
            ("PutItem", "b"),
            ("GetItem", "a"),
            ("PutItem", "a"),
            ("PutItem", "a"),
            ("PutItem", "a"),
        ];
        let met = calls.map(|(operation, table)| meet(&mut rules, operation, table));
        assert_eq!(met, [None, None, None, Some(REFUSE), Some(REFUSE), None]);
        assert!(rules.is_empty());
    }

    #[test]
    fn rules_follow_one_another() {
        let mut rules = vec![
            Rule::new(Service::DynamoDb, "PutItem", Fault::LoseAnswer),
            Rule::new(Service::DynamoDb, "PutItem", Fault::LoseRequest).times(u32::MAX),
        ];
        for expected in [Fault::LoseAnswer, Fault::LoseRequest, Fault::LoseRequest] {
            assert_eq!(meet(&mut rules, "PutItem", "a"), Some(expected));
        }
        assert_eq!(rules.len(), 1);
        assert_eq!(due(&mut rules, Service::Sns, "PutItem", &[]), None);
    }
}
