//! What is known about a value from where it stands.

use schemas::{Json, Schema};
use tree::Tree;

use super::text::function;

/// What is known about a value from where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// What kind of thing it is.
    pub shape: Shape,
    /// What the provider schema says of it.
    pub schema: Option<Cursor>,
}

/// A place in a provider schema; references are followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    schema: Schema,
    at: Json<'static>,
}

/// What kind of thing a value is, as far as that decides what is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A value of CloudFormation, which converts between `"1"` and `1`.
    Plain,
    /// JSON that CloudFormation hands on as it is.
    Json,
    /// A policy document.
    Policy,
    /// The statements of a policy: one or a list, in any order.
    Statements,
    /// One statement of a policy.
    Statement,
    /// Strings in any order, where one may stand for a list of one.
    Strings,
    /// The same, without regard to upper and lower case.
    Actions,
    /// An object of strings in any order, at any depth: principals and conditions of a policy.
    StringsBelow,
    /// An event pattern: each list is a set of alternatives.
    Pattern,
}

impl Context {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { shape: Shape::Plain, schema: None };
    /// JSON that nothing is known about.
    pub const JSON: Self = Self { shape: Shape::Json, schema: None };
    /// Strings in any order.
    pub const STRINGS: Self = Self { shape: Shape::Strings, schema: None };

    /// Returns what is known about the properties of a resource.
    pub fn of_type(resource_type: &str) -> Self {
        let schema = schemas::schema(resource_type).map(|schema| Cursor { schema, at: schema.value() });
        Self { shape: Shape::Plain, schema }
    }

    /// Returns what is known now that the value is seen.
    pub fn seeing(self, tree: &Tree) -> Self {
        let is_policy = || {
            tree.get("Statement").is_some_and(|statement| {
                let first = statement.as_list().map_or(Some(statement), <[Tree]>::first);
                first.is_some_and(|first| first.get("Effect").is_some())
            })
        };
        match self.shape {
            Shape::Plain | Shape::Json if is_policy() => Self { shape: Shape::Policy, ..self },
            _ => self,
        }
    }

    /// Returns what is known about the value of a key.
    pub fn key(self, key: &str) -> Self {
        let shape = match (self.shape, key) {
            (Shape::Plain, "EventPattern") => Shape::Pattern,
            (Shape::Policy, "Statement") => Shape::Statements,
            (Shape::Policy, _) => Shape::Json,
            (Shape::Statement, "Action" | "NotAction") => Shape::Actions,
            (Shape::Statement, "Resource" | "NotResource") => Shape::Strings,
            (Shape::Statement, "Principal" | "NotPrincipal" | "Condition") => Shape::StringsBelow,
            (Shape::Statement, _) => Shape::Plain,
            (shape, _) => shape,
        };
        let schema = self.schema.and_then(|cursor| cursor.key(key));
        // What the schema of a known type leaves open is handed on as it is, whoever reads it then.
        let shape = match shape {
            Shape::Plain if self.schema.is_some() && schema.is_none_or(Cursor::is_open) => Shape::Json,
            shape => shape,
        };
        Self { shape, schema }
    }

    /// Returns what is known about the elements of a list.
    pub fn item(self) -> Self {
        let shape = if self.shape == Shape::Statements { Shape::Statement } else { self.shape };
        Self { shape, schema: self.schema.and_then(Cursor::item) }
    }

    /// Tells whether one value stands for a list of one.
    pub fn is_one_or_many(self) -> bool {
        matches!(self.shape, Shape::Statements | Shape::Strings | Shape::Actions | Shape::StringsBelow)
    }

    /// Tells whether numbers and booleans are the same as their text.
    pub fn is_lax(self) -> bool {
        !matches!(self.shape, Shape::Json | Shape::Pattern)
    }

    /// Tells whether the order of a list makes no difference, whatever is in it.
    pub fn is_set(self, items: &[Tree]) -> bool {
        match self.shape {
            Shape::Statements | Shape::Strings | Shape::Actions | Shape::StringsBelow | Shape::Pattern => true,
            _ => self.schema.is_some_and(|cursor| cursor.is_set(items)),
        }
    }
}

impl Cursor {
    fn resolve(self) -> Self {
        Self { at: self.schema.resolve(self.at), ..self }
    }

    /// Lists this place, and the alternatives that it allows.
    fn alternatives(self) -> impl Iterator<Item = Self> {
        let own = self.resolve();
        let choices = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(move |word| own.at.get(word)?.as_array());
        let others = choices.flatten().map(move |at| Self { at, ..own }.resolve());
        std::iter::once(own).chain(others)
    }

    fn key(self, key: &str) -> Option<Self> {
        let named = |cursor: Self| {
            let properties = cursor.at.get("properties").and_then(|properties| properties.get(key));
            let patterns = || cursor.at.get("patternProperties")?.as_object()?.values().next();
            let additional = || cursor.at.get("additionalProperties").filter(|schema| schema.as_object().is_some());
            let at = properties.or_else(patterns).or_else(additional)?;
            Some(Self { at, ..cursor }.resolve())
        };
        self.alternatives().find_map(named)
    }

    fn item(self) -> Option<Self> {
        self.alternatives().find_map(|cursor| Some(Self { at: cursor.at.get("items")?, ..cursor }.resolve()))
    }

    /// Tells whether the schema takes any object here.
    fn is_open(self) -> bool {
        let describes = |cursor: Self| {
            ["properties", "patternProperties", "items", "enum", "const"]
                .iter()
                .any(|word| cursor.at.get(word).is_some())
                || cursor.at.get("type").is_some_and(|word| !names_object(word))
        };
        !self.alternatives().any(describes)
    }

    /// A list that says so; or one of distinct scalars that does not say otherwise.
    ///
    /// `insertionOrder` is true by default, but the schemas that have `uniqueItems` and leave it out mean sets: subnets,
    /// security groups, actions of alarms.
    fn is_set(self, items: &[Tree]) -> bool {
        self.alternatives().any(|cursor| {
            let says = |word: &str| cursor.at.get(word).and_then(Json::as_bool);
            match says("insertionOrder") {
                Some(ordered) => !ordered,
                None => {
                    says("uniqueItems") == Some(true)
                        && items.iter().all(|item| item.as_map().is_none() || function(item).is_some())
                }
            }
        })
    }
}

fn names_object(word: Json<'_>) -> bool {
    match word.as_array() {
        Some(words) => words.iter().any(names_object),
        None => word.as_str() == Some("object"),
    }
}
