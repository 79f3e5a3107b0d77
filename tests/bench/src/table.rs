//! The table of what was measured, and which limits it breaks.

use std::{fmt, fs, time::Duration};

use jiff::Timestamp;

use crate::{EMPTY, bootstrap::Bootstrap};

/// How many times the empty function's cold start a function's may be.
const RATIO: f64 = 3.0;
/// The same for functions that every sign-in waits for on a machine's side.
const TIGHTER: [(&str, f64); 1] = [("sso-token", 2.5)];
/// How large a bootstrap may be.
const LARGEST: u64 = 8_000_000;

/// What was measured.
#[derive(Debug)]
pub(crate) struct Table {
    empty: Row,
    rows: Vec<Row>,
    rounds: usize,
    date: String,
}

/// One function, with its slowest event.
#[derive(Clone, Debug)]
struct Row {
    function: String,
    event: String,
    bytes: u64,
    median: Duration,
}

impl Table {
    /// Of the times of each bootstrap; the first is the empty one.
    ///
    /// # Errors
    /// A bootstrap is not there any more.
    #[expect(clippy::disallowed_methods, reason = "the table says when it was made")]
    pub(crate) fn of(bootstraps: &[Bootstrap], times: &[Vec<Duration>]) -> Result<Self, std::io::Error> {
        let rounds = times.first().map_or(0, Vec::len);
        let mut rows: Vec<Row> = Vec::new();
        for (bootstrap, times) in bootstraps.iter().zip(times) {
            let row = Row {
                function: bootstrap.function.clone(),
                event: bootstrap.event.clone(),
                bytes: fs::metadata(&bootstrap.path)?.len(),
                median: median(times.clone()),
            };
            match rows.last_mut().filter(|last| last.function == row.function) {
                Some(last) if last.median >= row.median => {}
                Some(last) => *last = row,
                None => rows.push(row),
            }
        }
        let at = rows.iter().position(|row| row.function == EMPTY).ok_or_else(|| std::io::Error::other("no empty"))?;
        let empty = rows.remove(at);
        Ok(Self { empty, rows, rounds, date: Timestamp::now().strftime("%Y-%m-%d").to_string() })
    }

    /// What is over its limit, in words.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for row in &self.rows {
            let (ratio, limit) = (self.ratio(row), limit(&row.function));
            if ratio > limit {
                failures.push(format!(
                    "{} starts in {ratio:.2} times the empty function's time, not {limit}",
                    row.function
                ));
            }
            if row.bytes > LARGEST {
                failures.push(format!("{} has {} bytes, not {LARGEST}", row.function, row.bytes));
            }
        }
        failures
    }

    fn ratio(&self, row: &Row) -> f64 {
        row.median.as_secs_f64() / self.empty.median.as_secs_f64()
    }
}

fn limit(function: &str) -> f64 {
    TIGHTER.iter().find(|(name, _)| *name == function).map_or(RATIO, |(_, ratio)| *ratio)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# Cold starts, {}\n", self.date)?;
        writeln!(formatter, "| function | event | size, MB | cold start, ms | times the empty one |")?;
        writeln!(formatter, "|---|---|---:|---:|---:|")?;
        for row in std::iter::once(&self.empty).chain(&self.rows) {
            let megabytes = row.bytes as f64 / 1e6;
            let millis = row.median.as_secs_f64() * 1000.0;
            let (function, event, ratio) = (&row.function, &row.event, self.ratio(row));
            writeln!(formatter, "| {function} | {event} | {megabytes:.2} | {millis:.2} | {ratio:.2} |")?;
        }
        writeln!(formatter, "\n{}", include_str!("foot.md").replace("{rounds}", &self.rounds.to_string()).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(function: &str, millis: u64, bytes: u64) -> Row {
        Row { function: function.into(), event: "an.event".into(), bytes, median: Duration::from_millis(millis) }
    }

    fn table(rows: Vec<Row>) -> Table {
        Table { empty: row(EMPTY, 4, 1), rows, rounds: 1, date: "2026-11-25".into() }
    }

    #[test]
    fn at_the_limit_is_within_it() {
        let rows = vec![row("sso-token", 10, LARGEST), row("home", 12, LARGEST)];
        assert_eq!(table(rows).failures(), Vec::<String>::new());
    }

    #[test]
    fn what_is_over_a_limit_is_said() {
        let failures =
            table(vec![row("sso-token", 11, 1), row("home", 13, 1), row("consent", 4, LARGEST + 1)]).failures();
        assert_eq!(failures.len(), 3, "{failures:?}");
        assert!(failures[0].starts_with("sso-token starts in 2.75") && failures[1].starts_with("home starts in 3.25"));
        assert!(failures[2].starts_with("consent has 8000001 bytes"));
    }

    #[test]
    fn one_slow_run_in_three_changes_nothing() {
        let times = [5, 900, 4].map(Duration::from_millis).to_vec();
        assert_eq!(median(times), Duration::from_millis(5));
    }
}
