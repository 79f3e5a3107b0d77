use std::net::Ipv4Addr;

use http::Request;
use http_body_util::BodyExt;
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::*;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn gateway() -> Gateway {
    let handler = |answer: fn(lambda_http::Request) -> Response<Body>| -> Handler {
        Arc::new(move |request| Box::pin(async move { answer(request) }))
    };
    let echo = handler(|request| Response::new(request.into_body()));
    let seen = handler(|request| Response::new(format!("{} {}", request.method(), request.raw_http_path()).into()));
    let panicking = handler(|_| panic!("a handler's panic, on purpose"));
    let cookies = handler(|_| {
        let response = Response::builder().status(303).header("set-cookie", "a=1").header("set-cookie", "b=2");
        response.header("location", "/").body(Body::Empty).unwrap()
    });
    let routes = vec![
        (Route::new(Method::POST, "/echo"), echo),
        (Route::new(Method::GET, "/seen/{name}"), seen.clone()),
        (Route::any("/any/{name}"), seen),
        (Route::any("/panics"), panicking),
        (Route::any("/cookies"), cookies),
    ];
    Gateway::new(routes, Arc::new(|| Timestamp::UNIX_EPOCH))
}

async fn ask(request: http::request::Builder, body: impl Into<Bytes>) -> (StatusCode, Bytes, Parts2) {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let (parts, body) = gateway().answer(&parts, body.into(), PEER).await.into_parts();
    (parts.status, body.collect().await.unwrap().to_bytes(), parts)
}

type Parts2 = http::response::Parts;

#[tokio::test]
async fn a_request_reaches_its_handler_and_the_answer_comes_back() {
    let (status, body, _) = ask(Request::get("/seen/a%20b?c=d"), "").await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, b"GET /seen/a%20b".as_slice()));
    let (status, _, parts) = ask(Request::get("/cookies"), "").await;
    let cookies: Vec<_> = parts.headers.get_all("set-cookie").iter().collect();
    assert_eq!(
        (status, cookies.as_slice()),
        (StatusCode::SEE_OTHER, ["a=1", "b=2"].map(HeaderValue::from_static).iter().collect::<Vec<_>>().as_slice())
    );
}

#[tokio::test]
async fn bytes_pass_unharmed_up_to_the_limit() {
    let megabyte: Vec<u8> = (0..=255).cycle().take(1024 * 1024).collect();
    let (status, body, _) = ask(Request::post("/echo"), megabyte.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body == megabyte);
    let (status, body, _) = ask(Request::post("/echo"), vec![0; LARGEST_BODY + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(body.as_ref(), br#"{"message":"HTTP content length exceeded 10485760 bytes."}"#);
}

#[tokio::test]
async fn what_has_no_route_is_answered_by_the_gateway() {
    for request in [Request::get("/nothing"), Request::get("/echo"), Request::post("/seen/x")] {
        let (status, body, parts) = ask(request, "").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(body.as_ref(), br#"{"message":"Missing Authentication Token"}"#);
        assert_eq!(parts.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_panic_is_a_bad_gateway() {
    let (status, body, _) = ask(Request::get("/panics"), "").await;
    assert_eq!(
        (status, body.as_ref()),
        (StatusCode::BAD_GATEWAY, br#"{"message":"Internal server error"}"#.as_slice())
    );
    // So is a host that lambda_http cannot make a URI of.
    let (status, ..) = ask(Request::get("/seen/a").header("host", "a b"), "").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let (status, body, parts) = ask(Request::head("/any/me"), "").await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(parts.headers["content-length"], "HEAD /any/me".len().to_string().as_str());
}

#[tokio::test]
async fn the_event_can_be_had_alone() {
    let (parts, ()) = Request::get("/seen/me").body(()).unwrap().into_parts();
    let event = gateway().event_of(&parts, b"", PEER).unwrap();
    assert_eq!((&event["resource"], &event["pathParameters"]["name"]), (&json!("/seen/{name}"), &json!("me")));
    let (parts, ()) = Request::get("/").body(()).unwrap().into_parts();
    assert!(gateway().event_of(&parts, b"", PEER).is_none());
}

/// A server, what stops it, and a connection to it.
async fn serving() -> (tokio::task::JoinHandle<()>, oneshot::Sender<()>, TcpStream) {
    let listener = TcpListener::bind((PEER, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, Arc::new(gateway()), async move { drop(stopped.await) }));
    (server, stop, TcpStream::connect(address).await.unwrap())
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "the connection ended after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

#[tokio::test]
async fn one_connection_serves_many_requests_even_after_a_panic() {
    let (server, stop, mut stream) = serving().await;
    stream.write_all(b"GET /panics HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "server error\"}").await.starts_with("HTTP/1.1 502"));
    stream.write_all(b"HEAD /any/me HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let head = read_until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: 12"), "{head}");
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody").await.unwrap();
    assert!(read_until(&mut stream, "\r\n\r\nbody").await.starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET /seen/me HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "Bad Request\"}").await.starts_with("HTTP/1.1 400"));
    drop(stop);
    server.await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_unread() {
    let (_server, _stop, mut stream) = serving().await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10485761\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "bytes.\"}").await.starts_with("HTTP/1.1 413"));
}
