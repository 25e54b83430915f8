//! Documents inside templates: JSON as an object, as text, or as text that functions put together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use tree::{Entry, Map, Node, Origin, Tree};

use super::{Hole, Part, Root, View};
use crate::outline::function;

/// Around the number of a hole: characters for private use, which no document has.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// A document that was read from a property.
///
/// What functions fill in stands in it as in an object: a string that is nothing but a hole is the function itself, one
/// with holes is an `Fn::Join`. So rules read both kinds of document alike.
pub(crate) struct Document<'a> {
    tree: Cow<'a, Tree>,
    pub host: View<'a>,
    /// How many bytes the document has at least.
    pub bytes: usize,
}

/// Why a document cannot be read.
pub(crate) enum Unreadable {
    /// It is not there, or only the stack knows it.
    Unknown,
    /// It is no JSON; this is what is wrong.
    Mistake(String),
}

impl Document<'_> {
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Looks at the document's root.
    pub fn view(&self) -> View<'_> {
        let host: View<'_> = self.host;
        View { root: Root::Document(self), ..host }.look(&self.tree)
    }
}

impl<'a> View<'a> {
    /// Reads the value as a JSON document.
    pub fn document(self) -> Result<Document<'a>, Unreadable> {
        let Some(tree) = self.tree() else { return Err(Unreadable::Unknown) };
        if let Some(("Fn::ToJsonString", argument)) = function(tree) {
            return Ok(Document { tree: Cow::Borrowed(argument), host: self, bytes: 0 });
        }
        if self.is_known() && tree.as_str().is_none() {
            return match &tree.node {
                Node::Map(_) | Node::List(_) => Ok(Document { tree: Cow::Borrowed(tree), host: self, bytes: 0 }),
                _ => Err(Unreadable::Unknown),
            };
        }
        let parts = self.parts();
        if matches!(parts.as_slice(), [Part::Hole(_)]) {
            return Err(Unreadable::Unknown);
        }
        self.parsed(&parts)
    }

    fn parsed(self, parts: &[Part<'a>]) -> Result<Document<'a>, Unreadable> {
        let mut text = String::new();
        let mut holes = Vec::new();
        let mut quotes = Quotes::default();
        let mut is_certain = true;
        for part in parts {
            match part {
                Part::Text(part) if part.contains([OPEN, CLOSE]) => return Err(Unreadable::Unknown),
                Part::Text(part) => {
                    quotes.read(part);
                    text.push_str(part);
                }
                Part::Hole(hole) => {
                    let mark = format!("{OPEN}{}{CLOSE}", holes.len());
                    // A hole between quotes fills text; elsewhere it may be a number, or half of the document.
                    is_certain &= quotes.open;
                    let pieces = if quotes.open { ["", &mark, ""] } else { ["\"", &mark, "\""] };
                    text.extend(pieces);
                    holes.push(expression(*hole));
                }
            }
        }
        let bytes = text.len();
        let origin = self.tree().map_or(Origin::Unknown, |tree| tree.origin);
        let mut tree = match serde_json::from_str::<Value>(&text) {
            Ok(value) => Tree::from_json(value, origin),
            Err(error) if is_certain => return Err(Unreadable::Mistake(error.to_string())),
            Err(_) => return Err(Unreadable::Unknown),
        };
        if !holes.is_empty() {
            refill(&mut tree, &holes);
        }
        Ok(Document { tree: Cow::Owned(tree), host: self, bytes })
    }

    /// Reads the value as a JSON document in which `${Name}` is filled from an object of substitutions, as state machines
    /// have them.
    pub fn document_with(self, substitutions: View<'a>) -> Result<Document<'a>, Unreadable> {
        let document = self.document()?;
        if substitutions.is_absent() {
            return Ok(document);
        }
        if !substitutions.is_closed() {
            return Err(Unreadable::Unknown);
        }
        let named: BTreeMap<&str, &Tree> =
            substitutions.entries().filter_map(|(name, value)| Some((name, value.tree()?))).collect();
        let mut tree = document.tree.into_owned();
        substitute(&mut tree, &named);
        Ok(Document { tree: Cow::Owned(tree), ..document })
    }
}

/// Follows whether text is inside quotes.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.open,
                b'"' => self.open = !self.open,
                _ => {}
            }
        }
    }
}

/// Writes a hole as the function that it was.
fn expression(hole: Hole<'_>) -> Tree {
    match hole {
        Hole::Ref(name) => Tree::single("Ref", Tree::string(name)),
        Hole::Attribute(id, name) => Tree::single("Fn::GetAtt", list(vec![Tree::string(id), Tree::string(name)])),
        Hole::Other(view) => view.tree().cloned().unwrap_or_else(|| Tree::string("")),
    }
}

fn list(items: Vec<Tree>) -> Tree {
    Tree::new(Node::List(items), Origin::Unknown)
}

/// Puts functions where their marks are.
fn refill(tree: &mut Tree, holes: &[Tree]) {
    match &mut tree.node {
        Node::String(text) if text.contains(OPEN) => {
            let pieces = text.split([OPEN, CLOSE]).enumerate().filter_map(|(index, piece)| match index % 2 {
                0 => (!piece.is_empty()).then(|| Tree::string(piece)),
                _ => holes.get(piece.parse::<usize>().ok()?).cloned(),
            });
            *tree = joined(pieces.collect(), tree.origin);
        }
        Node::List(items) => items.iter_mut().for_each(|item| refill(item, holes)),
        Node::Map(map) => rebuild(map, |value| refill(value, holes)),
        _ => {}
    }
}

/// Fills `${Name}` in texts from what is given by name.
fn substitute(tree: &mut Tree, named: &BTreeMap<&str, &Tree>) {
    match &mut tree.node {
        Node::String(text) if text.contains("${") => {
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            let mut kept = String::new();
            while let Some(start) = rest.find("${") {
                let after = &rest[start + 2..];
                let filled = after.split_once('}').and_then(|(name, behind)| Some((named.get(name)?, behind)));
                kept.push_str(&rest[..start]);
                if let Some((value, behind)) = filled {
                    if !kept.is_empty() {
                        pieces.push(Tree::string(std::mem::take(&mut kept)));
                    }
                    pieces.push((*value).clone());
                    rest = behind;
                } else {
                    kept.push_str("${");
                    rest = after;
                }
            }
            kept.push_str(rest);
            if !kept.is_empty() {
                pieces.push(Tree::string(kept));
            }
            *tree = joined(pieces, tree.origin);
        }
        Node::List(items) => items.iter_mut().for_each(|item| substitute(item, named)),
        Node::Map(map) if function_of_map(map) => {}
        Node::Map(map) => rebuild(map, |value| substitute(value, named)),
        _ => {}
    }
}

fn function_of_map(map: &Map) -> bool {
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn joined(mut pieces: Vec<Tree>, origin: Origin) -> Tree {
    match pieces.pop() {
        Some(only) if pieces.is_empty() => only.at(origin),
        Some(last) => {
            pieces.push(last);
            Tree::single("Fn::Join", list(vec![Tree::string(""), list(pieces)])).at(origin)
        }
        None => Tree::string("").at(origin),
    }
}

fn rebuild(map: &mut Map, mut change: impl FnMut(&mut Tree)) {
    let entries = std::mem::take(map).into_iter().map(|mut entry: Entry| {
        change(&mut entry.value);
        entry
    });
    *map = entries.collect();
}

/// Counts the bytes that a tree has as JSON without white space.
pub(crate) fn json_bytes(tree: &Tree) -> usize {
    let quoted = |text: &str| {
        // Counted, not searched: several bytes are compared at once, and nearly all texts have none.
        if text.bytes().filter(|byte| *byte < b' ' || *byte == b'"' || *byte == b'\\').count() == 0 {
            return text.len() + 2;
        }
        let escapes = text.bytes().map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
            0..=31 => 5,
            _ => 0,
        });
        text.len() + 2 + escapes.sum::<usize>()
    };
    match &tree.node {
        Node::Null => 4,
        Node::Bool(flag) => 5 - usize::from(*flag),
        Node::Number(number) => number.to_string().len(),
        Node::String(text) => quoted(text),
        Node::List(items) => 2 + items.len().saturating_sub(1) + items.iter().map(json_bytes).sum::<usize>(),
        Node::Map(map) => {
            let entries = map.iter().map(|entry| quoted(&entry.key) + 1 + json_bytes(&entry.value));
            2 + map.len().saturating_sub(1) + entries.sum::<usize>()
        }
    }
}

/// Tells whether a function stands anywhere in a tree.
pub(crate) fn has_function(tree: &Tree) -> bool {
    function(tree).is_some()
        || match &tree.node {
            Node::List(items) => items.iter().any(has_function),
            Node::Map(map) => map.iter().any(|entry| has_function(&entry.value)),
            _ => false,
        }
}
