//! One side of a comparison: all templates before, or all templates after.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Map, Origin, Tree};

use crate::{Path, Template};

/// The stack and the logical id of a resource, in the words of the new templates where it is in both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub stack: String,
    pub logical: String,
}

/// A resource of one side.
#[derive(Clone, Debug)]
pub(crate) struct Resource<'t> {
    pub id: Id,
    /// The stack by the name that it has on this side.
    pub stack: &'t str,
    /// The logical id that it has on this side.
    pub logical: &'t str,
    pub kind: &'t str,
    pub tree: &'t Tree,
    pub origin: Origin,
}

/// Where a policy or a property was written.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Place {
    pub stack: String,
    pub resource: String,
    pub kind: String,
    /// The way from the resource.
    pub path: Path,
    pub origin: Origin,
}

/// The templates of one side, indexed.
pub(crate) struct Side<'t> {
    stacks: BTreeSet<&'t str>,
    /// The resources in the order of the templates.
    pub resources: Vec<Resource<'t>>,
    by_name: BTreeMap<(&'t str, &'t str), usize>,
    by_id: BTreeMap<Id, usize>,
    /// Parameters, mappings and outputs, by stack, section and name.
    entries: BTreeMap<(&'t str, &'static str, &'t str), &'t Tree>,
    /// What is exported under which name.
    exports: BTreeMap<&'t str, (&'t str, &'t Tree)>,
    /// Conditions that the other side defines otherwise.
    redefined: BTreeSet<(&'t str, &'t str)>,
    /// Resources that have another physical name on the other side.
    named_otherwise: BTreeSet<Id>,
}

/// What resources and stacks that have another name now were called before.
#[derive(Default)]
pub(crate) struct Renames<'d> {
    pub resources: BTreeMap<(&'d str, &'d str), (&'d str, &'d str)>,
    pub stacks: BTreeMap<&'d str, &'d str>,
}

impl Renames<'_> {
    fn id(&self, stack: &str, logical: &str) -> Id {
        let (stack, logical) = match self.resources.get(&(stack, logical)) {
            Some(now) => *now,
            None => (self.stacks.get(stack).copied().unwrap_or(stack), logical),
        };
        Id { stack: stack.to_owned(), logical: logical.to_owned() }
    }
}

impl<'t> Side<'t> {
    pub fn new(templates: &[Template<'t>], renames: &Renames<'_>) -> Self {
        let mut side = Self {
            stacks: templates.iter().map(|template| template.name).collect(),
            resources: Vec::new(),
            by_name: BTreeMap::new(),
            by_id: BTreeMap::new(),
            entries: BTreeMap::new(),
            exports: BTreeMap::new(),
            redefined: BTreeSet::new(),
            named_otherwise: BTreeSet::new(),
        };
        for template in templates {
            for entry in section(template.tree, "Resources") {
                side.add(template.name, entry, renames);
            }
            for name in ["Parameters", "Mappings", "Outputs"] {
                for entry in section(template.tree, name) {
                    side.entries.entry((template.name, name, &entry.key)).or_insert(&entry.value);
                }
            }
            for output in section(template.tree, "Outputs") {
                let name = output.value.find(["Export", "Name"]).and_then(Tree::as_str);
                if let (Some(name), Some(value)) = (name, output.value.get("Value")) {
                    side.exports.insert(name, (template.name, value));
                }
            }
        }
        side
    }

    fn add(&mut self, stack: &'t str, entry: &'t Entry, renames: &Renames<'_>) {
        let Some(kind) = entry.value.get("Type").and_then(Tree::as_str) else { return };
        let id = renames.id(stack, &entry.key);
        let position = self.resources.len();
        self.by_name.insert((stack, &entry.key), position);
        self.by_id.insert(id.clone(), position);
        let origin = entry.value.origin.or(entry.origin);
        self.resources.push(Resource { id, stack, logical: &entry.key, kind, tree: &entry.value, origin });
    }

    /// Finds a resource by the names that it has on this side.
    pub fn resource(&self, stack: &str, logical: &str) -> Option<&Resource<'t>> {
        self.by_name.get(&(stack, logical)).and_then(|position| self.resources.get(*position))
    }

    /// Finds the resource that is the same as one of the other side.
    pub fn same(&self, id: &Id) -> Option<&Resource<'t>> {
        self.by_id.get(id).and_then(|position| self.resources.get(*position))
    }

    pub fn parameter(&self, stack: &str, name: &str) -> Option<&'t Tree> {
        self.entries.get(&(stack, "Parameters", name)).copied()
    }

    /// Notes which conditions the other side defines otherwise: that they have the same name says nothing.
    pub fn compare_conditions(&mut self, old: &[Template<'_>], new: &[Template<'t>]) {
        for template in new {
            let Some(before) = old.iter().find(|before| before.name == template.name) else { continue };
            let known: BTreeMap<&str, &Tree> =
                section(before.tree, "Conditions").map(|entry| (entry.key.as_str(), &entry.value)).collect();
            let differs = |entry: &&Entry| known.get(entry.key.as_str()).is_some_and(|was| **was != entry.value);
            let differing = section(template.tree, "Conditions").filter(differs);
            self.redefined.extend(differing.map(|entry| (template.name, entry.key.as_str())));
        }
    }

    /// Tells whether the other side defines a condition otherwise.
    pub fn is_redefined(&self, stack: &str, condition: &str) -> bool {
        self.redefined.contains(&(stack, condition))
    }

    /// Notes which resources have another physical name on the other side: what refers to them means the same.
    pub fn name_otherwise(&mut self, ids: BTreeSet<Id>) {
        self.named_otherwise = ids;
    }

    /// Tells whether a resource has another physical name on the other side.
    pub fn is_named_otherwise(&self, id: &Id) -> bool {
        self.named_otherwise.contains(id)
    }

    pub fn mapping(&self, stack: &str, name: &str) -> Option<&'t Tree> {
        self.entries.get(&(stack, "Mappings", name)).copied()
    }

    /// Finds the value of an export, and the stack that it is written in.
    pub fn export(&self, name: &str) -> Option<(&'t str, &'t Tree)> {
        self.exports.get(name).copied()
    }

    /// Finds the output that fills a parameter: synthesis describes such parameters in these words.
    pub fn source(&self, parameter: &Tree) -> Option<(&'t str, &'t Tree)> {
        let words = parameter.get("Description")?.as_str()?.strip_prefix("Output ")?;
        let (output, stack) = words.split_once(" of stack ")?;
        let stack = self.stacks.get(stack)?;
        Some((stack, self.entries.get(&(*stack, "Outputs", output))?.get("Value")?))
    }
}

impl<'t> Resource<'t> {
    /// Follows keys from the properties.
    pub fn property<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<&'t Tree> {
        self.tree.get("Properties")?.find(keys)
    }

    pub fn condition(&self) -> Option<&'t str> {
        self.tree.get("Condition")?.as_str()
    }

    pub fn place(&self, path: Path, origin: Origin) -> Place {
        Place {
            stack: self.id.stack.clone(),
            resource: self.id.logical.clone(),
            kind: self.kind.to_owned(),
            path,
            origin: origin.or(self.origin),
        }
    }
}

pub(crate) fn section<'t>(tree: &'t Tree, name: &str) -> impl Iterator<Item = &'t Entry> {
    tree.get(name).and_then(Tree::as_map).map(Map::iter).into_iter().flatten()
}
