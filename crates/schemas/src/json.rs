//! Views of packed JSON: they copy nothing, and read what they are asked for.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::packed::{Packed, Tag, mark};

/// A JSON value in a packed file.
///
/// It is as small as a reference, and is passed by value. Two are equal if they are the same place of the same file;
/// within one file, values that are the same are kept once.
#[derive(Clone, Copy)]
pub struct Json<'f> {
    pub(crate) packed: &'f Packed,
    pub(crate) slot: u32,
}

/// An array in a packed file.
#[derive(Clone, Copy, Debug)]
pub struct Array<'f>(Items<'f>);

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'f>(Items<'f>);

/// An object in a packed file, in the order in which it was written.
#[derive(Clone, Copy, Debug)]
pub struct Object<'f>(Items<'f>);

/// The entries of an object.
#[derive(Clone, Debug)]
pub struct Entries<'f>(Items<'f>);

/// What is left to read of an array or an object.
#[derive(Clone, Copy, Debug)]
struct Items<'f> {
    parent: Json<'f>,
    /// Where the next one begins.
    at: usize,
    left: usize,
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot && std::ptr::eq(self.packed, other.packed)
    }
}

impl Eq for Json<'_> {}

impl<'f> Json<'f> {
    /// Returns the value of a key, if this is an object that has it.
    pub fn get(self, key: &str) -> Option<Self> {
        self.as_object()?.get(key)
    }

    /// Follows a JSON pointer such as `/properties/Tags/items`.
    pub fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, step| {
            let step = if step.contains('~') { &*step.replace("~1", "/").replace("~0", "~") } else { step };
            match value.as_array() {
                Some(array) => array.iter().nth(step.parse().ok()?),
                None => value.get(step),
            }
        })
    }

    /// Returns the text, if this is a string.
    pub fn as_str(self) -> Option<&'f str> {
        (self.tag() == Tag::String).then(|| self.packed.string(self.payload()))?
    }

    /// Returns the flag, if this is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.tag() {
            Tag::False => Some(false),
            Tag::True => Some(true),
            _ => None,
        }
    }

    /// Returns the number, if this is one that is whole and not negative.
    pub fn as_u64(self) -> Option<u64> {
        match self.tag() {
            Tag::Whole => Some(u64::from(self.payload())),
            Tag::Number => self.packed.string(self.payload())?.parse().ok(),
            _ => None,
        }
    }

    /// Returns the number, if this is one.
    pub fn as_f64(self) -> Option<f64> {
        match self.tag() {
            Tag::Whole => Some(f64::from(self.payload())),
            Tag::Number => self.packed.string(self.payload())?.parse().ok(),
            _ => None,
        }
    }

    /// Returns the elements, if this is an array.
    pub fn as_array(self) -> Option<Array<'f>> {
        (self.tag() == Tag::Array).then(|| Array(Items::of(self)))
    }

    /// Returns the object, if this is one.
    pub fn as_object(self) -> Option<Object<'f>> {
        (self.tag() == Tag::Object).then(|| Object(Items::of(self)))
    }

    /// Lists the strings of an array; those of anything else are none.
    pub fn strings(self) -> impl Iterator<Item = &'f str> + Clone {
        self.as_array().into_iter().flatten().filter_map(Self::as_str)
    }

    /// Follows the `$ref` of a JSON Schema within its root, and whatever that refers to; one without is returned as it is.
    #[must_use]
    pub fn resolved(self, root: Self) -> Self {
        let mut schema = self;
        // A cycle of nothing but references would be a damaged schema; this many steps are more than any has.
        for _ in 0..16 {
            let reference = schema.get("$ref").and_then(Self::as_str).and_then(|text| text.strip_prefix('#'));
            let Some(target) = reference.and_then(|pointer| root.pointer(pointer)) else { break };
            schema = target;
        }
        schema
    }

    /// Makes a value of its own, which costs as much as parsing.
    pub fn to_value(self) -> Value {
        match self.tag() {
            Tag::Null => Value::Null,
            Tag::False => Value::Bool(false),
            Tag::True => Value::Bool(true),
            Tag::Whole => self.payload().into(),
            Tag::Number => self.number().map_or(Value::Null, Value::Number),
            Tag::String => self.as_str().into(),
            Tag::Array => self.as_array().into_iter().flatten().map(Self::to_value).collect(),
            Tag::Object => {
                let entries = self.as_object().into_iter().flatten();
                Value::Object(entries.map(|(key, value)| (key.to_owned(), value.to_value())).collect::<Map<_, _>>())
            }
        }
    }

    fn number(self) -> Option<Number> {
        serde_json::from_str(self.packed.string(self.payload())?).ok()
    }

    fn tag(self) -> Tag {
        Tag::of(self.slot)
    }

    fn payload(self) -> u32 {
        self.slot >> Tag::BITS
    }
}

/// As JSON without white space.
impl fmt::Display for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_value(), formatter)
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<'f> Object<'f> {
    /// Returns the value of a key.
    pub fn get(self, key: &str) -> Option<Json<'f>> {
        self.find(key).map(|(_, value)| value)
    }

    /// Returns an entry with its key as the file has it.
    pub fn entry(self, key: &str) -> Option<(&'f str, Json<'f>)> {
        let (own, value) = self.find(key)?;
        Some((self.0.parent.packed.string(own)?, value))
    }

    /// Finds the number of a key among the strings, and its value.
    fn find(self, key: &str) -> Option<(u32, Json<'f>)> {
        let mut items = self.0;
        let packed = items.parent.packed;
        let wanted = mark(key);
        // The marks are right before the entries.
        let marks = packed.bytes_of_nodes(items.at.checked_sub(items.left)?, items.left)?;
        let mut next = 0;
        for (position, _) in marks.iter().enumerate().filter(|(_, own)| **own == wanted) {
            items.at = packed.after(items.at, 2 * (position - next))?;
            next = position + 1;
            let own = items.number()?;
            let value = items.slot()?;
            if packed.string(own)? == key {
                return Some((own, value));
            }
        }
        None
    }

    /// Tells whether there is such a key.
    pub fn contains_key(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Lists the entries in order.
    pub fn iter(self) -> Entries<'f> {
        Entries(self.0)
    }

    /// Lists the keys in order.
    pub fn keys(self) -> impl Iterator<Item = &'f str> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// Lists the values in order.
    pub fn values(self) -> impl Iterator<Item = Json<'f>> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// Counts the entries.
    pub fn len(self) -> usize {
        self.0.left
    }

    /// Tells whether there is no entry.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.parent == other.0.parent
    }
}

impl<'f> IntoIterator for Object<'f> {
    type Item = (&'f str, Json<'f>);
    type IntoIter = Entries<'f>;

    fn into_iter(self) -> Entries<'f> {
        self.iter()
    }
}

impl<'f> Iterator for Entries<'f> {
    type Item = (&'f str, Json<'f>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.left == 0 {
            return None;
        }
        let key = self.0.number()?;
        Some((self.0.parent.packed.string(key)?, self.0.slot()?))
    }
}

impl<'f> Array<'f> {
    /// Lists the elements.
    pub fn iter(self) -> Elements<'f> {
        Elements(self.0)
    }

    /// Counts the elements.
    pub fn len(self) -> usize {
        self.0.left
    }

    /// Tells whether there is no element.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'f> IntoIterator for Array<'f> {
    type Item = Json<'f>;
    type IntoIter = Elements<'f>;

    fn into_iter(self) -> Elements<'f> {
        self.iter()
    }
}

impl<'f> Iterator for Elements<'f> {
    type Item = Json<'f>;

    fn next(&mut self) -> Option<Json<'f>> {
        if self.0.left == 0 { None } else { self.0.slot() }
    }
}

impl<'f> Items<'f> {
    fn of(parent: Json<'f>) -> Self {
        let mut items = Self { parent, at: usize::try_from(parent.payload()).unwrap_or(usize::MAX), left: 0 };
        items.left = items.number().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        if parent.tag() == Tag::Object {
            items.at = items.at.saturating_add(items.left);
        }
        items
    }

    /// Reads a key, which a slot follows.
    fn number(&mut self) -> Option<u32> {
        let (number, after) = self.parent.packed.number(self.at)?;
        self.at = after;
        Some(number)
    }

    fn slot(&mut self) -> Option<Json<'f>> {
        let written = self.number()?;
        self.left = self.left.saturating_sub(1);
        let slot = match Tag::of(written) {
            // Arrays and objects are named by how far they are before the one that they are in.
            Tag::Array | Tag::Object => {
                let distance = Some(written >> Tag::BITS).filter(|distance| *distance > 0)?;
                (self.parent.payload().checked_sub(distance)? << Tag::BITS) | (written & Tag::MASK)
            }
            _ => written,
        };
        Some(Json { packed: self.parent.packed, slot })
    }
}
