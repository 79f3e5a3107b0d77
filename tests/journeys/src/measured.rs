//! What the service counted, read from its log as CloudWatch Logs reads it.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use web::Metrics;

/// The metric lines of a service's log.
#[derive(Clone, Debug, Default)]
pub struct Measured(Arc<Mutex<Vec<String>>>);

impl Measured {
    /// Where the service writes them.
    pub fn log(&self) -> Metrics {
        let lines = self.clone();
        Metrics::new(move |line| lines.lines().push(line.to_owned()))
    }

    /// The log as it stands.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// What was counted since the last look, in order: `SignIn outcome=done`.
    ///
    /// # Panics
    /// If a line is not what the embedded metric format says.
    pub fn take(&self) -> Vec<String> {
        self.documents().iter().map(read).collect()
    }

    /// The same, as they were written.
    ///
    /// # Panics
    /// If a line is no JSON.
    #[expect(clippy::expect_used, reason = "only tests read the log")]
    pub fn documents(&self) -> Vec<Value> {
        let lines = std::mem::take(&mut *self.lines());
        lines.iter().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the specification of the format, "document structure"; ours have one metric each.
fn read(document: &Value) -> String {
    let metadata = &document["_aws"];
    assert!(metadata["Timestamp"].is_i64(), "{document}");
    assert_eq!(metadata["CloudWatchMetrics"].as_array().map(Vec::len), Some(1), "{document}");
    let directive = &metadata["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "DigitalID", "{document}");
    let metrics = directive["Metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sets = directive["Dimensions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ([metric], [dimensions]) = (metrics, sets) else { unreadable(document) };
    let Some(name) = metric["Name"].as_str() else { unreadable(document) };
    let unit = if name == "RegistryLatency" { "Milliseconds" } else { "Count" };
    assert_eq!(metric["Unit"], unit, "{document}");
    assert!(document[name].is_i64() && (unit != "Count" || document[name] == 1), "{document}");
    let mut told = name.to_owned();
    for dimension in dimensions.as_array().into_iter().flatten() {
        let (Some(dimension), Some(value)) =
            (dimension.as_str(), dimension.as_str().and_then(|name| document[name].as_str()))
        else {
            unreadable(document)
        };
        let _ = write!(told, " {dimension}={value}");
    }
    told
}

#[expect(clippy::panic, reason = "a test that cannot go on stops")]
fn unreadable(document: &Value) -> ! {
    panic!("not in the embedded metric format: {document}")
}
