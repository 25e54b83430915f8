use std::fmt;

use serde::{Serialize, Serializer};

/// The way from a resource, an entry or a document to a value in it.
///
/// It leads through both versions at once, so an element of a list has a position in each.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An element of a list.
    Item(Item),
}

/// Which element of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its position in the old list, from 0, if it is there.
    pub was: Option<usize>,
    /// Its position in the new list, from 0, if it is there.
    pub now: Option<usize>,
    /// What identifies it, such as a tag's key or a statement's `Sid`.
    pub label: Option<String>,
}

impl Path {
    /// Makes the path to the root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Makes a path from keys.
    pub fn of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self { steps: keys.into_iter().map(|key| Step::Key(key.to_owned())).collect() }
    }

    /// Makes a path from steps.
    pub fn from_steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect() }
    }

    /// Returns the path to the entry with this key.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// Returns the path to an element of a list.
    #[must_use]
    pub fn item(&self, item: Item) -> Self {
        self.with(Step::Item(item))
    }

    /// Returns the path to the element at this position of a list, where both versions have it there.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.item(Item { was: Some(index), now: Some(index), label: None })
    }

    /// Lists the steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Tells whether it is the path to the root.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the first key, such as `Properties`.
    pub fn first_key(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Tells whether the path starts with these keys; `*` stands for any element of a list.
    ///
    /// `BucketEncryption/ServerSideEncryptionConfiguration/*` is written `&["Properties", "BucketEncryption", …, "*"]`.
    pub fn starts_with(&self, keys: &[&str]) -> bool {
        keys.len() <= self.steps.len()
            && self.steps.iter().zip(keys).all(|(step, key)| match step {
                Step::Key(own) => own == key,
                Step::Item(_) => *key == "*",
            })
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend_from_slice(&self.steps);
        steps.push(step);
        Self { steps }
    }
}

/// The element's label, or its position in the new list, or in the old one.
impl fmt::Display for Item {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.label, self.now.or(self.was)) {
            (Some(label), _) => formatter.write_str(label),
            (None, Some(index)) => write!(formatter, "{index}"),
            (None, None) => formatter.write_str("?"),
        }
    }
}

/// `Properties/Tags/[cost-center]/Value`
impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                formatter.write_str("/")?;
            }
            match step {
                Step::Key(key) => formatter.write_str(key)?,
                Step::Item(item) => write!(formatter, "[{item}]")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
