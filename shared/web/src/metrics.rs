//! Metrics in CloudWatch's embedded metric format: a line of the function's log that is one JSON object, of which
//! CloudWatch Logs makes the metric. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{fmt, io::Write, sync::Arc};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::measure::Measure;

/// The metrics' namespace. They carry no stack's name: each environment is an account of its own.
const NAMESPACE: &str = "DigitalID";

/// Where metrics are written.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn(&str) + Send + Sync>);

impl Metrics {
    /// Lines for whoever takes them.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// The log of a Lambda function, past `tracing`: a line must be the document and nothing else.
    pub fn of_lambda() -> Self {
        Self::new(|line| {
            // In one piece, so that nothing comes between; a log that takes no lines fails no request.
            if let Err(error) = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()) {
                tracing::warn!(%error, "a metric was not written");
            }
        })
    }

    /// Writes one. `about` stands beside it, for whoever reads the log, and is no dimension.
    pub fn write(&self, measure: &Measure, about: &[(&str, &str)], at: Timestamp) {
        (self.0)(&document(measure, about, at).to_string());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}

fn document(measure: &Measure, about: &[(&str, &str)], at: Timestamp) -> Value {
    let dimensions = measure.dimensions();
    let names: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
    let (value, unit) = measure.value();
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [names],
        "Metrics": [{ "Name": measure.name(), "Unit": unit }],
    });
    let mut document = Map::new();
    for (name, text) in about.iter().chain(&dimensions) {
        document.insert((*name).to_owned(), (*text).into());
    }
    document.insert(measure.name().to_owned(), value.into());
    document.insert("_aws".to_owned(), json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] }));
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::{otp::Purpose, registration::Step};
    use jiff::SignedDuration;

    use super::*;
    use crate::measure::{CodeOutcome, RegistryOutcome, SignInOutcome, StepOutcome, WizardStep};

    fn written(measure: &Measure) -> Value {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let metrics = Metrics::new(move |line| log.lock().unwrap().push(line.to_owned()));
        let at = "2026-11-24T08:00:00.125Z".parse().unwrap();
        metrics.write(measure, &[("request_id", "r-1"), ("function", "sign-in")], at);
        let lines = lines.lock().unwrap();
        assert_eq!((lines.len(), lines[0].contains('\n')), (1, false), "one event of the log");
        serde_json::from_str(&lines[0]).unwrap()
    }

    #[test]
    fn a_metric_is_the_document_that_cloudwatch_reads() {
        let step = Measure::RegistrationStep(WizardStep::At(Step::Identity), StepOutcome::Refused);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_507_200_125_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "DigitalID",
                    "Dimensions": [["step", "outcome"]],
                    "Metrics": [{ "Name": "RegistrationStep", "Unit": "Count" }],
                }],
            },
            "RegistrationStep": 1, "step": "identity", "outcome": "refused", "request_id": "r-1", "function": "sign-in",
        });
        assert_eq!(written(&step), expected);
    }

    #[test]
    fn a_time_is_told_in_milliseconds_and_of_everybody() {
        let document = written(&Measure::RegistryLatency(SignedDuration::from_millis(1_530)));
        assert_eq!(document["RegistryLatency"], 1_530);
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([[]]), "the specification allows an empty set, but not none");
        assert_eq!(directive["Metrics"], json!([{ "Name": "RegistryLatency", "Unit": "Milliseconds" }]));
    }

    /// The specification's "target members": what a directive names stands at the root, as a text or a number.
    #[test]
    fn everything_that_a_directive_names_is_there() {
        for measure in [
            Measure::RegistrationStep(WizardStep::Terms, StepOutcome::Done),
            Measure::Otp(Purpose::SignIn, CodeOutcome::NotSent),
            Measure::Registry(RegistryOutcome::Unavailable),
            Measure::RegistryLatency(SignedDuration::from_secs(1)),
            Measure::SignIn(SignInOutcome::Limited),
            Measure::token("authorization_code", "demo-app"),
            Measure::KmsThrottled,
            Measure::DynamoDbThrottled,
        ] {
            let document = written(&measure);
            let directive = &document["_aws"]["CloudWatchMetrics"][0];
            let name = directive["Metrics"][0]["Name"].as_str().unwrap();
            assert!(document[name].is_i64(), "{document}");
            let dimensions = directive["Dimensions"][0].as_array().unwrap();
            assert!(dimensions.len() <= 30, "{document}");
            for dimension in dimensions {
                let value = document[dimension.as_str().unwrap()].as_str().unwrap();
                assert!(!value.is_empty() && value.is_ascii(), "{document}");
            }
        }
    }
}
