//! One function's bootstrap with one event, started as Lambda starts it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::Value;
use tokio::process::Command;

use crate::runtime_api::{Answer, RuntimeApi};

/// Far longer than anything measured: whatever takes this long hangs.
const GIVEN_UP: Duration = Duration::from_secs(30);

/// A function, and the event it answers.
#[derive(Debug)]
pub(crate) struct Bootstrap {
    /// Its package.
    pub(crate) function: String,
    /// The event's file, without its ending.
    pub(crate) event: String,
    /// The binary.
    pub(crate) path: PathBuf,
    /// Everything it finds in its environment but the Runtime API's address.
    pub(crate) environment: BTreeMap<String, String>,
    /// The event.
    pub(crate) payload: Bytes,
}

/// A function gave no answer worth measuring. Holds what it wrote to its log.
#[derive(Debug, thiserror::Error)]
#[error("{function} with {event}: {reason}\n{log}")]
pub(crate) struct BootstrapError {
    function: String,
    event: String,
    reason: String,
    log: String,
}

impl Bootstrap {
    /// From just before the process is made to the last byte of its first answer.
    #[expect(clippy::disallowed_methods, reason = "this is the beginning of what is measured")]
    pub(crate) async fn answer(&self) -> Result<Duration, BootstrapError> {
        let failed = |reason: String, log: &[u8]| BootstrapError {
            function: self.function.clone(),
            event: self.event.clone(),
            reason,
            log: String::from_utf8_lossy(log).into_owned(),
        };
        let machine = |error: std::io::Error| failed(error.to_string(), &[]);

        let api = RuntimeApi::listen().await.map_err(machine)?;
        let mut command = Command::new(&self.path);
        command.env_clear().envs(&self.environment).env("AWS_LAMBDA_RUNTIME_API", api.address());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);

        let began = Instant::now();
        let mut process = command.spawn().map_err(machine)?;
        let answered = tokio::select! {
            answer = api.invoke(self.payload.clone()) => answer.map_err(machine)?.checked(),
            ended = process.wait() => Err(format!("it ended without an answer: {}", ended.map_err(machine)?)),
            () = tokio::time::sleep(GIVEN_UP) => Err("no answer".to_owned()),
        };
        // It may have ended already.
        let _ = process.start_kill();
        let output = process.wait_with_output().await.map_err(machine)?;
        match answered {
            Ok(at) => Ok(at.saturating_duration_since(began)),
            Err(reason) => Err(failed(reason, &[output.stdout, output.stderr].concat())),
        }
    }
}

impl Answer {
    /// When it was here, if it is what a working function answers: refusals are, failures of ours are not.
    fn checked(self) -> Result<Instant, String> {
        let answer = self.outcome?;
        let parsed: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
        match parsed.get("statusCode").and_then(Value::as_u64) {
            Some(status) if status >= 500 => Err(answer),
            _ => Ok(self.at),
        }
    }
}
