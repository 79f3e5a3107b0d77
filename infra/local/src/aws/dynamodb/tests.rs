use super::*;

fn table() -> Table {
    let create = json!({
        "TableName": "accounts",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    });
    Table {
        logical_id: "Accounts".to_owned(),
        name: "accounts".to_owned(),
        create,
        ttl_attribute: Some("expires_at".to_owned()),
    }
}

fn ask(database: &DynamoDb, operation: &str, request: Value) -> (u16, Value) {
    let reply = database.answer(operation, request.to_string().as_bytes());
    (reply.status.as_u16(), serde_json::from_str(&reply.body).unwrap())
}

fn put(id: &str, state: &str) -> Value {
    json!({
        "TableName": "accounts",
        "Item": {"id": {"S": id}, "state": {"S": state}},
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

fn state(database: &DynamoDb, id: &str) -> Value {
    let (_, answer) = ask(database, "GetItem", json!({"TableName": "accounts", "Key": {"id": {"S": id}}}));
    answer["Item"]["state"]["S"].clone()
}

#[test]
fn items_are_kept_and_conditions_checked() {
    let database = DynamoDb::open(None, &[table()]).unwrap();
    assert_eq!(ask(&database, "PutItem", put("a", "new")), (200, json!({})));
    assert_eq!(state(&database, "a"), "new");
    let (status, error) = ask(&database, "PutItem", put("a", "newer"));
    assert_eq!(status, 400);
    assert_eq!(error["__type"], "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException");
    assert_eq!(error["Item"], json!({"id": {"S": "a"}, "state": {"S": "new"}}));
}

#[test]
fn a_transaction_is_all_or_nothing_and_says_why() {
    let database = DynamoDb::open(None, &[table()]).unwrap();
    ask(&database, "PutItem", put("b", "old"));
    let (status, error) = ask(
        &database,
        "TransactWriteItems",
        json!({"TransactItems": [{"Put": put("a", "new")}, {"Put": put("b", "new")}]}),
    );
    assert_eq!(
        (status, &error["__type"]),
        (400, &json!("com.amazonaws.dynamodb.v20120810#TransactionCanceledException"))
    );
    let reasons = &error["CancellationReasons"];
    assert_eq!((&reasons[0]["Code"], &reasons[1]["Code"]), (&json!("None"), &json!("ConditionalCheckFailed")));
    assert_eq!(reasons[1]["Item"]["state"]["S"], "old");
    assert_eq!(state(&database, "a"), Value::Null);
}

#[test]
fn a_transactions_token_makes_its_repetition_harmless() {
    let database = DynamoDb::open(None, &[table()]).unwrap();
    let transaction = |id: &str| json!({"ClientRequestToken": "token", "TransactItems": [{"Put": put(id, "new")}]});
    assert_eq!(ask(&database, "TransactWriteItems", transaction("a")).0, 200);
    // The condition would fail if it were executed again.
    assert_eq!(ask(&database, "TransactWriteItems", transaction("a")).0, 200);
    let (status, error) = ask(&database, "TransactWriteItems", transaction("b"));
    assert_eq!(
        (status, &error["__type"]),
        (400, &json!("com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"))
    );
}

#[test]
fn tables_are_found_again_with_what_they_hold() {
    let directory = std::env::temp_dir().join(format!("dynamodb-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let database = DynamoDb::open(Some(&directory), &[table()]).unwrap();
    ask(&database, "PutItem", put("a", "kept"));
    drop(database);
    let database = DynamoDb::open(Some(&directory), &[table()]).unwrap();
    assert_eq!(state(&database, "a"), "kept");
    let (_, ttl) = ask(&database, "DescribeTimeToLive", json!({"TableName": "accounts"}));
    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "expires_at");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn what_is_wrong_is_refused_in_dynamodbs_words() {
    let database = DynamoDb::open(None, &[table()]).unwrap();
    let kind =
        |operation: &str, request: Value| ask(&database, operation, request).1["__type"].as_str().unwrap().to_owned();
    let missing = json!({"TableName": "nothing", "Key": {"id": {"S": "a"}}});
    assert!(kind("GetItem", missing).ends_with("#ResourceNotFoundException"));
    assert!(
        kind("GetItem", json!({"TableName": "accounts", "Key": {"id": {"S": ""}}})).ends_with("#ValidationException")
    );
    assert!(
        kind("PutItem", json!({"TableName": "accounts", "Item": {"id": {"S": "a"}, "n": {"N": "x"}}}))
            .ends_with("#ValidationException")
    );
    assert!(kind("GetItem", json!({"TableName": 7})).ends_with("#SerializationException"));
    assert!(kind("DeleteTable", json!({"TableName": "accounts"})).ends_with("#UnknownOperationException"));
}

#[test]
fn a_request_names_its_tables() {
    let transaction = json!({"TransactItems": [{"Put": {"TableName": "a"}}, {"Update": {"TableName": "b"}}, {"Delete": {"TableName": "a"}}]});
    assert_eq!((tables(&transaction), actions(&transaction)), (vec!["a".to_owned(), "b".to_owned()], 3));
    assert_eq!(tables(&json!({"TableName": "a"})), ["a"]);
    assert_eq!(tables(&json!({"RequestItems": {"a": [], "b": []}})), ["a", "b"]);
}
