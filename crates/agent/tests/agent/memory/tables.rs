//! DynamoDB in memory: as much of its language as workers speak.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use cloud::tables::{AttributeValue, Expression, Item, Page, Query, Scan, Tables, Update};
use cloud::{Error, ErrorKind, Result};

use super::lock;

#[derive(Default)]
pub struct MemoryTables {
    items: Mutex<BTreeMap<String, Item>>,
}

impl MemoryTables {
    pub fn insert(&self, id: &str, item: Item) {
        let id_value = AttributeValue::from(id);
        let item = item.into_iter().chain([("id".to_owned(), id_value)]).collect();
        lock(&self.items).insert(id.to_owned(), item);
    }

    pub fn attempts(&self, id: &str) -> u64 {
        let items = lock(&self.items);
        items[id].get("attempt").and_then(AttributeValue::as_u64).unwrap_or_default()
    }
}

fn denied<T>(operation: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::AccessDenied, operation, "workers do not do this"))
}

fn id_of(key: &Item) -> String {
    assert_eq!(key.len(), 1, "the key is the id alone");
    key["id"].as_str().expect("the id is a text").to_owned()
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

    /// `a AND b`, `a OR b` in brackets, `#x = :y`, `attribute_exists(#x)`, `attribute_not_exists(#x)`.
    fn holds(&self, text: &str, item: Option<&Item>) -> bool {
        let text = text.trim();
        if let Some((left, right)) = split_outside_brackets(text, " AND ") {
            return self.holds(left, item) && self.holds(right, item);
        }
        if let Some((left, right)) = split_outside_brackets(text, " OR ") {
            return self.holds(left, item) || self.holds(right, item);
        }
        let attribute = |name: &str| item.and_then(|item| item.get(&self.name(name)));
        if let Some(name) = inside(text, "attribute_exists(") {
            return attribute(name).is_some();
        }
        if let Some(name) = inside(text, "attribute_not_exists(") {
            return attribute(name).is_none();
        }
        if let Some(text) = inside(text, "(") {
            return self.holds(text, item);
        }
        let (name, value) = text.split_once(" = ").unwrap_or_else(|| panic!("not understood: {text}"));
        attribute(name) == Some(&self.value(value))
    }
}

fn inside<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(')')
}

fn split_outside_brackets<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let mut depth = 0;
    for (place, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && text[place..].starts_with(word) => {
                return Some((&text[..place], &text[place + word.len()..]));
            }
            _ => {}
        }
    }
    None
}

#[async_trait]
impl Tables for MemoryTables {
    async fn get(&self, _: &str, key: &Item) -> Result<Option<Item>> {
        Ok(lock(&self.items).get(&id_of(key)).cloned())
    }

    async fn update(&self, _: &str, update: &Update) -> Result<Item> {
        let condition = update.condition.as_ref().expect("workers change nothing without a condition");
        let placeholders = Placeholders(vec![&update.change, condition]);
        placeholders.check();
        let mut items = lock(&self.items);
        let id = id_of(&update.key);
        if !placeholders.holds(&condition.text, items.get(&id)) {
            return Err(Error::new(ErrorKind::ConditionFailed, "dynamodb:UpdateItem", "the condition does not hold"));
        }
        let item = items.entry(id).or_default();
        let (set, remove) = update.change.text.split_once(" REMOVE ").unwrap_or((&update.change.text, ""));
        for assignment in set.strip_prefix("SET ").expect("an update sets something").split(", ") {
            let (name, value) = assignment.split_once(" = ").expect("an assignment");
            item.insert(placeholders.name(name), placeholders.value(value));
        }
        for name in remove.split(", ").filter(|name| !name.is_empty()) {
            item.remove(&placeholders.name(name));
        }
        Ok(item.clone())
    }

    async fn put(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        denied("dynamodb:PutItem")
    }

    async fn delete(&self, _: &str, _: &Item, _: Option<&Expression>) -> Result<()> {
        denied("dynamodb:DeleteItem")
    }

    async fn query(&self, _: &str, _: &Query) -> Result<Page> {
        denied("dynamodb:Query")
    }

    async fn scan(&self, _: &str, _: &Scan) -> Result<Page> {
        denied("dynamodb:Scan")
    }
}
