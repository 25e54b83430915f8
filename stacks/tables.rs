//! Makes tables of items that are found by one key.

use job::item::attributes;
use resources::dynamodb;
use template::{Declare, Stack};

use crate::environment::{Environment, OnDestroy};
use crate::keys::Keys;

/// Adds a table whose items are found by `id` and may expire by `expires_at`: paid by use, recoverable to any second of
/// the last 35 days, and protected unless the environment is one that may be thrown away.
#[track_caller]
pub fn add(stack: &mut Stack, environment: &Environment, keys: &Keys, logical_id: &str) -> dynamodb::TableRef {
    let id = dynamodb::AttributeDefinition::new(attributes::ID, dynamodb::AttributeDefinitionAttributeType::S);
    let expiry = dynamodb::TimeToLiveSpecification::new(true).attribute_name(attributes::EXPIRES_AT);
    let encryption = dynamodb::SSESpecification::new(true);
    let encryption = match &keys.data {
        Some(key) => encryption.sse_type(dynamodb::SSESpecificationSSEType::Kms).kms_master_key_id(key.arn()),
        None => encryption,
    };
    let table = dynamodb::Table::new([dynamodb::KeySchema::new(attributes::ID, dynamodb::KeySchemaKeyType::Hash)])
        .attribute_definitions([id])
        .billing_mode(dynamodb::TableBillingMode::PayPerRequest)
        .deletion_protection_enabled(environment.on_destroy == OnDestroy::Retain)
        .point_in_time_recovery_specification(
            dynamodb::PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(true),
        )
        .sse_specification(encryption)
        .time_to_live_specification(expiry);
    stack.add(logical_id, table.on_removal(environment.on_destroy.policy()))
}
