//! What AWS does on a bad day: the person gets a clear answer, nothing is left half-written, no second text goes out.
//!
//! A process of its own: the SDK's budget for retries is one for all clients of a process.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops"
)]

mod every_call;
mod password;
mod texts;
mod try_again;
