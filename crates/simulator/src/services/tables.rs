//! Amazon `DynamoDB`. There are the tables that stacks have made, and no others.

use async_trait::async_trait;
use cloud::Result;
use cloud::tables::{Expression, Item, Page, Query, Scan, Tables, Update, item_to_json};

use super::expression::{Reader, unused};
use crate::Simulator;
use crate::refusal::{absent, refusal};
use crate::state::State;

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
const UPDATE: &str = "dynamodb:UpdateItem";
const DELETE: &str = "dynamodb:DeleteItem";
const SCAN: &str = "dynamodb:Scan";

#[async_trait]
impl Tables for Simulator {
    async fn get(&self, table: &str, key: &Item) -> Result<Option<Item>> {
        self.call(GET, |state| {
            let key = state.key(GET, table, key)?;
            Ok(state.storage.tables.get(table).and_then(|items| items.get(&key)).cloned())
        })
        .await
    }

    async fn put(&self, table: &str, item: &Item, condition: Option<&Expression>) -> Result<()> {
        self.call(PUT, |state| {
            let key = state.key(PUT, table, item)?;
            state.check(PUT, table, &key, condition, &condition.into_iter().collect::<Vec<_>>())?;
            state.storage.tables.entry(table.to_owned()).or_default().insert(key, item.clone());
            Ok(())
        })
        .await
    }

    async fn update(&self, table: &str, update: &Update) -> Result<Item> {
        self.call(UPDATE, |state| {
            let key = state.key(UPDATE, table, &update.key)?;
            let shared: Vec<_> = std::iter::once(&update.change).chain(&update.condition).collect();
            state.check(UPDATE, table, &key, update.condition.as_ref(), &shared)?;
            let items = state.storage.tables.entry(table.to_owned()).or_default();
            let before = items.get(&key).cloned();
            let mut item = before.clone().unwrap_or_else(|| update.key.clone());
            let reader = Reader::new(&update.change.text, &shared, before.as_ref());
            reader.and_then(|reader| reader.update(&mut item)).map_err(|reason| malformed(UPDATE, &reason))?;
            items.insert(key, item.clone());
            Ok(item)
        })
        .await
    }

    async fn delete(&self, table: &str, key: &Item, condition: Option<&Expression>) -> Result<()> {
        self.call(DELETE, |state| {
            let key = state.key(DELETE, table, key)?;
            state.check(DELETE, table, &key, condition, &condition.into_iter().collect::<Vec<_>>())?;
            if let Some(items) = state.storage.tables.get_mut(table) {
                items.remove(&key);
            }
            Ok(())
        })
        .await
    }

    async fn query(&self, _table: &str, _query: &Query) -> Result<Page> {
        Err(absent("dynamodb:Query"))
    }

    async fn scan(&self, table: &str, scan: &Scan) -> Result<Page> {
        self.call(SCAN, |state| {
            state.schema(SCAN, table)?;
            let shared: Vec<_> = scan.filter.iter().collect();
            let mut items = Vec::new();
            for item in state.storage.tables.get(table).into_iter().flat_map(|items| items.values()) {
                if holds(SCAN, scan.filter.as_ref(), &shared, Some(item))? {
                    items.push(item.clone());
                }
            }
            Ok(Page { items, next: None })
        })
        .await
    }
}

impl State {
    /// Lists the names of a table's key attributes.
    fn schema(&self, operation: &'static str, table: &str) -> Result<Vec<String>> {
        let found = self.world.get("AWS::DynamoDB::Table", table);
        let missing = || {
            refusal(
                operation,
                "ResourceNotFoundException",
                format!("Requested resource not found: Table: {table} not found"),
            )
        };
        let keys = found.ok_or_else(missing)?.properties["KeySchema"].as_array().cloned().unwrap_or_default();
        Ok(keys.iter().filter_map(|key| key["AttributeName"].as_str()).map(str::to_owned).collect())
    }

    fn key(&self, operation: &'static str, table: &str, item: &Item) -> Result<String> {
        let mut key = Item::new();
        for name in self.schema(operation, table)? {
            let missing = || malformed(operation, "The provided key element does not match the schema");
            let value = item.get(&name).ok_or_else(missing)?;
            key.insert(name, value.clone());
        }
        Ok(item_to_json(&key).to_string())
    }

    fn check(
        &self,
        operation: &'static str,
        table: &str,
        key: &str,
        condition: Option<&Expression>,
        shared: &[&Expression],
    ) -> Result<()> {
        if let Some(reason) = unused(shared) {
            return Err(malformed(operation, &reason));
        }
        let item = self.storage.tables.get(table).and_then(|items| items.get(key));
        if holds(operation, condition, shared, item)? {
            return Ok(());
        }
        Err(refusal(operation, "ConditionalCheckFailedException", "The conditional request failed"))
    }
}

fn holds(
    operation: &'static str,
    condition: Option<&Expression>,
    shared: &[&Expression],
    item: Option<&Item>,
) -> Result<bool> {
    let Some(condition) = condition else { return Ok(true) };
    let reader = Reader::new(&condition.text, shared, item);
    reader.and_then(Reader::condition).map_err(|reason| malformed(operation, &reason))
}

fn malformed(operation: &'static str, reason: &str) -> cloud::Error {
    refusal(operation, "ValidationException", reason)
}
