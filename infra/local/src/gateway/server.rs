//! HTTP/1.1 in front of a [`Gateway`].

use std::{convert::Infallible, future::Future, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request,
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
    task::JoinSet,
};

use super::{Gateway, LARGEST_BODY, refusal, too_large};

/// How long a stopping server waits for the requests under way.
const LAST_ORDERS: Duration = Duration::from_secs(5);

/// Serves a gateway until `shutdown` comes, then finishes the requests under way.
pub async fn serve(listener: TcpListener, gateway: Arc<Gateway>, shutdown: impl Future<Output = ()> + Send) {
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            // One failed accept (a client gone, no descriptor free) is not the end.
            accepted = listener.accept() => if let Ok((stream, peer)) = accepted {
                // Else the second half of an answer waits for the client's delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                connections.spawn(converse(stream, peer.ip(), Arc::clone(&gateway), closed.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(closing);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_ORDERS, finished).await;
}

/// Serves one connection that did not come through a listener, as long as the client keeps it.
pub async fn serve_connection(stream: impl AsyncRead + AsyncWrite + Send + Unpin, peer: IpAddr, gateway: Arc<Gateway>) {
    let (_open, closed) = watch::channel(());
    converse(stream, peer, gateway, closed).await;
}

/// One connection, as long as the client keeps it or until the sender of `closed` is gone.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    peer: IpAddr,
    gateway: Arc<Gateway>,
    mut closed: watch::Receiver<()>,
) {
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(respond(&gateway, request, peer).await) }
    });
    let mut connection =
        pin!(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn respond(gateway: &Gateway, request: Request<Incoming>, peer: IpAddr) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    // Without HTTP/1.1's Host there is no API to send the request to.
    if !parts.headers.contains_key(header::HOST) {
        return refusal(StatusCode::BAD_REQUEST, "Bad Request");
    }
    // Refused by its announced length before a byte of it is awaited, else where it passes the limit.
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return too_large();
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => gateway.answer(&parts, body.to_bytes(), peer).await,
        Err(error) if error.is::<LengthLimitError>() => too_large(),
        Err(_) => refusal(StatusCode::BAD_REQUEST, "Bad Request"),
    }
}
