//! The calls to AWS that a request makes, and how deep they go: a call's depth is 1 + the depth of the deepest call
//! that had to finish before it began.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
}

impl Calls {
    /// The SDK's own client, with every request written down.
    pub fn recording_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Recording { inner: Builder::new().build_http(), calls: self.clone() })
    }

    /// The names of the calls and the depth they reached, forgotten afterwards.
    pub fn take(&self) -> (Vec<String>, usize) {
        let record = std::mem::take(&mut *self.record());
        (record.names, record.deepest)
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
        let depth = self.calls.begin(name(&request));
        let (inner, calls) = (self.inner.clone(), self.calls.clone());
        HttpConnectorFuture::new(async move {
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
        Some(("AmazonSQS", operation)) => format!("SQS {operation}"),
        Some((_, operation)) => format!("DynamoDB {operation}"),
        None => "SNS Publish".to_owned(),
    }
}
