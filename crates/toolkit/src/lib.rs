//! Does with a synthesized app what its users ask for: checks and writes it, deploys it, reads its outputs, destroys
//! it.
//!
//! Nothing here prints: what happens is told to an [`Events`] sink as typed [`Event`]s, and what needs a person's word
//! is put to an [`Approver`]. Nothing here knows a concrete stack, the AWS SDK or a terminal.
//!
//! [`deploy`] and [`destroy`] can be killed anywhere and run again: they look at what is there before every step.

mod approval;
mod artifacts;
mod assemble;
mod call;
mod calm;
mod causes;
mod change_set;
mod deploy;
mod deployed;
mod destroy;
mod doctor;
mod drift;
mod engine;
mod error;
mod event;
mod failure;
mod follow;
mod hints;
mod history;
mod import;
mod keep;
mod limiter;
mod lock;
mod options;
mod outputs;
mod overview;
mod parameters;
mod permissions;
mod plan;
mod preflight;
mod refactor;
mod rollback;
mod schedule;
mod selection;
mod situation;
mod source;
mod status;
mod stop;
pub mod swap;
mod write;

pub use approval::{Approver, Question};
pub use artifacts::{Artifacts, Asset, AssetSource, PruneOptions, Pruned, Stored, StoredArtifact, artifacts, prune};
pub use assemble::{Checked, assemble};
pub use deploy::{Outcome, StackOutcome, deploy, deploy_plan, plan};
pub use deployed::{DeployedTemplate, deployed_templates};
pub use destroy::{BucketContent, DestroyPlan, Destroyed, DoomedStack, Retained, destroy};
pub use doctor::{Check, CheckOutcome, FleetWants, WantedImage, WantedRole, WantedType, Wants, diagnose};
pub use drift::{Difference, DriftedResource, StackDrift, Weight, drift};
pub use error::Error;
pub use event::{Event, Events, ReadStack, SelectedStack, silent};
pub use failure::{Cause, Failure};
pub use history::{HistoryEvent, StackHistory, history, watch};
pub use import::{
    ImportCandidate, ImportDifference, ImportOptions, ImportPlan, ImportProblem, ImportRequest, Imported,
    ImportedState, import,
};
pub use lock::{Holder, Lock, LockOptions, LockState, LockTable, lock, lock_state, locked};
pub use options::{DeployOptions, DestroyOptions, Kept, Patience, ResourceName, RollbackOptions, StackPolicy};
pub use outputs::{StackOutputs, outputs};
pub use overview::{Health, Overview, StackOverview, overview};
pub use parameters::check_parameters;
pub use permissions::{Need, NeedTarget, Part, Permissions, Policy, Statement, needs, permissions};
pub use plan::loss::Loss;
pub use plan::moves::{Immovable, ImmovableReason, Move, Place};
pub use plan::phases::{Blocked, BlockedReason};
pub use plan::{
    Basis, PLAN_VERSION, Plan, PlannedChange, PlannedParameter, PlannedProperty, PlannedStep, Standing, StepKind,
    plan_schema,
};
pub use rollback::{RollbackCall, RollbackPlan, RollbackStep, RolledBack, rollback};
pub use selection::select;
pub use stop::Stop;
pub use write::{MANIFEST, Manifest, ManifestStack, WriteError, template_file, write};
