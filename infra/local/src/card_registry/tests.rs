//! The simulator as the service meets it: over HTTP, by the service's own client.

use domain::entropy::Entropy;
use registry::{CardDetails, CardRegistry, Refusal, RegistryConfig, RegistryError, TimeOuts, Verdict};

use super::*;

struct Fixture {
    address: String,
    client: CardRegistry,
    outage: Outage,
    serving: tokio::task::JoinHandle<Infallible>,
}

impl Fixture {
    async fn new(time_outs: TimeOuts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let config = RegistryConfig::for_loopback(&format!("http://{address}{PATH}"), time_outs, None).unwrap();
        let client = CardRegistry::new(config, Entropy::new(|bytes| bytes.fill(0))).unwrap();
        let outage = Outage::default();
        let serving = tokio::spawn(serve(listener, outage.clone()));
        Self { address, client, outage, serving }
    }

    async fn check(&self, citizen_id: &str) -> Result<Verdict, RegistryError> {
        let details = CardDetails {
            citizen_id: &citizen_id.parse().unwrap(),
            first_name: &"สมชาย".parse().unwrap(),
            last_name: &"ใจดี".parse().unwrap(),
            birth_date: &"1995-12-31".to_owned().try_into().unwrap(),
            laser_code: &"JT1234567890".parse().unwrap(),
        };
        self.client.check(&details).await
    }

    /// One raw request; the status line of its answer, empty where the connection was dropped.
    async fn raw(&self, request: &str) -> String {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let mut stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut line = String::new();
        // A reset is a dropped connection like an end.
        let _ = BufReader::new(stream).read_line(&mut line).await;
        line.trim_end().to_owned()
    }
}

#[tokio::test]
async fn personas_as_the_service_sees_them() {
    let fixture = Fixture::new(TimeOuts::default()).await;
    let refused = |refusal| Ok(Verdict::Refused(refusal));
    for (citizen_id, expected) in [
        ("1112034563562", Ok(Verdict::Confirmed)),
        ("1234567890121", Ok(Verdict::Confirmed)),
        ("1000000000017", refused(Refusal::ChipNotNormal)),
        ("1000000000025", refused(Refusal::CardExpired)),
        ("1000000000041", refused(Refusal::LaserMismatch)),
        ("1000000000149", refused(Refusal::PersonMismatch)),
        ("1000000000246", refused(Refusal::PersonMismatch)),
        ("1000000000050", Err("the card registry calls the request incomplete")),
        ("1000000000068", Err("the card registry reports an error of its own")),
        ("1000000000505", Err("the card registry answered with status 500")),
        ("1000000000513", Err("the card registry cannot be reached")),
        ("1000000000530", Ok(Verdict::Confirmed)),
        ("1000000000548", Ok(Verdict::Confirmed)),
        ("1000000000548", Ok(Verdict::Confirmed)),
    ] {
        let outcome = fixture.check(citizen_id).await.map_err(|error| error.to_string());
        assert_eq!(outcome, expected.map_err(str::to_owned), "{citizen_id}");
    }
}

#[tokio::test]
async fn an_answer_may_come_too_late() {
    let time = Duration::from_millis(500);
    let fixture = Fixture::new(TimeOuts::new(time, time, 3 * time).unwrap()).await;
    assert!(matches!(fixture.check("1000000000521").await, Err(RegistryError::Timeout)));
}

#[tokio::test]
async fn an_outage_begins_and_ends() {
    let fixture = Fixture::new(TimeOuts::default()).await;
    fixture.outage.begin();
    assert!(matches!(fixture.check("1112034563562").await, Err(RegistryError::Status(503))));
    fixture.outage.end();
    assert_eq!(fixture.check("1112034563562").await.unwrap(), Verdict::Confirmed);
}

#[tokio::test]
async fn it_stops_when_its_future_is_dropped() {
    let fixture = Fixture::new(TimeOuts::default()).await;
    let late = post("1000000000521");
    let busy = fixture.raw(&late);
    let stop = async {
        // Answered, so that the late one before it is under way as well.
        let _ = fixture.check("1112034563562").await.unwrap();
        fixture.serving.abort();
    };
    let (line, ()) = tokio::join!(busy, stop);
    assert_eq!(line, "");
    assert!(matches!(fixture.check("1112034563562").await, Err(RegistryError::Unreachable(_))));
}

#[tokio::test]
async fn other_requests_are_refused_as_http_does() {
    let fixture = Fixture::new(TimeOuts::default()).await;
    let good = post("1112034563562");
    assert_eq!(fixture.raw(&good).await, "HTTP/1.1 200 OK");
    for (from, to, line) in [
        ("POST ", "GET ", "HTTP/1.1 405 Method Not Allowed"),
        (PATH, "/", "HTTP/1.1 404 Not Found"),
        ("application/soap+xml", "text/xml", "HTTP/1.1 415 Unsupported Media Type"),
    ] {
        assert_eq!(fixture.raw(&good.replacen(from, to, 1)).await, line);
    }
}

fn post(citizen_id: &str) -> String {
    let body = soap::tests::request(citizen_id, "สมชาย", "ใจดี", "25381231", "JT1234567890");
    let length = body.len();
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
