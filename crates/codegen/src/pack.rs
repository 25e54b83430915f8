//! What the program itself reads, packed so that it can be read in place: the schemas without prose, the actions of IAM,
//! the metrics and events of services.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::vendor::{self, Schemas};

/// The folder of the files, from the root of the repository.
const FOLDER: &str = "crates/schemas/src";

/// Keywords that are prose for people.
const PROSE: [&str; 8] =
    ["$comment", "$schema", "description", "documentationUrl", "examples", "resourceLink", "sourceUrl", "title"];
/// Keywords whose value maps names that somebody chose, such as a property called `description`, to schemas.
const NAMED: [&str; 3] = ["definitions", "patternProperties", "properties"];
/// Keywords whose value is a schema or a list of schemas.
const NESTED: [&str; 10] =
    ["additionalProperties", "allOf", "anyOf", "else", "if", "items", "not", "oneOf", "prefixItems", "then"];

/// Packs all of it into files, whose paths are from the root of the repository.
pub fn files(root: &Path, schemas: &Schemas) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let lean: Schemas = schemas.iter().map(|(name, schema)| (name.clone(), without_prose(schema.clone()))).collect();
    let actions = vendor::read_actions(root)?;
    let vendor::ServiceSpec { metrics, events } = vendor::read_service_spec(root)?;
    let mut files = Vec::new();
    for (name, documents) in [("schemas", &lean), ("actions", &actions), ("metrics", &metrics), ("events", &events)] {
        let (text, rest) = pack(documents)?;
        let file = Path::new(FOLDER).join(name);
        files.extend([(file.with_extension("txt"), text.into_bytes()), (file.with_extension("bin"), rest)]);
    }
    Ok(files)
}

/// The same documents always give the same bytes.
fn pack(documents: &BTreeMap<String, Value>) -> Result<(String, Vec<u8>)> {
    let documents = documents.iter().map(|(name, document)| (name.as_str(), document));
    schemas::pack(documents).context("the documents have outgrown their file format")
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
