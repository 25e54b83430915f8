//! What the simulator does that CloudFormation does, rule by rule. Time is paused: operations of minutes take nothing.

mod change_sets;
mod client;
mod creation;
mod deletion;
mod exports;
mod parameters;
mod services;
mod updates;
