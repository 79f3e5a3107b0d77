//! An identity as it was established: by the card registry, or on the person's own word.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    assurance::{Ial, ProofingMethod},
    birth_date::BirthDate,
    name::Name,
    sealed::{Ciphertext, Mac},
};

/// Who the person is. One value: its parts are never changed one by one, or a name could be swapped under an ID.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// How it was established.
    pub method: ProofingMethod,
    /// The level that earned.
    pub ial: Ial,
    /// MAC of the citizen ID: finds it again without reading it.
    pub citizen_id_mac: Mac,
    /// The citizen ID, encrypted with the account id as context.
    pub citizen_id_sealed: Ciphertext,
    /// `1-xxxx-xxxxx-12-1`, for the person's own eyes.
    pub citizen_id_masked: String,
    /// First name.
    pub first_name: Name,
    /// Middle name; the registry neither asks for nor confirms it.
    pub middle_name: Option<Name>,
    /// Last name.
    pub last_name: Name,
    /// Birth date, possibly without day or month.
    pub birth_date: BirthDate,
    /// When it was established.
    pub established_at: Timestamp,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").field("method", &self.method).field("ial", &self.ial).finish_non_exhaustive()
    }
}
