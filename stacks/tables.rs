//! Makes tables of items that are found by one key.

use job::item::attributes;
use resources::dynamodb;
use template::{Declaration, Declare, Stack};

use crate::environment::{Environment, OnDestroy};
use crate::keys::Keys;

/// Adds a table whose items are found by `id` and may expire by `expires_at`: paid by use, recoverable to any second of
/// the last 35 days, and protected unless the environment is one that may be thrown away.
#[track_caller]
pub fn add(stack: &mut Stack, environment: &Environment, keys: &Keys, logical_id: &str) -> dynamodb::TableRef {
    stack.add(logical_id, kept(environment, keys, table(environment, keys, None)))
}

/// Adds such a table, with an index of the items that have an attribute, which is named like it.
#[track_caller]
pub fn add_with_index(
    stack: &mut Stack,
    environment: &Environment,
    keys: &Keys,
    logical_id: &str,
    attribute: &str,
) -> dynamodb::TableRef {
    stack.add(logical_id, kept(environment, keys, table(environment, keys, Some(attribute))))
}

/// Says what becomes of a table in the end, and what is right about it where others would have it otherwise.
#[track_caller]
fn kept(environment: &Environment, keys: &Keys, table: dynamodb::Table) -> Declaration<dynamodb::Table> {
    let throwaway = "The environment may be thrown away with all that is in it (on_destroy)";
    let no_key = "There is no key of the environment's own for it. DynamoDB's key in KMS encrypts it, and its use is in the \
        trail; items hold states and names, and no video";
    table
        .on_removal(environment.on_destroy.policy())
        .accept_if(environment.on_destroy != OnDestroy::Retain, "security/deletion-protection", throwaway)
        .accept_if(keys.data.is_none(), "security/customer-managed-key", no_key)
}

fn table(environment: &Environment, keys: &Keys, indexed: Option<&str>) -> dynamodb::Table {
    let text = |name: &str| dynamodb::AttributeDefinition::new(name, dynamodb::AttributeDefinitionAttributeType::S);
    let hash = |name: &str| dynamodb::KeySchema::new(name, dynamodb::KeySchemaKeyType::Hash);
    let defined: Vec<_> = [attributes::ID].into_iter().chain(indexed).map(text).collect();
    let index = indexed.map(|attribute| {
        let keys_only = dynamodb::Projection::new().projection_type(dynamodb::ProjectionType::KeysOnly);
        vec![dynamodb::GlobalSecondaryIndex::new(attribute, [hash(attribute)], keys_only)]
    });
    let expiry = dynamodb::TimeToLiveSpecification::new(true).attribute_name(attributes::EXPIRES_AT);
    let encryption = dynamodb::SSESpecification::new(true);
    let encryption = match &keys.data {
        Some(key) => encryption.sse_type(dynamodb::SSESpecificationSSEType::Kms).kms_master_key_id(key.arn()),
        None => encryption,
    };
    dynamodb::Table::new([hash(attributes::ID)])
        .attribute_definitions(defined)
        .global_secondary_indexes(index)
        .billing_mode(dynamodb::TableBillingMode::PayPerRequest)
        .deletion_protection_enabled(environment.on_destroy == OnDestroy::Retain)
        .point_in_time_recovery_specification(
            dynamodb::PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(true),
        )
        .sse_specification(encryption)
        .time_to_live_specification(expiry)
}
