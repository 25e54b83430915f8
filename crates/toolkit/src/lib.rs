//! Does with a synthesized app what its users ask for: checks and writes it, deploys it, reads its outputs, destroys
//! it.
//!
//! Nothing here prints: what happens is told to an [`Events`] sink as typed [`Event`]s, and what needs a person's word
//! is put to an [`Approver`]. Nothing here knows a concrete stack, the AWS SDK or a terminal.
//!
//! [`deploy`] and [`destroy`] can be killed anywhere and run again: they look at what is there before every step.

mod approval;
mod assemble;
mod call;
mod change_set;
mod deploy;
mod deployed;
mod destroy;
mod error;
mod event;
mod follow;
mod options;
mod outputs;
mod parameters;
mod permissions;
mod plan;
mod preflight;
mod selection;
mod situation;
mod source;
mod status;
mod write;

pub use approval::{Approver, Question};
pub use assemble::{Checked, assemble};
pub use change_set::StackPlan;
pub use deploy::{Outcome, StackOutcome, deploy};
pub use deployed::{DeployedTemplate, deployed_templates};
pub use destroy::{BucketContent, DestroyPlan, Destroyed, DoomedStack, Retained, destroy};
pub use error::{Cause, Error, Failure};
pub use event::{Event, Events, ReadStack, SelectedStack, silent};
pub use options::{Artifacts, DeployOptions, DestroyOptions, Kept, Patience};
pub use outputs::{StackOutputs, outputs};
pub use parameters::check_parameters;
pub use permissions::{Permissions, Policy, Statement, permissions};
pub use plan::{
    Basis, PLAN_VERSION, Plan, PlannedChange, PlannedParameter, PlannedProperty, PlannedStep, Standing, StepKind,
    plan_schema,
};
pub use selection::select;
pub use write::{MANIFEST, Manifest, ManifestStack, WriteError, template_file, write};
