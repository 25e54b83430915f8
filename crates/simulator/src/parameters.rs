//! The parameters of a stack: given, kept or by default, within what the template allows.

use std::collections::BTreeMap;

use cloud::cloud_formation::ParameterValue;
use regex_lite::Regex;
use serde_json::Value;

use crate::template::{Template, text};

/// The parameters of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    /// As they were given.
    pub given: BTreeMap<String, String>,
    /// As expressions see them: texts, or lists of texts.
    pub values: BTreeMap<String, Value>,
    /// The names of those that are not shown.
    hidden: Vec<String>,
}

impl Parameters {
    /// Returns the parameters as the service shows them.
    pub fn shown(&self) -> BTreeMap<String, String> {
        let mut shown = self.given.clone();
        for name in &self.hidden {
            shown.insert(name.clone(), "****".to_owned());
        }
        shown
    }

    /// Settles the parameters of a template; the error is what the service would say.
    ///
    /// `stored` looks up a parameter of Systems Manager.
    pub fn settle(
        template: &Template,
        given: &BTreeMap<String, ParameterValue>,
        previous: &Self,
        stored: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let unknown: Vec<_> =
            given.keys().filter(|name| template.entry("Parameters", name).is_none()).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(format!("Parameters: [{}] do not exist in the template", unknown.join(", ")));
        }
        let mut settled = Self::default();
        let mut missing = Vec::new();
        for (name, declaration) in template.section("Parameters").into_iter().flatten() {
            let value = match given.get(name) {
                Some(ParameterValue::Value(value)) => Some(value.clone()),
                Some(ParameterValue::Previous) => previous.given.get(name).cloned(),
                None => text(&declaration["Default"]),
            };
            let Some(value) = value else {
                missing.push(name.as_str());
                continue;
            };
            let resolved = resolve(name, declaration, &value, stored)?;
            if declaration["NoEcho"].as_bool() == Some(true) || declaration["NoEcho"] == "true" {
                settled.hidden.push(name.clone());
            }
            settled.values.insert(name.clone(), resolved);
            settled.given.insert(name.clone(), value);
        }
        if missing.is_empty() {
            Ok(settled)
        } else {
            Err(format!("Parameters: [{}] must have values", missing.join(", ")))
        }
    }
}

fn resolve(
    name: &str,
    declaration: &Value,
    value: &str,
    stored: &dyn Fn(&str) -> Option<String>,
) -> Result<Value, String> {
    let kind = declaration["Type"].as_str().unwrap_or("String");
    let inner = kind.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|rest| rest.strip_suffix('>'));
    let looked_up =
        match inner {
            Some(_) => Some(stored(value).ok_or_else(|| {
                format!("Unable to fetch parameters [{value}] from parameter store for this account.")
            })?),
            None => None,
        };
    let value = looked_up.as_deref().unwrap_or(value);
    let kind = inner.unwrap_or(kind);
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    if is_list {
        let items: Vec<_> = value.split(',').map(str::trim).collect();
        for item in &items {
            allowed(name, declaration, kind, item)?;
        }
        return Ok(items.into_iter().map(Value::from).collect());
    }
    allowed(name, declaration, kind, value)?;
    Ok(value.into())
}

/// Holds a value against what the template allows.
fn allowed(name: &str, declaration: &Value, kind: &str, value: &str) -> Result<(), String> {
    let explained = |rule: String| {
        let own = declaration["ConstraintDescription"].as_str();
        Err(own.map_or_else(
            || format!("Parameter '{name}' {rule}"),
            |own| format!("Parameter {name} failed to satisfy constraint: {own}"),
        ))
    };
    let limit = |key: &str| text(&declaration[key]).and_then(|limit| limit.parse::<f64>().ok());
    if kind == "Number" || kind == "List<Number>" {
        let Ok(number) = value.parse::<f64>() else { return explained("must be a number.".to_owned()) };
        if let Some(least) = limit("MinValue").filter(|least| number < *least) {
            return explained(format!("must be a number not less than {least}."));
        }
        if let Some(most) = limit("MaxValue").filter(|most| number > *most) {
            return explained(format!("must be a number not greater than {most}."));
        }
    }
    if let Some(values) = declaration["AllowedValues"].as_array() {
        let values: Vec<_> = values.iter().filter_map(text).collect();
        if !values.iter().any(|allowed| allowed == value) {
            return explained(format!("must be one of AllowedValues: [{}]", values.join(", ")));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "the lengths of texts are far below what a float holds")]
    let length = value.chars().count() as f64;
    if limit("MinLength").is_some_and(|least| length < least) {
        return explained("must contain at least as many characters as MinLength says".to_owned());
    }
    if limit("MaxLength").is_some_and(|most| length > most) {
        return explained("must contain at most as many characters as MaxLength says".to_owned());
    }
    // A pattern that this reader does not know lets everything pass, as no pattern would.
    let pattern = declaration["AllowedPattern"].as_str();
    let regex = pattern.and_then(|pattern| Regex::new(&format!("^(?:{pattern})$")).ok());
    match (pattern, regex) {
        (Some(pattern), Some(regex)) if !regex.is_match(value) => explained(format!("must match pattern {pattern}")),
        _ => Ok(()),
    }
}
