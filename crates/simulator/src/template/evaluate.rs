//! What the expressions of a template are worth.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::references::{Piece, attribute_of, pieces};
use super::{Template, cidr};

/// Stands in a change set for what only executing it will tell (the service's own words).
pub(crate) const KNOWN_LATER: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// How deeply values, or conditions that use conditions, may be nested; the service allows less.
const DEEPEST: u32 = 200;

/// What is known of a resource that is referred to.
pub(crate) enum Looked {
    Value(Value),
    /// It will be known when it is made.
    Later,
    /// The resource's type has no such attribute.
    Nothing,
}

/// What expressions refer to.
pub(crate) struct Scope<'s> {
    pub template: &'s Template,
    /// Parameters by name: texts, or lists of texts.
    pub parameters: &'s BTreeMap<String, Value>,
    /// Pseudo parameters by name.
    pub pseudo: BTreeMap<&'static str, Value>,
    /// Looks up what `Ref` and `Fn::GetAtt` of a resource give.
    pub resource: &'s dyn Fn(&str, Option<&str>) -> Looked,
    /// Looks up an export.
    pub export: &'s dyn Fn(&str) -> Option<String>,
    conditions: RefCell<BTreeMap<String, bool>>,
    depth: Cell<u32>,
}

/// Says whether all of a value is known.
pub(crate) fn is_known(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(KNOWN_LATER),
        Value::Array(list) => list.iter().all(is_known),
        Value::Object(map) => map.values().all(is_known),
        _ => true,
    }
}

/// Writes a scalar as CloudFormation passes it on.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

type Evaluated = Result<Option<Value>, String>;

impl<'s> Scope<'s> {
    pub fn new(
        template: &'s Template,
        parameters: &'s BTreeMap<String, Value>,
        pseudo: BTreeMap<&'static str, Value>,
        resource: &'s dyn Fn(&str, Option<&str>) -> Looked,
        export: &'s dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let (conditions, depth) = (RefCell::default(), Cell::default());
        Self { template, parameters, pseudo, resource, export, conditions, depth }
    }

    /// Evaluates a value; nothing if it is `AWS::NoValue`.
    pub fn evaluate(&self, value: &Value) -> Evaluated {
        if self.depth.get() >= DEEPEST {
            return Err("Template error: expressions are nested too deeply".to_owned());
        }
        self.depth.set(self.depth.get() + 1);
        let evaluated = self.evaluate_here(value);
        self.depth.set(self.depth.get() - 1);
        evaluated
    }

    fn evaluate_here(&self, value: &Value) -> Evaluated {
        match value {
            Value::Array(list) => {
                let mut evaluated = Vec::with_capacity(list.len());
                for item in list {
                    evaluated.extend(self.evaluate(item)?);
                }
                Ok(Some(Value::Array(evaluated)))
            }
            Value::Object(map) => match map.iter().next() {
                Some((name, argument)) if map.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    self.function(name, argument)
                }
                _ => self.map(map),
            },
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn map(&self, map: &Map<String, Value>) -> Evaluated {
        let mut evaluated = Map::new();
        for (key, value) in map {
            if let Some(value) = self.evaluate(value)? {
                evaluated.insert(key.clone(), value);
            }
        }
        Ok(Some(Value::Object(evaluated)))
    }

    /// Evaluates a value that has to be there.
    pub fn required(&self, value: &Value) -> Result<Value, String> {
        self.evaluate(value)?.ok_or_else(|| "Template error: AWS::NoValue is not allowed here".to_owned())
    }

    fn string(&self, value: &Value) -> Result<String, String> {
        let value = self.required(value)?;
        text(&value).ok_or_else(|| format!("Template error: every value here must be a string, and {value} is none"))
    }

    fn list(&self, function: &str, value: &Value) -> Result<Option<Vec<Value>>, String> {
        match self.required(value)? {
            Value::Array(list) => Ok(Some(list)),
            // A list that is not known yet.
            Value::String(text) if text.contains(KNOWN_LATER) => Ok(None),
            _ => Err(format!("Template error: {function} requires a list")),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Evaluated {
        let later = || Ok(Some(Value::from(KNOWN_LATER)));
        let malformed = || format!("Template error: every {name} object is malformed: {argument}");
        let part = |index: usize| argument.get(index).ok_or_else(malformed);
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(malformed)?),
            "Fn::GetAtt" => {
                let found = attribute_of(argument).ok_or_else(malformed)?;
                self.attribute(&found.name, found.attribute.as_deref().unwrap_or_default()).map(Some)
            }
            "Fn::Sub" => self.sub(argument).map(Some),
            "Fn::Join" => {
                let Some(list) = self.list(name, part(1)?)? else { return later() };
                let list: Option<Vec<_>> = list.iter().map(text).collect();
                Ok(Some(list.ok_or_else(malformed)?.join(part(0)?.as_str().unwrap_or_default()).into()))
            }
            "Fn::Split" => {
                let whole = self.string(part(1)?)?;
                if whole.contains(KNOWN_LATER) {
                    return later();
                }
                let separator = part(0)?.as_str().filter(|text| !text.is_empty()).ok_or_else(malformed)?;
                Ok(Some(whole.split(separator).map(Value::from).collect()))
            }
            "Fn::Select" => {
                let index = self.string(part(0)?)?;
                let Some(list) = self.list(name, part(1)?)? else { return later() };
                let found = index.parse().ok().and_then(|index: usize| list.get(index).cloned());
                found.map(Some).ok_or_else(|| {
                    format!("Template error: Fn::Select cannot select nonexistent value at index {index}")
                })
            }
            "Fn::If" => {
                let holds = self.condition(part(0)?.as_str().ok_or_else(malformed)?)?;
                self.evaluate(part(if holds { 1 } else { 2 })?)
            }
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::Base64" => Ok(Some(base64(&self.string(argument)?).into())),
            "Fn::Cidr" => {
                let number = |index, default: &str| match argument.get(index) {
                    Some(value) => self.string(value)?.parse::<u32>().map_err(|_| malformed()),
                    None => default.parse().map_err(|_| malformed()),
                };
                let block = self.string(part(0)?)?;
                if block.contains(KNOWN_LATER) {
                    return later();
                }
                let blocks = cidr::split(&block, number(1, "1")?, number(2, "8")?).ok_or_else(malformed)?;
                Ok(Some(blocks.into_iter().map(Value::from).collect()))
            }
            "Fn::GetAZs" => {
                let given = self.string(argument)?;
                let own = self.pseudo.get("AWS::Region").and_then(Value::as_str).unwrap_or_default();
                let region = if given.is_empty() { own } else { given.as_str() };
                Ok(Some(["a", "b", "c"].iter().map(|zone| Value::from(format!("{region}{zone}"))).collect()))
            }
            "Fn::ImportValue" => {
                let name = self.string(argument)?;
                let value = (self.export)(&name).ok_or_else(|| format!("No export named {name} found."))?;
                Ok(Some(value.into()))
            }
            "Fn::Length" => match self.list(name, argument)? {
                Some(list) => Ok(Some(list.len().into())),
                None => later(),
            },
            "Fn::ToJsonString" => Ok(Some(self.required(argument)?.to_string().into())),
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
                self.truth(name, argument).map(|truth| Some(truth.into()))
            }
            _ => Err(format!("Template error: {name} is not a function, or needs a transform")),
        }
    }

    fn reference(&self, name: &str) -> Evaluated {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.pseudo.get(name).or_else(|| self.parameters.get(name)) {
            return Ok(Some(value.clone()));
        }
        match (self.resource)(name, None) {
            Looked::Value(value) => Ok(Some(value)),
            Looked::Later => Ok(Some(KNOWN_LATER.into())),
            Looked::Nothing => Err(format!("Template format error: Unresolved resource dependencies [{name}]")),
        }
    }

    fn attribute(&self, name: &str, attribute: &str) -> Result<Value, String> {
        match (self.resource)(name, Some(attribute)) {
            Looked::Value(value) => Ok(value),
            Looked::Later => Ok(KNOWN_LATER.into()),
            Looked::Nothing => Err(format!(
                "Attribute '{attribute}' does not exist for the resource [{name}] of type {}",
                self.template.resource_type(name)
            )),
        }
    }

    fn sub(&self, argument: &Value) -> Result<Value, String> {
        let (text, own) = match argument {
            Value::Array(parts) => (parts.first(), parts.get(1).and_then(Value::as_object)),
            other => (Some(other), None),
        };
        let malformed =
            || "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments".to_owned();
        let whole = text.and_then(Value::as_str).ok_or_else(malformed)?;
        let mut result = String::with_capacity(whole.len());
        for piece in pieces(whole) {
            match piece {
                Piece::Text(text) => result.push_str(text),
                Piece::Name(name) => {
                    let value = match (own.and_then(|own| own.get(name)), name.split_once('.')) {
                        (Some(value), _) => self.required(value)?,
                        (None, Some((name, attribute))) => self.attribute(name, attribute)?,
                        (None, None) => self.reference(name)?.ok_or_else(malformed)?,
                    };
                    result.push_str(&super::text(&value).ok_or_else(malformed)?);
                }
            }
        }
        Ok(result.into())
    }

    fn find_in_map(&self, argument: &Value) -> Evaluated {
        let key = |index: usize| self.string(argument.get(index).unwrap_or(&Value::Null));
        let (map, first, second) = (key(0)?, key(1)?, key(2)?);
        let found = self.template.entry("Mappings", &map).and_then(|map| map.get(&first)?.get(&second));
        match (found, argument.get(3).and_then(|options| options.get("DefaultValue"))) {
            (Some(value), _) => Ok(Some(value.clone())),
            (None, Some(default)) => self.evaluate(default),
            (None, None) => Err(format!("Template error: Unable to get mapping for {map}::{first}::{second}")),
        }
    }

    /// Says whether a condition holds.
    pub fn condition(&self, name: &str) -> Result<bool, String> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return Ok(*known);
        }
        let undefined = || format!("Template error: condition {name} is not defined");
        let definition = self.template.entry("Conditions", name).ok_or_else(undefined)?;
        let holds = self.holds(definition)?;
        self.conditions.borrow_mut().insert(name.to_owned(), holds);
        Ok(holds)
    }

    /// Says whether a resource or output is there: whether the condition that it names holds.
    pub fn is_there(&self, definition: &Value) -> Result<bool, String> {
        definition["Condition"].as_str().map_or(Ok(true), |name| self.condition(name))
    }

    fn holds(&self, value: &Value) -> Result<bool, String> {
        if self.depth.get() >= DEEPEST {
            return Err("Template error: conditions are nested too deeply".to_owned());
        }
        self.depth.set(self.depth.get() + 1);
        let single = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let holds = match single {
            Some((name, argument)) if name == "Condition" => self.condition(argument.as_str().unwrap_or_default()),
            Some((name, argument)) => self.truth(name, argument),
            None => Err(format!("Template error: {value} is no condition")),
        };
        self.depth.set(self.depth.get() - 1);
        holds
    }

    fn truth(&self, name: &str, argument: &Value) -> Result<bool, String> {
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let each = |wanted: bool| {
            for part in parts {
                if self.holds(part)? == wanted {
                    return Ok(wanted);
                }
            }
            Ok(!wanted)
        };
        match (name, parts) {
            ("Fn::Equals", [one, other]) => {
                let (one, other) = (self.required(one)?, self.required(other)?);
                Ok(text(&one).unwrap_or_else(|| one.to_string()) == text(&other).unwrap_or_else(|| other.to_string()))
            }
            ("Fn::Not", [part]) => Ok(!self.holds(part)?),
            ("Fn::And", _) => each(false),
            ("Fn::Or", _) => each(true),
            _ => Err(format!("Template error: {name} is no condition")),
        }
    }
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.as_bytes().chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            encoded.push(if place <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    encoded
}
