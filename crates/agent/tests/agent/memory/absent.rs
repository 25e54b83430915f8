//! Services that a worker has no business with.

use async_trait::async_trait;
use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, CloudFormation, DeleteStackRequest, StackDescription,
    StackEvent, StackResource, StackSummary,
};
use cloud::commands::{CommandRequest, Commands, Instance, Instances, Invocation, InvocationResult};
use cloud::{Caller, Error, ErrorKind, Identity, Result};

pub struct Absent;

fn absent<T>() -> Result<T> {
    Err(Error::new(ErrorKind::AccessDenied, "none", "workers do not call this service"))
}

#[async_trait]
impl Identity for Absent {
    async fn caller(&self) -> Result<Caller> {
        absent()
    }
}

#[async_trait]
impl CloudFormation for Absent {
    async fn describe_stack(&self, _: &str) -> Result<Option<StackDescription>> {
        absent()
    }
    async fn list_stacks(&self, _: &str) -> Result<Vec<StackSummary>> {
        absent()
    }
    async fn stack_resources(&self, _: &str) -> Result<Vec<StackResource>> {
        absent()
    }
    async fn stack_events(&self, _: &str, _: Option<&str>) -> Result<Vec<StackEvent>> {
        absent()
    }
    async fn template(&self, _: &str) -> Result<String> {
        absent()
    }
    async fn create_change_set(&self, _: &ChangeSetRequest) -> Result<ChangeSetIds> {
        absent()
    }
    async fn describe_change_set(&self, _: &str, _: &str) -> Result<ChangeSetDescription> {
        absent()
    }
    async fn execute_change_set(&self, _: &str, _: &str, _: Option<&str>) -> Result<()> {
        absent()
    }
    async fn delete_change_set(&self, _: &str, _: &str) -> Result<()> {
        absent()
    }
    async fn delete_stack(&self, _: &DeleteStackRequest) -> Result<()> {
        absent()
    }
    async fn cancel_update(&self, _: &str) -> Result<()> {
        absent()
    }
    async fn update_termination_protection(&self, _: &str, _: bool) -> Result<()> {
        absent()
    }
}

#[async_trait]
impl Commands for Absent {
    async fn instances(&self, _: &Instances) -> Result<Vec<Instance>> {
        absent()
    }
    async fn send_command(&self, _: &CommandRequest) -> Result<String> {
        absent()
    }
    async fn list_invocations(&self, _: &str) -> Result<Vec<Invocation>> {
        absent()
    }
    async fn invocation(&self, _: &str, _: &str) -> Result<InvocationResult> {
        absent()
    }
}
