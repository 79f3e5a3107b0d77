//! The registry's client from configuration: address, time-outs, and credentials that come as KMS ciphertext and are
//! decrypted once, at start-up.

use std::fmt::Display;

use keys::encryption::{ConfigurationKey, Kms};
use registry::{CardRegistry, Credentials, RegistryConfig, TimeOuts};
use web::{Environment, StartError};

pub(crate) async fn start(environment: &Environment, kms: &Kms) -> Result<CardRegistry, StartError> {
    let time_outs: TimeOuts = environment.parse("CARD_REGISTRY_TIME_OUTS")?;
    let credentials = credentials(environment, kms).await?;
    let url = environment.text("CARD_REGISTRY_URL")?;
    // Only the local run has an issuer without TLS, and its registry is a simulator on loopback.
    let config = if environment.site.cookies.secure {
        RegistryConfig::parse(url, time_outs, credentials)
    } else {
        RegistryConfig::for_loopback(url, time_outs, credentials)
    };
    CardRegistry::new(config.map_err(invalid)?, environment.entropy.clone()).map_err(invalid)
}

async fn credentials(environment: &Environment, kms: &Kms) -> Result<Option<Credentials>, StartError> {
    let Some(user) = environment.optional::<String>("CARD_REGISTRY_USER")? else { return Ok(None) };
    let key = ConfigurationKey::new(kms.clone(), environment.text("CONFIGURATION_KEY")?);
    let secret = key.open("CARD_REGISTRY_SECRET", environment.text("CARD_REGISTRY_SECRET")?).await.map_err(invalid)?;
    Credentials::new(user, secret).map(Some).map_err(invalid)
}

fn invalid(reason: impl Display) -> StartError {
    StartError::Invalid { name: "CARD_REGISTRY".into(), reason: reason.to_string() }
}
