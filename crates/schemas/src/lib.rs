//! The schemas of all CloudFormation resource types, as the program itself reads them.
//!
//! They are the provider schemas of `crates/codegen/vendor` without descriptions, with the settings of MediaConvert from
//! its service model where these leave them open (`SettingsJson`). They are embedded as one packed file of 1,898
//! documents that is read in place: finding a type costs microseconds, and only what is looked at is ever touched. To
//! repeat: `cargo run --release -p schemas --example look`.
//!
//! Pure: no I/O, no clock, no environment.

use std::sync::LazyLock;

mod json;
mod pack;
mod packed;
mod schema;

pub use json::{Array, Elements, Entries, Json, Object};
pub use pack::pack;
pub use packed::Packed;
pub use schema::{Schema, Tagging};

static SCHEMAS: LazyLock<Packed> = LazyLock::new(|| Packed::open(include_bytes!("schemas.bin").as_slice()));

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
    let wanted = type_name.to_lowercase();
    // One slip in eight letters, and at least two: more than that is another word.
    let tolerated = (wanted.chars().count() / 8).max(2);
    // Comparing is what takes time, and the difference in length is a bound: the names of types are ASCII.
    type_names()
        .filter(|name| name.len().abs_diff(wanted.chars().count()) <= tolerated)
        .map(|name| (strsim::damerau_levenshtein(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
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
