//! DynamoDB: an embedded dynoxide, asked in DynamoDB's own JSON.

use std::path::Path;

use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    AwsError,
    reply::{Protocol, Reply},
};
use crate::template::Table;

const FILE: &str = "dynamodb.sqlite";

/// The tables.
#[derive(Clone)]
pub(super) struct DynamoDb(Database);

impl DynamoDb {
    /// Opens the tables kept in a directory, or in memory, and makes those that are missing.
    pub(super) fn open(data: Option<&Path>, tables: &[Table]) -> Result<Self, AwsError> {
        let database = match data {
            Some(directory) => Database::new(&directory.join(FILE).to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(AwsError::Database)?;
        for table in tables {
            make(&database, table).map_err(|source| AwsError::Table { name: table.name.clone(), source })?;
        }
        Ok(Self(database))
    }

    /// Answers an operation. Blocks: SQLite does.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        match dispatch(&self.0, operation, body) {
            Ok(Some(body)) => Reply::done(Protocol::Json10, body),
            Ok(None) => {
                let code = "com.amazon.coral.service#UnknownOperationException";
                Reply::refusal(Protocol::Json10, StatusCode::BAD_REQUEST, code, "")
            }
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Reply { status, protocol: Protocol::Json10, body: error.to_json() }
            }
        }
    }
}

/// The tables a request names, each once.
pub(super) fn tables(request: &Value) -> Vec<String> {
    let own = request.get("TableName").into_iter();
    let actions = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    let in_actions = actions.filter_map(|action| action.as_object()?.values().next()?.get("TableName"));
    let named = own.chain(in_actions).filter_map(Value::as_str);
    let batched = request.get("RequestItems").and_then(Value::as_object).into_iter().flat_map(|items| items.keys());
    let mut tables: Vec<String> = named.map(str::to_owned).chain(batched.cloned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    tables.retain(|table| seen.insert(table.clone()));
    tables
}

/// How many actions a transaction has; 0 for what is none.
pub(super) fn actions(request: &Value) -> usize {
    request.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len)
}

/// What a batch of reads is answered when there is too much to do.
pub(super) fn unprocessed(request: &Value) -> Reply {
    let keys = request.get("RequestItems");
    Reply::done(Protocol::Json10, json!({ "Responses": {}, "UnprocessedKeys": keys }).to_string())
}

fn make(database: &Database, table: &Table) -> Result<(), DynoxideError> {
    let create = serde_json::from_value(table.create.clone()).map_err(unreadable)?;
    match database.create_table(create) {
        // Kept from an earlier run, its time to live too.
        Err(DynoxideError::ResourceInUseException(_)) => return Ok(()),
        made => made?,
    };
    if let Some(attribute) = &table.ttl_attribute {
        let specification = json!({ "AttributeName": attribute, "Enabled": true });
        let request = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
        database.update_time_to_live(serde_json::from_value(request).map_err(unreadable)?)?;
    }
    Ok(())
}

/// `None`: no such operation, or none that anything here calls.
fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<Option<String>, DynoxideError> {
    let answered = match operation {
        "GetItem" => call(body, |request| database.get_item(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "Scan" => call(body, |request| database.scan(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        "ListTables" => call(body, |request| database.list_tables(request)),
        _ => return Ok(None),
    };
    answered.map(Some)
}

fn call<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(unreadable)?;
    serde_json::to_string(&operation(request)?).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// dynoxide marks by a prefix which errors of its parsers are DynamoDB's validation; its own server takes it off.
fn unreadable(error: serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    match message.split_once(':') {
        Some((mark, rest)) if mark.starts_with("VALIDATION") => {
            let rest = rest.rsplit_once(" at line ").map_or(rest, |(words, _)| words);
            DynoxideError::ValidationException(rest.to_owned())
        }
        _ => DynoxideError::SerializationException(message),
    }
}

#[cfg(test)]
mod tests;
