//! What CloudFormation treats as a blob, typed.
//!
//! - [`iam`]: policy documents, of identities, resources and a role's trust;
//! - [`states`]: state machines in the Amazon States Language, with JSONata;
//! - [`events`]: event patterns of EventBridge;
//! - [`ssm`]: Command documents of Systems Manager;
//! - [`dashboards`]: dashboards of CloudWatch;
//! - [`script`] and [`user_data`]: what an instance runs when it starts;
//! - [`object!`] and [`array()`]: JSON of any shape, with references inside.
//!
//! A document is made by a function that takes what must be there, and consuming setters for the rest. It stands
//! directly in the slot of a resource; references inside stay references, so CloudFormation resolves them. What types
//! cannot forbid, such as a transition to a state that does not exist, synthesis reports with the author's line.
//!
//! Pure: no I/O, no clock, no randomness, no environment variables.

pub mod dashboards;
pub mod events;
pub mod iam;
mod json;
mod script;
pub mod ssm;
pub mod states;
#[cfg(test)]
mod synthesis;

#[doc(hidden)]
pub use json::__private;
pub use json::array;
pub use script::{Script, script, user_data};
