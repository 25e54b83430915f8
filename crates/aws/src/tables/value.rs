use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Sdk;
use cloud::tables::{AttributeValue, Item};

pub(super) fn to_sdk(item: &Item) -> HashMap<String, Sdk> {
    item.iter().map(|(name, value)| (name.clone(), value_to_sdk(value))).collect()
}

pub(super) fn from_sdk(item: HashMap<String, Sdk>) -> Item {
    item.into_iter().map(|(name, value)| (name, value_from_sdk(value))).collect()
}

fn value_to_sdk(value: &AttributeValue) -> Sdk {
    match value {
        AttributeValue::String(text) => Sdk::S(text.clone()),
        AttributeValue::Number(digits) => Sdk::N(digits.clone()),
        AttributeValue::Binary(bytes) => Sdk::B(Blob::new(bytes.clone())),
        AttributeValue::Bool(truth) => Sdk::Bool(*truth),
        AttributeValue::Null => Sdk::Null(true),
        AttributeValue::List(values) => Sdk::L(values.iter().map(value_to_sdk).collect()),
        AttributeValue::Map(item) => Sdk::M(to_sdk(item)),
        AttributeValue::StringSet(texts) => Sdk::Ss(texts.iter().cloned().collect()),
        AttributeValue::NumberSet(numbers) => Sdk::Ns(numbers.iter().cloned().collect()),
        AttributeValue::BinarySet(blobs) => Sdk::Bs(blobs.iter().map(|bytes| Blob::new(bytes.clone())).collect()),
    }
}

fn value_from_sdk(value: Sdk) -> AttributeValue {
    match value {
        Sdk::S(text) => AttributeValue::String(text),
        Sdk::N(digits) => AttributeValue::Number(digits),
        Sdk::B(blob) => AttributeValue::Binary(blob.into_inner()),
        Sdk::Bool(truth) => AttributeValue::Bool(truth),
        Sdk::L(values) => AttributeValue::List(values.into_iter().map(value_from_sdk).collect()),
        Sdk::M(item) => AttributeValue::Map(from_sdk(item)),
        Sdk::Ss(texts) => AttributeValue::StringSet(texts.into_iter().collect()),
        Sdk::Ns(numbers) => AttributeValue::NumberSet(numbers.into_iter().collect()),
        Sdk::Bs(blobs) => AttributeValue::BinarySet(blobs.into_iter().map(Blob::into_inner).collect()),
        // The SDK's enum is open; DynamoDB has had these ten types since 2014.
        _ => AttributeValue::Null,
    }
}
