//! What the simulator does that CloudFormation does, rule by rule. Time is paused: operations of minutes take nothing.

mod calls;
mod chance;
mod change_sets;
mod client;
mod creation;
mod deletion;
mod drift;
mod early;
mod exports;
mod import;
mod parameters;
mod policy;
mod refactor;
mod scenarios;
mod services;
mod triggers;
mod updates;
