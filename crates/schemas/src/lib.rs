//! What AWS publishes about its services, as the program itself reads it: the schemas of all CloudFormation resource
//! types, the [`actions`] of IAM, the [`metrics`] of CloudWatch and the [`events`] of EventBridge.
//!
//! The schemas are the provider schemas of `crates/codegen/vendor` without descriptions, with the settings of MediaConvert from
//! its service model where these leave them open (`SettingsJson`). They are embedded as 1,898 packed
//! documents that are read in place: finding a type costs microseconds, and only what is looked at is ever touched. To
//! repeat: `cargo run --release -p schemas --example look`.
//!
//! Pure: no I/O, no clock, no environment.

use std::sync::LazyLock;

pub mod actions;
pub mod events;
pub mod handlers;
pub mod metrics;

mod json;
mod pack;
mod packed;
mod schema;
mod similar;

pub use json::{Array, Elements, Entries, Json, Object};
pub use pack::pack;
pub use packed::Packed;
pub use schema::{Schema, Tagging};

static SCHEMAS: LazyLock<Packed> =
    LazyLock::new(|| Packed::open(include_str!("schemas.txt"), include_bytes!("schemas.bin").as_slice()));

/// Returns the schema of a resource type, such as `AWS::S3::Bucket`, or nothing if there is no such type.
pub fn schema(type_name: &str) -> Option<Schema> {
    let (name, value) = SCHEMAS.find(type_name)?;
    Some(Schema::new(name, value))
}

/// Lists all resource types in order.
pub fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    SCHEMAS.names()
}

/// Tells whether there is such a resource type.
pub fn exists(type_name: &str) -> bool {
    SCHEMAS.find(type_name).is_some()
}

/// Suggests the resource type that somebody may have meant, if one is close enough.
pub fn similar(type_name: &str) -> Option<&'static str> {
    similar::nearest(type_name, type_names())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the accessors take for granted, so that a damaged file fails here and not at a user's.
    #[test]
    fn every_type_of_the_embedded_file_is_readable() {
        let names: Vec<_> = type_names().collect();
        assert!(names.len() > 1_800, "{} types", names.len());
        assert!(names.is_sorted(), "the directory is searched by halving");
        for name in names {
            let schema = schema(name).unwrap_or_else(|| panic!("`{name}` cannot be read"));
            assert_eq!(schema.value().to_value()["typeName"], name);
        }
    }
}
