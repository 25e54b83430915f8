//! The command line tool as its users meet it: whole outputs, templates byte by byte, and the whole pipeline on the
//! local cloud.
//!
//! `cargo xtask snapshots` writes the expectations anew: those in these files, `snapshots/` and `environments/schema.json`.

mod account;
mod check;
mod cli;
mod diff;
mod environment_files;
mod github;
mod harness;
mod help;
mod linkage;
mod local;
mod page;
mod permissions;
mod rehearse;
mod snapshots;
