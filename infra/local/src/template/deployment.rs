//! What a deployment of the template would know: its parameters, its conditions, and what each resource is called.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ACCOUNT, REGION, TemplateError, intrinsics};

/// A template with its parameters chosen.
pub(super) struct Deployment<'a> {
    document: &'a Value,
    overrides: &'a BTreeMap<String, String>,
}

/// A resource that exists in this deployment.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) logical_id: &'a str,
    pub(super) kind: &'a str,
    body: &'a Value,
}

impl<'a> Resource<'a> {
    /// A property that is a mapping, as written.
    pub(super) fn mapping(self, property: &str) -> Option<&'a Map<String, Value>> {
        self.body.get("Properties")?.get(property)?.as_object()
    }
}

impl<'a> Deployment<'a> {
    /// # Errors
    /// An override that names neither a parameter nor a resource: most likely a misspelling.
    pub(super) fn new(document: &'a Value, overrides: &'a BTreeMap<String, String>) -> Result<Self, TemplateError> {
        for name in overrides.keys() {
            let subject = name.split('.').next().unwrap_or(name);
            if document.pointer(&pointer("Parameters", subject)).is_none()
                && document.pointer(&pointer("Resources", subject)).is_none()
            {
                let reason = "the override names neither a parameter nor a resource".to_owned();
                return Err(TemplateError::Resource { resource: name.clone(), reason });
            }
        }
        Ok(Self { document, overrides })
    }

    /// The resources whose condition holds, in the order of their logical ids.
    pub(super) fn resources(&self) -> Result<Vec<Resource<'a>>, TemplateError> {
        let mut present = Vec::new();
        let resources = self.document.get("Resources").and_then(Value::as_object);
        for (logical_id, body) in resources.into_iter().flatten() {
            let exists = match body.get("Condition").and_then(Value::as_str) {
                Some(condition) => self.condition(condition).map_err(|reason| of(logical_id, reason))?,
                None => true,
            };
            if exists {
                let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
                present.push(Resource { logical_id, kind, body });
            }
        }
        Ok(present)
    }

    /// A resource's property, resolved; `None` if it is absent or `AWS::NoValue`.
    pub(super) fn property(&self, resource: Resource<'_>, name: &str) -> Result<Option<Value>, TemplateError> {
        let property = resource.body.get("Properties").and_then(|properties| properties.get(name));
        property
            .map_or(Ok(None), |value| intrinsics::resolve(value, self))
            .map_err(|reason| of(resource.logical_id, format!("{name}: {reason}")))
    }

    /// `Globals.Function.Environment.Variables`, each still to be resolved.
    pub(super) fn global_variables(&self) -> Option<&'a Map<String, Value>> {
        self.document.pointer("/Globals/Function/Environment/Variables").and_then(Value::as_object)
    }

    /// Whether a condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, String> {
        let condition = self.document.pointer(&pointer("Conditions", name));
        intrinsics::holds(condition.ok_or_else(|| format!("no condition is called {name}"))?, self)
    }

    /// A table of `Mappings`.
    pub(super) fn mapped(&self, map: &str, first: &str, second: &str) -> Option<Value> {
        self.document.get("Mappings")?.get(map)?.get(first)?.get(second).cloned()
    }

    /// What `!Ref` gives; `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str) -> Result<Option<Value>, String> {
        if let Some(value) = self.overrides.get(name) {
            return Ok(Some(self.parameter_value(name, value)));
        }
        if let Some(parameter) = self.document.pointer(&pointer("Parameters", name)) {
            let default = parameter.get("Default");
            let default =
                default.ok_or_else(|| format!("the parameter {name} has no default and no value was given"))?;
            return Ok(Some(self.parameter_value(name, &intrinsics::text(default)?)));
        }
        Ok(Some(match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => json!(REGION),
            "AWS::AccountId" => json!(ACCOUNT),
            "AWS::Partition" => json!("aws"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            "AWS::StackName" => json!("local"),
            "AWS::StackId" => json!(format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local")),
            logical_id => json!(self.called(logical_id)?),
        }))
    }

    /// What `!GetAtt` gives.
    pub(super) fn attribute(&self, logical_id: &str, attribute: &str) -> Result<String, String> {
        if let Some(value) = self.overrides.get(&format!("{logical_id}.{attribute}")) {
            return Ok(value.clone());
        }
        let resource = self.resource(logical_id)?;
        let arn = |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        let name = self.name(resource)?;
        Ok(match (resource.kind, attribute) {
            ("AWS::KMS::Key", "Arn") => arn("kms", format!("key/{logical_id}")),
            ("AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "Arn") => arn("dynamodb", format!("table/{name}")),
            ("AWS::SQS::Queue", "Arn") => arn("sqs", name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::SQS::Queue", "QueueUrl") => self.called(logical_id)?,
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => arn("lambda", format!("function:{name}")),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
            ("AWS::Logs::LogGroup", "Arn") => arn("logs", format!("log-group:{name}:*")),
            (kind, attribute) => {
                return Err(format!(
                    "the local run knows no {attribute} of {logical_id} ({kind}); give it as an override"
                ));
            }
        })
    }

    /// What `!Ref` gives of a resource: mostly its name.
    fn called(&self, logical_id: &str) -> Result<String, String> {
        let resource = self.resource(logical_id)?;
        let name = self.name(resource)?;
        Ok(match resource.kind {
            "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
            "AWS::SNS::Topic" => format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"),
            _ => name,
        })
    }

    /// The name a resource chose, or its logical id, which is unique and says more than a generated one.
    fn name(&self, resource: Resource<'_>) -> Result<String, String> {
        let property = match resource.kind {
            "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => "TableName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => "FunctionName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::SNS::Topic" => "TopicName",
            _ => return Ok(resource.logical_id.to_owned()),
        };
        match self.property(resource, property).map_err(|error| error.to_string())? {
            Some(name) => intrinsics::text(&name),
            None => Ok(resource.logical_id.to_owned()),
        }
    }

    fn resource(&self, logical_id: &str) -> Result<Resource<'a>, String> {
        let resources = self.document.get("Resources").and_then(Value::as_object);
        let (logical_id, body) = resources
            .and_then(|resources| resources.get_key_value(logical_id))
            .ok_or_else(|| format!("neither a parameter nor a resource is called {logical_id}"))?;
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
        Ok(Resource { logical_id, kind, body })
    }

    fn parameter_value(&self, name: &str, value: &str) -> Value {
        let kind = self.document.pointer(&format!("{}/Type", pointer("Parameters", name))).and_then(Value::as_str);
        match kind {
            Some("CommaDelimitedList") => value.split(',').map(|item| json!(item.trim())).collect(),
            _ => json!(value),
        }
    }
}

/// Logical ids are alphanumeric, conditions and parameters too: nothing to escape.
fn pointer(section: &str, name: &str) -> String {
    format!("/{section}/{name}")
}

fn of(resource: &str, reason: String) -> TemplateError {
    TemplateError::Resource { resource: resource.to_owned(), reason }
}
