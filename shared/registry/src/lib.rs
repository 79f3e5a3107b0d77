//! The card registry of the Department of Provincial Administration (DOPA): does this card exist, is it in force, and
//! is it this person's? Asked over SOAP 1.2, operation `CheckCardByLaser`.
//!
//! There are three outcomes, and the third is not a "no": the registry confirms the card ([`Verdict::Confirmed`]), it
//! refuses it ([`Verdict::Refused`]), or it could not be asked ([`RegistryError`]).

mod answer;
mod card_details;
mod card_registry;
mod config;
mod failure;
mod transport;
mod verdict;

pub use card_details::CardDetails;
pub use card_registry::CardRegistry;
pub use config::{ConfigError, Credentials, RegistryConfig, TimeOuts};
pub use failure::{MalformedAnswer, RegistryError};
pub use transport::RootsError;
pub use verdict::{Refusal, Verdict};
