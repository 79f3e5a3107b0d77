use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const OF_LAMBDA: [(&str, &str); 4] = [
    ("AWS_REGION", "ap-southeast-7"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "session"),
];

fn reached(aws: &Aws) -> Vec<String> {
    aws.reached.lock().unwrap().keys().cloned().collect()
}

#[test]
fn what_lambda_sets_is_all_that_is_needed() {
    let aws = Aws::of_lambda(&variables(&OF_LAMBDA)).unwrap();
    let config = aws.config(Service::DynamoDb, None);
    assert_eq!(config.region().map(AsRef::as_ref), Some("ap-southeast-7"));
    assert_eq!((config.endpoint_url(), aws.credentials.session_token()), (None, Some("session")));
    for (missing, _) in &OF_LAMBDA[..3] {
        let mut variables = variables(&OF_LAMBDA);
        variables.remove(*missing);
        assert_eq!(Aws::of_lambda(&variables).unwrap_err().to_string(), format!("{missing} is not set"));
    }
}

#[test]
fn every_client_has_the_same_connections() {
    let aws = Aws::of_lambda(&variables(&OF_LAMBDA)).unwrap();
    let first: *const SdkConfig = aws.config(Service::DynamoDb, None);
    assert!(std::ptr::eq(first, aws.config(Service::Kms, None)));
}

#[test]
fn a_connection_is_opened_where_a_client_will_ask() {
    let aws = Aws::of_lambda(&variables(&OF_LAMBDA)).unwrap();
    assert!(aws.made.get().is_none() && reached(&aws).is_empty());
    aws.config(Service::DynamoDb, None);
    aws.config(Service::DynamoDb, None);
    aws.config(Service::Sns, Some("ap-southeast-1"));
    let expected = ["https://dynamodb.ap-southeast-7.amazonaws.com", "https://sns.ap-southeast-1.amazonaws.com"];
    assert_eq!(reached(&aws), expected);
}

#[test]
fn the_roots_are_five_and_readable() {
    // Parsed when the connector is made, which would not survive one that cannot be.
    connector();
    assert_eq!(std::str::from_utf8(ROOTS).unwrap().matches("BEGIN CERTIFICATE").count(), 5);
}

#[tokio::test]
async fn what_is_read_ahead_opens_the_connection_instead() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let endpoint = ("AWS_ENDPOINT_URL", address.as_str());
    let aws = Aws::of_lambda(&variables(&[OF_LAMBDA.as_slice(), &[endpoint]].concat())).unwrap();
    aws.config(Service::DynamoDb, None);
    let read = Arc::new(AtomicBool::new(false));
    let reading = Arc::clone(&read);
    aws.read_ahead(Service::DynamoDb, async move {
        reading.store(true, Ordering::Relaxed);
        true
    });
    aws.connect().await;
    assert!(read.load(Ordering::Relaxed));
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn the_connection_opened_at_the_start_is_the_one_used_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let endpoint = ("AWS_ENDPOINT_URL", address.as_str());
    let aws = Aws::of_lambda(&variables(&[OF_LAMBDA.as_slice(), &[endpoint]].concat())).unwrap();
    aws.config(Service::DynamoDb, None);
    aws.config(Service::Kms, None);

    // One connection, on which two requests are answered; a second one would wait for ever.
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno").await.unwrap();
        }
    };
    let asking = async {
        aws.connect().await;
        aws.config(Service::DynamoDb, None);
        aws.connect().await;
    };
    tokio::join!(answering, asking);
}

#[tokio::test]
async fn a_service_that_is_away_keeps_nobody_from_starting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let endpoint = ("AWS_ENDPOINT_URL", address.as_str());
    let aws = Aws::of_lambda(&variables(&[OF_LAMBDA.as_slice(), &[endpoint]].concat())).unwrap();
    aws.config(Service::DynamoDb, None);
    aws.connect().await;
}
