//! The operators' command over the signing keys: look at them, rotate them, take over the template's.

use domain::signing_keys::{Algorithm, Rotation, RotationRefused, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};
use signing::{RotateError, Signing, SigningError};
use store::signing_keys::StoredRing;
use web::{Clock, Environment, Operation, Order, OrderRefused, StartError};

/// The function.
#[derive(Debug)]
pub struct OpsKeys {
    signing: Signing,
    clock: Clock,
}

/// What it can be told to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Shows the keys of both algorithms.
    Status {},
    /// The next key signs from now on.
    Rotate {
        /// Of which algorithm.
        algorithm: Algorithm,
        /// The `kid` of the current key, where it is not to be trusted: it is turned away without waiting until the next
        /// one is known everywhere. By its name, so that an order sent twice does not turn two away.
        #[serde(default)]
        distrust: Option<String>,
    },
    /// After a deployment with another key: it takes the place of the one that is gone.
    Adopt {
        /// Of which algorithm.
        algorithm: Algorithm,
    },
}

impl Operation for OpsKeys {
    const NAME: &'static str = "ops-keys";
    type Action = Action;

    async fn start(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { signing: Signing::start(environment)?, clock: environment.clock.clone() })
    }

    async fn perform(&self, order: Order<Action>) -> Result<Value, OrderRefused> {
        let now = self.clock.now();
        match order.action {
            Action::Status {} => {
                let mut algorithms = Vec::new();
                for algorithm in Algorithm::EVERY {
                    let (stored, strangers) = self.signing.status(algorithm, now).await.map_err(unavailable)?;
                    algorithms.push(shown(algorithm, &stored, strangers));
                }
                Ok(json!({ "keys": algorithms }))
            }
            Action::Rotate { algorithm, distrust } => {
                let rotation = Rotation { operator: order.operator, reason: order.reason, at: now, distrust };
                let stored = self.signing.rotate(algorithm, rotation).await.map_err(refused)?;
                tracing::info!(%algorithm, kid = stored.ring.current().kid, "rotated");
                Ok(shown(algorithm, &stored, 0))
            }
            Action::Adopt { algorithm } => {
                let stored = self.signing.adopt(algorithm, now).await.map_err(refused)?;
                Ok(shown(algorithm, &stored, 0))
            }
        }
    }
}

fn shown(algorithm: Algorithm, stored: &StoredRing, strangers: usize) -> Value {
    let key = |key: &SigningKey| {
        json!({
            "kid": key.kid, "role": key.role, "since": key.since, "arn": key.arn, "distrusted": key.distrusted,
        })
    };
    json!({
        "algorithm": algorithm,
        "keys": stored.ring.every().map(key),
        "rotation": stored.rotation,
        "not_in_template": strangers,
    })
}

fn refused(error: RotateError) -> OrderRefused {
    match error {
        RotateError::Refused(refused @ RotationRefused::NextDistrusted) => {
            OrderRefused::new("next_distrusted", refused.to_string())
        }
        RotateError::Refused(refused @ RotationRefused::NotCurrent) => {
            OrderRefused::new("changed_meanwhile", refused.to_string())
        }
        RotateError::Refused(refused) => OrderRefused::new("too_early", refused.to_string()),
        RotateError::Changed => OrderRefused::new("changed_meanwhile", error.to_string()),
        RotateError::Signing(error) => unavailable(error),
    }
}

/// Its cause is logged here, once.
fn unavailable(error: SigningError) -> OrderRefused {
    tracing::error!(%error, "signing keys");
    OrderRefused::unavailable(error)
}
