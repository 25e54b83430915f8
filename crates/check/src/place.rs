use tree::{Entry, Node, Origin, Path, Tree};

use crate::outline::function;

/// The way to a node of a template, kept on the stack while the tree is walked; only a finding turns it into a [`Path`].
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub template: &'p str,
    /// Where the node was written, or else the nearest one above it.
    pub origin: Origin,
    /// The number of steps from the root.
    pub depth: usize,
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub fn root(template: &'p str, tree: &Tree) -> Self {
        Self { template, origin: tree.origin, depth: 0, parent: None, step: Step::Root }
    }

    /// Steps to the value of an entry.
    pub fn entry(&'p self, entry: &'p Entry) -> Self {
        self.step(Step::Key(&entry.key), start(entry))
    }

    /// Steps to an entry itself: a finding about the key, or about an entry that is not there.
    pub fn key(&'p self, key: &'p str, origin: Origin) -> Self {
        self.step(Step::Key(key), origin)
    }

    /// Steps to an element of a list.
    pub fn index(&'p self, index: usize, element: &Tree) -> Self {
        self.step(Step::Index(index), element.origin)
    }

    fn step(&'p self, step: Step<'p>, origin: Origin) -> Self {
        let origin = origin.or(self.origin);
        Self { template: self.template, origin, depth: self.depth + 1, parent: Some(self), step }
    }

    /// Gives the same place with another origin, if that is known.
    pub fn at(self, origin: Origin) -> Self {
        Self { origin: origin.or(self.origin), ..self }
    }

    pub fn parent(&self) -> Option<&'p Self> {
        self.parent
    }

    pub fn path(&self) -> Path {
        let parent = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Root => parent,
            Step::Key(key) => parent.key(key),
            Step::Index(index) => parent.index(index),
        }
    }

    /// Names the node as its author would: the last key and the positions after it, such as `Rules[0]`. Branches of
    /// `Fn::If` are skipped. Nothing at `Properties` itself and above.
    pub fn name(&self) -> Option<String> {
        match self.step {
            Step::Root => None,
            Step::Key("Fn::If") => self.parent?.name(),
            Step::Key("Properties") if self.depth == PROPERTIES => None,
            Step::Key(key) => Some(key.to_owned()),
            Step::Index(index) => match self.parent?.step {
                Step::Key("Fn::If") => self.parent?.name(),
                _ => self.parent?.name().map(|name| format!("{name}[{index}]")),
            },
        }
    }

    /// Returns the last key on the way that is not deeper than `depth`.
    pub fn key_at(&self, depth: usize) -> Option<&'p str> {
        match self.step {
            Step::Key(key) if self.depth == depth => Some(key),
            _ => self.parent?.key_at(depth),
        }
    }
}

/// Tells where a reader looks for the value of an entry. Of a list or an object that is its key.
pub(crate) fn start(entry: &Entry) -> Origin {
    let Entry { origin, value, .. } = entry;
    match (&value.node, origin) {
        (Node::List(_), Origin::Text { .. }) => *origin,
        (Node::Map(_), Origin::Text { .. }) if function(value).is_none() => *origin,
        _ => value.origin.or(*origin),
    }
}

/// `Resources`, the logical id, `Properties`.
const PROPERTIES: usize = 3;
