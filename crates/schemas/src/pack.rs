//! Writes what [`Packed`](crate::Packed) reads.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::packed::{MAGIC, Tag, mark};

/// Packs documents by name, into the text of all strings and the rest.
///
/// The same documents always give the same bytes; nothing if they are too large for the format.
pub fn pack<'v>(documents: impl IntoIterator<Item = (&'v str, &'v Value)>) -> Option<(String, Vec<u8>)> {
    let documents: BTreeMap<&str, &Value> = documents.into_iter().collect();
    let mut uses = BTreeMap::new();
    for (name, document) in &documents {
        count(&mut uses, name);
        count_strings(document, &mut uses);
    }
    let mut strings: Vec<(String, usize)> = uses.into_iter().collect();
    // Stable, so that strings that are used as often stay in the order of their letters.
    strings.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));

    let mut nodes = Nodes::default();
    for (index, (text, _)) in strings.iter().enumerate() {
        nodes.strings.insert(text, u32::try_from(index).ok()?);
    }
    let mut directory = Vec::new();
    for (name, document) in &documents {
        let slot = nodes.slot(document)?;
        for word in [*nodes.strings.get(name)?, slot] {
            directory.extend(word.to_le_bytes());
        }
    }

    let mut ends = Vec::new();
    let mut text = String::new();
    for (string, _) in &strings {
        text.push_str(string);
        ends.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
    }
    let mut file = MAGIC.to_vec();
    for number in [documents.len(), strings.len(), text.len()] {
        file.extend(u32::try_from(number).ok()?.to_le_bytes());
    }
    for part in [directory, ends, nodes.bytes] {
        file.extend(part);
    }
    Some((text, file))
}

fn count(uses: &mut BTreeMap<String, usize>, text: &str) {
    match uses.get_mut(text) {
        Some(number) => *number += 1,
        None => drop(uses.insert(text.to_owned(), 1)),
    }
}

fn count_strings(value: &Value, uses: &mut BTreeMap<String, usize>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) if whole(number).is_some() => {}
        Value::Number(number) => count(uses, &number.to_string()),
        Value::String(text) => count(uses, text),
        Value::Array(list) => list.iter().for_each(|value| count_strings(value, uses)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            count(uses, key);
            count_strings(value, uses);
        }),
    }
}

/// Numbers that stand in a slot themselves.
fn whole(number: &serde_json::Number) -> Option<u32> {
    number.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| number >> (32 - Tag::BITS) == 0)
}

/// The arrays and objects that have been written.
#[derive(Default)]
struct Nodes<'s> {
    bytes: Vec<u8>,
    /// The numbers of the strings.
    strings: HashMap<&'s str, u32>,
    /// Where each one is, by its tag, keys and slots.
    known: HashMap<(u32, Vec<u32>), u32>,
}

impl Nodes<'_> {
    /// Writes what is inside of a value, and gives its slot, in which positions are from the start.
    fn slot(&mut self, value: &Value) -> Option<u32> {
        let slot =
            |tag: Tag, payload: u32| (payload >> (32 - Tag::BITS) == 0).then_some((payload << Tag::BITS) | tag as u32);
        match value {
            Value::Null => slot(Tag::Null, 0),
            Value::Bool(false) => slot(Tag::False, 0),
            Value::Bool(true) => slot(Tag::True, 0),
            Value::Number(number) => match whole(number) {
                Some(number) => slot(Tag::Whole, number),
                None => slot(Tag::Number, *self.strings.get(number.to_string().as_str())?),
            },
            Value::String(text) => slot(Tag::String, *self.strings.get(text.as_str())?),
            Value::Array(list) => {
                let slots = list.iter().map(|value| self.slot(value)).collect::<Option<Vec<u32>>>()?;
                slot(Tag::Array, self.node(Tag::Array, Vec::new(), slots)?)
            }
            Value::Object(map) => {
                let marks = map.keys().map(|key| mark(key)).collect();
                let mut parts = Vec::with_capacity(2 * map.len());
                for (key, value) in map {
                    parts.extend([*self.strings.get(key.as_str())?, self.slot(value)?]);
                }
                slot(Tag::Object, self.node(Tag::Object, marks, parts)?)
            }
        }
    }

    /// Writes an array or an object, unless there is one that is the same, and tells where it is.
    fn node(&mut self, tag: Tag, marks: Vec<u8>, parts: Vec<u32>) -> Option<u32> {
        let key = (tag as u32, parts);
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let start = u32::try_from(self.bytes.len()).ok()?;
        let entry = if tag == Tag::Object { 2 } else { 1 };
        self.number(u32::try_from(key.1.len() / entry).ok()?);
        self.bytes.extend(marks);
        for (index, part) in key.1.iter().enumerate() {
            let is_key = entry == 2 && index % 2 == 0;
            let is_inside = matches!(Tag::of(*part), Tag::Array | Tag::Object);
            let distance = || ((start - (part >> Tag::BITS)) << Tag::BITS) | (part & Tag::MASK);
            self.number(if !is_key && is_inside { distance() } else { *part });
        }
        self.known.insert(key, start);
        Some(start)
    }

    fn number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Packed;

    #[test]
    fn what_is_packed_is_read_back() {
        let one = json!({
            "null": null, "flags": [true, false], "texts": ["", "é\"\n", "x".repeat(300)],
            "numbers": [0, 1, 536_870_911_u64, 536_870_912_u64, u64::MAX, -1, 0.5, 1.0, 1e300],
            "empty": [{}, [], {"": {}}], "deep": [[[[{"a": [1, {"b": 2}]}]]]], "a/b~c": [7]
        });
        let two = json!({"deep": [[[[{"a": [1, {"b": 2}]}]]]]});
        let (text, bytes) = pack([("two", &two), ("one", &one), ("text", &json!("é"))]).expect("small documents");
        let packed = Packed::open(text, bytes);
        assert_eq!(packed.names().collect::<Vec<_>>(), ["one", "text", "two"]);
        let read = |name| packed.get(name).expect("a document");
        assert_eq!(read("one").to_value(), one);
        assert_eq!(read("one").to_string(), one.to_string(), "order and numbers stay as they were written");
        assert_eq!(read("two").to_value(), two);
        assert_eq!(read("text").as_str(), Some("é"));
        assert!(packed.get("three").is_none());
        assert!(read("one").get("deep") == read("two").get("deep"), "what is the same is kept once");
        assert!(read("one") != read("two"));
        for pointer in ["", "/numbers/3", "/a~1b~0c/0", "/texts/0", "/deep/0/0/0/0/a", "/nowhere", "/numbers/9", "null"]
        {
            let value = read("one").pointer(pointer).map(crate::Json::to_value);
            assert_eq!(value.as_ref(), one.pointer(pointer), "`{pointer}`");
        }
    }

    #[test]
    fn numbers_are_what_serde_json_takes_them_for() {
        for value in [json!(7), json!(-7), json!(7.0), json!(u64::MAX), json!(0.1), json!("7"), json!(true)] {
            let (text, bytes) = pack([("it", &value)]).expect("a small document");
            let packed = Packed::open(text, bytes);
            let json = packed.get("it").expect("a document");
            assert_eq!((json.as_u64(), json.as_f64()), (value.as_u64(), value.as_f64()), "{value}");
        }
    }

    #[test]
    fn a_damaged_file_is_empty_and_no_panic() {
        let value = json!({"a": [1, {"b": "c"}], "d": {"e": [{}, "f"]}});
        let (text, bytes) = pack([("it", &value)]).expect("a small document");
        assert_eq!(Packed::open("", Vec::new()).names().count(), 0);
        assert_eq!(Packed::open(text[1..].to_owned(), bytes.clone()).names().count(), 0);
        for length in 0..bytes.len() {
            let packed = Packed::open(text.clone(), bytes[..length].to_vec());
            drop(packed.get("it").map(crate::Json::to_value));
        }
        for position in 20..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[position] ^= 0x55;
            let packed = Packed::open(text.clone(), damaged);
            let top = packed.get("it").and_then(crate::Json::as_object);
            assert!(top.is_none_or(|top| top.iter().take(100).count() <= 100));
        }
    }
}
