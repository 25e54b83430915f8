//! AWS CloudFormation.

mod change_set;
mod drift;
mod refactor;
mod stack;

use async_trait::async_trait;

pub use change_set::{
    Capability, Change, ChangeAction, ChangeDetail, ChangeSetDescription, ChangeSetIds, ChangeSetRequest,
    ChangeSetStatus, ChangeSetSummary, ChangeSetType, ExecutionStatus, ImportedResource, OnStackFailure,
    ParameterValue, Replacement, RollbackTriggers, TemplateSource, ValidationFailure,
};
pub use drift::{
    DriftDetection, DriftDetectionStatus, DriftStatus, PropertyDifference, ResourceDrift, ResourceDriftStatus,
};
pub use refactor::{
    RefactorDescription, RefactorExecutionStatus, RefactorRequest, RefactorStatus, RefactoredStack, ResourceLocation,
    ResourceMove,
};
pub use stack::{
    DeleteStackRequest, Export, StackDescription, StackEvent, StackOutput, StackResource, StackStatus, StackSummary,
};

use crate::{Error, ErrorKind, Result};

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

    /// Lists the change sets of a stack that were not deleted, executed ones too; none if there is no such stack
    /// (`cloudformation:ListChangeSets`).
    async fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSetSummary>> {
        let _ = stack;
        unsupported("cloudformation:ListChangeSets")
    }

    /// Deletes a change set; one that is not there is not an error (`cloudformation:DeleteChangeSet`).
    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<()>;

    /// Starts deleting a stack; one that is not there is not an error (`cloudformation:DeleteStack`).
    async fn delete_stack(&self, request: &DeleteStackRequest) -> Result<()>;

    /// Stops an update under way and rolls it back (`cloudformation:CancelUpdateStack`).
    async fn cancel_update(&self, stack: &str) -> Result<()>;

    /// Protects a stack from being deleted, or no longer (`cloudformation:UpdateTerminationProtection`).
    async fn update_termination_protection(&self, stack: &str, protected: bool) -> Result<()>;

    /// Undoes an update that failed and was not rolled back, of a stack in `UPDATE_FAILED` or `CREATE_FAILED`
    /// (`cloudformation:RollbackStack`).
    async fn rollback_stack(&self, stack: &str, client_token: Option<&str>) -> Result<()> {
        let _ = (stack, client_token);
        unsupported("cloudformation:RollbackStack")
    }

    /// Goes on undoing an update, of a stack in `UPDATE_ROLLBACK_FAILED` (`cloudformation:ContinueUpdateRollback`).
    ///
    /// The resources of `skip` are left as they are and taken for rolled back: only those in `UPDATE_FAILED`.
    async fn continue_update_rollback(&self, stack: &str, skip: &[String], client_token: Option<&str>) -> Result<()> {
        let _ = (stack, skip, client_token);
        unsupported("cloudformation:ContinueUpdateRollback")
    }

    /// Returns the policy that says which of a stack's resources may be updated (`cloudformation:GetStackPolicy`).
    async fn stack_policy(&self, stack: &str) -> Result<Option<String>> {
        let _ = stack;
        unsupported("cloudformation:GetStackPolicy")
    }

    /// Sets that policy, which can be changed and never taken away (`cloudformation:SetStackPolicy`).
    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<()> {
        let _ = (stack, policy);
        unsupported("cloudformation:SetStackPolicy")
    }

    /// Lists what the stacks of the account and region export (`cloudformation:ListExports`).
    async fn exports(&self) -> Result<Vec<Export>> {
        unsupported("cloudformation:ListExports")
    }

    /// Lists the names of the stacks that import an export; none if nobody does (`cloudformation:ListImports`).
    async fn importing_stacks(&self, export: &str) -> Result<Vec<String>> {
        let _ = export;
        unsupported("cloudformation:ListImports")
    }

    /// Starts comparing a stack with its template, and returns the id of that: poll [`Self::drift_detection`]
    /// (`cloudformation:DetectStackDrift`).
    async fn detect_drift(&self, stack: &str) -> Result<String> {
        let _ = stack;
        unsupported("cloudformation:DetectStackDrift")
    }

    /// Says how far a comparison is (`cloudformation:DescribeStackDriftDetectionStatus`).
    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection> {
        let _ = detection;
        unsupported("cloudformation:DescribeStackDriftDetectionStatus")
    }

    /// Lists what the last comparison of a stack found, resource by resource
    /// (`cloudformation:DescribeStackResourceDrifts`).
    async fn resource_drifts(&self, stack: &str) -> Result<Vec<ResourceDrift>> {
        let _ = stack;
        unsupported("cloudformation:DescribeStackResourceDrifts")
    }

    /// Starts preparing a move of resources within or between stacks, and returns its id: poll
    /// [`Self::describe_stack_refactor`] (`cloudformation:CreateStackRefactor`).
    async fn create_stack_refactor(&self, request: &RefactorRequest) -> Result<String> {
        let _ = request;
        unsupported("cloudformation:CreateStackRefactor")
    }

    /// Says how far a move is prepared, or carried out (`cloudformation:DescribeStackRefactor`).
    async fn describe_stack_refactor(&self, refactor: &str) -> Result<RefactorDescription> {
        let _ = refactor;
        unsupported("cloudformation:DescribeStackRefactor")
    }

    /// Starts carrying out a move that is prepared (`cloudformation:ExecuteStackRefactor`).
    async fn execute_stack_refactor(&self, refactor: &str) -> Result<()> {
        let _ = refactor;
        unsupported("cloudformation:ExecuteStackRefactor")
    }
}

/// Answers for an implementation that lacks an operation.
fn unsupported<T>(operation: &'static str) -> Result<T> {
    Err(Error::new(ErrorKind::Service, operation, "this cloud does not have the operation"))
}
