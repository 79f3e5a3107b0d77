//! The resources the local run makes something of.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{
    Function, KeySpec, KeyUsage, KmsKey, Queue, Redrive, Route, Source, Table, Template, TemplateError,
    deployment::{Deployment, Resource},
    intrinsics,
};

/// Everything the template declares.
pub(super) fn template(deployment: &Deployment<'_>) -> Result<Template, TemplateError> {
    let mut template = Template { functions: Vec::new(), tables: Vec::new(), kms_keys: Vec::new(), queues: Vec::new() };
    for resource in deployment.resources()? {
        match resource.kind {
            "AWS::Serverless::Function" => template.functions.push(function(resource, deployment)?),
            "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => template.tables.push(table(resource, deployment)?),
            "AWS::KMS::Key" => template.kms_keys.push(kms_key(resource, deployment)?),
            "AWS::SQS::Queue" => template.queues.push(queue(resource, deployment)?),
            _ => {}
        }
    }
    Ok(template)
}

fn function(resource: Resource<'_>, deployment: &Deployment<'_>) -> Result<Function, TemplateError> {
    let code = deployment.property(resource, "CodeUri")?;
    let folder = code.as_ref().and_then(Value::as_str).and_then(|uri| uri.trim_end_matches('/').rsplit('/').next());
    let name = folder.filter(|name| !name.is_empty()).ok_or_else(|| of(resource, "CodeUri names no folder".into()))?;
    let mut environment = BTreeMap::new();
    let own = resource.mapping("Environment").and_then(|environment| environment.get("Variables")?.as_object());
    for (variable, value) in deployment.global_variables().into_iter().chain(own).flatten() {
        let wrong = |reason| of(resource, format!("environment variable {variable}: {reason}"));
        match intrinsics::resolve(value, deployment).map_err(wrong)? {
            Some(value) => environment.insert(variable.clone(), intrinsics::text(&value).map_err(wrong)?),
            // A function's `AWS::NoValue` takes a global variable away.
            None => environment.remove(variable),
        };
    }
    Ok(Function {
        logical_id: resource.logical_id.to_owned(),
        name: name.to_owned(),
        routes: routes(resource)?,
        sources: sources(resource, deployment)?,
        environment,
    })
}

/// Events are read as written: those of other types name things (streams, schedules) that are nothing here.
fn routes(resource: Resource<'_>) -> Result<Vec<Route>, TemplateError> {
    let mut routes = Vec::new();
    for (event, body) in resource.mapping("Events").into_iter().flatten() {
        if body.get("Type").and_then(Value::as_str) != Some("Api") {
            continue;
        }
        let wrong = |reason: &str| of(resource, format!("event {event}: {reason}"));
        let property = |name: &str| body.get("Properties").and_then(|properties| properties.get(name)?.as_str());
        let path = property("Path").filter(|path| path.starts_with('/')).ok_or_else(|| wrong("no Path"))?;
        let method = property("Method").ok_or_else(|| wrong("no Method"))?.to_ascii_uppercase();
        routes.push(match method.as_str() {
            "ANY" => Route::any(path),
            method => Route::new(Method::from_bytes(method.as_bytes()).map_err(|_| wrong("Method is none"))?, path),
        });
    }
    Ok(routes)
}

/// The queues of a function's events.
fn sources(resource: Resource<'_>, deployment: &Deployment<'_>) -> Result<Vec<Source>, TemplateError> {
    let mut sources = Vec::new();
    for (event, body) in resource.mapping("Events").into_iter().flatten() {
        if body.get("Type").and_then(Value::as_str) != Some("SQS") {
            continue;
        }
        let wrong = |reason: String| of(resource, format!("event {event}: {reason}"));
        let properties = body.get("Properties").map_or(Ok(None), |value| intrinsics::resolve(value, deployment));
        let properties = properties.map_err(wrong)?.unwrap_or_default();
        let queue = properties.get("Queue").and_then(Value::as_str).and_then(queue_name);
        let responses = properties.get("FunctionResponseTypes").and_then(Value::as_array);
        sources.push(Source {
            queue: queue.ok_or_else(|| wrong("Queue is no ARN".to_owned()))?.to_owned(),
            batch_size: whole(properties.get("BatchSize")).map_or(10, |size| size as usize),
            reports_failures: responses.is_some_and(|kinds| kinds.contains(&json!("ReportBatchItemFailures"))),
        });
    }
    Ok(sources)
}

fn queue(resource: Resource<'_>, deployment: &Deployment<'_>) -> Result<Queue, TemplateError> {
    let name = deployment.attribute(resource.logical_id, "QueueName").map_err(|reason| of(resource, reason))?;
    let redrive = deployment.property(resource, "RedrivePolicy")?.map(|policy| {
        let dead_letters = policy.get("deadLetterTargetArn").and_then(Value::as_str).and_then(queue_name)?.to_owned();
        Some(Redrive { dead_letters, max_receive_count: whole(policy.get("maxReceiveCount"))? })
    });
    let redrive = match redrive {
        Some(None) => return Err(of(resource, "RedrivePolicy lacks an ARN or a count".to_owned())),
        Some(redrive) => redrive,
        None => None,
    };
    Ok(Queue { logical_id: resource.logical_id.to_owned(), name, redrive })
}

/// The last part of a queue's ARN.
fn queue_name(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:sqs:")?.rsplit(':').next()
}

/// A number, possibly written as a text.
fn whole(value: Option<&Value>) -> Option<u32> {
    match value? {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Only what `CreateTable` and an embedded engine share: no backups, alarms, encryption or capacity.
fn table(resource: Resource<'_>, deployment: &Deployment<'_>) -> Result<Table, TemplateError> {
    let name = deployment.reference(resource.logical_id).map_err(|reason| of(resource, reason))?;
    let name = intrinsics::text(&name.unwrap_or_default()).map_err(|reason| of(resource, reason))?;
    let needed = |property: &str| {
        let value = deployment.property(resource, property)?;
        value.ok_or_else(|| of(resource, format!("no {property}")))
    };
    let mut create = json!({
        "TableName": name,
        "AttributeDefinitions": needed("AttributeDefinitions")?,
        "KeySchema": needed("KeySchema")?,
        "BillingMode": "PAY_PER_REQUEST",
    });
    if let (Some(Value::Array(indexes)), Some(create)) =
        (deployment.property(resource, "GlobalSecondaryIndexes")?, create.as_object_mut())
    {
        let index = |index: &Value| {
            json!({
                "IndexName": index.get("IndexName"),
                "KeySchema": index.get("KeySchema"),
                "Projection": index.get("Projection"),
            })
        };
        create.insert("GlobalSecondaryIndexes".to_owned(), indexes.iter().map(index).collect());
    }
    let ttl = deployment.property(resource, "TimeToLiveSpecification")?.unwrap_or_default();
    let enabled = ttl.get("Enabled").is_some_and(|enabled| enabled == &json!(true) || enabled == &json!("true"));
    let ttl_attribute = ttl.get("AttributeName").and_then(Value::as_str).filter(|_| enabled).map(str::to_owned);
    Ok(Table { logical_id: resource.logical_id.to_owned(), name, create, ttl_attribute })
}

fn kms_key(resource: Resource<'_>, deployment: &Deployment<'_>) -> Result<KmsKey, TemplateError> {
    let key_spec = match deployment.property(resource, "KeySpec")?.as_ref().map(Value::as_str) {
        None | Some(Some("SYMMETRIC_DEFAULT")) => KeySpec::SymmetricDefault,
        Some(Some("HMAC_256")) => KeySpec::Hmac256,
        Some(Some("ECC_NIST_P256")) => KeySpec::EccNistP256,
        Some(Some("RSA_2048")) => KeySpec::Rsa2048,
        Some(other) => {
            return Err(of(resource, format!("the local run makes no {} key", other.unwrap_or("such"))));
        }
    };
    let key_usage = match deployment.property(resource, "KeyUsage")?.as_ref().map(Value::as_str) {
        None | Some(Some("ENCRYPT_DECRYPT")) => KeyUsage::EncryptDecrypt,
        Some(Some("GENERATE_VERIFY_MAC")) => KeyUsage::GenerateVerifyMac,
        Some(Some("SIGN_VERIFY")) => KeyUsage::SignVerify,
        Some(other) => {
            return Err(of(resource, format!("KeyUsage {} is not for us", other.unwrap_or("so"))));
        }
    };
    // AWS refuses the other pairs only when the stack is deployed; better here.
    let fits = match key_usage {
        KeyUsage::EncryptDecrypt => key_spec == KeySpec::SymmetricDefault,
        KeyUsage::GenerateVerifyMac => key_spec == KeySpec::Hmac256,
        KeyUsage::SignVerify => matches!(key_spec, KeySpec::EccNistP256 | KeySpec::Rsa2048),
    };
    if !fits {
        return Err(of(resource, format!("a {} key is not for {}", key_spec.name(), key_usage.name())));
    }
    let arn = deployment.attribute(resource.logical_id, "Arn").map_err(|reason| of(resource, reason))?;
    Ok(KmsKey { logical_id: resource.logical_id.to_owned(), key_spec, key_usage, arn })
}

fn of(resource: Resource<'_>, reason: String) -> TemplateError {
    TemplateError::Resource { resource: resource.logical_id.to_owned(), reason }
}
