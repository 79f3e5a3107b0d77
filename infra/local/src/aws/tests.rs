//! The services as the SDK meets them: over HTTP.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{
    faults::{Fault, Refusal, Rule, Service},
    *,
};

const TEMPLATE: &str = "
Resources:
  Accounts:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: accounts
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Mac:
    Type: AWS::KMS::Key
    Properties: {KeySpec: HMAC_256, KeyUsage: GENERATE_VERIFY_MAC}
";

async fn aws() -> Aws {
    let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
    Aws::start(&template, &Storage::Memory, Arc::new(|| Timestamp::UNIX_EPOCH)).await.unwrap()
}

/// One request on a connection of its own; `None` if the connection ends without an answer.
async fn post(aws: &Aws, request: http::request::Builder, body: String) -> Option<(StatusCode, Bytes)> {
    let stream = TcpStream::connect(aws.address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = request.method("POST").header("host", "localhost").body(Full::<Bytes>::from(body)).unwrap();
    let response = sender.send_request(request).await.ok()?;
    Some((response.status(), response.into_body().collect().await.unwrap().to_bytes()))
}

async fn ask(aws: &Aws, target: &str, request: Value) -> Option<(StatusCode, Value)> {
    let (status, body) = post(aws, Request::builder().header("x-amz-target", target), request.to_string()).await?;
    Some((status, serde_json::from_slice(&body).unwrap()))
}

async fn put(aws: &Aws, id: &str) -> Option<(StatusCode, Value)> {
    let item =
        json!({"TableName": "accounts", "Item": {"id": {"S": id}}, "ConditionExpression": "attribute_not_exists(id)"});
    ask(aws, "DynamoDB_20120810.PutItem", item).await
}

async fn exists(aws: &Aws, id: &str) -> bool {
    let key = json!({"TableName": "accounts", "Key": {"id": {"S": id}}});
    ask(aws, "DynamoDB_20120810.GetItem", key).await.unwrap().1.get("Item").is_some()
}

async fn mac(aws: &Aws) -> Option<(StatusCode, Value)> {
    ask(aws, "TrentService.GenerateMac", json!({"KeyId": "Mac", "MacAlgorithm": "HMAC_SHA_256", "Message": "YQ=="}))
        .await
}

async fn publish(aws: &Aws) -> Option<(StatusCode, Bytes)> {
    let form = "Action=Publish&Version=2010-03-31&PhoneNumber=%2B66812345678&Message=a+b%26c\
        &MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType&MessageAttributes.entry.1.Value.StringValue=Transactional";
    post(aws, Request::builder().header("content-type", "application/x-www-form-urlencoded"), form.to_owned()).await
}

#[tokio::test]
async fn three_services_answer_on_one_port() {
    let aws = aws().await;
    assert_eq!(aws.endpoint(), format!("http://127.0.0.1:{}", aws.address.port()));
    assert_eq!(put(&aws, "a").await, Some((StatusCode::OK, json!({}))));
    let (status, error) = put(&aws, "a").await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(error["__type"].as_str().unwrap().ends_with("ConditionalCheckFailedException"));
    assert_eq!(mac(&aws).await.unwrap().0, StatusCode::OK);
    assert_eq!(publish(&aws).await.unwrap().0, StatusCode::OK);
    assert_eq!(aws.outbox().last_to("+66812345678").unwrap().text, "a b&c");
    let (status, _) = ask(&aws, "AmazonSQS.SendMessage", json!({})).await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn everything_the_template_declares_can_be_made() {
    let template = Template::read(&Template::path(), &BTreeMap::new()).unwrap();
    let aws = Aws::start(&template, &Storage::Memory, Arc::new(|| Timestamp::UNIX_EPOCH)).await.unwrap();
    for table in &template.tables {
        let (_, described) =
            ask(&aws, "DynamoDB_20120810.DescribeTable", json!({"TableName": table.name})).await.unwrap();
        assert_eq!(described["Table"]["TableStatus"], "ACTIVE", "{}", table.name);
    }
}

#[tokio::test]
async fn a_refusal_comes_before_the_work() {
    let aws = aws().await;
    aws.faults().add(
        Rule::new(Service::DynamoDb, "PutItem", Fault::Refuse(Refusal::ProvisionedThroughputExceeded)).of("accounts"),
    );
    let (status, error) = put(&aws, "a").await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(error["__type"].as_str().unwrap().ends_with("#ProvisionedThroughputExceededException"));
    assert!(!exists(&aws, "a").await);
    assert_eq!(put(&aws, "a").await.unwrap().0, StatusCode::OK);
    for (service, operation, refusal) in [
        (Service::DynamoDb, "PutItem", Refusal::InternalServerError),
        (Service::Kms, "GenerateMac", Refusal::Throttling),
        (Service::Sns, "Publish", Refusal::Throttling),
    ] {
        aws.faults().add(Rule::new(service, operation, Fault::Refuse(refusal)));
    }
    let (status, error) = put(&aws, "b").await.unwrap();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(error["__type"].as_str().unwrap().ends_with("#InternalServerError"));
    assert_eq!(mac(&aws).await.unwrap().1["__type"], "ThrottlingException");
    assert_eq!(publish(&aws).await.unwrap().0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(aws.faults().pending(), 0);
}

#[tokio::test]
async fn a_conflict_gives_a_reason_per_action() {
    let aws = aws().await;
    aws.faults().add(Rule::new(Service::DynamoDb, "TransactWriteItems", Fault::Refuse(Refusal::TransactionConflict)));
    let action = |id: &str| json!({"Put": {"TableName": "accounts", "Item": {"id": {"S": id}}}});
    let transaction = json!({"TransactItems": [action("a"), action("b")]});
    let (status, error) = ask(&aws, "DynamoDB_20120810.TransactWriteItems", transaction.clone()).await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let codes: Vec<_> = error["CancellationReasons"].as_array().unwrap().iter().map(|reason| &reason["Code"]).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(!exists(&aws, "a").await);
    assert_eq!(ask(&aws, "DynamoDB_20120810.TransactWriteItems", transaction).await.unwrap().0, StatusCode::OK);
    assert!(exists(&aws, "b").await);
}

#[tokio::test]
async fn an_answer_or_a_request_can_be_lost() {
    let aws = aws().await;
    aws.faults().add(Rule::new(Service::DynamoDb, "PutItem", Fault::LoseAnswer));
    aws.faults().add(Rule::new(Service::Sns, "Publish", Fault::LoseRequest));
    assert_eq!(put(&aws, "done").await, None);
    assert!(exists(&aws, "done").await);
    assert_eq!(publish(&aws).await, None);
    assert!(aws.outbox().texts().is_empty());
}

#[tokio::test]
async fn dropping_ends_it() {
    let aws = aws().await;
    let address = aws.address;
    let mut idle = TcpStream::connect(address).await.unwrap();
    put(&aws, "a").await;
    drop(aws);
    assert_eq!(tokio::io::AsyncReadExt::read(&mut idle, &mut [0; 1]).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn data_outlives_the_process() {
    let directory = std::env::temp_dir().join(format!("aws-{}", std::process::id())).join("data");
    let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
    let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
    let kept = Storage::Directory(directory.clone());
    let first = Aws::start(&template, &kept, Arc::clone(&clock)).await.unwrap();
    put(&first, "a").await;
    let made = mac(&first).await.unwrap().1;
    drop(first);
    let second = Aws::start(&template, &kept, clock).await.unwrap();
    assert!(exists(&second, "a").await);
    assert_eq!(mac(&second).await.unwrap().1["Mac"], made["Mac"]);
    std::fs::remove_dir_all(directory.parent().unwrap()).unwrap();
}
