//! What the journeys are walked with: the whole service in this process, browsers with cookies, people with valid
//! numbers, a clock that is moved by hand.
#![expect(clippy::indexing_slicing, reason = "JSON is read as the tests expect it")]

pub mod browser;
pub mod calls;
pub mod client;
pub mod endpoint;
pub mod key;
pub mod keyed_client;
pub mod measured;
pub mod page;
pub mod person;
pub mod relying_party;
pub mod tables;
pub mod tally;
pub mod trouble;
pub mod world;

pub use browser::{Answer, Browser};
pub use client::{Client, Returned};
pub use endpoint::Endpoint;
pub use key::Key;
pub use keyed_client::KeyedClient;
pub use measured::Measured;
pub use page::{Form, Page};
pub use person::Person;
pub use relying_party::RelyingParty;
pub use tally::tally;
pub use trouble::Trouble;
pub use world::World;
