//! How long each function takes from nothing to its first answer, next to a function that does nothing.
//!
//! `cold-starts` measures what is in `target/release` and says whether it keeps to the limits; the script beside this
//! package builds it. Names measure only those functions; `--write` keeps the table in `cold-starts.md`.

mod bootstrap;
mod runtime_api;
mod surroundings;
mod table;

use std::{env, fs, path::PathBuf, process::ExitCode, time::Duration};

use bootstrap::{Bootstrap, BootstrapError};
use local::{aws::AwsError, template::TemplateError};
use surroundings::Surroundings;
use table::Table;

/// The function that does nothing.
const EMPTY: &str = "empty";
/// How often each event is answered; odd, so that the median is a measurement.
const ROUNDS: usize = 101;
/// How often all of that is done before a limit counts as missed; the medians are those of all of it.
const PASSES: usize = 3;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error("cold-starts [--write] [FUNCTION...]: {0}")]
    Usage(String),
    #[error("the clock or the network of this machine: {0}")]
    Machine(#[from] std::io::Error),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("the card registry's secret was not encrypted: {0}")]
    Secret(String),
    #[error("{0}")]
    Bootstrap(#[from] BootstrapError),
}

#[tokio::main]
#[expect(clippy::print_stderr, reason = "says what is wrong")]
async fn main() -> ExitCode {
    match measure().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every limit is kept.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the table, and what is wrong with it")]
async fn measure() -> Result<bool, BenchError> {
    let (write, names): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|argument| argument == "--write");
    let surroundings = Surroundings::start().await?;
    let bootstraps = surroundings.bootstraps(&names)?;

    // The first round fills caches and begins the signing keys; it does not count.
    for bootstrap in &bootstraps {
        bootstrap.answer().await?;
    }
    let mut times = vec![Vec::new(); bootstraps.len()];
    let mut table = timed(&bootstraps, &mut times).await?;
    for _ in 1..PASSES {
        if table.failures().is_empty() {
            break;
        }
        table = timed(&bootstraps, &mut times).await?;
    }
    print!("{table}");
    if !write.is_empty() {
        fs::write(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cold-starts.md"), table.to_string())?;
    }
    let failures = table.failures();
    for failure in &failures {
        eprintln!("over the limit: {failure}");
    }
    Ok(failures.is_empty())
}

/// Each has its turn in each round, so that whatever else the machine does meets them all.
async fn timed(bootstraps: &[Bootstrap], times: &mut [Vec<Duration>]) -> Result<Table, BenchError> {
    for _ in 0..ROUNDS {
        for (bootstrap, times) in bootstraps.iter().zip(times.iter_mut()) {
            times.push(bootstrap.answer().await?);
        }
    }
    Ok(Table::of(bootstraps, times)?)
}
