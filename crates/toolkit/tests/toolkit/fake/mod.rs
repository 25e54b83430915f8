//! CloudFormation in memory, as strict about states as the real one: what it would refuse is refused here.
//!
//! Time passes by being looked at: each look at a stack's status lets the operation on it do one more step.

mod change_sets;
mod identity;
mod objects;
mod operation;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, CloudFormation, DeleteStackRequest, ExecutionStatus,
    ParameterValue, StackDescription, StackEvent, StackOutput, StackResource, StackStatus, StackSummary,
    ValidationFailure,
};
use cloud::{Cloud, Error, ErrorKind, Result};
use serde_json::Value;

use change_sets::ChangeSet;
use operation::Step;

use crate::tables::MemoryTables;

/// The account that the credentials are of.
pub const ACCOUNT: &str = "111122223333";
/// The region of the connection.
pub const REGION: &str = "eu-central-1";

/// A whole cloud in memory.
#[derive(Clone, Default)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    tables: Arc<Mutex<Option<Arc<MemoryTables>>>>,
}

/// What there is.
#[derive(Default)]
pub struct State {
    pub stacks: BTreeMap<String, Stack>,
    pub deleted: Vec<Stack>,
    pub objects: BTreeMap<(String, String), Vec<u8>>,
    /// Older versions of objects: bucket, key, version id.
    pub older_versions: BTreeSet<(String, String, String)>,
    /// What early validation finds in the template of a stack, by the stack's name.
    pub invalid: BTreeMap<String, ValidationFailure>,
    /// Resources that fail, by logical id, and why.
    pub failing: BTreeMap<String, String>,
    /// Logical ids of resources that fail when the failure of another is undone.
    pub failing_to_roll_back: BTreeSet<String>,
    /// Whether the first look at a stack after an operation began still shows the status of before.
    pub lagging: bool,
    /// How often an operation was begun, by stack.
    pub executions: BTreeMap<String, u32>,
    /// The tokens of the requests that had one.
    pub tokens: Vec<String>,
    /// The roles of change sets, by stack.
    pub roles: BTreeMap<String, Option<String>>,
    counter: u32,
}

/// A stack.
#[derive(Clone)]
pub struct Stack {
    pub name: String,
    pub id: String,
    pub status: StackStatus,
    pub template: String,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub resources: BTreeMap<String, StackResource>,
    pub events: Vec<StackEvent>,
    pub protected: bool,
    pub change_sets: Vec<ChangeSet>,
    /// What will happen, one step at each look.
    pub steps: VecDeque<Step>,
    /// The status that the next look shows although it is over.
    pub stale: Option<StackStatus>,
}

impl Fake {
    /// Opens a connection to this cloud.
    pub fn cloud(&self) -> Cloud {
        Cloud {
            cloud_formation: Arc::new(self.clone()),
            identity: Arc::new(identity::Caller),
            objects: Arc::new(self.clone()),
            tables: self.tables(),
            ..Cloud::absent(REGION)
        }
    }

    /// Gives the tables that the stacks have.
    fn tables(&self) -> Arc<dyn cloud::Tables> {
        let state = Arc::clone(&self.state);
        let exists = move |table: &str| {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let mut resources = state.stacks.values().flat_map(|stack| stack.resources.values());
            resources.any(|resource| resource.physical_id.as_deref() == Some(table))
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tables.get_or_insert_with(|| Arc::new(MemoryTables::new(exists)))) as _
    }

    /// Gives what there is, to look at or to change behind the toolkit's back.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    fn new_stack(&mut self, name: &str) -> Stack {
        let number = self.next();
        Stack {
            name: name.to_owned(),
            id: format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{number}"),
            status: StackStatus::ReviewInProgress,
            template: String::new(),
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            resources: BTreeMap::new(),
            events: Vec::new(),
            protected: false,
            change_sets: Vec::new(),
            steps: VecDeque::new(),
            stale: None,
        }
    }

    /// Finds a stack by name or id.
    fn find(&mut self, stack: &str) -> Option<&mut Stack> {
        self.stacks.values_mut().find(|present| present.name == stack || present.id == stack)
    }

    fn existing(&mut self, operation: &'static str, stack: &str) -> Result<&mut Stack> {
        let missing = refused(operation, format!("Stack [{stack}] does not exist"));
        self.find(stack).ok_or(missing)
    }

    /// Lets the operation on a stack do one step.
    fn advance(&mut self, name: &str) {
        let Some(stack) = self.find(name) else { return };
        let Some(step) = stack.steps.pop_front() else { return };
        let name = stack.name.clone();
        stack.record(&step);
        if stack.status == StackStatus::DeleteComplete
            && let Some(stack) = self.stacks.remove(&name)
        {
            self.deleted.push(stack);
        }
    }
}

impl Stack {
    /// Resolves what the outputs of the template are worth.
    fn outputs(&self) -> BTreeMap<String, StackOutput> {
        let template = parse(&self.template);
        let outputs = template["Outputs"].as_object().cloned().unwrap_or_default();
        let output = |value: &Value| StackOutput { value: self.resolve(value), description: None, export: None };
        outputs.iter().map(|(name, definition)| (name.clone(), output(&definition["Value"]))).collect()
    }

    fn resolve(&self, value: &Value) -> String {
        if let Some(name) = value["Ref"].as_str() {
            let resource = || format!("{}-{}", self.name, name.to_lowercase());
            return self.parameters.get(name).cloned().unwrap_or_else(resource);
        }
        match value["Fn::GetAtt"].as_array() {
            Some(parts) => format!("{}:{}-{}", parts[1], self.name, parts[0]).replace('"', "").to_lowercase(),
            None => value.as_str().unwrap_or_default().to_owned(),
        }
    }
}

fn parse(template: &str) -> Value {
    serde_json::from_str(template).unwrap_or_default()
}

fn refused(operation: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Validation, operation, message).with_code("ValidationError")
}

#[async_trait]
impl CloudFormation for Fake {
    async fn describe_stack(&self, stack: &str) -> Result<Option<StackDescription>> {
        let mut state = self.state();
        let before = state.find(stack).and_then(|stack| stack.stale.take());
        if before.is_none() {
            state.advance(stack);
        }
        let deleted = state.deleted.iter().find(|deleted| deleted.id == stack).cloned();
        let found = state.find(stack).cloned().or(deleted);
        Ok(found.map(|stack| StackDescription {
            outputs: if stack.status.is_success() || stack.status == StackStatus::UpdateRollbackComplete {
                stack.outputs()
            } else {
                BTreeMap::new()
            },
            name: stack.name,
            id: stack.id,
            status: before.unwrap_or(stack.status),
            reason: None,
            description: None,
            parameters: stack.parameters,
            tags: stack.tags,
            termination_protection: stack.protected,
            role_arn: None,
            rollback: cloud::cloud_formation::RollbackTriggers::default(),
            created: None,
            updated: None,
        }))
    }

    async fn list_stacks(&self, _prefix: &str) -> Result<Vec<StackSummary>> {
        Ok(Vec::new())
    }

    async fn stack_resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        let mut state = self.state();
        Ok(state.existing("cloudformation:ListStackResources", stack)?.resources.values().cloned().collect())
    }

    async fn stack_events(&self, stack: &str, after: Option<&str>) -> Result<Vec<StackEvent>> {
        let mut state = self.state();
        let deleted = state.deleted.iter().find(|deleted| deleted.id == stack).cloned();
        let events = match deleted {
            Some(deleted) => deleted.events,
            None => state.existing("cloudformation:DescribeStackEvents", stack)?.events.clone(),
        };
        let seen = after.and_then(|after| events.iter().position(|event| event.id == after)).map_or(0, |seen| seen + 1);
        Ok(events[seen..].to_vec())
    }

    async fn template(&self, stack: &str) -> Result<String> {
        Ok(self.state().existing("cloudformation:GetTemplate", stack)?.template.clone())
    }

    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<ChangeSetIds> {
        self.state().create_change_set(request)
    }

    async fn describe_change_set(&self, stack: &str, change_set: &str) -> Result<ChangeSetDescription> {
        self.state().describe_change_set(stack, change_set)
    }

    async fn validation_failures(&self, stack: &str, _change_set: &str) -> Result<Vec<ValidationFailure>> {
        let mut state = self.state();
        let name = state.existing("cloudformation:DescribeEvents", stack)?.name.clone();
        Ok(state.invalid.get(&name).cloned().into_iter().collect())
    }

    async fn execute_change_set(&self, stack: &str, change_set: &str, client_token: Option<&str>) -> Result<()> {
        let mut state = self.state();
        state.tokens.extend(client_token.map(str::to_owned));
        state.execute_change_set(stack, change_set)
    }

    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<()> {
        let mut state = self.state();
        let stack = state.existing("cloudformation:DeleteChangeSet", stack)?;
        stack.change_sets.retain(|present| present.name != change_set && present.id != change_set);
        Ok(())
    }

    async fn delete_stack(&self, request: &DeleteStackRequest) -> Result<()> {
        let mut state = self.state();
        state.tokens.extend(request.client_token.clone());
        let newest = state.objects.keys().map(|(bucket, _)| bucket);
        let objects = newest.chain(state.older_versions.iter().map(|(bucket, ..)| bucket)).cloned().collect();
        let Some(stack) = state.find(&request.stack) else { return Ok(()) };
        if stack.protected {
            return Err(refused(
                "cloudformation:DeleteStack",
                "Stack cannot be deleted while TerminationProtection is enabled",
            ));
        }
        if stack.status.is_in_progress() && stack.status != StackStatus::DeleteInProgress {
            return Err(refused("cloudformation:DeleteStack", format!("Stack is in {} state", stack.status)));
        }
        if stack.status != StackStatus::DeleteInProgress {
            stack.begin_deletion(&objects);
        }
        Ok(())
    }

    async fn cancel_update(&self, _stack: &str) -> Result<()> {
        Err(refused("cloudformation:CancelUpdateStack", "not part of this fake"))
    }

    async fn update_termination_protection(&self, stack: &str, protected: bool) -> Result<()> {
        self.state().existing("cloudformation:UpdateTerminationProtection", stack)?.protected = protected;
        Ok(())
    }
}

/// The value of a parameter of a request: given, or the one that the stack has.
fn parameter_value(value: &ParameterValue, previous: Option<&String>) -> Option<String> {
    match value {
        ParameterValue::Value(value) => Some(value.clone()),
        ParameterValue::Previous => previous.cloned(),
    }
}

/// Says whether a change set of this status was executed.
fn is_spent(status: &ExecutionStatus) -> bool {
    matches!(status, ExecutionStatus::Complete | ExecutionStatus::Failed | ExecutionStatus::InProgress)
}
