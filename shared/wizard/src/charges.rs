//! Counting before comparing, over several counters at once, and giving back.

use domain::limit::Bucket;
use futures_util::future::join_all;
use jiff::Timestamp;
use store::limits::{Charge, ChargeError, Limits};
use web::Problem;

use crate::unavailable;

/// Counts one in each bucket together, or in none: what was counted before one of them was full is given back.
///
/// # Errors
/// [`Problem::TooManyRequests`] with the latest time of those that are full; the table's.
pub async fn charge<const N: usize>(
    limits: &Limits,
    buckets: [Bucket; N],
    now: Timestamp,
) -> Result<Vec<Charge>, Problem> {
    let mut charges = Vec::with_capacity(N);
    let mut problem = None;
    for outcome in join_all(buckets.map(|bucket| limits.charge(bucket))).await {
        match outcome {
            Ok(charge) => charges.push(charge),
            Err(ChargeError::Reached { retry_at }) => {
                let full = Problem::limited(retry_at, now);
                if full.retry_after() > problem.as_ref().and_then(Problem::retry_after) || problem.is_none() {
                    problem = Some(full);
                }
            }
            Err(ChargeError::Store(error)) => problem = Some(unavailable(error)),
        }
    }
    match problem {
        None => Ok(charges),
        Some(problem) => {
            refund(limits, charges).await;
            Err(problem)
        }
    }
}

/// Gives counts back. One that cannot be is logged, and stays: the answer does not wait for it.
pub async fn refund(limits: &Limits, charges: Vec<Charge>) {
    for outcome in join_all(charges.into_iter().map(|charge| limits.refund(charge))).await {
        if let Err(error) = outcome {
            tracing::warn!(%error, "a refund was lost");
        }
    }
}
