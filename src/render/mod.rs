//! Turns what the libraries say into text, or into JSON.

pub mod commands;
pub mod deploy;
pub mod drift;
pub mod excerpt;
pub mod findings;
pub mod history;
pub mod import;
pub mod jobs;
pub mod local;
pub mod lock;
pub mod overview;
pub mod pipeline;
pub mod plan;
pub mod rehearsal;
pub mod rollback;
pub mod rules;
pub mod sarif;
pub mod screen;
pub mod swap;
