//! A card registry to try the service with: DOPA's SOAP 1.2 interface over loopback HTTP, answering well-formed details
//! with "card is good" and the citizen IDs of [`PERSONAS`] with everything else a real registry does.

mod personas;
mod soap;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

pub use personas::{CardResult, PERSONAS, Persona, SimulatedAnswer, answer};

/// Where the registry listens below its address, as DOPA's does.
pub const PATH: &str = "/checkcardstatus/checkcardservice.asmx";

/// A request is under 1 KiB.
const LARGEST_REQUEST: usize = 64 * 1024;

/// A switch that takes the whole registry down: while it is on, every request is answered 503. Clones are one switch.
#[derive(Clone, Debug, Default)]
pub struct Outage(Arc<AtomicBool>);

impl Outage {
    /// From now on every request fails.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// From now on requests are answered again.
    pub fn end(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// Whether requests fail now.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Answers on `listener` until the returned future is dropped, which ends its connections as well.
pub async fn serve(listener: TcpListener, outage: Outage) -> Infallible {
    let simulator = Arc::new(Simulator { outage, dropped_first: AtomicBool::new(false) });
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of file descriptors, most likely; trying again at once would only burn the processor.
                Err(_) => {
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let simulator = simulator.clone();
        connections.spawn(async move {
            let service = service_fn(|request| simulator.handle(request));
            // An error here is the caller hanging up, or us: that is how `Dropped` drops a connection.
            let _ =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Simulator {
    outage: Outage,
    /// Whether the last request that is to be dropped the first time was dropped.
    dropped_first: AtomicBool,
}

/// Told to hyper instead of a response: it closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
struct Dropped;

impl Simulator {
    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
        if self.outage.is_on() {
            return Ok(status(StatusCode::SERVICE_UNAVAILABLE));
        }
        if request.uri().path() != PATH {
            return Ok(status(StatusCode::NOT_FOUND));
        }
        if request.method() != Method::POST {
            let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Ok(response);
        }
        if !is_soap(request.headers()) {
            return Ok(status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let Ok(body) = Limited::new(request.into_body(), LARGEST_REQUEST).collect().await else {
            return Ok(status(StatusCode::PAYLOAD_TOO_LARGE));
        };
        match answer(&String::from_utf8_lossy(&body.to_bytes())) {
            SimulatedAnswer::Result(result) => Ok(soap(result)),
            SimulatedAnswer::Late(delay, result) => {
                sleep(delay).await;
                Ok(soap(result))
            }
            SimulatedAnswer::Status(code) => Ok(status(code)),
            SimulatedAnswer::Dropped => Err(Dropped),
            SimulatedAnswer::DroppedFirst(result) => {
                if self.dropped_first.fetch_xor(true, Ordering::SeqCst) {
                    Ok(soap(result))
                } else {
                    Err(Dropped)
                }
            }
        }
    }
}

fn is_soap(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/soap+xml"))
}

fn soap(result: CardResult) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(soap::envelope(result)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/soap+xml; charset=utf-8"));
    response
}

fn status(code: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = code;
    response
}

#[cfg(test)]
mod tests;
