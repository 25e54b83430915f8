//! The schemas that the program itself reads: without prose, packed so that they can be read in place.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::vendor::Schemas;

/// The file, from the root of the repository.
pub const FILE: &str = "crates/schemas/src/schemas.bin";

/// Keywords that are prose for people.
const PROSE: [&str; 8] =
    ["$comment", "$schema", "description", "documentationUrl", "examples", "resourceLink", "sourceUrl", "title"];
/// Keywords whose value maps names that somebody chose, such as a property called `description`, to schemas.
const NAMED: [&str; 3] = ["definitions", "patternProperties", "properties"];
/// Keywords whose value is a schema or a list of schemas.
const NESTED: [&str; 10] =
    ["additionalProperties", "allOf", "anyOf", "else", "if", "items", "not", "oneOf", "prefixItems", "then"];

/// Packs the schemas. The same schemas always give the same bytes.
pub fn pack(schemas: &Schemas) -> Result<Vec<u8>> {
    let lean: BTreeMap<&str, Value> =
        schemas.iter().map(|(name, schema)| (name.as_str(), without_prose(schema.clone()))).collect();
    let documents = lean.iter().map(|(name, schema)| (*name, schema));
    schemas::pack(documents).context("the schemas have outgrown their file format")
}

fn without_prose(schema: Value) -> Value {
    match schema {
        Value::Array(list) => list.into_iter().map(without_prose).collect(),
        Value::Object(keywords) => keywords.into_iter().filter_map(keyword_without_prose).collect::<Map<_, _>>().into(),
        other => other,
    }
}

fn keyword_without_prose((keyword, value): (String, Value)) -> Option<(String, Value)> {
    let value = match (keyword.as_str(), value) {
        (prose, _) if PROSE.contains(&prose) => return None,
        (named, Value::Object(schemas)) if NAMED.contains(&named) => {
            schemas.into_iter().map(|(name, schema)| (name, without_prose(schema))).collect::<Map<_, _>>().into()
        }
        (nested, value) if NESTED.contains(&nested) => without_prose(value),
        (_, value) => value,
    };
    Some((keyword, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prose_goes_and_names_stay() {
        let schema = json!({
            "description": "Prose.",
            "properties": {
                "description": {"description": "Prose.", "type": "string"},
                "title": {"enum": ["description"], "title": "Prose."}
            },
            "oneOf": [{"title": "Prose.", "required": ["title"]}]
        });
        let lean = json!({
            "properties": {"description": {"type": "string"}, "title": {"enum": ["description"]}},
            "oneOf": [{"required": ["title"]}]
        });
        assert_eq!(without_prose(schema), lean);
    }
}
