//! The services that are not simulated.

use std::time::Duration;

use async_trait::async_trait;
use cloud::commands::{CommandRequest, Commands, Instance, Instances, Invocation, InvocationResult};
use cloud::metrics::{Datum, Metrics};
use cloud::queues::{Message, QueueCounts, Queues, ReceiveRequest};
use cloud::workflows::{Execution, Workflows};
use cloud::{Metadata, Result};

use crate::refusal::absent as error;

/// The services that are not simulated.
pub(super) struct Absent;

fn absent<T>(operation: &'static str) -> Result<T> {
    Err(error(operation))
}

#[async_trait]
impl Queues for Absent {
    async fn send(&self, _: &str, _: &str, _: Option<&str>) -> Result<String> {
        absent("sqs:SendMessage")
    }
    async fn receive(&self, _: &str, _: &ReceiveRequest) -> Result<Vec<Message>> {
        absent("sqs:ReceiveMessage")
    }
    async fn change_visibility(&self, _: &str, _: &str, _: Duration) -> Result<()> {
        absent("sqs:ChangeMessageVisibility")
    }
    async fn delete(&self, _: &str, _: &str) -> Result<()> {
        absent("sqs:DeleteMessage")
    }
    async fn counts(&self, _: &str) -> Result<QueueCounts> {
        absent("sqs:GetQueueAttributes")
    }
}

#[async_trait]
impl Workflows for Absent {
    async fn task_success(&self, _: &str, _: &str) -> Result<()> {
        absent("states:SendTaskSuccess")
    }
    async fn task_failure(&self, _: &str, _: &str, _: &str) -> Result<()> {
        absent("states:SendTaskFailure")
    }
    async fn task_heartbeat(&self, _: &str) -> Result<()> {
        absent("states:SendTaskHeartbeat")
    }
    async fn start_execution(&self, _: &str, _: &str, _: &str) -> Result<String> {
        absent("states:StartExecution")
    }
    async fn describe_execution(&self, _: &str) -> Result<Execution> {
        absent("states:DescribeExecution")
    }
    async fn stop_execution(&self, _: &str, _: &str, _: &str) -> Result<()> {
        absent("states:StopExecution")
    }
}

#[async_trait]
impl Commands for Absent {
    async fn instances(&self, _: &Instances) -> Result<Vec<Instance>> {
        absent("ssm:DescribeInstanceInformation")
    }
    async fn send_command(&self, _: &CommandRequest) -> Result<String> {
        absent("ssm:SendCommand")
    }
    async fn list_invocations(&self, _: &str) -> Result<Vec<Invocation>> {
        absent("ssm:ListCommandInvocations")
    }
    async fn invocation(&self, _: &str, _: &str) -> Result<InvocationResult> {
        absent("ssm:GetCommandInvocation")
    }
}

#[async_trait]
impl Metadata for Absent {
    async fn get(&self, _: &str) -> Result<Option<String>> {
        absent("metadata")
    }
}

#[async_trait]
impl Metrics for Absent {
    async fn put(&self, _: &str, _: &[Datum]) -> Result<()> {
        absent("cloudwatch:PutMetricData")
    }
}
