//! The account: what a person has once registered.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    assurance::{Ial, ProofingMethod},
    consent::Consent,
    identity::Identity,
    language::Language,
    mobile_number::MobileNumber,
    username::Username,
};

/// The account's own name inside the service. Never leaves it: relying parties get pairwise subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(Uuid);

impl AccountId {
    /// An id from 16 random bytes. Version 4: a time in it would tell when somebody registered.
    pub const fn from_random(random: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(random).into_uuid())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

/// What vouches for the identity, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// How.
    pub method: ProofingMethod,
    /// The level it earned by the table in force then.
    pub ial: Ial,
    /// When it was given.
    pub at: Timestamp,
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Signs in.
    Active,
    /// Somebody proven by the registry holds the same citizen ID: this one lost it, and waits for an operator.
    Superseded,
}

/// An account, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// What it signs in with.
    pub username: Username,
    /// Who it is.
    pub identity: Identity,
    /// What vouches for that, oldest first.
    pub evidence: Vec<Evidence>,
    /// The verified number.
    pub mobile_number: MobileNumber,
    /// When that number was verified.
    pub mobile_verified_at: Timestamp,
    /// What was agreed to, oldest first.
    pub consents: Vec<Consent>,
    /// The language the person registered in.
    pub language: Language,
    /// When it was made.
    pub created_at: Timestamp,
}
