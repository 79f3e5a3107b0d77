//! Whether a grant's tokens still mean something: what was given without `offline_access` ends with the session it was
//! given in.

use jiff::Timestamp;
use oidc::grant::Grant;
use store::{StoreError, sessions::Sessions};

/// Whether the grant outlives its session, or the session lives.
///
/// # Errors
/// The table's.
pub async fn lives(sessions: &Sessions, grant: &Grant, now: Timestamp) -> Result<bool, StoreError> {
    let authorization = grant.authorization();
    match &authorization.person {
        Some(person) if !grant.outlives_its_session() => Ok(sessions.find(&person.session, now).await?.is_some()),
        _ => Ok(true),
    }
}
