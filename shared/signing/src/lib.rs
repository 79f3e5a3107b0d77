//! JWTs of ours: signed by KMS with the key that a row calls current, verified and published by the rows alone.
//!
//! KMS is asked for public halves only when an algorithm has no row yet, or an operator says that the template has
//! other keys: a storm of unknown `kid`s costs no call of it.

mod arns;
mod rotation;

use domain::signing_keys::{Algorithm, KeyRing, NewKey, PublicJwk};
use futures_util::future::try_join3;
use jiff::Timestamp;
use keys::{KeyError, signing::Signer};
use oidc::{
    jwk::{ServedKey, SpkiError},
    jws::{JwsError, Typ, Unsigned},
};
use serde::Serialize;
use store::{
    StoreError,
    signing_keys::{SigningKeys, StoredRing},
};
use web::{Environment, Service, StartError};

pub use arns::{ArnsError, KeyArns};
pub use rotation::RotateError;

/// Signs, and knows the keys.
#[derive(Clone, Debug)]
pub struct Signing {
    keys: SigningKeys,
    signer: Signer,
    es256: KeyArns,
    rs256: KeyArns,
}

/// Why nothing was signed, or no key is known.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// KMS.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// KMS gave a public half that is none of the algorithm.
    #[error("a public key of KMS: {0}")]
    PublicKey(#[from] SpkiError),
    /// The claims, or a signature that is none.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A row holds what is no key.
    #[error("a row holds no key: {0}")]
    Row(#[from] serde_json::Error),
}

impl Signing {
    /// From a function's environment: `SIGNING_KEYS_TABLE`, and the keys' ARNs in `ES256_KEYS` and `RS256_KEYS`.
    ///
    /// # Errors
    /// A variable is missing, or does not name three keys.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            keys: rows(environment)?,
            signer: Signer::new(wizard::kms(environment)),
            es256: environment.parse("ES256_KEYS")?,
            rs256: environment.parse("RS256_KEYS")?,
        })
    }

    /// The compact JWS of these claims: one Sign.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub async fn sign(
        &self,
        algorithm: Algorithm,
        typ: Typ,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, SigningError> {
        let ring = self.recent(algorithm, now).await?.ring;
        let key = ring.current();
        // The type of `kid` is the thumbprint's, which a row's text was made from.
        let kid = serde_json::from_value(key.kid.clone().into())?;
        let unsigned = Unsigned::new(algorithm, &kid, typ, claims)?;
        let signature = self.signer.sign(&key.arn, algorithm, &unsigned.digest()).await?;
        Ok(unsigned.with_signature(&signature)?)
    }

    /// The trusted keys of both algorithms, next and retiring ones too: what the JWKS lists.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub async fn published(&self, now: Timestamp) -> Result<Vec<PublicJwk>, SigningError> {
        let mut keys = Vec::new();
        for algorithm in Algorithm::EVERY {
            keys.extend(jwks(&self.recent(algorithm, now).await?.ring));
        }
        Ok(keys)
    }

    /// Has the keys at hand, so that signing later waits for nothing but KMS.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub async fn ready(&self, now: Timestamp) -> Result<(), SigningError> {
        for algorithm in Algorithm::EVERY {
            self.recent(algorithm, now).await?;
        }
        Ok(())
    }

    /// Has the keys read while the function starts. Only read: beginning a ring is the first request's.
    pub fn read_ahead(&self, environment: &Environment) {
        let (keys, now) = (self.keys.clone(), environment.clock.now());
        environment.read_ahead(Service::DynamoDb, async move {
            // The first request reads again what could not be read now, and says why it cannot.
            keys.recent(Algorithm::Es256, now).await.is_ok()
        });
    }

    /// The keys as `oidc` verifies with them.
    ///
    /// # Errors
    /// See [`SigningError`].
    pub async fn served(&self, now: Timestamp) -> Result<oidc::jwk::ServedKeys, SigningError> {
        known(&self.keys, now).await
    }

    /// An algorithm's keys as of the last minute; the first ones, if there were none.
    async fn recent(&self, algorithm: Algorithm, now: Timestamp) -> Result<StoredRing, SigningError> {
        match self.keys.recent(algorithm, now).await? {
            Some(stored) => Ok(stored),
            None => Box::pin(self.begin(algorithm, now)).await,
        }
    }

    /// The same as they are now.
    pub(crate) async fn fresh(&self, algorithm: Algorithm, now: Timestamp) -> Result<StoredRing, SigningError> {
        match self.keys.fresh(algorithm, now).await? {
            Some(stored) => Ok(stored),
            None => Box::pin(self.begin(algorithm, now)).await,
        }
    }

    async fn begin(&self, algorithm: Algorithm, now: Timestamp) -> Result<StoredRing, SigningError> {
        let ring = KeyRing::begin(self.template_keys(algorithm).await?, now);
        Ok(self.keys.begin(algorithm, ring, now).await?)
    }

    /// The keys that the template has, from KMS.
    pub(crate) async fn template_keys(&self, algorithm: Algorithm) -> Result<[NewKey; 3], SigningError> {
        let [first, second, third] = self.arns(algorithm).as_array();
        let key = |arn| self.new_key(algorithm, arn);
        let (first, second, third) = try_join3(key(first), key(second), key(third)).await?;
        Ok([first, second, third])
    }

    async fn new_key(&self, algorithm: Algorithm, arn: &str) -> Result<NewKey, SigningError> {
        let spki = self.signer.public_key(arn, algorithm).await?;
        let served = ServedKey::from_spki(algorithm, &spki)?;
        let jwk = serde_json::from_value(serde_json::to_value(&served)?)?;
        Ok(NewKey { arn: arn.to_owned(), kid: served.kid().as_str().to_owned(), jwk })
    }

    pub(crate) const fn arns(&self, algorithm: Algorithm) -> &KeyArns {
        match algorithm {
            Algorithm::Es256 => &self.es256,
            Algorithm::Rs256 => &self.rs256,
        }
    }
}

/// The rows alone, for functions that verify what we signed: without a row nothing was signed, and nothing is valid.
///
/// # Errors
/// The variable `SIGNING_KEYS_TABLE` is missing.
pub fn rows(environment: &Environment) -> Result<SigningKeys, StartError> {
    wizard::table(environment, "SIGNING_KEYS_TABLE").map(SigningKeys::new)
}

/// The keys of the rows, as `oidc` verifies with them.
///
/// # Errors
/// The rows', and [`SigningError::Row`].
pub async fn known(rows: &SigningKeys, now: Timestamp) -> Result<oidc::jwk::ServedKeys, SigningError> {
    let mut keys = Vec::new();
    for algorithm in Algorithm::EVERY {
        let Some(stored) = rows.recent(algorithm, now).await? else { continue };
        for jwk in jwks(&stored.ring) {
            keys.push(serde_json::from_value(serde_json::to_value(jwk)?)?);
        }
    }
    Ok(oidc::jwk::ServedKeys { keys })
}

fn jwks(ring: &KeyRing) -> Vec<PublicJwk> {
    ring.published().map(|key| key.jwk.clone()).collect()
}
