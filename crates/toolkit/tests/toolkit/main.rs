//! Tests of the toolkit against a strict CloudFormation in memory.

mod account;
mod artifacts;
mod assemble;
mod deploy;
mod deployed;
mod destroy;
mod doctor;
mod exports;
mod fake;
mod interruption;
mod locks;
mod rollback;
mod moves;
mod selection;
mod statuses;
mod system;
mod tables;
mod write;
