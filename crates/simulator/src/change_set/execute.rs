//! Describes, executes and deletes change sets.

use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetStatus, ChangeSetType, ExecutionStatus, StackStatus, ValidationFailure,
};
use cloud::{Error, Result};

use super::ChangeSet;
use super::create::{accepts_update, not_updatable};
use crate::operation::{Kind, Operation};
use crate::refusal::{invalid, refusal};
use crate::state::State;

const EXECUTE: &str = "cloudformation:ExecuteChangeSet";
const DELETE: &str = "cloudformation:DeleteChangeSet";

fn missing(operation: &'static str, name: &str) -> Error {
    refusal(operation, "ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
}

impl State {
    fn change_set(&self, operation: &'static str, stack: &str, name: &str) -> Result<(String, &ChangeSet)> {
        let id = self.existing(operation, stack)?;
        let found = self.stacks.get(&id).and_then(|stack| stack.change_sets.iter().find(|made| made.is(name)));
        found.map(|found| (id, found)).ok_or_else(|| missing(operation, name))
    }

    pub fn describe_change_set(&self, stack: &str, name: &str) -> Result<ChangeSetDescription> {
        let (id, found) = self.change_set("cloudformation:DescribeChangeSet", stack, name)?;
        Ok(found.describe(&id))
    }

    pub fn validation_failures(&self, stack: &str, name: &str) -> Result<Vec<ValidationFailure>> {
        Ok(self.change_set("cloudformation:DescribeEvents", stack, name)?.1.failures.clone())
    }

    pub fn execute_change_set(&mut self, stack: &str, name: &str, token: Option<&str>) -> Result<()> {
        let (id, found) = self.change_set(EXECUTE, stack, name)?;
        let (change_set, revision, on_failure) = (found.id.clone(), found.revision.clone(), found.on_failure);
        let key = token.map(|token| format!("{EXECUTE} {id} {token}"));
        match key.as_ref().and_then(|key| self.tokens.get(key)) {
            Some(known) if *known == change_set => return Ok(()),
            Some(_) => {
                let message = format!("Token {} was already used for another request", token.unwrap_or_default());
                return Err(refusal(EXECUTE, "TokenAlreadyExistsException", message));
            }
            None => {}
        }
        if found.status != ChangeSetStatus::CreateComplete {
            let message =
                format!("ChangeSet [{}] cannot be executed in its current status of [{}]", found.id, found.status);
            return Err(refusal(EXECUTE, "InvalidChangeSetStatus", message));
        }
        if found.execution_status != ExecutionStatus::Available {
            let status = &found.execution_status;
            let message =
                format!("ChangeSet [{}] cannot be executed in its current execution status of [{status}]", found.id);
            return Err(refusal(EXECUTE, "InvalidChangeSetStatus", message));
        }
        let (kind, role_arn, rollback) = (found.kind, found.role_arn.clone(), found.rollback.clone());
        let import = found.import.clone();
        let Some(stack) = self.stacks.get_mut(&id) else { return Err(missing(EXECUTE, name)) };
        let is_new = stack.status == StackStatus::ReviewInProgress;
        if stack.is_busy() || !(is_new || accepts_update(&stack.status)) {
            return Err(invalid(EXECUTE, not_updatable(stack)));
        }
        for other in &mut stack.change_sets {
            let is_this = other.id == change_set;
            other.execution_status = if is_this { ExecutionStatus::InProgress } else { ExecutionStatus::Obsolete };
        }
        stack.role_arn = role_arn;
        stack.rollback = rollback.unwrap_or_else(|| stack.rollback.clone());
        self.tokens.extend(key.map(|key| (key, change_set.clone())));
        let kind = match kind {
            ChangeSetType::Create => Kind::Create,
            ChangeSetType::Update => Kind::Update,
            ChangeSetType::Import => Kind::Import,
        };
        let mut operation = Operation::new(self.next(), kind, token.map(str::to_owned));
        operation.target = Some(revision);
        operation.on_failure = on_failure;
        operation.change_set = Some(change_set);
        operation.import = import;
        self.accept(&id, operation);
        Ok(())
    }

    pub fn delete_change_set(&mut self, stack: &str, name: &str) -> Result<()> {
        let Ok((id, found)) = self.change_set(DELETE, stack, name) else { return Ok(()) };
        if found.execution_status == ExecutionStatus::InProgress {
            let message = format!(
                "ChangeSet [{}] cannot be deleted in its current execution status of [{}]",
                found.id, found.execution_status
            );
            return Err(refusal(DELETE, "InvalidChangeSetStatus", message));
        }
        if let Some(stack) = self.stacks.get_mut(&id) {
            stack.change_sets.retain(|made| !made.is(name));
        }
        Ok(())
    }
}
