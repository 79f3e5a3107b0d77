//! What operators do with the keys: look, rotate, take over the template's.

use domain::signing_keys::{Algorithm, Rotation, RotationRefused};
use jiff::Timestamp;
use store::signing_keys::StoredRing;

use crate::{Signing, SigningError};

/// Why the keys were not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Too early.
    #[error(transparent)]
    Refused(#[from] RotationRefused),
    /// Somebody else changed them in this very moment.
    #[error("somebody else changed the keys meanwhile; look at them again")]
    Changed,
    /// The rows or KMS.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl From<store::StoreError> for RotateError {
    fn from(error: store::StoreError) -> Self {
        Self::Signing(error.into())
    }
}

impl Signing {
    /// An algorithm's keys as they are now, and how many of them the template no longer has.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub async fn status(&self, algorithm: Algorithm, now: Timestamp) -> Result<(StoredRing, usize), SigningError> {
        let stored = self.fresh(algorithm, now).await?;
        let strangers = stored.ring.strangers(self.arns(algorithm).as_array());
        Ok((stored, strangers))
    }

    /// The next key signs from now on.
    ///
    /// # Errors
    /// See [`RotateError`].
    pub async fn rotate(&self, algorithm: Algorithm, rotation: Rotation) -> Result<StoredRing, RotateError> {
        let now = rotation.at;
        let before = self.fresh(algorithm, now).await?;
        let ring = before.ring.clone().rotate(now, rotation.distrust.as_deref())?;
        match self.keys.replace(algorithm, &before, ring, Some(rotation), now).await? {
            (stored, true) => Ok(stored),
            (_, false) => Err(RotateError::Changed),
        }
    }

    /// The template's keys take the places of those that it no longer has. Never by itself: while a deployment runs,
    /// two versions of the template would each take the other's keys for strangers.
    ///
    /// # Errors
    /// See [`RotateError`].
    pub async fn adopt(&self, algorithm: Algorithm, now: Timestamp) -> Result<StoredRing, RotateError> {
        let before = self.fresh(algorithm, now).await?;
        let ring = before.ring.adopt(self.template_keys(algorithm).await?, now);
        match self.keys.replace(algorithm, &before, ring, before.rotation.clone(), now).await? {
            (stored, true) => Ok(stored),
            (_, false) => Err(RotateError::Changed),
        }
    }
}
