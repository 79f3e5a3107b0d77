//! Consent as evidence: what a person agreed to, in which words, when and from where.
//!
//! Electronic Transactions Act B.E. 2544 and PDPA B.E. 2562 section 19: acceptance must be provable afterwards.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{language::Language, terms::TermsVersion};

/// One acceptance of one text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The version of the terms.
    pub version: TermsVersion,
    /// The language they were read in.
    pub language: Language,
    /// SHA-256 of the canonical text that was shown, in hexadecimal.
    pub sha256: String,
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub ip: IpAddr,
    /// With which browser, as it named itself.
    pub user_agent: String,
}

impl std::fmt::Debug for Consent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Consent").field("version", &self.version).finish_non_exhaustive()
    }
}
