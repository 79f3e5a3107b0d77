//! CloudFormation's intrinsic functions, in their long forms.

use serde_json::{Map, Value, json};

use super::deployment::Deployment;

/// A value with every function in it replaced by what it gives; `None` is `AWS::NoValue`.
pub(super) fn resolve(value: &Value, deployment: &Deployment<'_>) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        Value::Array(items) => Value::Array(list(items, deployment)?),
        Value::Object(entries) => match call(entries) {
            Some((function, argument)) => return apply(function, argument, deployment),
            None => {
                let mut resolved = Map::new();
                for (key, value) in entries {
                    if let Some(value) = resolve(value, deployment)? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Value::Object(resolved)
            }
        },
        plain => plain.clone(),
    }))
}

/// Whether a condition's expression holds.
pub(super) fn holds(expression: &Value, deployment: &Deployment<'_>) -> Result<bool, String> {
    let Some((function, argument)) = expression.as_object().and_then(call) else {
        return Err(format!("{expression} is not a condition"));
    };
    let each =
        || -> Result<Vec<bool>, String> { items(argument)?.iter().map(|item| holds(item, deployment)).collect() };
    match function {
        "Condition" => deployment.condition(argument.as_str().unwrap_or_default()),
        "Fn::Equals" => match list(items(argument)?, deployment)?.as_slice() {
            [left, right] => Ok(text(left)? == text(right)?),
            _ => Err("Fn::Equals takes two values".to_owned()),
        },
        "Fn::And" => Ok(each()?.into_iter().all(|holds| holds)),
        "Fn::Or" => Ok(each()?.into_iter().any(|holds| holds)),
        "Fn::Not" => match each()?.as_slice() {
            [holds] => Ok(!holds),
            _ => Err("Fn::Not takes one condition".to_owned()),
        },
        other => Err(format!("{other} is not a condition")),
    }
}

/// A scalar as CloudFormation hands it to an environment.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(boolean) => Ok(boolean.to_string()),
        other => Err(format!("{other} is not a plain value")),
    }
}

/// An object of one entry that is a function's name is a call of it.
fn call(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = entries.iter().next().filter(|_| entries.len() == 1)?;
    let is_function = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_function.then_some((name, argument))
}

fn apply(function: &str, argument: &Value, deployment: &Deployment<'_>) -> Result<Option<Value>, String> {
    let value = match function {
        "Ref" => return deployment.reference(argument.as_str().unwrap_or_default()),
        "Fn::If" => match items(argument)? {
            [condition, then, otherwise] => {
                let holds = deployment.condition(condition.as_str().unwrap_or_default())?;
                return resolve(if holds { then } else { otherwise }, deployment);
            }
            _ => return Err("Fn::If takes a condition and two values".to_owned()),
        },
        "Fn::GetAtt" => match list(items(argument)?, deployment)?.as_slice() {
            [Value::String(resource), Value::String(attribute)] => {
                json!(deployment.attribute(resource, attribute)?)
            }
            _ => return Err("Fn::GetAtt takes a resource and an attribute".to_owned()),
        },
        "Fn::Sub" => match argument {
            Value::String(template) => json!(substitute(template, &Map::new(), deployment)?),
            Value::Array(arguments) => match arguments.as_slice() {
                [Value::String(template), Value::Object(own)] => {
                    json!(substitute(template, own, deployment)?)
                }
                _ => return Err("Fn::Sub takes a text and a mapping".to_owned()),
            },
            _ => return Err("Fn::Sub takes a text".to_owned()),
        },
        "Fn::Join" => match list(items(argument)?, deployment)?.as_slice() {
            [Value::String(separator), Value::Array(parts)] => {
                json!(parts.iter().map(text).collect::<Result<Vec<_>, _>>()?.join(separator))
            }
            _ => return Err("Fn::Join takes a separator and a list".to_owned()),
        },
        "Fn::Split" => match list(items(argument)?, deployment)?.as_slice() {
            [Value::String(separator), Value::String(text)] => text.split(separator).map(|part| json!(part)).collect(),
            _ => return Err("Fn::Split takes a separator and a text".to_owned()),
        },
        "Fn::Select" => match list(items(argument)?, deployment)?.as_slice() {
            [index, Value::Array(choices)] => {
                let index: usize = text(index)?.parse().map_err(|_| "Fn::Select takes a number".to_owned())?;
                choices.get(index).cloned().ok_or_else(|| format!("Fn::Select finds nothing at {index}"))?
            }
            _ => return Err("Fn::Select takes a number and a list".to_owned()),
        },
        "Fn::FindInMap" => match list(items(argument)?, deployment)?.as_slice() {
            [Value::String(map), Value::String(first), Value::String(second)] => deployment
                .mapped(map, first, second)
                .ok_or_else(|| format!("the mapping {map} has no {first}, {second}"))?,
            _ => return Err("Fn::FindInMap takes a mapping and two keys".to_owned()),
        },
        other => return Err(format!("the local run does not know {other}")),
    };
    Ok(Some(value))
}

/// `${Name}`, `${Resource.Attribute}`, and `${!Literal}` which stays `${Literal}`.
fn substitute(template: &str, own: &Map<String, Value>, deployment: &Deployment<'_>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("${{ without }} in {template:?}"))?;
        result.push_str(before);
        result.push_str(&substitution(name, own, deployment)?);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

fn substitution(name: &str, own: &Map<String, Value>, deployment: &Deployment<'_>) -> Result<String, String> {
    if let Some(literal) = name.strip_prefix('!') {
        return Ok(format!("${{{literal}}}"));
    }
    let value = match (own.get(name), name.split_once('.')) {
        (Some(value), _) => resolve(value, deployment)?,
        (None, Some((resource, attribute))) => Some(json!(deployment.attribute(resource, attribute)?)),
        (None, None) => deployment.reference(name)?,
    };
    text(&value.ok_or_else(|| format!("{name} has no value to put into a text"))?)
}

fn items(argument: &Value) -> Result<&[Value], String> {
    argument.as_array().map(Vec::as_slice).ok_or_else(|| format!("{argument} is not a list"))
}

fn list(items: &[Value], deployment: &Deployment<'_>) -> Result<Vec<Value>, String> {
    items.iter().filter_map(|item| resolve(item, deployment).transpose()).collect()
}
