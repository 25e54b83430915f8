//! Reading a schema's keywords.

use serde_json::{Map, Value};

/// What kind of value a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object with known properties, or the empty object.
    Structure,
    /// An object whose keys the author chooses.
    Map,
    /// An array.
    List,
    /// A string of known values.
    Enumeration,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Anything.
    Json,
}

/// Follows a local `$ref`, once.
pub fn target<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// Follows a local `$ref`, and whatever that refers to.
pub fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..16 {
        let Some(next) = target(root, schema) else { break };
        schema = next;
    }
    schema
}

/// Tells what kind of value a schema describes.
pub fn shape(root: &Value, schema: &Value) -> Shape {
    let schema = resolve(root, schema);
    if values(schema).is_some() {
        return Shape::Enumeration;
    }
    match types(schema).as_slice() {
        ["string"] => Shape::String,
        ["integer"] => Shape::Integer,
        ["number"] => Shape::Double,
        ["boolean"] => Shape::Boolean,
        ["array"] => Shape::List,
        ["object"] => object(root, schema),
        [] => untyped(root, schema),
        // CloudFormation takes a string wherever it takes a scalar.
        several if several.iter().all(|name| ["string", "integer", "number", "boolean"].contains(name)) => {
            Shape::String
        }
        ["boolean", "null"] => Shape::Boolean,
        _ => Shape::Json,
    }
}

fn object(root: &Value, schema: &Value) -> Shape {
    if !properties(root, schema).is_empty() {
        Shape::Structure
    } else if map_values(schema).is_some() {
        Shape::Map
    } else if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        Shape::Structure
    } else {
        Shape::Json
    }
}

fn untyped(root: &Value, schema: &Value) -> Shape {
    let has = |keyword| schema.get(keyword).is_some();
    if has("properties") || has("patternProperties") {
        return object(root, schema);
    }
    if has("items") {
        return Shape::List;
    }
    if ["pattern", "minLength", "maxLength", "format"].into_iter().any(has) {
        return Shape::String;
    }
    match chosen(root, schema) {
        Choice::One(variant) => shape(root, variant),
        Choice::Merged => Shape::Structure,
        Choice::Text => Shape::String,
        Choice::None => Shape::Json,
    }
}

/// What to make of `oneOf`, `anyOf` and `allOf` in a schema that says nothing else.
pub enum Choice<'a> {
    /// This variant says it all.
    One(&'a Value),
    /// The variants are objects: the properties of all of them, each optional.
    Merged,
    /// The variants are scalars of different types.
    Text,
    /// Nothing in common.
    None,
}

/// Decides what to make of `oneOf`, `anyOf` and `allOf`.
pub fn chosen<'a>(root: &Value, schema: &'a Value) -> Choice<'a> {
    let telling = |variant: &&Value| {
        ["$ref", "type", "properties", "items", "enum", "const", "patternProperties", "oneOf", "anyOf"]
            .into_iter()
            .any(|keyword| variant.get(keyword).is_some())
    };
    let variants: Vec<&Value> = variants(schema).filter(telling).collect();
    let shapes: Vec<Shape> = variants.iter().map(|variant| shape(root, variant)).collect();
    let scalar = |shape: &Shape| {
        matches!(shape, Shape::String | Shape::Enumeration | Shape::Integer | Shape::Double | Shape::Boolean)
    };
    match (variants.as_slice(), shapes.as_slice()) {
        // One says it all, or two do of which one is JSON in a string.
        ([variant], _)
        | ([variant, _], [Shape::List | Shape::Structure, Shape::Json])
        | ([_, variant], [Shape::Json, Shape::List | Shape::Structure]) => Choice::One(variant),
        ([first, ..], [shape, rest @ ..])
            if scalar(shape) && *shape != Shape::Enumeration && rest.iter().all(|other| other == shape) =>
        {
            Choice::One(first)
        }
        (_, []) => Choice::None,
        (_, shapes) if shapes.iter().all(|shape| *shape == Shape::Structure) => Choice::Merged,
        (_, shapes) if shapes.iter().all(scalar) => Choice::Text,
        _ => Choice::None,
    }
}

/// Lists the schemas of `oneOf`, `anyOf` and `allOf`.
pub fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten()
}

/// Collects the properties of an object, those of its variants included.
pub fn properties(root: &Value, schema: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    collect(root, schema, &mut all, 0);
    all.sort_keys();
    all
}

fn collect(root: &Value, schema: &Value, all: &mut Map<String, Value>, depth: usize) {
    let schema = resolve(root, schema);
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        match all.get_mut(name) {
            None => {
                all.insert(name.clone(), property.clone());
            }
            Some(known) => merge(root, known, property),
        }
    }
    // A variant that requires what another one has is no deeper than this.
    if depth < 4 {
        for variant in variants(schema) {
            collect(root, variant, all, depth + 1);
        }
    }
}

/// Merges what two variants say of one property: the values of both enumerations, or else what is said first.
fn merge(root: &Value, known: &mut Value, other: &Value) {
    let (Some(mut all), Some(more)) = (values(resolve(root, known)), values(resolve(root, other))) else {
        let telling = |schema: &Value| shape(root, schema) != Shape::Json;
        if !telling(known) && telling(other) {
            *known = other.clone();
        }
        return;
    };
    if more.iter().all(|value| all.contains(value)) {
        return;
    }
    all.extend(more.into_iter().filter(|value| !all.contains(value)).collect::<Vec<_>>());
    let mut merged = resolve(root, known).clone();
    if let Some(keywords) = merged.as_object_mut() {
        keywords.shift_remove("const");
        keywords.insert("enum".to_owned(), all.into());
    }
    *known = merged;
}

/// Returns the values of an enumeration of strings.
pub fn values(schema: &Value) -> Option<Vec<String>> {
    let constant = schema.get("const").map(std::slice::from_ref);
    let list = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice).or(constant)?;
    let strings: Option<Vec<String>> = list.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    strings.filter(|values| !values.is_empty())
}

/// Returns the schema of the values of an object whose keys the author chooses, if there is one for all of them.
pub fn map_values(schema: &Value) -> Option<&Value> {
    let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let additional = schema.get("additionalProperties").filter(|schema| schema.is_object());
    let mut all = patterns.chain(additional);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Lists the JSON types that a schema allows.
pub fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Lists the strings of a keyword such as `required`.
pub fn strings<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a str> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Lists the paths of a keyword such as `readOnlyProperties`, without their prefix: `Endpoint/Address`.
pub fn paths<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a str> {
    strings(schema, keyword).filter_map(|pointer| pointer.strip_prefix("/properties/"))
}

/// Returns the text of a keyword, or nothing.
pub fn text<'a>(schema: &'a Value, keyword: &str) -> &'a str {
    schema.get(keyword).and_then(Value::as_str).unwrap_or_default()
}
