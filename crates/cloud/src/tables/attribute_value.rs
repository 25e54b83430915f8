use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// An item, or the key attributes of one, or the values of an expression.
pub type Item = BTreeMap<String, AttributeValue>;

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// Text (`S`).
    String(String),
    /// A number of up to 38 digits, as text, so that none are lost (`N`).
    Number(String),
    /// Bytes (`B`).
    Binary(Vec<u8>),
    /// `BOOL`.
    Bool(bool),
    /// `NULL`.
    Null,
    /// A list (`L`).
    List(Vec<AttributeValue>),
    /// A map (`M`).
    Map(Item),
    /// A set of texts (`SS`).
    StringSet(BTreeSet<String>),
    /// A set of numbers (`NS`).
    NumberSet(BTreeSet<String>),
    /// A set of byte strings (`BS`).
    BinarySet(BTreeSet<Vec<u8>>),
}

impl AttributeValue {
    /// Returns the text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if it is a whole one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Returns the map, if it is one.
    pub fn as_map(&self) -> Option<&Item> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Turns the value into JSON. Sets become sorted lists, and bytes lists of numbers.
    pub fn to_json(&self) -> Value {
        let bytes = |bytes: &[u8]| Value::Array(bytes.iter().map(|byte| Value::from(*byte)).collect());
        match self {
            Self::String(text) => Value::from(text.as_str()),
            Self::Number(digits) => number(digits),
            Self::Binary(binary) => bytes(binary),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Null => Value::Null,
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Map(item) => item_to_json(item),
            Self::StringSet(texts) => texts.iter().map(|text| Value::from(text.as_str())).collect(),
            Self::NumberSet(numbers) => numbers.iter().map(|digits| number(digits)).collect(),
            Self::BinarySet(binaries) => binaries.iter().map(|binary| bytes(binary)).collect(),
        }
    }
}

/// Reads a number; one that JSON cannot hold stays a text, so that nothing is lost or invented.
fn number(digits: &str) -> Value {
    match serde_json::from_str(digits) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ => Value::from(digits),
    }
}

impl From<Value> for AttributeValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::String(text),
            Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Object(fields) => Self::Map(fields.into_iter().map(|(name, value)| (name, value.into())).collect()),
        }
    }
}

impl From<&str> for AttributeValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for AttributeValue {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<u64> for AttributeValue {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<i64> for AttributeValue {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<u32> for AttributeValue {
    fn from(number: u32) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<Item> for AttributeValue {
    fn from(item: Item) -> Self {
        Self::Map(item)
    }
}

/// Turns a JSON object into an item; `None` if it is not an object.
pub fn item_from_json(value: Value) -> Option<Item> {
    match AttributeValue::from(value) {
        AttributeValue::Map(item) => Some(item),
        _ => None,
    }
}

/// Turns an item into a JSON object; see [`AttributeValue::to_json`].
pub fn item_to_json(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let document = json!({
            "id": "a1", "attempt": 3, "ratio": 0.5, "done": false, "error": null,
            "plan": {"frames": 18_000_000_000_000_000_000_u64, "chunks": [1, "two", {"three": []}]},
        });
        let item = item_from_json(document.clone()).expect("an object");
        assert_eq!(item["attempt"], AttributeValue::Number("3".to_owned()));
        assert_eq!(item_to_json(&item), document);
    }

    #[test]
    fn only_an_object_is_an_item() {
        assert_eq!(item_from_json(json!([1])), None);
    }

    #[test]
    fn a_number_beyond_json_is_kept_as_text() {
        let digits = "1E+400";
        assert_eq!(AttributeValue::Number(digits.to_owned()).to_json(), json!(digits));
    }
}
