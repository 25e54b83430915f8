//! What changes in a resource, and whether that makes it anew: by the schema of its type.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{is_known, text};

/// Whether a changed property alone makes its resource anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Recreation {
    Never,
    Conditionally,
    Always,
}

impl Recreation {
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "Never",
            Self::Conditionally => "Conditionally",
            Self::Always => "Always",
        }
    }
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// The property.
    pub name: String,
    pub recreation: Recreation,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Whether the value will only be known when it is set.
    pub is_dynamic: bool,
}

/// Compares the properties of a resource.
pub(crate) fn differences(resource_type: &str, before: &Value, after: &Value) -> Vec<Difference> {
    let keys =
        |value: &Value| value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect::<BTreeSet<_>>();
    let names: BTreeSet<_> = keys(before).union(&keys(after)).cloned().collect();
    let changed = names.into_iter().filter(|name| !same(&before[name.as_str()], &after[name.as_str()]));
    changed
        .map(|name| {
            let (old, new) = (before.get(&name), after.get(&name));
            Difference {
                recreation: recreation(resource_type, &name, old, new),
                is_dynamic: new.is_some_and(|new| !is_known(new)),
                before: old.cloned(),
                after: new.cloned(),
                name,
            }
        })
        .collect()
}

/// Says whether a change that makes a resource anew in some cases does so in this one, as far as the documentation of
/// the type says when; where it does not, the resource stays.
pub(crate) fn recreates(resource_type: &str, resource: &Value) -> bool {
    match resource_type {
        // AWS page "UpdatePolicy attribute".
        "AWS::AutoScaling::AutoScalingGroup" => {
            text(&resource["UpdatePolicy"]["AutoScalingReplacingUpdate"]["WillReplace"]).as_deref() == Some("true")
        }
        // AWS page "AWS::DynamoDB::Table": `KeySchema` and the like "Update requires: Replacement".
        "AWS::DynamoDB::Table" => true,
        // AWS page "AWS::SSM::Document", `UpdateMethod`: `Replace` is the default.
        "AWS::SSM::Document" => resource["Properties"]["UpdateMethod"] != "NewVersion",
        _ => false,
    }
}

/// Compares values as CloudFormation does: `80` and `"80"` are the same.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|found| same(value, found)))
        }
        _ => one == other || text(one).is_some_and(|one| text(other).as_ref() == Some(&one)),
    }
}

fn recreation(resource_type: &str, name: &str, before: Option<&Value>, after: Option<&Value>) -> Recreation {
    if resource_type.starts_with("Custom::") || resource_type == "AWS::CloudFormation::CustomResource" {
        return if name == "ServiceToken" { Recreation::Always } else { Recreation::Never };
    }
    let Some(schema) = schemas::schema(resource_type) else { return Recreation::Conditionally };
    let reaches = |path: &str| {
        let mut steps = path.split('/');
        if steps.next() != Some(name) {
            return false;
        }
        let steps: Vec<_> = steps.collect();
        let [old, new] = [before, after].map(|value| value.map(|value| within(value, &steps)).unwrap_or_default());
        old.len() != new.len() || old.iter().zip(&new).any(|(old, new)| !same(old, new))
    };
    if schema.create_only().any(reaches) {
        Recreation::Always
    } else if schema.conditional_create_only().any(reaches) {
        Recreation::Conditionally
    } else {
        Recreation::Never
    }
}

/// Lists what stands at a path within a value.
fn within<'v>(value: &'v Value, steps: &[&str]) -> Vec<&'v Value> {
    steps.iter().fold(vec![value], |found, step| {
        let next = |value: &'v Value| match (value.as_array(), *step) {
            (Some(list), "*") => list.iter().collect::<Vec<_>>(),
            (None, step) => value.get(step).into_iter().collect(),
            _ => Vec::new(),
        };
        found.into_iter().flat_map(next).collect()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schema_says_what_makes_a_resource_anew() {
        let changed = |resource_type, before, after| differences(resource_type, &before, &after)[0].recreation;
        assert_eq!(
            changed("AWS::S3::Bucket", json!({"BucketName": "a"}), json!({"BucketName": "b"})),
            Recreation::Always
        );
        assert_eq!(changed("AWS::S3::Bucket", json!({"Tags": []}), json!({})), Recreation::Never);
        assert_eq!(
            changed("Custom::X", json!({"ServiceToken": "a"}), json!({"ServiceToken": "b"})),
            Recreation::Always
        );
    }

    #[test]
    fn a_number_and_its_text_are_the_same() {
        assert!(differences("AWS::SQS::Queue", &json!({"DelaySeconds": 5}), &json!({"DelaySeconds": "5"})).is_empty());
    }
}
