//! How rules read resources.
//!
//! A [`View`] is a value of a template in one combination of conditions: `Fn::If` is decided, what `AWS::NoValue` removes
//! is gone, functions of constants are worked out. It is *absent*, *unknown* (a function whose value only the stack
//! knows, or a dynamic reference) or *known*. Rules step from view to view by the names of properties, and ask for
//! text, numbers or flags; an unknown view gives none and has only unknown views below it, so a rule that asks for what
//! it judges never judges what nobody knows.
//!
//! A view keeps no path. Findings are rare, so the path is searched only for a finding, by the identity of the node.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tree::{Entry, Finding, Node, Origin, Path, Segment, Tree};

use crate::conditions::{Scenario, collect, merged};
use crate::outline::{Outline, branches, function, is_dynamic, is_no_value};
use crate::place::start;
use crate::rule::Rule;

mod document;
mod scope;
mod text;

pub(crate) use document::{Document, Unreadable, has_function, json_bytes};
pub(crate) use scope::{Scope, Target};
pub(crate) use text::{Hole, Part, shortest};

/// Deeper than this nothing is followed: not from template to template, nor from a function into its arguments.
const DEEPEST: usize = 32;

/// A value of a template in one combination of conditions, or the place where it could be.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub scope: &'a Scope<'a>,
    pub outline: &'a Outline<'a>,
    scenario: &'a Scenario<'a>,
    root: Root<'a>,
    seen: Seen<'a>,
}

#[derive(Clone, Copy)]
enum Seen<'a> {
    /// Not there; this is the object in which it could be, and its key.
    Absent(&'a Tree, &'a str),
    Unknown(&'a Tree),
    Known(&'a Tree),
}

/// Where the search for a path begins.
#[derive(Clone, Copy)]
enum Root<'a> {
    /// An entry of `Resources`.
    Resource(&'a Entry),
    /// The text of a document, read.
    Document(&'a Document<'a>),
}

/// A declared resource.
#[derive(Clone, Copy)]
pub(crate) struct Resource<'a> {
    pub id: &'a str,
    pub type_name: &'a str,
    /// The resource itself, in which `Properties` is an entry like `DependsOn`.
    pub view: View<'a>,
    /// Its properties, known to be an object even if there are none.
    pub properties: View<'a>,
}

/// Looks at every resource of a template, in each combination of the conditions that decide about it.
///
/// Findings that are not made in every combination say in which.
pub(crate) fn each_resource<'a>(
    scope: &'a Scope<'a>,
    outline: &'a Outline<'a>,
    findings: &mut Vec<Finding>,
    mut rules: impl FnMut(&Resource<'_>, &mut Vec<Finding>),
) {
    for entry in outline.resource_entries() {
        let mut used = BTreeSet::new();
        if !outline.conditions.is_empty() {
            collect(&entry.value, &mut used);
            used.extend(entry.value.get("Condition").and_then(Tree::as_str));
        }
        let own = entry.value.get("Condition").and_then(Tree::as_str);
        let mut scenarios = vec![Scenario::default()];
        if !used.is_empty() {
            scenarios = outline.conditions.scenarios(&used);
            scenarios.retain(|scenario| own.and_then(|name| scenario.get(name)).is_none_or(|truth| *truth));
        }
        let found = scenarios.iter().map(|scenario| {
            let mut found = Vec::new();
            if let Some(resource) = Resource::read(scope, outline, scenario, entry) {
                rules(&resource, &mut found);
            }
            found
        });
        let found: Vec<_> = found.collect();
        findings.extend(merged(&scenarios, found));
    }
}

impl<'a> Resource<'a> {
    pub fn read(
        scope: &'a Scope<'a>,
        outline: &'a Outline<'a>,
        scenario: &'a Scenario<'a>,
        entry: &'a Entry,
    ) -> Option<Self> {
        let type_name = entry.value.get("Type").and_then(Tree::as_str)?;
        let seen = Seen::Known(&entry.value);
        let view = View { scope, outline, scenario, root: Root::Resource(entry), seen };
        let properties = view.get("Properties");
        // What an included file adds is known to nobody.
        let is_open = entry.value.get("Fn::Transform").is_some();
        let properties = match properties.seen {
            Seen::Absent(..) if is_open => return None,
            Seen::Unknown(_) => return None,
            Seen::Absent(..) | Seen::Known(_) => properties,
        };
        Some(Self { id: &entry.key, type_name, view, properties })
    }

    /// Steps to a property by a path such as `MixedInstancesPolicy/LaunchTemplate`.
    pub fn at(&self, path: &'a str) -> View<'a> {
        self.properties.at(path)
    }

    /// Returns the name of the template and the logical id, by which resources are looked up.
    pub fn key(&self) -> (&'a str, &'a str) {
        (self.view.outline.name, self.id)
    }

    /// Makes a finding about the resource as a whole.
    pub fn finding(&self, rule: &'static Rule, message: impl Into<String>) -> Finding {
        self.view.finding(rule, message)
    }
}

impl<'a> View<'a> {
    fn with(self, seen: Seen<'a>) -> Self {
        Self { seen, ..self }
    }

    /// Looks at another node of the same template or document.
    fn look(self, tree: &'a Tree) -> Self {
        let tree = self.settled(tree, 0);
        let is_unknown = function(tree).is_some()
            || tree.as_str().is_some_and(is_dynamic)
            || tree.as_map().is_some_and(|map| map.keys().any(|key| key == "Fn::Transform"));
        self.with(if is_unknown { Seen::Unknown(tree) } else { Seen::Known(tree) })
    }

    /// Chooses branches of `Fn::If` as long as that is decided.
    fn settled(self, tree: &'a Tree, depth: usize) -> &'a Tree {
        match branches(tree) {
            Some((name, then, otherwise)) if depth < DEEPEST => match self.scenario.get(name) {
                Some(true) => self.settled(then, depth + 1),
                Some(false) => self.settled(otherwise, depth + 1),
                None => tree,
            },
            _ => tree,
        }
    }

    pub fn is_absent(self) -> bool {
        matches!(self.seen, Seen::Absent(..))
    }

    /// Tells whether only the stack knows the value.
    pub fn is_unknown(self) -> bool {
        matches!(self.seen, Seen::Unknown(_))
    }

    pub fn is_known(self) -> bool {
        matches!(self.seen, Seen::Known(_))
    }

    /// Returns the node as it stands in the template, function or not.
    pub fn tree(self) -> Option<&'a Tree> {
        match self.seen {
            Seen::Absent(..) => None,
            Seen::Unknown(tree) | Seen::Known(tree) => Some(tree),
        }
    }

    /// Returns the node, if its value is known.
    pub fn known(self) -> Option<&'a Tree> {
        match self.seen {
            Seen::Known(tree) => Some(tree),
            _ => None,
        }
    }

    /// Steps to the value of a key. Below what is absent everything is absent, below what is unknown unknown.
    pub fn get(self, key: &'a str) -> Self {
        let Seen::Known(tree) = self.seen else { return self };
        let Some(map) = tree.as_map() else { return self.with(Seen::Absent(tree, key)) };
        match map.get(key) {
            Some(value) if is_no_value(self.settled(value, 0)) => self.with(Seen::Absent(tree, key)),
            Some(value) => self.look(value),
            None if map.keys().any(|key| key.starts_with("Fn::ForEach::")) => self.with(Seen::Unknown(tree)),
            None => self.with(Seen::Absent(tree, key)),
        }
    }

    /// Steps along keys, as in `MixedInstancesPolicy/LaunchTemplate`.
    pub fn at(self, path: &'a str) -> Self {
        path.split('/').fold(self, Self::get)
    }

    /// Looks at the argument of a function, such as what `Fn::Base64` encodes.
    pub fn argument(self, name: &str) -> Option<Self> {
        function(self.tree()?).filter(|(own, _)| *own == name).map(|(_, argument)| self.look(argument))
    }

    /// Lists the elements of a list; nothing of anything else.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let list = self.known().and_then(Tree::as_list).unwrap_or_default();
        list.iter().filter(move |item| !is_no_value(self.settled(item, 0))).map(move |item| self.look(item))
    }

    /// Lists the elements of a list, or the value itself where one may stand for a list of one.
    pub fn one_or_more(self) -> Vec<Self> {
        match self.seen {
            Seen::Absent(..) => Vec::new(),
            Seen::Known(tree) if tree.as_list().is_some() => self.items().collect(),
            _ => vec![self],
        }
    }

    /// Lists keys and values of an object; nothing of anything else.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let entries = self.known().and_then(Tree::as_map).into_iter().flatten();
        entries
            .filter(move |entry| !entry.key.starts_with("Fn::") && !is_no_value(self.settled(&entry.value, 0)))
            .map(move |entry| (entry.key.as_str(), self.look(&entry.value)))
    }

    /// Lists what is at a path in which `*` stands for every element of a list or every value of an object. What is
    /// absent is left out.
    pub fn select(self, path: &'a str) -> Vec<Self> {
        path.split('/').fold(vec![self], |views, step| {
            let next = views.into_iter().flat_map(|view| match (step, view.known().map(|tree| &tree.node)) {
                ("*", Some(Node::Map(_))) => view.entries().map(|(_, value)| value).collect(),
                ("*", Some(_)) => view.items().collect(),
                ("*", None) => vec![view],
                _ => vec![view.get(step)],
            });
            next.filter(|view| !view.is_absent()).collect()
        })
    }

    /// Tells whether the list or object is known to have everything that it will have: no element or key is unknown.
    pub fn is_closed(self) -> bool {
        match self.known().map(|tree| &tree.node) {
            Some(Node::List(list)) => list.iter().all(|item| {
                let item = self.settled(item, 0);
                // A function in a list gives one element, but what an undecided `Fn::If` gives may be none.
                branches(item).is_none() && item.as_map().is_none_or(|map| map.get("Fn::Transform").is_none())
            }),
            Some(Node::Map(map)) => map
                .iter()
                .all(|entry| !entry.key.starts_with("Fn::") && branches(self.settled(&entry.value, 0)).is_none()),
            Some(_) => true,
            None => self.is_absent(),
        }
    }

    /// Returns the text of a string, number or flag, or of a function whose arguments are constant.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.seen {
            Seen::Absent(..) => None,
            Seen::Known(tree) => match &tree.node {
                Node::String(text) => Some(Cow::Borrowed(text)),
                Node::Number(number) => Some(Cow::Owned(number.to_string())),
                Node::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
                _ => None,
            },
            Seen::Unknown(_) => text::constant(self.parts()),
        }
    }

    /// Returns the text if it is a literal string without any function.
    pub fn literal(self) -> Option<&'a str> {
        self.known().and_then(Tree::as_str)
    }

    /// Returns a number, also one that is written as text.
    pub fn number(self) -> Option<f64> {
        self.text()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Returns an integer, also one that is written as text.
    pub fn integer(self) -> Option<i64> {
        let text = self.text()?;
        let text = text.trim();
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    /// Returns a flag, also one that is written as text.
    pub fn flag(self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Tells whether the value is known to be this text.
    pub fn is(self, text: &str) -> bool {
        self.text().is_some_and(|own| own == text)
    }

    /// Makes a finding about the value, or about the place where it could be.
    pub fn finding(self, rule: &'static Rule, message: impl Into<String>) -> Finding {
        let (path, origin) = self.place();
        Finding { severity: rule.severity, ..Finding::error(rule.id, self.outline.name, path, origin, message) }
    }

    /// Finds the way to the value, and where it was written.
    pub fn place(self) -> (Path, Origin) {
        let (tree, key) = match self.seen {
            Seen::Absent(tree, key) => (tree, Some(key)),
            Seen::Unknown(tree) | Seen::Known(tree) => (tree, None),
        };
        let (path, origin, top) = match self.root {
            Root::Resource(entry) => (Path::of(["Resources", &entry.key]), start(entry), &entry.value),
            Root::Document(document) => {
                let (path, origin) = document.host.place();
                (path, origin, document.tree())
            }
        };
        let mut steps = Vec::new();
        // A node of a document that was put together of others has no place of its own.
        let Some(own) = search(top, tree, &mut steps) else { return (path, origin) };
        let path = steps.iter().rev().fold(path, |path, step| match step {
            Segment::Key(key) => path.key(key),
            Segment::Index(index) => path.index(*index),
        });
        let own = if steps.is_empty() { origin } else { own.or(origin) };
        (key.map_or_else(|| path.clone(), |key| path.key(key)), own)
    }

    /// Returns the last key of the way, as messages name a value.
    pub fn name(self) -> String {
        let (path, _) = self.place();
        let keys = path.segments().iter().rev().filter_map(|segment| match segment {
            Segment::Key(key) if key != "Fn::If" => Some(key.clone()),
            _ => None,
        });
        keys.into_iter().next().unwrap_or_default()
    }
}

/// Finds a node by its identity: the steps to it, the last one first, and the nearest origin.
fn search(tree: &Tree, wanted: &Tree, steps: &mut Vec<Segment>) -> Option<Origin> {
    if std::ptr::eq(tree, wanted) {
        return Some(tree.origin);
    }
    let (step, origin) = match &tree.node {
        Node::List(list) => list
            .iter()
            .enumerate()
            .find_map(|(index, item)| Some((Segment::Index(index), search(item, wanted, steps)?)))?,
        Node::Map(map) => map.iter().find_map(|entry| {
            let origin = search(&entry.value, wanted, steps)?;
            let origin = if std::ptr::eq(&raw const entry.value, wanted) { start(entry) } else { origin };
            Some((Segment::Key(entry.key.clone()), origin.or(entry.origin)))
        })?,
        _ => return None,
    };
    steps.push(step);
    Some(origin.or(tree.origin))
}

#[cfg(test)]
mod tests;
