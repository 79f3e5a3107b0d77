//! Against real HTTP servers on loopback.

mod server;

use std::{
    io,
    sync::{Arc, Mutex},
};

use domain::{birth_date::BirthDate, citizen_id::CitizenId, laser_code::LaserCode, name::Name};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tracing_subscriber::fmt::MakeWriter;

use self::server::{Act, Server};
use super::*;
use crate::verdict::Refusal;

struct Card(CitizenId, Name, Name, BirthDate, LaserCode);

impl Card {
    fn of_somchai() -> Self {
        let parse = |text: &str| text.parse().unwrap();
        Self(
            "1234567890121".parse().unwrap(),
            parse("สมชาย"),
            parse("ใจดี"),
            "1995-12-31".to_owned().try_into().unwrap(),
            "JT1234567890".parse().unwrap(),
        )
    }

    fn details(&self) -> CardDetails<'_> {
        let Self(citizen_id, first_name, last_name, birth_date, laser_code) = self;
        CardDetails { citizen_id, first_name, last_name, birth_date, laser_code }
    }
}

/// Whatever identifies the person or us in the requests of these tests.
const SECRETS: [&str; 6] = ["1234567890121", "สมชาย", "ใจดี", "25381231", "JT1234567890", "pa:ss"];

fn result(code: &str) -> String {
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>"#,
            r#"<CheckCardByLaserResponse xmlns="http://tempuri.org/"><CheckCardByLaserResult>"#,
            "<IsError>{}</IsError><Code>{}</Code><Desc>1234567890121 สมชาย</Desc>",
            "</CheckCardByLaserResult></CheckCardByLaserResponse></soap:Body></soap:Envelope>",
        ),
        code.is_empty(),
        code
    )
}

fn http(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

fn soap(code: &str) -> Vec<u8> {
    http("200 OK", "application/soap+xml; charset=utf-8", &result(code))
}

fn client(endpoint: &str, time_outs: TimeOuts) -> CardRegistry {
    let credentials = Credentials::new("ministry", "pa:ss".into()).unwrap();
    let config = RegistryConfig::for_loopback(endpoint, time_outs, Some(credentials)).unwrap();
    CardRegistry::new(config, Entropy::new(|bytes| bytes.fill(0))).unwrap()
}

/// Short enough for a test, long enough for loopback on a busy machine.
fn short() -> TimeOuts {
    TimeOuts::new(Duration::from_millis(300), Duration::from_millis(500), Duration::from_millis(3000)).unwrap()
}

#[tokio::test]
async fn the_request_on_the_wire() {
    let server = Server::playing(vec![Act::Send(soap("0"))]).await;
    assert_eq!(server.check().await.unwrap(), Verdict::Confirmed);
    let request = server.requests.lock().unwrap().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /check.asmx http/1.1\r\n"), "{head}");
    for line in [
        r#"content-type: application/soap+xml; charset=utf-8; action="http://tempuri.org/checkcardbylaser""#,
        // `printf 'ministry:pa:ss' | base64`, in lower case like the rest of the head.
        "authorization: basic bwluaxn0cnk6cge6c3m=",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(
        body,
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<soap12:Envelope xmlns:soap12="http://www.w3.org/2003/05/soap-envelope"><soap12:Body>"#,
            r#"<CheckCardByLaser xmlns="http://tempuri.org/"><PID>1234567890121</PID>"#,
            "<FirstName>สมชาย</FirstName><LastName>ใจดี</LastName>",
            "<BirthDay>25381231</BirthDay><Laser>JT1234567890</Laser>",
            "</CheckCardByLaser></soap12:Body></soap12:Envelope>",
        )
    );
}

#[tokio::test]
async fn a_verdict_or_a_lasting_failure_is_not_asked_for_again() {
    let server = Server::playing(vec![Act::Send(soap("2"))]).await;
    assert_eq!(server.check().await.unwrap(), Verdict::Refused(Refusal::CardExpired));
    let server = Server::playing(vec![Act::Send(soap("5"))]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Incomplete)));
    let server = Server::playing(vec![Act::Send(http("401 Unauthorized", "text/html", ""))]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Status(401))));
    let page = http("200 OK", "text/html; charset=utf-8", "<html><body>ปิดปรับปรุง</body></html>");
    let server = Server::playing(vec![Act::Send(page)]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Malformed(MalformedAnswer::ContentType))));
    let server = Server::playing(vec![Act::Flood]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Malformed(MalformedAnswer::TooLarge))));
    assert_eq!(server.tries(), 1);
}

#[tokio::test]
async fn a_passing_failure_is_asked_about_once_more() {
    let mut cut = soap("0");
    cut.truncate(cut.len() - 10);
    for failure in
        [http("503 Service Unavailable", "text/plain", "busy"), soap(""), cut, Vec::new(), b"SSH-2.0\r\n".into()]
    {
        let server = Server::playing(vec![Act::Send(failure), Act::Send(soap("0"))]).await;
        assert_eq!(server.check().await.unwrap(), Verdict::Confirmed);
        let requests = server.requests.lock().unwrap();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0], requests[1]);
    }
}

#[tokio::test]
async fn only_once_more() {
    let busy = || Act::Send(http("500 Internal Server Error", "text/plain", ""));
    let server = Server::playing(vec![busy(), busy(), Act::Send(soap("0"))]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Status(500))));
    assert_eq!(server.tries(), 2);
    let server = Server::playing(vec![Act::Send(soap("")), Act::Send(soap(""))]).await;
    assert!(matches!(server.check().await, Err(RegistryError::IsError)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::playing(vec![Act::Send(soap("0"))]).await;
    let location = elsewhere.client.endpoint.clone();
    let redirect = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let server = Server::playing(vec![Act::Send(redirect.into_bytes())]).await;
    assert!(matches!(server.check().await, Err(RegistryError::Status(307))));
    assert_eq!((server.tries(), elsewhere.tries()), (1, 0));
}

#[tokio::test]
async fn a_registry_that_never_answers_is_a_time_out() {
    let server = Server::playing_within(vec![Act::Hang, Act::Hang], short()).await;
    assert!(matches!(server.check().await, Err(RegistryError::Timeout)));
    assert_eq!(server.tries(), 2);
    let server = Server::playing_within(vec![Act::Hang, Act::Send(soap("0"))], short()).await;
    assert_eq!(server.check().await.unwrap(), Verdict::Confirmed);
    // Half an answer, and no more.
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<a>".to_vec();
    let server = Server::playing_within(vec![Act::Send(half), Act::Send(soap("0"))], short()).await;
    assert_eq!(server.check().await.unwrap(), Verdict::Confirmed);
}

#[tokio::test]
async fn the_total_time_cuts_the_second_try_short() {
    let time = Duration::from_millis(300);
    let server = Server::playing_within(vec![Act::Hang, Act::Hang], TimeOuts::new(time, time, time).unwrap()).await;
    assert!(matches!(server.check().await, Err(RegistryError::Timeout)));
    assert_eq!(server.tries(), 1);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&endpoint, short()).check(&Card::of_somchai().details()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable(_)) && error.is_retryable(), "{error:?}");
}

/// The deployed client speaks TLS and nothing else: the details never travel in the clear.
#[tokio::test]
async fn an_https_registry_is_spoken_to_in_tls_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}/x", listener.local_addr().unwrap());
    let config = RegistryConfig::parse(&endpoint, short(), None).unwrap();
    let client = CardRegistry::new(config, Entropy::new(|bytes| bytes.fill(0))).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 3];
        stream.read_exact(&mut first).await.unwrap();
        stream.write_all(&soap("0")).await.unwrap();
        first
    });
    let error = client.check(&Card::of_somchai().details()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable(_) | RegistryError::Timeout), "{error:?}");
    // A TLS handshake record, RFC 8446 section 5.1.
    assert_eq!(server.await.unwrap()[..2], [0x16, 0x03]);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_personal_is_logged_or_shown() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let card = Card::of_somchai();
    let mut shown = format!("{:?}", card.details());
    let echo = &result("1234567890121");
    for answer in [
        soap("0"),
        soap(""),
        soap("1234567890121"),
        http("200 OK", "text/xml", "<สมชาย></ใจดี>"),
        http("200 OK", "text/html", "1234567890121"),
        http("500 Internal Server Error", "text/plain", echo),
        http("400 สมชาย", "text/plain", echo),
        "สมชาย 1234567890121\r\n\r\n".into(),
    ] {
        let server = Server::playing(vec![Act::Send(answer.clone()), Act::Send(answer)]).await;
        let outcome = server.check().await;
        shown += &format!("{outcome:?} {:?}", server.client);
        if let Err(error) = outcome {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                shown += &format!("{error} {error:?}");
                cause = error.source();
            }
        }
    }
    drop(guard);
    shown += &String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("asked a second time"), "{shown}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
