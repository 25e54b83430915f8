//! AWS CloudFormation.

mod change_set;
mod stack;

use async_trait::async_trait;

pub use change_set::{
    Capability, Change, ChangeAction, ChangeDetail, ChangeSetDescription, ChangeSetIds, ChangeSetRequest,
    ChangeSetStatus, ChangeSetType, ExecutionStatus, OnStackFailure, ParameterValue, Replacement, TemplateSource,
    ValidationFailure,
};
pub use stack::{
    DeleteStackRequest, StackDescription, StackEvent, StackOutput, StackResource, StackStatus, StackSummary,
};

use crate::Result;

/// Deploys stacks (AWS CloudFormation). Stacks are named by their name, or by their id, which also finds deleted ones.
#[async_trait]
pub trait CloudFormation: Send + Sync {
    /// Describes a stack; `None` if there is none (`cloudformation:DescribeStacks`).
    async fn describe_stack(&self, stack: &str) -> Result<Option<StackDescription>>;

    /// Lists the stacks whose names start with `prefix`, deleted ones left out, by name
    /// (`cloudformation:DescribeStacks`).
    async fn list_stacks(&self, prefix: &str) -> Result<Vec<StackSummary>>;

    /// Lists the resources of a stack (`cloudformation:ListStackResources`).
    async fn stack_resources(&self, stack: &str) -> Result<Vec<StackResource>>;

    /// Lists the events of a stack that are newer than the event `after`, oldest first
    /// (`cloudformation:DescribeStackEvents`). All of them if `after` is `None` or no longer listed.
    async fn stack_events(&self, stack: &str, after: Option<&str>) -> Result<Vec<StackEvent>>;

    /// Returns the template of a stack as it was uploaded (`cloudformation:GetTemplate`).
    async fn template(&self, stack: &str) -> Result<String>;

    /// Starts making a change set (`cloudformation:CreateChangeSet`): poll [`Self::describe_change_set`].
    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<ChangeSetIds>;

    /// Describes a change set, with all pages of its changes (`cloudformation:DescribeChangeSet`).
    async fn describe_change_set(&self, stack: &str, change_set: &str) -> Result<ChangeSetDescription>;

    /// Lists what CloudFormation's early validation found in a change set; where it failed for that, its own reason
    /// only points here (`cloudformation:DescribeEvents`). An implementation without early validation finds nothing.
    async fn validation_failures(&self, stack: &str, change_set: &str) -> Result<Vec<ValidationFailure>> {
        let _ = (stack, change_set);
        Ok(Vec::new())
    }

    /// Starts the changes of a change set (`cloudformation:ExecuteChangeSet`): follow [`Self::stack_events`].
    ///
    /// With `client_token`, the same call again is not a second update, and the events carry the token.
    async fn execute_change_set(&self, stack: &str, change_set: &str, client_token: Option<&str>) -> Result<()>;

    /// Deletes a change set; one that is not there is not an error (`cloudformation:DeleteChangeSet`).
    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<()>;

    /// Starts deleting a stack; one that is not there is not an error (`cloudformation:DeleteStack`).
    async fn delete_stack(&self, request: &DeleteStackRequest) -> Result<()>;

    /// Stops an update under way and rolls it back (`cloudformation:CancelUpdateStack`).
    async fn cancel_update(&self, stack: &str) -> Result<()>;

    /// Protects a stack from being deleted, or no longer (`cloudformation:UpdateTerminationProtection`).
    async fn update_termination_protection(&self, stack: &str, protected: bool) -> Result<()>;
}
