//! What a function writes for its operators: one JSON object a line, to standard output, which Lambda takes to the log group.

use std::env;

use tracing::level_filters::LevelFilter;

/// Begins the log, for the whole process; the time is CloudWatch's to add. The least level is Lambda's own setting, else that of
/// `RUST_LOG`, by one word: filters by module need an engine of regular expressions, which would be in every function.
pub(crate) fn begin() {
    let named = env::var("AWS_LAMBDA_LOG_LEVEL").or_else(|_| env::var("RUST_LOG"));
    let level = named.ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().with_target(false).without_time().with_max_level(level).init();
}
