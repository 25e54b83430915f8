//! Tests of the toolkit against a strict CloudFormation in memory.

mod account;
mod artifacts;
mod assemble;
mod deploy;
mod deployed;
mod destroy;
mod doctor;
mod engine;
mod exports;
mod fake;
mod import;
mod interruption;
mod locks;
mod looks;
mod moves;
mod permissions;
mod proof;
mod rollback;
mod selection;
mod statuses;
mod stories;
mod swap;
mod system;
mod tables;
mod write;
