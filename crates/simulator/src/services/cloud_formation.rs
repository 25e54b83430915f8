//! AWS CloudFormation.

use async_trait::async_trait;
use cloud::Result;
use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, ChangeSetSummary, CloudFormation, DeleteStackRequest,
    DriftDetection, Export, RefactorDescription, RefactorRequest, ResourceDrift, StackDescription, StackEvent,
    StackResource, StackStatus, StackSummary, ValidationFailure,
};

use crate::Simulator;
use crate::change_set::ChangeSet;
use crate::operation::Kind;
use crate::refusal::{invalid, refusal};
use crate::stack::Stack;
use crate::state::State;

const DELETE: &str = "cloudformation:DeleteStack";
const CANCEL: &str = "cloudformation:CancelUpdateStack";
const ROLLBACK: &str = "cloudformation:RollbackStack";
const CONTINUE: &str = "cloudformation:ContinueUpdateRollback";

#[async_trait]
impl CloudFormation for Simulator {
    async fn describe_stack(&self, stack: &str) -> Result<Option<StackDescription>> {
        self.call("cloudformation:DescribeStacks", |state| Ok(state.find(stack).map(Stack::describe))).await
    }

    async fn list_stacks(&self, prefix: &str) -> Result<Vec<StackSummary>> {
        self.call("cloudformation:DescribeStacks", |state| {
            let live = state.live.iter().filter(|(name, _)| name.starts_with(prefix));
            Ok(live.filter_map(|(_, id)| state.stacks.get(id)).map(Stack::summarize).collect())
        })
        .await
    }

    async fn stack_resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        let operation = "cloudformation:ListStackResources";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            Ok(state.stacks.get(&id).map(Stack::list).unwrap_or_default())
        })
        .await
    }

    async fn stack_events(&self, stack: &str, after: Option<&str>) -> Result<Vec<StackEvent>> {
        let operation = "cloudformation:DescribeStackEvents";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            let events = state.stacks.get(&id).map(|stack| stack.events.as_slice()).unwrap_or_default();
            // What is asked for is mostly at the end.
            let seen = after.and_then(|after| events.iter().rposition(|event| event.id == after));
            Ok(events[seen.map_or(0, |seen| seen + 1)..].to_vec())
        })
        .await
    }

    async fn template(&self, stack: &str) -> Result<String> {
        let operation = "cloudformation:GetTemplate";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            let revision = state.stacks.get(&id).and_then(|stack| stack.revision.as_ref());
            Ok(revision.map(|revision| revision.template.body.clone()).unwrap_or_default())
        })
        .await
    }

    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<ChangeSetIds> {
        self.call("cloudformation:CreateChangeSet", |state| state.create_change_set(request)).await
    }

    async fn describe_change_set(&self, stack: &str, change_set: &str) -> Result<ChangeSetDescription> {
        self.call("cloudformation:DescribeChangeSet", |state| state.describe_change_set(stack, change_set)).await
    }

    async fn validation_failures(&self, stack: &str, change_set: &str) -> Result<Vec<ValidationFailure>> {
        self.call("cloudformation:DescribeEvents", |state| state.validation_failures(stack, change_set)).await
    }

    async fn execute_change_set(&self, stack: &str, change_set: &str, client_token: Option<&str>) -> Result<()> {
        let operation = "cloudformation:ExecuteChangeSet";
        self.call(operation, |state| state.execute_change_set(stack, change_set, client_token)).await
    }

    async fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSetSummary>> {
        self.call("cloudformation:ListChangeSets", |state| {
            let change_sets = state.find(stack).map(|stack| stack.change_sets.as_slice()).unwrap_or_default();
            Ok(change_sets.iter().map(ChangeSet::summarize).collect())
        })
        .await
    }

    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<()> {
        self.call("cloudformation:DeleteChangeSet", |state| state.delete_change_set(stack, change_set)).await
    }

    async fn delete_stack(&self, request: &DeleteStackRequest) -> Result<()> {
        self.call(DELETE, |state| state.delete_stack(request)).await
    }

    async fn cancel_update(&self, stack: &str) -> Result<()> {
        self.call(CANCEL, |state| state.cancel_update(stack)).await
    }

    async fn update_termination_protection(&self, stack: &str, protected: bool) -> Result<()> {
        let operation = "cloudformation:UpdateTerminationProtection";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            if let Some(stack) = state.stacks.get_mut(&id) {
                stack.protected = protected;
            }
            Ok(())
        })
        .await
    }

    async fn rollback_stack(&self, stack: &str, client_token: Option<&str>) -> Result<()> {
        self.call(ROLLBACK, |state| state.rollback_stack(stack, client_token)).await
    }

    async fn continue_update_rollback(&self, stack: &str, skip: &[String], client_token: Option<&str>) -> Result<()> {
        self.call(CONTINUE, |state| state.continue_update_rollback(stack, skip, client_token)).await
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>> {
        let operation = "cloudformation:GetStackPolicy";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            Ok(state.stacks.get(&id).and_then(|stack| stack.policy.clone()))
        })
        .await
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<()> {
        let operation = "cloudformation:SetStackPolicy";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            if serde_json::from_str::<serde_json::Value>(policy).is_err() {
                return Err(invalid(operation, "Error validating stack policy: Unknown JSON format"));
            }
            if let Some(stack) = state.stacks.get_mut(&id) {
                stack.policy = Some(policy.to_owned());
            }
            Ok(())
        })
        .await
    }

    async fn detect_drift(&self, stack: &str) -> Result<String> {
        self.call("cloudformation:DetectStackDrift", |state| state.detect_drift(stack)).await
    }

    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection> {
        let operation = "cloudformation:DescribeStackDriftDetectionStatus";
        self.call(operation, |state| state.drift_detection(detection)).await
    }

    async fn resource_drifts(&self, stack: &str) -> Result<Vec<ResourceDrift>> {
        let operation = "cloudformation:DescribeStackResourceDrifts";
        self.call(operation, |state| {
            let id = state.existing(operation, stack)?;
            Ok(state.stacks.get(&id).map(|stack| stack.drifts.clone()).unwrap_or_default())
        })
        .await
    }

    async fn create_stack_refactor(&self, request: &RefactorRequest) -> Result<String> {
        self.call("cloudformation:CreateStackRefactor", |state| state.create_refactor(request)).await
    }

    async fn describe_stack_refactor(&self, refactor: &str) -> Result<RefactorDescription> {
        self.call("cloudformation:DescribeStackRefactor", |state| state.describe_refactor(refactor)).await
    }

    async fn execute_stack_refactor(&self, refactor: &str) -> Result<()> {
        self.call("cloudformation:ExecuteStackRefactor", |state| state.execute_refactor(refactor)).await
    }

    async fn exports(&self) -> Result<Vec<Export>> {
        self.call("cloudformation:ListExports", |state| {
            let export = |(name, exported): (&String, &crate::state::Exported)| Export {
                name: name.clone(),
                value: exported.value.clone(),
                stack_id: exported.stack.clone(),
            };
            Ok(state.exports.iter().map(export).collect())
        })
        .await
    }

    async fn importing_stacks(&self, export: &str) -> Result<Vec<String>> {
        self.call("cloudformation:ListImports", |state| Ok(state.importing(export))).await
    }
}

impl State {
    fn delete_stack(&mut self, request: &DeleteStackRequest) -> Result<()> {
        let Some(stack) = self.find(&request.stack) else { return Ok(()) };
        if stack.status == StackStatus::DeleteComplete {
            return Ok(());
        }
        let (id, status) = (stack.id.clone(), stack.status.clone());
        let is_deleting = status == StackStatus::DeleteInProgress
            || stack.operation.as_ref().is_some_and(|operation| operation.kind == Kind::Delete);
        if is_deleting {
            return Ok(());
        }
        if stack.protected {
            let message = format!("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack.name);
            return Err(invalid(DELETE, message));
        }
        if !request.retain.is_empty() && status != StackStatus::DeleteFailed {
            let message = format!(
                "Invalid operation on stack [{id}]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state"
            );
            return Err(invalid(DELETE, message));
        }
        if stack.is_busy() && status != StackStatus::CreateInProgress {
            let status = if status.is_in_progress() { status.as_str() } else { "UPDATE_IN_PROGRESS" };
            return Err(invalid(DELETE, format!("Stack [{id}] cannot be deleted while in status {status}")));
        }
        if status == StackStatus::ReviewInProgress {
            self.stack_gone(&id);
            return Ok(());
        }
        self.interrupt(&id);
        self.begin_deletion(&id, &request.retain, request.client_token.clone());
        Ok(())
    }

    fn cancel_update(&mut self, stack: &str) -> Result<()> {
        let id = self.existing(CANCEL, stack)?;
        let is_updating = self.stacks.get(&id).is_some_and(|stack| stack.status == StackStatus::UpdateInProgress);
        if !is_updating {
            return Err(invalid(CANCEL, "CancelUpdateStack cannot be called from current stack status"));
        }
        self.cancel(&id);
        Ok(())
    }

    fn rollback_stack(&mut self, stack: &str, token: Option<&str>) -> Result<()> {
        let id = self.existing(ROLLBACK, stack)?;
        let Some(found) = self.stacks.get(&id).filter(|found| !found.is_busy()) else {
            return Err(invalid(ROLLBACK, "RollbackStack cannot be called from current stack status"));
        };
        let kind = match found.status {
            StackStatus::CreateFailed => Kind::Create,
            StackStatus::UpdateFailed => Kind::Update,
            _ => {
                let message = format!("Stack:{id} is in {} state and can not be rolled back", found.status);
                return Err(invalid(ROLLBACK, message));
            }
        };
        self.begin_rollback(&id, kind, &[], token.map(str::to_owned));
        Ok(())
    }

    fn continue_update_rollback(&mut self, stack: &str, skip: &[String], token: Option<&str>) -> Result<()> {
        let id = self.existing(CONTINUE, stack)?;
        let Some(found) = self.stacks.get(&id) else { return Ok(()) };
        if found.status != StackStatus::UpdateRollbackFailed || found.is_busy() {
            let status = if found.is_busy() { "UPDATE_ROLLBACK_IN_PROGRESS" } else { found.status.as_str() };
            let message =
                format!("Stack:{id} is in {status} state and can not be continued with ContinueUpdateRollback");
            return Err(refusal(CONTINUE, "ValidationError", message));
        }
        let failed =
            |name: &&String| found.resources.get(*name).is_some_and(|resource| resource.status == "UPDATE_FAILED");
        let wrong: Vec<_> = skip.iter().filter(|name| !failed(name)).map(String::as_str).collect();
        if !wrong.is_empty() {
            let message =
                format!("Resources [{}] are not in UPDATE_FAILED state and cannot be skipped", wrong.join(", "));
            return Err(invalid(CONTINUE, message));
        }
        self.begin_rollback(&id, Kind::Update, skip, token.map(str::to_owned));
        Ok(())
    }
}
