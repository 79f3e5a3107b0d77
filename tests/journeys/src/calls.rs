//! The calls to AWS that a request makes, and how deep they go: a call's depth is 1 + the depth of the deepest call
//! that had to finish before it began. Taken where the SDK hands a request to HTTP, before any time passes.

use std::{
    collections::BTreeSet,
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
use local::aws::faults::{Fault, Rule, Service};
use serde_json::Value;

/// One request to AWS; a retry is one of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// How many calls had to finish one after the other, this one included.
    pub depth: usize,
    /// `GetItem`, `GenerateMac`, `Publish`.
    pub operation: String,
    /// The tables it names, each once.
    pub tables: Vec<String>,
}

/// What was called since the last look.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    calls: Vec<Call>,
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

/// The operations of calls, in the order they were made.
pub fn operations(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

/// How many of them had to wait for one another.
pub fn depth(calls: &[Call]) -> usize {
    calls.iter().map(|call| call.depth).max().unwrap_or_default()
}

impl Calls {
    /// The SDK's own client, with every request written down.
    pub fn recording_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Recording { inner: Builder::new().build_http(), calls: self.clone() })
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

    /// The calls, forgotten afterwards.
    pub fn take(&self) -> Vec<Call> {
        let mut record = self.record();
        let interruption = record.interruption.take();
        std::mem::replace(&mut *record, Record { interruption, ..Record::default() }).calls
    }

    fn begin(&self, request: &HttpRequest) -> usize {
        let mut record = self.record();
        let depth = record.deepest_finished + 1;
        record.calls.push(Call { depth, operation: operation(request), tables: tables(request) });
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

impl Call {
    /// Which service it was made to.
    pub fn service(&self) -> Service {
        match self.operation.as_str() {
            "Publish" => Service::Sns,
            "SendMessageBatch" => Service::Sqs,
            _ if self.tables.is_empty() => Service::Kms,
            _ => Service::DynamoDb,
        }
    }

    /// The rule by which something goes wrong with calls like this one.
    pub fn rule(&self, fault: Fault) -> Rule {
        let rule = Rule::new(self.service(), &self.operation, fault);
        match self.tables.first() {
            Some(table) => rule.of(table),
            None => rule,
        }
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
        let interruption = self.calls.interruption(&operation(&request));
        let depth = self.calls.begin(&request);
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

/// SNS alone names its operation in the body; we ask it for one thing.
fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
    target.map_or("Publish", |(_, operation)| operation).to_owned()
}

fn tables(request: &HttpRequest) -> Vec<String> {
    let body: Value = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let actions = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let parts = actions.flat_map(|action| action.values()).chain([&body]);
    let named = parts.filter_map(|part| part["TableName"].as_str()).map(str::to_owned);
    let batched = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.keys().cloned());
    named.chain(batched).collect::<BTreeSet<_>>().into_iter().collect()
}
