//! The calls to AWS that a request makes, and how deep they go: a call's depth is 1 + the depth of the deepest call
//! that had to finish before it began.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};

/// What was called since the last look.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    names: Vec<String>,
    deepest: usize,
    deepest_finished: usize,
    interruption: Option<Interruption>,
}

/// What somebody else does just before calls of this name are sent, so many times.
struct Interruption {
    name: String,
    times: u32,
    act: Arc<Act>,
}

type Act = dyn Fn() -> Acting + Send + Sync;
/// Somebody else's work.
pub type Acting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} times before {}", self.times, self.name)
    }
}

impl Calls {
    /// The SDK's own client, with every request written down.
    pub fn recording_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Recording { inner: Builder::new().build_http(), calls: self.clone() })
    }

    /// The names of the calls and the depth they reached, forgotten afterwards.
    pub fn take(&self) -> (Vec<String>, usize) {
        let mut record = self.record();
        let interruption = record.interruption.take();
        let record = std::mem::replace(&mut *record, Record { interruption, ..Record::default() });
        (record.names, record.deepest)
    }

    /// Lets somebody else act just before each of the next `times` calls of this name: a race lost on purpose.
    pub fn interrupt(&self, name: &str, times: u32, act: impl Fn() -> Acting + Send + Sync + 'static) {
        self.record().interruption = Some(Interruption { name: name.to_owned(), times, act: Arc::new(act) });
    }

    /// How many interruptions are still to come.
    pub fn interruptions_left(&self) -> u32 {
        self.record().interruption.as_ref().map_or(0, |interruption| interruption.times)
    }

    fn interruption(&self, name: &str) -> Option<Arc<Act>> {
        let mut record = self.record();
        let interruption = record.interruption.as_mut().filter(|due| due.name == name && due.times > 0)?;
        interruption.times -= 1;
        Some(Arc::clone(&interruption.act))
    }

    fn begin(&self, name: String) -> usize {
        let mut record = self.record();
        let depth = record.deepest_finished + 1;
        record.deepest = record.deepest.max(depth);
        record.names.push(name);
        depth
    }

    fn end(&self, depth: usize) {
        let mut record = self.record();
        record.deepest_finished = record.deepest_finished.max(depth);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Recording<T> {
    inner: T,
    calls: Calls,
}

impl HttpClient for Recording<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recording { inner, calls: self.calls.clone() })
    }
}

impl HttpConnector for Recording<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let name = name(&request);
        let interruption = self.calls.interruption(&name);
        let depth = self.calls.begin(name);
        let (inner, calls) = (self.inner.clone(), self.calls.clone());
        HttpConnectorFuture::new(async move {
            if let Some(act) = interruption {
                act().await;
            }
            let outcome = inner.call(request).await;
            calls.end(depth);
            outcome
        })
    }
}

/// `DynamoDB GetItem`, `KMS GenerateMac`, `SNS Publish`.
fn name(request: &HttpRequest) -> String {
    match request.headers().get("x-amz-target").and_then(|target| target.split_once('.')) {
        Some(("TrentService", operation)) => format!("KMS {operation}"),
        Some((_, operation)) => format!("DynamoDB {operation}"),
        None => "SNS Publish".to_owned(),
    }
}
