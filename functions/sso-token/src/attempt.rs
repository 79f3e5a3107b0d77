//! Writing a grant while others do so too: whoever loses a race reads it again and tries once more.

use endpoint::Failure;
use futures_util::future::BoxFuture;
use oidc::error::OAuthError;
use serde_json::Value;
use store::grants::{RACES, StoredGrant};

use crate::{Asking, SsoToken};

/// Why an attempt gave no tokens.
pub(crate) enum Attempt {
    /// Somebody else wrote the grant meanwhile: to be tried again.
    Raced,
    /// Something to tell the client.
    Failed(Failure),
}

impl Attempt {
    pub(crate) fn failed(error: OAuthError) -> Self {
        Self::Failed(error.into())
    }
}

impl SsoToken {
    /// Attempts it with the grant as it was found, and as it is found again after every lost race. Where there is none,
    /// what was presented is `unknown`.
    pub(crate) async fn attempts<'a>(
        &self,
        asking: &Asking<'_>,
        mut found: Option<StoredGrant>,
        unknown: OAuthError,
        attempt: impl Fn(StoredGrant) -> BoxFuture<'a, Result<Value, Attempt>>,
    ) -> Result<Value, Failure> {
        for _ in 0..RACES {
            let Some(stored) = found else { return Err(self.refuse(asking, unknown.into()).await) };
            let id = stored.grant.id();
            match attempt(stored).await {
                Err(Attempt::Raced) => found = self.grants.find(id).await?,
                Err(Attempt::Failed(failure)) => return Err(self.refuse(asking, failure).await),
                Ok(body) => return Ok(body),
            }
        }
        Err(Failure::NotNow(1))
    }
}
