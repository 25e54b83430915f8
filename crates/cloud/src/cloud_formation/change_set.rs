use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// What a change set is to be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// The name of the stack.
    pub stack: String,
    /// The name of the change set, unique in the stack: at most 128 letters, digits and hyphens.
    pub name: String,
    /// Whether the stack is new.
    pub change_set_type: ChangeSetType,
    /// The template.
    pub template: TemplateSource,
    /// The parameters; those of the template that are left out take their default.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The tags of the stack, which CloudFormation passes to its resources.
    pub tags: BTreeMap<String, String>,
    /// What is acknowledged.
    pub capabilities: Vec<Capability>,
    /// Says what it is for, in the console.
    pub description: Option<String>,
    /// The same call again with the same token is not a second change set.
    pub client_token: Option<String>,
    /// What follows when creating the stack fails; `None` rolls back and keeps the stack for its events.
    pub on_stack_failure: Option<OnStackFailure>,
    /// The role that CloudFormation assumes; `None` for the caller's rights (or the role that the stack already has).
    pub role_arn: Option<String>,
    /// The resources to take over; only with [`ChangeSetType::Import`].
    pub import: Vec<ImportedResource>,
    /// Which alarms undo it; `None` leaves those that the stack has, an empty list takes them away.
    pub rollback: Option<RollbackTriggers>,
}

impl ChangeSetRequest {
    /// Starts a request; the fields that are not named here are empty.
    pub fn new(
        stack: impl Into<String>,
        name: impl Into<String>,
        change_set_type: ChangeSetType,
        template: TemplateSource,
    ) -> Self {
        Self {
            stack: stack.into(),
            name: name.into(),
            change_set_type,
            template,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            description: None,
            client_token: None,
            on_stack_failure: None,
            role_arn: None,
            import: Vec::new(),
            rollback: None,
        }
    }
}

/// Whether a change set makes a stack or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSetType {
    /// The stack does not exist, or is in `REVIEW_IN_PROGRESS`.
    Create,
    /// The stack exists.
    Update,
    /// Resources that exist become part of the stack, which exists or is made of them.
    Import,
}

/// A resource that exists and becomes part of a stack. Its template has a deletion policy for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// The properties that identify it, with their values: `BucketName`.
    pub identifier: BTreeMap<String, String>,
}

/// The alarms that undo an operation when one of them rings during it, or in a time after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollbackTriggers {
    /// The ARNs of the alarms on metrics; with the composite ones, at most five. One that does not exist makes the operation
    /// fail.
    pub alarms: Vec<String>,
    /// The ARNs of the composite alarms, which CloudFormation wants to be told apart.
    pub composite_alarms: Vec<String>,
    /// How long they are watched once everything is changed: whole minutes, at most 180.
    pub monitoring: Duration,
}

/// Where a template is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSource {
    /// Here: at most 51,200 bytes.
    Body(String),
    /// In a bucket: at most 1 MB.
    Url(String),
    /// The one that the stack has.
    Previous,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// This one.
    Value(String),
    /// The one that the stack has.
    Previous,
}

/// What CloudFormation wants acknowledged before it does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// IAM resources.
    Iam,
    /// IAM resources with names of their own.
    NamedIam,
    /// Macros and nested stacks.
    AutoExpand,
}

/// What follows when creating a stack fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStackFailure {
    /// Everything stays as it is, for a look.
    DoNothing,
    /// What was made is deleted; the stack stays, in `ROLLBACK_COMPLETE`.
    Rollback,
    /// All of it is deleted.
    Delete,
}

/// Names a change set for good, and its stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetIds {
    /// The ARN of the change set.
    pub change_set: String,
    /// The ARN of the stack.
    pub stack: String,
}

crate::string_enum::string_enum! {
    /// How far a change set is made.
    pub enum ChangeSetStatus {
        /// Waits to be made.
        CreatePending = "CREATE_PENDING",
        /// Is being made.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// Is made.
        CreateComplete = "CREATE_COMPLETE",
        /// Waits to be deleted.
        DeletePending = "DELETE_PENDING",
        /// Is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// Is deleted.
        DeleteComplete = "DELETE_COMPLETE",
        /// Could not be deleted.
        DeleteFailed = "DELETE_FAILED",
        /// Could not be made, or there is nothing to change: see [`ChangeSetDescription::is_without_changes`].
        Failed = "FAILED",
    }
}

crate::string_enum::string_enum! {
    /// Whether a change set can be executed.
    pub enum ExecutionStatus {
        /// It cannot, for now or for ever.
        Unavailable = "UNAVAILABLE",
        /// It can.
        Available = "AVAILABLE",
        /// It is being executed.
        InProgress = "EXECUTE_IN_PROGRESS",
        /// It was executed.
        Complete = "EXECUTE_COMPLETE",
        /// It was executed, and failed.
        Failed = "EXECUTE_FAILED",
        /// The stack has changed since it was made.
        Obsolete = "OBSOLETE",
    }
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetDescription {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// The ARN of the stack.
    pub stack_id: String,
    /// How far it is made.
    pub status: ChangeSetStatus,
    /// Why it stands there.
    pub reason: Option<String>,
    /// Whether it can be executed.
    pub execution_status: ExecutionStatus,
    /// What it would change.
    pub changes: Vec<Change>,
    /// The parameters that it would set.
    pub parameters: BTreeMap<String, String>,
    /// The tags that it would set.
    pub tags: BTreeMap<String, String>,
}

/// A change set in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetSummary {
    /// Its name.
    pub name: String,
    /// How far it is made.
    pub status: ChangeSetStatus,
    /// Whether it can be executed.
    pub execution_status: ExecutionStatus,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl ChangeSetDescription {
    /// Says whether making it failed only because there is nothing to change. CloudFormation has no code for that,
    /// only these sentences.
    pub fn is_without_changes(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        self.status == ChangeSetStatus::Failed
            && (reason.contains("didn't contain changes") || reason.contains("No updates are to be performed"))
    }
}

crate::string_enum::string_enum! {
    /// What happens to a resource.
    pub enum ChangeAction {
        /// It is made.
        Add = "Add",
        /// It is changed, or replaced.
        Modify = "Modify",
        /// It is deleted, or left behind where its policy says so.
        Remove = "Remove",
        /// It is taken over.
        Import = "Import",
        /// Only known during execution.
        Dynamic = "Dynamic",
    }
}

crate::string_enum::string_enum! {
    /// Whether a changed resource is made anew.
    pub enum Replacement {
        /// It is.
        True = "True",
        /// It is not.
        False = "False",
        /// It depends on values only known during execution.
        Conditional = "Conditional",
    }
}

/// A change of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happens to it.
    pub action: ChangeAction,
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in its service; `None` for one that is made.
    pub physical_id: Option<String>,
    /// Its type: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Whether it is made anew; `None` where it is not modified.
    pub replacement: Option<Replacement>,
    /// What becomes of a removed resource, such as `Retain`.
    pub policy_action: Option<String>,
    /// What of it changes: `Properties`, `Metadata`, `Tags` …
    pub scope: Vec<String>,
    /// Each attribute that changes.
    pub details: Vec<ChangeDetail>,
}

/// A change of one attribute of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeDetail {
    /// `Properties`, `Metadata`, `Tags` …
    pub attribute: String,
    /// The property, if it is one.
    pub name: Option<String>,
    /// The JSON pointer of what changes inside the resource, where CloudFormation gives one.
    pub path: Option<String>,
    /// Whether this alone makes the resource anew: `Never`, `Conditionally`, `Always`.
    pub requires_recreation: Option<String>,
    /// `Static`: known now. `Dynamic`: only known during execution.
    pub evaluation: Option<String>,
    /// What causes it: `DirectModification`, `ParameterReference`, `ResourceReference` …
    pub change_source: Option<String>,
    /// Which parameter or resource causes it.
    pub causing_entity: Option<String>,
    /// The value before, where CloudFormation gives it.
    pub before: Option<String>,
    /// The value after, where CloudFormation gives it.
    pub after: Option<String>,
}

/// What CloudFormation's early validation found wrong with a change set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidationFailure {
    /// The name of the resource in the template.
    pub logical_id: String,
    /// Its type: `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Which check it was, such as `NAME_CONFLICT_VALIDATION`.
    pub name: String,
    /// Where in the resource it is wrong.
    pub path: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// Whether it only warns: the change set can be executed all the same.
    pub is_warning: bool,
}
