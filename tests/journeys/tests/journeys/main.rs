//! Whole journeys, through the gateway and every function to the embedded tables and back.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops"
)]

mod at_rest;
mod bad_input;
mod calls;
mod changed_clients;
mod checklist_authorize;
mod checklist_bootstraps;
mod checklist_fapi;
mod checklist_password;
mod checklist_replays;
mod checklist_sessions;
mod checklist_token;
mod codes;
mod consent;
mod counting;
mod cross_site;
mod demonstration;
mod devices;
mod end_session;
mod events;
mod forms;
mod limits;
mod lockout;
mod logout;
mod metrics;
mod passwords;
mod races;
mod refunds;
mod registry;
mod regressions;
mod request_language;
mod rubbish;
mod sessions;
mod sign_in;
mod signing_keys;
mod sso;
mod throttles;
mod watched;
mod wizard;
