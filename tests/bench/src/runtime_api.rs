//! Lambda's side of a cold start: the Runtime API (version 2018-06-01) with one event to give, on loopback.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

/// The id of the one invocation.
const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// The API for one process.
pub(crate) struct RuntimeApi {
    listener: TcpListener,
    address: SocketAddr,
}

/// What a function made of its event.
#[derive(Debug)]
pub(crate) struct Answer {
    /// When the last byte of it was here.
    pub(crate) at: Instant,
    /// The answer, or the error.
    pub(crate) outcome: Result<String, String>,
}

/// What is still to be given, and where the answer goes.
struct Invocation {
    event: Mutex<Option<Bytes>>,
    answered: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl RuntimeApi {
    pub(crate) async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Gives the event to whoever asks for the next one, and waits for the answer; whoever asks again is left waiting.
    pub(crate) async fn invoke(self, event: Bytes) -> std::io::Result<Answer> {
        let (answered, mut answer) = oneshot::channel();
        let invocation = Arc::new(Invocation { event: Mutex::new(Some(event)), answered: Mutex::new(Some(answered)) });
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (stream, _) = accepted?;
                    stream.set_nodelay(true)?;
                    let invocation = Arc::clone(&invocation);
                    let service = service_fn(move |request| respond(Arc::clone(&invocation), request));
                    connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
                answer = &mut answer => {
                    return answer.map_err(|_| std::io::Error::other("the invocation was given up"));
                }
            }
        }
    }
}

async fn respond(
    invocation: Arc<Invocation>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().strip_prefix("/2018-06-01/runtime/").unwrap_or_default().to_owned();
    let (method, body) = (request.method().clone(), request.into_body().collect().await?.to_bytes());
    let text = || String::from_utf8_lossy(&body).into_owned();
    let outcome = match (method, path.as_str()) {
        (Method::GET, "invocation/next") => return Ok(invocation.next().await),
        (Method::POST, path) if path == format!("invocation/{REQUEST_ID}/response") => Ok(text()),
        (Method::POST, path) if path == format!("invocation/{REQUEST_ID}/error") => Err(text()),
        (Method::POST, "init/error") => Err(text()),
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    invocation.answered(outcome);
    Ok(status(StatusCode::ACCEPTED))
}

impl Invocation {
    async fn next(&self) -> Response<Full<Bytes>> {
        let event = self.event.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(event) = event else {
            let never: Infallible = std::future::pending().await;
            match never {}
        };
        let mut response = Response::new(Full::new(event));
        let headers = [
            ("lambda-runtime-aws-request-id", REQUEST_ID),
            // In 2100.
            ("lambda-runtime-deadline-ms", "4102444800000"),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-southeast-1:000000000000:function:bench"),
        ];
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// The first answer counts.
    #[expect(clippy::disallowed_methods, reason = "this is the end of what is measured")]
    fn answered(&self, outcome: Result<String, String>) {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(answered) = answered {
            let _ = answered.send(Answer { at: Instant::now(), outcome });
        }
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
