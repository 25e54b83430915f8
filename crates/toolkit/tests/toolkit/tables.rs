//! DynamoDB in memory: as much of its language as the lock speaks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use cloud::tables::{AttributeValue, Expression, Item, Page, Query, Scan, Tables, Update};
use cloud::{Error, ErrorKind, Result};

/// Tables that are there as long as something else says so.
pub struct MemoryTables {
    exists: Box<dyn Fn(&str) -> bool + Send + Sync>,
    items: Mutex<BTreeMap<String, Item>>,
}

impl MemoryTables {
    pub fn new(exists: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { exists: Box::new(exists), items: Mutex::default() }
    }

    fn check(&self, operation: &'static str, table: &str) -> Result<()> {
        if (self.exists)(table) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotFound, operation, format!("{table} is not there")))
    }
}

fn not_called<T>(operation: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Service, operation, "the lock should not call this"))
}

fn place(table: &str, key: &Item) -> String {
    assert_eq!(key.len(), 1, "the key is the id alone");
    format!("{table}/{}", key["id"].as_str().expect("the id is a text"))
}

/// What placeholders stand for, in a change and its condition together.
struct Placeholders<'a>(Vec<&'a Expression>);

impl Placeholders<'_> {
    fn name(&self, placeholder: &str) -> String {
        let found = self.0.iter().find_map(|expression| expression.names.get(placeholder));
        found.unwrap_or_else(|| panic!("{placeholder} stands for nothing")).clone()
    }

    fn value(&self, placeholder: &str) -> AttributeValue {
        let found = self.0.iter().find_map(|expression| expression.values.get(placeholder));
        found.unwrap_or_else(|| panic!("{placeholder} stands for nothing")).clone()
    }

    /// Every placeholder must be used, or DynamoDB refuses the call.
    fn check(&self) {
        let text: String = self.0.iter().flat_map(|expression| [expression.text.as_str(), " "]).collect();
        for expression in &self.0 {
            for placeholder in expression.names.keys().chain(expression.values.keys()) {
                assert!(text.contains(placeholder.as_str()), "{placeholder} is not used in {text}");
            }
        }
    }

    /// `a OR b`, `(a AND b)`, `#x = :y`, `attribute_not_exists(#x)`.
    fn holds(&self, text: &str, item: Option<&Item>) -> bool {
        let attribute = |name: &str| item.and_then(|item| item.get(&self.name(name)));
        let term = |term: &str| {
            if let Some(name) = term.strip_prefix("attribute_not_exists(") {
                return attribute(name.trim_end_matches(')')).is_none();
            }
            let (name, value) = term.split_once(" = ").unwrap_or_else(|| panic!("not understood: {term}"));
            attribute(name) == Some(&self.value(value))
        };
        text.split(" OR ").any(|alternative| {
            let all = alternative.strip_prefix('(').map_or(alternative, |inner| inner.trim_end_matches(')'));
            all.split(" AND ").all(term)
        })
    }
}

#[async_trait]
impl Tables for MemoryTables {
    async fn get(&self, table: &str, key: &Item) -> Result<Option<Item>> {
        self.check("dynamodb:GetItem", table)?;
        Ok(self.items.lock().unwrap_or_else(PoisonError::into_inner).get(&place(table, key)).cloned())
    }

    async fn update(&self, table: &str, update: &Update) -> Result<Item> {
        self.check("dynamodb:UpdateItem", table)?;
        let condition = update.condition.as_ref().expect("the lock is only written by conditions");
        let placeholders = Placeholders(vec![&update.change, condition]);
        placeholders.check();
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(table, &update.key);
        if !placeholders.holds(&condition.text, items.get(&place)) {
            return Err(Error::new(ErrorKind::ConditionFailed, "dynamodb:UpdateItem", "the condition does not hold"));
        }
        let item = items.entry(place).or_insert_with(|| update.key.clone());
        let text = update.change.text.as_str();
        for assignment in text.strip_prefix("SET ").into_iter().flat_map(|set| set.split(", ")) {
            let (name, value) = assignment.split_once(" = ").expect("an assignment");
            item.insert(placeholders.name(name), placeholders.value(value));
        }
        for name in text.strip_prefix("REMOVE ").into_iter().flat_map(|remove| remove.split(", ")) {
            item.remove(&placeholders.name(name));
        }
        Ok(item.clone())
    }

    async fn put(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        not_called("dynamodb:PutItem")
    }

    async fn delete(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        not_called("dynamodb:DeleteItem")
    }

    async fn query(&self, _: &str, _: &Query) -> Result<Page> {
        not_called("dynamodb:Query")
    }

    async fn scan(&self, _: &str, _: &Scan) -> Result<Page> {
        not_called("dynamodb:Scan")
    }
}
