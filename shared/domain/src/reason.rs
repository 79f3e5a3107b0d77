//! Why a value was not accepted, for programs (a stable code) and for people (what to do, in both languages).

use crate::language::Text;

/// A refusal that can be told to the person who typed the value.
///
/// Implemented by every parse error of this crate, so that the edge can report all bad fields at once.
pub trait Reason {
    /// Stable, snake_case: `required`, `too_long`, `check_digit` ...
    fn code(&self) -> &'static str;

    /// What to do, not what went wrong. Never repeats what was typed.
    fn text(&self) -> Text;
}
