mod value;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use cloud::Result;
use cloud::tables::{Expression, Item, Page, Query, Scan, Tables, Update};

use self::value::{from_sdk, to_sdk};
use crate::error::Endpoint;

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Service {
    client: aws_sdk_dynamodb::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let config = Builder::from(config).timeout_config(timeouts).build();
        Self { client: aws_sdk_dynamodb::Client::from_conf(config), endpoint }
    }
}

#[async_trait]
impl Tables for Service {
    async fn get(&self, table: &str, key: &Item) -> Result<Option<Item>> {
        let request = self.client.get_item().table_name(table).set_key(Some(to_sdk(key))).consistent_read(true);
        let answer = request.send().await.map_err(|error| self.endpoint.error("dynamodb:GetItem", table, &error))?;
        Ok(answer.item.map(from_sdk))
    }

    async fn put(&self, table: &str, item: &Item, condition: Option<&Expression>) -> Result<()> {
        let (names, values) = placeholders([condition]);
        let request = self.client.put_item().table_name(table).set_item(Some(to_sdk(item)));
        let answer = request
            .set_condition_expression(text(condition))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await;
        answer.map_err(|error| self.endpoint.error("dynamodb:PutItem", table, &error))?;
        Ok(())
    }

    async fn update(&self, table: &str, update: &Update) -> Result<Item> {
        let condition = update.condition.as_ref();
        let (names, values) = placeholders([Some(&update.change), condition]);
        let request = self.client.update_item().table_name(table).set_key(Some(to_sdk(&update.key)));
        let answer = request
            .update_expression(&update.change.text)
            .set_condition_expression(text(condition))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let answer = answer.map_err(|error| self.endpoint.error("dynamodb:UpdateItem", table, &error))?;
        Ok(answer.attributes.map(from_sdk).unwrap_or_default())
    }

    async fn delete(&self, table: &str, key: &Item, condition: Option<&Expression>) -> Result<()> {
        let (names, values) = placeholders([condition]);
        let request = self.client.delete_item().table_name(table).set_key(Some(to_sdk(key)));
        let answer = request
            .set_condition_expression(text(condition))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await;
        answer.map_err(|error| self.endpoint.error("dynamodb:DeleteItem", table, &error))?;
        Ok(())
    }

    async fn query(&self, table: &str, query: &Query) -> Result<Page> {
        let filter = query.filter.as_ref();
        let (names, values) = placeholders([Some(&query.key_condition), filter]);
        let request = self.client.query().table_name(table).set_index_name(query.index.clone());
        let answer = request
            .key_condition_expression(&query.key_condition.text)
            .set_filter_expression(text(filter))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .scan_index_forward(!query.descending)
            .set_limit(limit(query.limit))
            .set_exclusive_start_key(query.start.as_ref().map(to_sdk))
            .send()
            .await;
        let answer = answer.map_err(|error| self.endpoint.error("dynamodb:Query", table, &error))?;
        Ok(page(answer.items, answer.last_evaluated_key))
    }

    async fn scan(&self, table: &str, scan: &Scan) -> Result<Page> {
        let filter = scan.filter.as_ref();
        let (names, values) = placeholders([filter]);
        let request = self.client.scan().table_name(table).consistent_read(true);
        let answer = request
            .set_filter_expression(text(filter))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_limit(limit(scan.limit))
            .set_exclusive_start_key(scan.start.as_ref().map(to_sdk))
            .send()
            .await;
        let answer = answer.map_err(|error| self.endpoint.error("dynamodb:Scan", table, &error))?;
        Ok(page(answer.items, answer.last_evaluated_key))
    }
}

fn text(expression: Option<&Expression>) -> Option<String> {
    expression.map(|expression| expression.text.clone())
}

fn limit(limit: Option<u32>) -> Option<i32> {
    limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX))
}

type Names = Option<HashMap<String, String>>;
type Values = Option<HashMap<String, AttributeValue>>;

/// Collects what the placeholders of a request's expressions stand for. `DynamoDB` refuses empty maps.
fn placeholders<const N: usize>(expressions: [Option<&Expression>; N]) -> (Names, Values) {
    let expressions = || expressions.into_iter().flatten();
    let names: HashMap<_, _> = expressions().flat_map(|expression| expression.names.clone()).collect();
    let values: BTreeMap<_, _> = expressions().flat_map(|expression| expression.values.clone()).collect();
    ((!names.is_empty()).then_some(names), (!values.is_empty()).then(|| to_sdk(&values)))
}

fn page(items: Option<Vec<HashMap<String, AttributeValue>>>, next: Option<HashMap<String, AttributeValue>>) -> Page {
    let items = items.unwrap_or_default().into_iter().map(from_sdk).collect();
    Page { items, next: next.filter(|key| !key.is_empty()).map(from_sdk) }
}
