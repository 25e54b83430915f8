//! Generates `crates/resources` and the packed schemas of `crates/schemas` from the vendored provider schemas.
//!
//! `vendor` has the schemas as published, [`fixups`] puts right what is wrong in them, [`service`] makes schemas of the
//! settings that they leave open, `allow.txt`, `slots.toml`, `names.toml`, `references.toml` and `mediaconvert.toml` are
//! what people decided, [`model`] is what the generated code will say, and [`emit`] says it. Nothing here runs in a build
//! script: the output is committed, and `--check` keeps it fresh.

pub mod emit;
pub mod fixups;
pub mod model;
pub mod names;
pub mod output;
pub mod pack;
pub mod prose;
pub mod reviewed;
pub mod service;
pub mod slot;
pub mod vendor;
