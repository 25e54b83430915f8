//! A service model as a schema: what the settings of MediaConvert are, which the provider schemas leave open.
//!
//! The shapes of the model become definitions as a provider schema has them, so that one builder makes types of both,
//! and one checker knows both.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::vendor::Schemas;

/// What people decided about a service model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// The shapes to generate, each with all that it has.
    pub roots: Vec<String>,
    /// Members without which their shape is refused, where the model does not say so.
    pub required: BTreeMap<String, Vec<String>>,
}

/// The resource types of which a property holds settings as JSON, and the shape of these.
const HOLDERS: [(&str, &str, &str); 2] = [
    ("AWS::MediaConvert::JobTemplate", "SettingsJson", "JobTemplateSettings"),
    ("AWS::MediaConvert::Preset", "SettingsJson", "PresetSettings"),
];

/// Makes a schema of the shapes that are to be generated; its definitions are theirs, its `uid` the model's.
pub fn schema(model: &Value, decisions: &Decisions) -> Result<Value> {
    let shapes = model["shapes"].as_object().context("the model has no shapes")?;
    let mut definitions = Map::new();
    let mut open: Vec<&str> = decisions.roots.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if definitions.contains_key(name) {
            continue;
        }
        let shape = shapes.get(name).with_context(|| format!("the model has no shape `{name}`"))?;
        let mut converter = Converter { shapes, needs: BTreeSet::new() };
        let definition = match text(shape, "type") {
            "structure" => converter.structure(name, shape, decisions)?,
            _ => json!({ "type": "string", "enum": shape["enum"] }),
        };
        definitions.insert(name.to_owned(), definition);
        open.extend(converter.needs);
    }
    if let Some(name) = decisions.required.keys().find(|name| !definitions.contains_key(*name)) {
        bail!("there is no shape `{name}` any more; take out what it requires");
    }
    definitions.sort_keys();
    Ok(json!({ "uid": model["metadata"]["uid"], "definitions": definitions }))
}

/// Puts the settings into the schemas of the resource types that hold them, so that checks look into them.
pub fn fill_in(schemas: &mut Schemas, settings: &Value) -> Result<()> {
    for (type_name, property, shape) in HOLDERS {
        let schema = schemas.get_mut(type_name).with_context(|| format!("`{type_name}` is gone"))?;
        let holder = schema
            .pointer_mut(&format!("/properties/{property}"))
            .with_context(|| format!("`{type_name}` has no `{property}`"))?;
        ensure!(holder["type"] == json!(["object", "string"]), "`{property}` of `{type_name}` is {}", holder["type"]);
        for (keyword, value) in settings["definitions"][shape].as_object().into_iter().flatten() {
            if keyword != "type" {
                holder[keyword] = value.clone();
            }
        }
        let mut needed = BTreeSet::new();
        collect(settings, &settings["definitions"][shape], &mut needed);
        for name in needed {
            let known = schema["definitions"].get(name);
            ensure!(known.is_none(), "`{type_name}` has a definition `{name}` of its own");
            schema["definitions"][name] = settings["definitions"][name].clone();
        }
    }
    Ok(())
}

/// Collects the names of the definitions that a schema refers to, and those that these refer to.
fn collect<'a>(root: &'a Value, schema: &'a Value, names: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match value.as_str().filter(|_| keyword == "$ref").and_then(|path| path.strip_prefix("#/definitions/"))
                {
                    Some(name) if names.insert(name) => collect(root, &root["definitions"][name], names),
                    Some(_) => {}
                    None => collect(root, value, names),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(root, value, names)),
        _ => {}
    }
}

struct Converter<'a> {
    shapes: &'a Map<String, Value>,
    /// The shapes that get definitions of their own.
    needs: BTreeSet<&'a str>,
}

impl<'a> Converter<'a> {
    fn structure(&mut self, name: &str, shape: &'a Value, decisions: &Decisions) -> Result<Value> {
        let members = shape["members"].as_object().with_context(|| format!("`{name}` has no members"))?;
        let mut properties = Map::new();
        for (member, reference) in members {
            let target = text(reference, "shape");
            let mut schema = self.schema(target).with_context(|| format!("`{member}` of `{name}`"))?;
            let description = [documentation(reference), range(&schema)].join("\n");
            schema["description"] = description.trim().into();
            properties.insert(member.clone(), schema);
        }
        let mut required: BTreeSet<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for member in decisions.required.get(name).into_iter().flatten() {
            let documented = members.get(member).map(|member| text(member, "documentation"));
            ensure!(
                documented.is_some_and(|words| words.to_lowercase().contains("required")) && required.insert(member),
                "`{member}` of `{name}` is not there, or not called required, or required already; take it out"
            );
        }
        Ok(json!({
            "description": documentation(shape),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }))
    }

    /// Says what may stand where a shape is.
    fn schema(&mut self, name: &str) -> Result<Value> {
        let (name, shape) = self.shapes.get_key_value(name).with_context(|| format!("there is no shape `{name}`"))?;
        let inner = |keyword: &str| text(&shape[keyword], "shape").to_owned();
        let kind = text(shape, "type");
        if kind == "structure" || shape.get("enum").is_some() {
            self.needs.insert(name);
            return Ok(json!({ "$ref": format!("#/definitions/{name}") }));
        }
        Ok(match kind {
            "string" => bounded(json!({ "type": "string" }), shape, ["minLength", "maxLength"]),
            "integer" | "long" => bounded(json!({ "type": "integer" }), shape, ["minimum", "maximum"]),
            "double" => bounded(json!({ "type": "number" }), shape, ["minimum", "maximum"]),
            "boolean" => json!({ "type": "boolean" }),
            "list" => {
                let list = json!({ "type": "array", "items": self.schema(&inner("member"))? });
                bounded(list, shape, ["minItems", "maxItems"])
            }
            "map" => json!({ "type": "object", "additionalProperties": self.schema(&inner("value"))? }),
            other => bail!("`{name}` is a {other}, which no template can say"),
        })
    }
}

/// Copies what bounds a shape, unless it is what any number of 32 bits is bound by.
fn bounded(mut schema: Value, shape: &Value, [least, most]: [&str; 2]) -> Value {
    let said = |bound: &&Value| ![i64::from(i32::MIN), i64::from(i32::MAX)].contains(&bound.as_i64().unwrap_or(0));
    for (from, to) in [("min", least), ("max", most)] {
        if let Some(bound) = shape.get(from).filter(said) {
            schema[to] = bound.clone();
        }
    }
    if let Some(pattern) = shape.get("pattern") {
        schema["pattern"] = pattern.clone();
    }
    schema
}

/// Says between which numbers a number is.
fn range(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!("From {least} to {most}."),
        (Some(least), None) => format!("At least {least}."),
        (None, Some(most)) => format!("At most {most}."),
        (None, None) => String::new(),
    }
}

/// Returns what the model says, its lists on lines of their own.
fn documentation(value: &Value) -> String {
    text(value, "documentation").trim().replace(" * ", "\n* ")
}

fn text<'a>(value: &'a Value, keyword: &str) -> &'a str {
    value.get(keyword).and_then(Value::as_str).unwrap_or_default()
}
