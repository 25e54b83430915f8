//! The schemas that the program itself reads: without prose, in blocks that can be unpacked one at a time.
//!
//! The format is described in `crates/schemas/src/packed.rs`, which reads it.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::vendor::Schemas;

/// The file, from the root of the repository.
pub const FILE: &str = "crates/schemas/src/schemas.bin";

const MAGIC: &[u8; 8] = b"CFNSCHM1";
/// A block holds no more than this, or one schema that is larger by itself. Larger blocks make a smaller file and a slower first look at a type.
const BLOCK_BYTES: usize = 64 * 1024;
/// Two thirds of the time of level 19 saved for half a percent of size: whoever checks freshness compresses again.
const LEVEL: i32 = 16;

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
    let mut index = Vec::new();
    let mut names = Vec::new();
    let mut blocks: Vec<Vec<u8>> = vec![Vec::new()];
    for (name, schema) in schemas {
        let text = serde_json::to_vec(&without_prose(schema.clone()))?;
        if blocks.last().is_some_and(|block| !block.is_empty() && block.len() + text.len() > BLOCK_BYTES) {
            blocks.push(Vec::new());
        }
        let number = blocks.len() - 1;
        let block = &mut blocks[number];
        for field in [names.len(), name.len(), number, block.len(), text.len()] {
            index.extend(word(field)?);
        }
        names.extend(name.as_bytes());
        block.extend(text);
    }

    let mut table = Vec::new();
    let mut data = Vec::new();
    for block in &blocks {
        let packed = zstd::bulk::compress(block, LEVEL)?;
        for field in [data.len(), packed.len(), block.len()] {
            table.extend(word(field)?);
        }
        data.extend(packed);
    }
    let mut file = MAGIC.to_vec();
    for field in [schemas.len(), blocks.len(), names.len()] {
        file.extend(word(field)?);
    }
    for part in [index, table, names, data] {
        file.extend(part);
    }
    Ok(file)
}

fn word(number: usize) -> Result<[u8; 4]> {
    Ok(u32::try_from(number).context("the schemas have outgrown their file format")?.to_le_bytes())
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
