//! Commands on instances, by Systems Manager's Run Command: [`deployed`] documents, [`values`] of their parameters,
//! [`send`], [`follow`].
//!
//! Nothing is sent that would fail for a reason that is known before: parameters are checked against the document as it
//! is deployed, and instances against what their SSM agents report.

mod deployed;
mod document;
mod error;
mod event;
mod follow;
mod parameters;
mod send;

pub use deployed::{Deployed, deployed};
pub use document::{Document, Parameter, documents, find};
pub use error::Error;
pub use event::{Event, Events};
pub use follow::{Outcome, Rest, follow};
pub use parameters::values;
pub use send::{OLDEST_AGENT, Sent, Target, send};
