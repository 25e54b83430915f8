//! A JSON tree whose nodes know where they come from, and the findings about such trees.
//!
//! Synthesis yields trees whose origins are lines of Rust; parsers yield trees whose origins are positions in a file.
//! Whatever reads a tree (`check`, `diff`) can therefore say where a fault is without knowing who made it.
//!
//! Pure: no I/O, no clock, no environment; the same tree always gives the same bytes.

mod finding;
pub mod intrinsic;
mod json;
mod origin;
mod parse;
mod path;

pub use finding::{Finding, Severity};
pub use origin::Origin;
pub use parse::{Document, Oddity, Remark, SyntaxError, decode, parse, read};
pub use path::{Path, Segment};

/// A JSON value and its origin.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The value itself.
    pub node: Node,
    /// Where the value was written.
    pub origin: Origin,
}

/// A JSON value whose parts are trees.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, kept as it was written.
    Number(serde_json::Number),
    /// A string.
    String(String),
    /// An array.
    List(Vec<Tree>),
    /// An object, in the order in which it was written.
    Map(Map),
}

/// An object that keeps the order of its entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    entries: Vec<Entry>,
}

/// One key of a map and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub origin: Origin,
    /// The value.
    pub value: Tree,
}

/// Equality is of the JSON: where a value was written makes no difference to what it is.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Tree {
    /// Makes a tree from a node and its origin.
    pub fn new(node: Node, origin: Origin) -> Self {
        Self { node, origin }
    }

    /// Makes a string without an origin.
    pub fn string(text: impl Into<String>) -> Self {
        Self::new(Node::String(text.into()), Origin::Unknown)
    }

    /// Makes an object with one entry, the shape of every intrinsic function.
    pub fn single(key: impl Into<String>, value: Self) -> Self {
        let mut map = Map::default();
        map.push(key, value);
        Self::new(Node::Map(map), Origin::Unknown)
    }

    /// Gives the same tree with another origin at its root.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Returns the entry of an object, or nothing if this is no object or has no such key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// Follows keys from object to object.
    pub fn find<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<&Self> {
        keys.into_iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// Returns the object, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.node {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the array, if this is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.node {
            Node::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.node {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the key and value of an object that has exactly one entry, the shape of every intrinsic function.
    pub fn as_single(&self) -> Option<(&str, &Self)> {
        match self.as_map()?.entries.as_slice() {
            [entry] => Some((&entry.key, &entry.value)),
            _ => None,
        }
    }

    /// Names the kind of value in the words of JSON.
    pub fn kind(&self) -> &'static str {
        match &self.node {
            Node::Null => "null",
            Node::Bool(_) => "boolean",
            Node::Number(_) => "number",
            Node::String(_) => "string",
            Node::List(_) => "array",
            Node::Map(_) => "object",
        }
    }
}

impl Map {
    /// Appends an entry whose origin is that of its value.
    pub fn push(&mut self, key: impl Into<String>, value: Tree) {
        let origin = value.origin;
        self.entries.push(Entry { key: key.into(), origin, value });
    }

    /// Appends an entry. A key that is there already stays: readers report duplicates, so they must be able to see them.
    pub fn push_entry(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Returns the value of the first entry with this key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the first entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns the value of the first entry with this key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Lists the entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Lists the keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// Counts the entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Entry> for Map {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl IntoIterator for Map {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
