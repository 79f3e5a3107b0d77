//! What AWS does on a bad day to single sign-on: the person and the client get a clear answer, nothing is half-written,
//! and the same request sent again succeeds.
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
mod lost;
mod step;
mod visit;
