//! HTTP/1.1 in front of the services, and where a fault befalls a call.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{
    dynamodb::{self, DynamoDb},
    elsewhere::Elsewhere,
    faults::{Fault, Faults, Service},
    kms::Kms,
    reply::{Protocol, Reply},
    sns::Sns,
    sqs::{self, Sqs},
};

/// DynamoDB's limit, the largest of them all, in bytes.
const LARGEST_REQUEST: usize = 16 * 1024 * 1024;

/// What answers.
pub(super) struct Services {
    pub(super) tables: Tables,
    pub(super) kms: Arc<Kms>,
    pub(super) sns: Sns,
    pub(super) sqs: Sqs,
    pub(super) faults: Faults,
}

/// Who answers for DynamoDB.
pub(super) enum Tables {
    Embedded(DynamoDb),
    Elsewhere(Box<Elsewhere>),
}

/// A call, before anything is done for it.
struct Asked {
    service: Service,
    operation: String,
    body: Bytes,
}

/// The connection ends here: the client learns nothing, as when a network fails.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut")]
struct Cut;

/// Serves until the task is aborted, the connections with it.
pub(super) async fn serve(listener: TcpListener, services: Arc<Services>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                // Without it, an answer waits for the client's delayed acknowledgement, 40 ms of nothing.
                let _ = stream.set_nodelay(true);
                connections.spawn(converse(stream, Arc::clone(&services)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, services: Arc<Services>) {
    let service = service_fn(move |request| {
        let services = Arc::clone(&services);
        async move { services.respond(request).await }
    });
    // Its error is a cut that was asked for, or a client that went away.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Services {
    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).map(str::to_owned);
        let body = Limited::new(request.into_body(), LARGEST_REQUEST).collect().await.map_err(|_| Cut)?.to_bytes();
        let Some(asked) = asked(target.as_deref(), body) else {
            let message = "neither DynamoDB nor KMS nor SNS nor SQS";
            let code = "UnknownOperationException";
            return Ok(Reply::refusal(Protocol::Json10, StatusCode::BAD_REQUEST, code, message).into_http());
        };
        let reply = if self.faults.are_watching() { self.watched(asked).await? } else { self.execute(asked).await? };
        Ok(reply.into_http())
    }

    /// The same with the script.
    async fn watched(&self, asked: Asked) -> Result<Reply, Cut> {
        let request: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let targets = match asked.service {
            Service::DynamoDb => dynamodb::tables(&request),
            Service::Kms => request.get("KeyId").and_then(Value::as_str).map(str::to_owned).into_iter().collect(),
            Service::Sns => Vec::new(),
            Service::Sqs => sqs::queue(&request).map(str::to_owned).into_iter().collect(),
        };
        match self.faults.meet(asked.service, &asked.operation, &targets) {
            None => self.execute(asked).await,
            Some(Fault::Refuse(refusal)) => Ok(refusal.reply(asked.service, dynamodb::actions(&request))),
            Some(Fault::LoseRequest) => Err(Cut),
            Some(Fault::LoseAnswer) => self.execute(asked).await.and(Err(Cut)),
            Some(Fault::RefuseEntry) if asked.service == Service::DynamoDb => Ok(dynamodb::unprocessed(&request)),
            Some(Fault::RefuseEntry) => Ok(self.sqs.answer_but_the_first(&asked.operation, &asked.body)),
        }
    }

    /// Off the async threads: SQLite and the making of keys block.
    async fn execute(&self, asked: Asked) -> Result<Reply, Cut> {
        let Asked { service, operation, body } = asked;
        let work: Box<dyn FnOnce() -> Reply + Send> = match (service, &self.tables) {
            (Service::DynamoDb, Tables::Elsewhere(elsewhere)) => return Ok(elsewhere.answer(&operation, body).await),
            (Service::DynamoDb, Tables::Embedded(dynamodb)) => {
                let dynamodb = dynamodb.clone();
                Box::new(move || dynamodb.answer(&operation, &body))
            }
            (Service::Kms, _) => {
                let kms = Arc::clone(&self.kms);
                Box::new(move || kms.answer(&operation, &body))
            }
            (Service::Sns, _) => {
                let sns = self.sns.clone();
                Box::new(move || sns.answer(&operation, &body))
            }
            (Service::Sqs, _) => {
                let sqs = self.sqs.clone();
                Box::new(move || sqs.answer(&operation, &body))
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Cut)
    }
}

fn asked(target: Option<&str>, body: Bytes) -> Option<Asked> {
    let (service, operation) = match target.map(|target| target.split_once('.').unwrap_or((target, ""))) {
        Some(("DynamoDB_20120810", operation)) => (Service::DynamoDb, operation.to_owned()),
        Some(("TrentService", operation)) => (Service::Kms, operation.to_owned()),
        Some(("AmazonSQS", operation)) => (Service::Sqs, operation.to_owned()),
        Some(_) => return None,
        None => (Service::Sns, Sns::operation(&body)?),
    };
    Some(Asked { service, operation, body })
}
