//! What a function writes for its operators: one JSON object a line, to standard output, which Lambda takes to the log group.

use std::env;

use tracing::level_filters::LevelFilter;

/// Begins the log, for the whole process; the time is CloudWatch's to add. `RUST_LOG` names the least level by one word alone:
/// filters by module need an engine of regular expressions, which would be linked into every function.
pub(crate) fn begin() {
    let level = env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt().json().with_target(false).without_time().with_max_level(level).init();
}
