//! A client that makes change sets, executes them and waits.

use std::time::Duration;

use cloud::cloud_formation::{
    Capability, ChangeSetDescription, ChangeSetRequest, ChangeSetStatus, ChangeSetType, CloudFormation,
    DeleteStackRequest, OnStackFailure, ParameterValue, StackEvent, StackStatus, TemplateSource,
};
use cloud::{Cloud, Result};
use serde_json::Value;
use simulator::Simulator;

/// A simulator and a connection to it.
pub struct Client {
    pub simulator: Simulator,
    pub cloud: Cloud,
}

impl Default for Client {
    fn default() -> Self {
        Self::new(1)
    }
}

/// Makes a request with all capabilities.
pub fn request(stack: &str, kind: ChangeSetType, template: &Value) -> ChangeSetRequest {
    let mut request = ChangeSetRequest::new(stack, "change", kind, TemplateSource::Body(template.to_string()));
    request.capabilities = vec![Capability::NamedIam, Capability::AutoExpand];
    request
}

impl Client {
    pub fn new(seed: u64) -> Self {
        let simulator = Simulator::new(seed);
        let cloud = simulator.cloud();
        Self { simulator, cloud }
    }

    pub fn api(&self) -> &dyn CloudFormation {
        &*self.cloud.cloud_formation
    }

    /// Makes a change set and waits until it is made.
    pub async fn make(&self, request: &ChangeSetRequest) -> Result<ChangeSetDescription> {
        let ids = self.api().create_change_set(request).await?;
        loop {
            let made = self.api().describe_change_set(&ids.stack, &ids.change_set).await?;
            if !matches!(made.status, ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress) {
                return Ok(made);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Executes a change set and waits for the end.
    pub async fn execute(&self, made: &ChangeSetDescription) -> StackStatus {
        assert_eq!(made.status, ChangeSetStatus::CreateComplete, "{:?}", made.reason);
        self.api().execute_change_set(&made.stack_id, &made.id, None).await.expect("executed");
        let status = self.settled(&made.stack_id).await;
        // Its name is free again.
        self.api().delete_change_set(&made.stack_id, &made.id).await.expect("deleted");
        status
    }

    /// Creates or updates a stack.
    pub async fn deploy(&self, stack: &str, template: &Value) -> StackStatus {
        self.deploy_with(stack, template, &[]).await
    }

    pub async fn deploy_with(&self, stack: &str, template: &Value, parameters: &[(&str, &str)]) -> StackStatus {
        let mut request = request(stack, self.kind(stack), template);
        let value = |value: &str| ParameterValue::Value(value.to_owned());
        request.parameters = parameters.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        let made = self.make(&request).await.expect("made");
        self.execute(&made).await
    }

    /// Updates a stack, and lets everything stay as it is if that fails.
    pub async fn deploy_without_rollback(&self, stack: &str, template: &Value) -> StackStatus {
        let mut request = request(stack, self.kind(stack), template);
        request.on_stack_failure = Some(OnStackFailure::DoNothing);
        let made = self.make(&request).await.expect("made");
        self.execute(&made).await
    }

    pub fn kind(&self, stack: &str) -> ChangeSetType {
        match self.simulator.stack(stack) {
            Some(found) if found.status != StackStatus::ReviewInProgress => ChangeSetType::Update,
            _ => ChangeSetType::Create,
        }
    }

    pub async fn delete(&self, stack: &str) -> StackStatus {
        self.delete_retaining(stack, &[]).await
    }

    pub async fn delete_retaining(&self, stack: &str, retain: &[&str]) -> StackStatus {
        let id = self.simulator.stack(stack).expect("there is one").id;
        let retain = retain.iter().map(|name| (*name).to_owned()).collect();
        let request = DeleteStackRequest { retain, ..DeleteStackRequest::new(stack) };
        self.api().delete_stack(&request).await.expect("begun");
        self.settled(&id).await
    }

    /// Waits until the operation on a stack is over: the service shows the old status for a while.
    pub async fn settled(&self, stack: &str) -> StackStatus {
        tokio::time::sleep(Duration::from_secs(2)).await;
        loop {
            let found = self.simulator.stack(stack).expect("there is one");
            if !found.status.is_in_progress() {
                return found.status;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Lists events as `LogicalId STATUS`, those of the stack with its name.
    pub fn told(&self, stack: &str) -> Vec<String> {
        self.simulator.events(stack).iter().map(short).collect()
    }

    /// Returns the reason of the stack's last status that has one.
    pub fn reason(&self, stack: &str) -> String {
        let of_stack = |event: &&StackEvent| event.is_of_stack() && event.reason.is_some();
        let events = self.simulator.events(stack);
        events.iter().rev().find(of_stack).and_then(|event| event.reason.clone()).unwrap_or_default()
    }

    /// Returns why a resource failed last.
    pub fn failure(&self, stack: &str, logical_id: &str) -> String {
        let events = self.simulator.events(stack);
        let failed = |event: &&StackEvent| event.logical_id == logical_id && event.is_failure();
        events.iter().rev().find(failed).and_then(|event| event.reason.clone()).unwrap_or_default()
    }

    /// Returns the physical id of a resource.
    pub fn physical(&self, stack: &str, logical_id: &str) -> String {
        let resources = self.simulator.resources(stack);
        let found = resources.into_iter().find(|resource| resource.logical_id == logical_id);
        found.and_then(|resource| resource.physical_id).unwrap_or_default()
    }

    /// Lists the types and physical ids of everything that there is.
    pub fn things(&self) -> Vec<(String, String)> {
        self.simulator.things().into_iter().map(|thing| (thing.resource_type, thing.physical_id)).collect()
    }
}

fn short(event: &StackEvent) -> String {
    format!("{} {}", event.logical_id, event.status)
}
