use std::collections::BTreeMap;

use super::*;
use serde_json::json;

const TEMPLATE: &str = "
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Issuer: {Type: String}
  Minimum: {Type: Number, Default: 12}
  Stage: {Type: String, Default: test}
Mappings:
  Limits: {test: {Sends: 600}}
Conditions:
  Production: !Equals [!Ref Stage, production]
  Testing: !Not [!Condition Production]
Globals:
  Function:
    Environment:
      Variables:
        ISSUER: !Ref Issuer
        MINIMUM: !Ref Minimum
        SENDER_ID: none
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: !Ref Stage}
  RegistrationTerms:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/registration-terms/
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          TABLE: !Ref Registrations
          MAC_KEY: !GetAtt MacKey.Arn
          SENDER_ID: !If [Production, DIGITALID, !Ref AWS::NoValue]
          SENDS: !FindInMap [Limits, !Ref Stage, Sends]
          QUEUE: !Ref Logouts
          NAMES: !Join [',', [!Ref Registrations, !Sub '${Registrations.Arn}/x', !Sub ['${A}-${!B}', {A: !Ref Stage}]]]
          DRY: !If [Testing, true, false]
      Events:
        Read: {Type: Api, Properties: {Path: /registration/terms, Method: get, RestApiId: !Ref Api}}
        Any: {Type: Api, Properties: {Path: '/{proxy+}', Method: ANY, RestApiId: !Ref Api}}
        Timer: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
        Mail:
          Type: SQS
          Properties: {Queue: !GetAtt Logouts.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: terms}}
  Registrations:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: owner, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      GlobalSecondaryIndexes:
        - IndexName: by_owner
          KeySchema: [{AttributeName: owner, KeyType: HASH}]
          Projection: {ProjectionType: KEYS_ONLY}
          OnDemandThroughput: {MaxReadRequestUnits: 5}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Absent:
    Type: AWS::DynamoDB::Table
    Condition: Production
    Properties: {}
  MacKey:
    Type: AWS::KMS::Key
    Properties: {KeySpec: HMAC_256, KeyUsage: GENERATE_VERIFY_MAC, MultiRegion: true}
  SecretKey:
    Type: AWS::KMS::Key
    Properties: {KeyPolicy: !Sub '${AWS::AccountId}'}
  DeadLetters: {Type: AWS::SQS::Queue, Properties: {}}
  Logouts:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub 'logouts-${Stage}'
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5}
";

fn overrides(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read() -> Template {
    Template::parse(TEMPLATE, &overrides(&[("Issuer", "http://localhost:8080")])).unwrap()
}

fn refusal(text: &str, pairs: &[(&str, &str)]) -> String {
    Template::parse(text, &overrides(pairs)).unwrap_err().to_string()
}

#[test]
fn a_function_has_its_routes() {
    let template = read();
    let function = template.function("registration-terms").unwrap();
    assert_eq!(function.logical_id, "RegistrationTerms");
    let routes = [Route::any("/{proxy+}"), Route::new(Method::GET, "/registration/terms")];
    assert!(routes.iter().all(|route| function.routes.contains(route)), "{:?}", function.routes);
    assert_eq!(function.routes.len(), routes.len());
}

#[test]
fn its_environment_is_resolved() {
    let template = read();
    let environment = &template.function("registration-terms").unwrap().environment;
    let expected = overrides(&[
        ("DRY", "true"),
        ("ISSUER", "http://localhost:8080"),
        ("MAC_KEY", "arn:aws:kms:ap-southeast-1:000000000000:key/MacKey"),
        ("MINIMUM", "12"),
        ("NAMES", "Registrations,arn:aws:dynamodb:ap-southeast-1:000000000000:table/Registrations/x,test-${B}"),
        ("QUEUE", "https://sqs.ap-southeast-1.amazonaws.com/000000000000/logouts-test"),
        ("SENDS", "600"),
        ("TABLE", "Registrations"),
    ]);
    assert_eq!(environment, &expected);
}

#[test]
fn a_table_is_what_create_table_takes() {
    let template = read();
    let [table] = template.tables.as_slice() else { panic!("{:?}", template.tables) };
    assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"));
    assert_eq!(
        table.create,
        json!({
            "TableName": "Registrations",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "owner", "AttributeType": "S"},
            ],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by_owner",
                "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }],
        })
    );
}

#[test]
fn keys_and_queues_are_known() {
    let template = read();
    let keys: Vec<_> =
        template.kms_keys.iter().map(|key| (key.logical_id.as_str(), key.key_spec, key.key_usage)).collect();
    assert_eq!(
        keys,
        [
            ("MacKey", KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
            ("SecretKey", KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt),
        ]
    );
    let queue =
        |logical_id: &str, name: &str, redrive| Queue { logical_id: logical_id.into(), name: name.into(), redrive };
    let redrive = Redrive { dead_letters: "DeadLetters".into(), max_receive_count: 5 };
    assert_eq!(
        template.queues,
        [queue("DeadLetters", "DeadLetters", None), queue("Logouts", "logouts-test", Some(redrive))]
    );
    let source = Source { queue: "logouts-test".into(), batch_size: 5, reports_failures: true };
    assert_eq!(template.function("registration-terms").unwrap().sources, [source]);
}

#[test]
fn what_cannot_be_known_can_be_given() {
    let text = TEMPLATE.replace("SENDER_ID: none", "DOMAIN: !GetAtt Api.Domain");
    let given = [("Issuer", "http://localhost"), ("Api.Domain", "localhost")];
    let template = Template::parse(&text, &overrides(&given)).unwrap();
    let environment = &template.function("registration-terms").unwrap().environment;
    assert_eq!(environment.get("DOMAIN").map(String::as_str), Some("localhost"));
}

#[test]
fn errors_name_the_resource() {
    let issuer = ("Issuer", "http://localhost");
    assert_eq!(
        refusal(TEMPLATE, &[]),
        "RegistrationTerms: environment variable ISSUER: the parameter Issuer has no default and no value was given"
    );
    assert_eq!(
        refusal(TEMPLATE, &[issuer, ("Stgae", "x")]),
        "Stgae: the override names neither a parameter nor a resource"
    );
    assert_eq!(refusal(TEMPLATE, &[issuer, ("Stage", "production")]), "Absent: no AttributeDefinitions");
    let text = TEMPLATE.replace("MAC_KEY: !GetAtt MacKey.Arn", "MAC_KEY: !GetAtt MacKye.Arn");
    assert_eq!(
        refusal(&text, &[issuer]),
        "RegistrationTerms: environment variable MAC_KEY: neither a parameter nor a resource is called MacKye"
    );
    let text = TEMPLATE.replace("[Limits, !Ref Stage, Sends]", "[Limits, !Ref Stage, Tries]");
    assert_eq!(
        refusal(&text, &[issuer]),
        "RegistrationTerms: environment variable SENDS: the mapping Limits has no test, Tries"
    );
    let text = TEMPLATE.replace("KeySpec: HMAC_256", "KeySpec: RSA_2048");
    assert_eq!(refusal(&text, &[issuer]), "MacKey: a RSA_2048 key is not for GENERATE_VERIFY_MAC");
    let text = TEMPLATE.replace("Queue: !GetAtt Logouts.Arn", "Queue: !Ref Logouts");
    assert_eq!(refusal(&text, &[issuer]), "RegistrationTerms: event Mail: Queue is no ARN");
    let text = TEMPLATE.replace(", maxReceiveCount: 5", "");
    assert_eq!(refusal(&text, &[issuer]), "Logouts: RedrivePolicy lacks an ARN or a count");
    let text = TEMPLATE.replace("KeySchema: [{AttributeName: id, KeyType: HASH}]", "Tags: []");
    assert_eq!(refusal(&text, &[issuer]), "Registrations: no KeySchema");
}
