//! The service under test, and the time and chance it lives in.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_config::timeout::TimeoutConfig;
use domain::entropy::Entropy;
use jiff::{SignedDuration, Timestamp};
use local::{Local, Settings, aws::Storage};
use web::Clock;

use crate::{browser::Browser, calls::Calls, measured::Measured, person::Person};

/// Where the world's clock begins.
const BEGINNING: &str = "2026-11-24T08:00:00Z";

/// A service of one's own, with nothing in it.
#[derive(Debug)]
pub struct World {
    /// The service.
    pub local: Local,
    /// The calls it makes to AWS.
    pub calls: Calls,
    /// What it counts.
    pub measured: Measured,
    now: Arc<Mutex<Timestamp>>,
    forced: Arc<Mutex<Option<u64>>>,
    people: AtomicU32,
}

impl World {
    /// Starts one over http, as `cargo run` does.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Starts one with these values for the template's parameters.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn with(parameters: &[(&str, &str)]) -> Self {
        Self::start(parameters, tables()).await
    }

    /// Starts one on what an earlier one kept in this folder.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn kept_in(folder: &Path) -> Self {
        Self::start(&[], Storage::Directory(folder.to_owned())).await
    }

    #[expect(clippy::expect_used, reason = "only tests start worlds")]
    async fn start(parameters: &[(&str, &str)], storage: Storage) -> Self {
        let now = Arc::new(Mutex::new(BEGINNING.parse().expect("a time")));
        let forced = Arc::new(Mutex::new(None));
        let (calls, measured) = (Calls::default(), Measured::default());
        let mut settings = Settings::new("http://localhost:8080").expect("randomness");
        settings.clock = clock(&now);
        settings.entropy = entropy(&forced, settings.entropy);
        settings.storage = storage;
        settings.metrics = measured.log();
        settings.redelivery = std::time::Duration::ZERO;
        settings.http_client = Some(calls.recording_client());
        settings.time_outs = patient();
        settings.retry_pause = Duration::from_millis(1);
        settings.parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let local = Local::start(settings).await.expect("the service starts");
        Self { local, calls, measured, now, forced, people: AtomicU32::new(1) }
    }

    /// A browser that nobody used before, at an address of its own.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A person whom nobody knows yet.
    pub fn person(&self) -> Person {
        Person::new(self.people.fetch_add(1, Ordering::Relaxed))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass.
    pub fn pass(&self, duration: SignedDuration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }

    /// Makes every code from now on this one, or random again.
    pub fn force_code(&self, code: Option<u64>) {
        *self.forced.lock().unwrap_or_else(PoisonError::into_inner) = code;
    }

    /// The code in the newest text to a number.
    pub fn code_sent_to(&self, number: &str) -> Option<String> {
        let text = self.local.outbox().last_to(number)?.text;
        text.rsplit_once('#').map(|(_, code)| code.to_owned())
    }
}

/// In memory, or in the DynamoDB that `DYNAMODB_ENDPOINT` names: `tests/dynamodb-local/run` goes over everything with it.
#[expect(clippy::expect_used, reason = "only tests start worlds")]
fn tables() -> Storage {
    std::env::var("DYNAMODB_ENDPOINT")
        .map_or(Storage::Memory, |endpoint| Storage::DynamoDb(endpoint.parse().expect("an address")))
}

/// Fifty at once on a busy machine take their time; what a lost answer does is for the tests that lose one on purpose.
fn patient() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(60))
        .build()
}

fn clock(now: &Arc<Mutex<Timestamp>>) -> Clock {
    let now = Arc::clone(now);
    Clock::new(move || *now.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The system's, but for the 64 bits that a code is made from.
fn entropy(forced: &Arc<Mutex<Option<u64>>>, system: Entropy) -> Entropy {
    let forced = Arc::clone(forced);
    Entropy::new(move |bytes| {
        let code = *forced.lock().unwrap_or_else(PoisonError::into_inner);
        match (code, bytes.len()) {
            (Some(code), 8) => bytes.copy_from_slice(&code.to_le_bytes()),
            _ => bytes.iter_mut().for_each(|byte| *byte = system.bytes::<1>()[0]),
        }
    })
}
