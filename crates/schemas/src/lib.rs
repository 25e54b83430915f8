//! The schemas of all CloudFormation resource types, as the program itself reads them.
//!
//! They are the provider schemas of `crates/codegen/vendor` without descriptions, with the settings of MediaConvert from
//! its service model where these leave them open (`SettingsJson`). They are embedded, and unpacked only for the types
//! asked for: a template uses a dozen of 1,898. The first look at a type costs its block, a quarter
//! of a millisecond mostly and 2 ms at worst, in an optimized build and hardly more in a debug build; the next one costs
//! nothing. To repeat:
//! `cargo run --release -p schemas --example decode`.
//!
//! Pure: no I/O, no clock, no environment.

mod packed;
mod schema;

pub use schema::{Schema, Tagging};

/// Returns the schema of a resource type, such as `AWS::S3::Bucket`, or nothing if there is no such type.
pub fn schema(type_name: &str) -> Option<&'static Schema> {
    packed::schema(type_name)
}

/// Lists all resource types in order.
pub fn type_names() -> impl ExactSizeIterator<Item = &'static str> {
    packed::type_names()
}

/// Tells whether there is such a resource type, without unpacking its schema.
pub fn exists(type_name: &str) -> bool {
    packed::position(type_name).is_some()
}

/// Suggests the resource type that somebody may have meant, if one is close enough.
pub fn similar(type_name: &str) -> Option<&'static str> {
    let wanted = type_name.to_lowercase();
    // One slip in eight letters, and at least two: more than that is another word.
    let tolerated = (wanted.chars().count() / 8).max(2);
    type_names()
        .map(|name| (strsim::damerau_levenshtein(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}
