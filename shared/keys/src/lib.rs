//! Cryptography with keys that never leave KMS: MACs to find and to check, encryption to keep, Argon2 for passwords.

pub mod encryption;
mod failure;
pub mod macs;
pub mod passwords;
mod region;
pub mod signing;

pub use failure::KeyError;
