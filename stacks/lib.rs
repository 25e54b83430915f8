//! The infrastructure of Baleen: one file per stack, and the environment that decides its values.

pub mod environment;
