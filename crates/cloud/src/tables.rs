//! Amazon `DynamoDB`.

mod attribute_value;

use std::collections::BTreeMap;

use async_trait::async_trait;

pub use attribute_value::{AttributeValue, Item, item_from_json, item_to_json};

use crate::Result;

/// Reads and writes items (Amazon `DynamoDB`).
///
/// Writes whose condition does not hold fail with [`ConditionFailed`](crate::ErrorKind::ConditionFailed). A write
/// whose answer was lost may be tried again by the implementation, so a condition must also hold for its own effect
/// (`attribute_not_exists(id) OR execution = :me`).
#[async_trait]
pub trait Tables: Send + Sync {
    /// Reads one item, strongly consistent (`dynamodb:GetItem`).
    async fn get(&self, table: &str, key: &Item) -> Result<Option<Item>>;

    /// Writes a whole item (`dynamodb:PutItem`).
    async fn put(&self, table: &str, item: &Item, condition: Option<&Expression>) -> Result<()>;

    /// Changes attributes of an item, made if it is not there, and returns it as it is then (`dynamodb:UpdateItem`).
    async fn update(&self, table: &str, update: &Update) -> Result<Item>;

    /// Deletes an item; one that is not there is not an error (`dynamodb:DeleteItem`).
    async fn delete(&self, table: &str, key: &Item, condition: Option<&Expression>) -> Result<()>;

    /// Reads one page of the items under a key (`dynamodb:Query`).
    async fn query(&self, table: &str, query: &Query) -> Result<Page>;

    /// Reads one page of all items, in no order (`dynamodb:Scan`).
    async fn scan(&self, table: &str, scan: &Scan) -> Result<Page>;
}

/// An expression in `DynamoDB`'s language, with what its `#names` and `:values` stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    /// The text: `attribute_not_exists(#id) OR execution = :me`.
    pub text: String,
    /// Attribute names by placeholder, `#` included.
    pub names: BTreeMap<String, String>,
    /// Values by placeholder, `:` included.
    pub values: Item,
}

impl Expression {
    /// Starts an expression.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Says what a `#placeholder` stands for.
    pub fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    /// Says what a `:placeholder` stands for.
    pub fn value(mut self, placeholder: &str, value: impl Into<AttributeValue>) -> Self {
        self.values.insert(placeholder.to_owned(), value.into());
        self
    }
}

/// A change of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The key attributes.
    pub key: Item,
    /// What to change: `SET #state = :state REMOVE lease`.
    pub change: Expression,
    /// What must hold. It shares one space of placeholders with `change`: the same placeholder means the same.
    pub condition: Option<Expression>,
}

/// What to read under a key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// A secondary index.
    pub index: Option<String>,
    /// The condition on the key: `owner = :owner`.
    pub key_condition: Expression,
    /// A condition on what was read. It shares one space of placeholders with `key_condition`.
    pub filter: Option<Expression>,
    /// Descending by sort key.
    pub descending: bool,
    /// How many items to look at, at most, before filtering.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub start: Option<Item>,
}

/// What to read of a whole table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// A condition on what was read.
    pub filter: Option<Expression>,
    /// How many items to look at, at most, before filtering.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub start: Option<Item>,
}

/// One page of items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The items; there may be none although there is a next page.
    pub items: Vec<Item>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<Item>,
}
