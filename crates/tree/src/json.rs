//! Trees to and from `serde_json`.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::{Entry, Map, Node, Origin, Tree};

impl Tree {
    /// Writes the tree as JSON with two-space indentation and a final newline.
    pub fn to_json_pretty(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Writes the tree as JSON without white space.
    pub fn to_json_compact(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Makes a tree of a JSON value, with one origin for all of it.
    pub fn from_json(value: serde_json::Value, origin: Origin) -> Self {
        let node = match value {
            serde_json::Value::Null => Node::Null,
            serde_json::Value::Bool(flag) => Node::Bool(flag),
            serde_json::Value::Number(number) => Node::Number(number),
            serde_json::Value::String(text) => Node::String(text),
            serde_json::Value::Array(list) => {
                Node::List(list.into_iter().map(|item| Self::from_json(item, origin)).collect())
            }
            serde_json::Value::Object(object) => Node::Map(
                object
                    .into_iter()
                    .map(|(key, value)| Entry { key, origin, value: Self::from_json(value, origin) })
                    .collect::<Map>(),
            ),
        };
        Self { node, origin }
    }

    /// Makes a JSON value of the tree; of two entries with the same key the last one counts.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.node {
            Node::Null => serde_json::Value::Null,
            Node::Bool(flag) => (*flag).into(),
            Node::Number(number) => serde_json::Value::Number(number.clone()),
            Node::String(text) => text.clone().into(),
            Node::List(list) => list.iter().map(Self::to_json).collect(),
            Node::Map(map) => map.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(flag) => serializer.serialize_bool(*flag),
            Node::Number(number) => number.serialize(serializer),
            Node::String(text) => serializer.serialize_str(text),
            Node::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for item in list {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            Node::Map(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                for entry in map {
                    object.serialize_entry(&entry.key, &entry.value)?;
                }
                object.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let value = json!({"b": [1, 2.5, -3, true, null], "a": {"é\"\n": "x"}, "big": 12_345_678_901_234_567_890_u64});
        let tree = Tree::from_json(value.clone(), Origin::caller());
        assert_eq!(tree.to_json(), value);
        assert_eq!(tree.to_json_compact(), value.to_string(), "order and numbers stay as they were written");
    }

    #[test]
    fn duplicate_keys_stay_visible() {
        let mut map = Map::default();
        map.push("a", Tree::string("1"));
        map.push("a", Tree::string("2"));
        let tree = Tree::new(Node::Map(map), Origin::Unknown);
        assert_eq!(tree.to_json_compact(), r#"{"a":"1","a":"2"}"#);
    }

    #[test]
    fn origin_makes_no_difference_to_equality() {
        assert_eq!(Tree::string("a"), Tree::string("a").at(Origin::caller()));
        assert_ne!(Tree::string("a"), Tree::string("b"));
    }
}
