//! What the simulator does that CloudFormation does, rule by rule. Time is paused: operations of minutes take nothing.

mod calls;
mod change_sets;
mod client;
mod creation;
mod deletion;
mod early;
mod exports;
mod parameters;
mod services;
mod updates;
