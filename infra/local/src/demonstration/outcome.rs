//! What a button did, kept until the next one is pressed.

use serde_json::Value;

use super::failure::Failure;

/// What it did, with the provider's answers, tokens shortened.
#[derive(Clone)]
pub(super) enum Outcome {
    /// The tokens are new.
    Refreshed(Value),
    /// What introspection says.
    Introspected(Value),
    /// The records system's token, and what the records system learns by it.
    Exchanged { token: Value, seen_by_records: Value },
    /// The tokens are worth nothing any more.
    Revoked,
    /// Nothing.
    Failed(Failure),
}
