//! YAML as CloudFormation writes it, into JSON: the short tags become the long forms (`!Ref A` is `{"Ref": "A"}`).

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value, json};

/// The one document of a template.
pub(super) fn document(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document @ Yaml::Mapping(_)] => value(document),
        _ => Err("one mapping is expected".to_owned()),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(boolean)) => Value::Bool(*boolean),
        Yaml::Value(Scalar::Integer(integer)) => Value::Number((*integer).into()),
        Yaml::Value(Scalar::FloatingPoint(float)) => Number::from_f64(float.0).map_or(Value::Null, Value::Number),
        Yaml::Value(Scalar::String(text)) => Value::String(text.as_ref().to_owned()),
        Yaml::Sequence(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, node)| Ok((key_text(key)?, value(node)?)));
            Value::Object(entries.collect::<Result<Map<_, _>, String>>()?)
        }
        Yaml::Tagged(tag, node) => long_form(&tag.suffix, value(node)?),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err("aliases and mistyped scalars are not understood".to_owned());
        }
    })
}

fn key_text(key: &Yaml<'_>) -> Result<String, String> {
    match value(key)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(boolean) => Ok(boolean.to_string()),
        other => Err(format!("{other} is not a key")),
    }
}

fn long_form(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        // The short form joins resource and attribute with the first dot.
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (_, value) => json!({ format!("Fn::{tag}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_long_forms() {
        let read = document(concat!(
            "A: !Ref B\n",
            "C: !GetAtt D.Outputs.E\n",
            "F: !If [G, !Sub 'x${H}', !Ref AWS::NoValue]\n",
            "I: !Not [!Condition J]\n",
        ));
        assert_eq!(
            read,
            Ok(json!({
                "A": {"Ref": "B"},
                "C": {"Fn::GetAtt": ["D", "Outputs.E"]},
                "F": {"Fn::If": ["G", {"Fn::Sub": "x${H}"}, {"Ref": "AWS::NoValue"}]},
                "I": {"Fn::Not": [{"Condition": "J"}]},
            }))
        );
    }

    #[test]
    fn a_version_date_stays_text_and_numbers_numbers() {
        assert_eq!(document("A: 2012-10-17\nB: 7\nC: 'x'\n"), Ok(json!({"A": "2012-10-17", "B": 7, "C": "x"})));
    }

    #[test]
    fn what_is_not_one_mapping_is_refused() {
        for bad in ["", "- a\n", "a: [\n", "a: 1\n---\nb: 2\n"] {
            assert!(document(bad).is_err(), "{bad:?}");
        }
    }
}
