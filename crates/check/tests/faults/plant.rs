//! Faults, each planted alone into a good template. Used by the tests of `check` and by `cargo xtask faults`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The good template.
const PIPELINE: &str = include_str!("pipeline.json");
/// The faults.
const FAULTS: &str = include_str!("faults.json");

/// A fault, and how it comes into the template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What is wrong, in a sentence.
    pub title: String,
    /// The rule that finds it.
    pub rule: String,
    /// JSON pointers, and the values to set there.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// JSON pointers to what is taken out.
    #[serde(default)]
    remove: Vec<String>,
    /// JSON pointers to texts, and what is replaced in each by what.
    #[serde(default)]
    replace: BTreeMap<String, [String; 2]>,
}

/// Reads the good template.
pub fn pipeline() -> Result<Value, String> {
    serde_json::from_str(PIPELINE).map_err(|error| error.to_string())
}

/// Lists the faults.
pub fn faults() -> Result<Vec<Fault>, String> {
    serde_json::from_str(FAULTS).map_err(|error| error.to_string())
}

impl Fault {
    /// Plants the fault; an error if its place is not there.
    pub fn plant(&self, template: &mut Value) -> Result<(), String> {
        for (pointer, value) in &self.set {
            let (parent, key) = parent(template, pointer)?;
            match parent {
                Value::Object(object) => {
                    object.insert(key, value.clone());
                }
                Value::Array(list) => *item(list, &key, pointer)? = value.clone(),
                _ => return Err(format!("{pointer} is in no object or list")),
            }
        }
        for pointer in &self.remove {
            let (parent, key) = parent(template, pointer)?;
            match parent {
                Value::Object(object) => {
                    object.shift_remove(&key).ok_or_else(|| format!("there is no {pointer}"))?;
                }
                Value::Array(list) => {
                    item(list, &key, pointer)?;
                    list.remove(key.parse().unwrap_or_default());
                }
                _ => return Err(format!("{pointer} is in no object or list")),
            }
        }
        for (pointer, [from, to]) in &self.replace {
            let text = template.pointer_mut(pointer).ok_or_else(|| format!("there is no {pointer}"))?;
            let old =
                text.as_str().filter(|text| text.contains(from)).ok_or_else(|| format!("no {from} at {pointer}"))?;
            *text = old.replacen(from, to, 1).into();
        }
        Ok(())
    }
}

fn parent<'t>(template: &'t mut Value, pointer: &str) -> Result<(&'t mut Value, String), String> {
    let missing = || format!("there is no {pointer}");
    let (parent, key) = pointer.rsplit_once('/').ok_or_else(missing)?;
    Ok((template.pointer_mut(parent).ok_or_else(missing)?, key.replace("~1", "/").replace("~0", "~")))
}

fn item<'t>(list: &'t mut [Value], key: &str, pointer: &str) -> Result<&'t mut Value, String> {
    let index = key.parse::<usize>().ok();
    index.and_then(|index| list.get_mut(index)).ok_or_else(|| format!("there is no {pointer}"))
}
