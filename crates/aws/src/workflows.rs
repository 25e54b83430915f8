use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sfn::config::Builder;
use cloud::Result;
use cloud::workflows::{Execution, ExecutionStatus, Workflows};

use crate::error::Endpoint;
use crate::{cut, time};

/// A token has to be proved alive while a lease runs: a try that hangs must leave time for another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest `error` and `cause` that Step Functions takes (API reference, `SendTaskFailure`).
const MAX_ERROR_CHARACTERS: usize = 256;
const MAX_CAUSE_CHARACTERS: usize = 32_768;

pub(crate) struct Service {
    client: aws_sdk_sfn::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let config = Builder::from(config).timeout_config(timeouts).build();
        Self { client: aws_sdk_sfn::Client::from_conf(config), endpoint }
    }
}

#[async_trait]
impl Workflows for Service {
    async fn task_success(&self, token: &str, output: &str) -> Result<()> {
        let answer = self.client.send_task_success().task_token(token).output(output).send().await;
        answer.map_err(|error| self.endpoint.error("states:SendTaskSuccess", "", &error))?;
        Ok(())
    }

    async fn task_failure(&self, token: &str, error: &str, cause: &str) -> Result<()> {
        let request = self.client.send_task_failure().task_token(token);
        let request = request.error(cut(error, MAX_ERROR_CHARACTERS)).cause(cut(cause, MAX_CAUSE_CHARACTERS));
        let answer = request.send().await;
        answer.map_err(|error| self.endpoint.error("states:SendTaskFailure", "", &error))?;
        Ok(())
    }

    async fn task_heartbeat(&self, token: &str) -> Result<()> {
        let answer = self.client.send_task_heartbeat().task_token(token).send().await;
        answer.map_err(|error| self.endpoint.error("states:SendTaskHeartbeat", "", &error))?;
        Ok(())
    }

    async fn start_execution(&self, state_machine: &str, name: &str, input: &str) -> Result<String> {
        let request = self.client.start_execution().state_machine_arn(state_machine).name(name).input(input);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.endpoint.error("states:StartExecution", name, &error))?;
        Ok(answer.execution_arn)
    }

    async fn describe_execution(&self, execution: &str) -> Result<Execution> {
        let answer = self.client.describe_execution().execution_arn(execution).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("states:DescribeExecution", execution, &error))?;
        Ok(Execution {
            name: answer.name.unwrap_or_else(|| execution.rsplit(':').next().unwrap_or_default().to_owned()),
            arn: answer.execution_arn,
            state_machine: answer.state_machine_arn,
            status: ExecutionStatus::from(answer.status.as_str()),
            started: time(Some(&answer.start_date)),
            stopped: time(answer.stop_date.as_ref()),
            input: answer.input,
            output: answer.output,
            error: answer.error,
            cause: answer.cause,
        })
    }

    async fn stop_execution(&self, execution: &str, error: &str, cause: &str) -> Result<()> {
        let request = self.client.stop_execution().execution_arn(execution);
        let request = request.error(cut(error, MAX_ERROR_CHARACTERS)).cause(cut(cause, MAX_CAUSE_CHARACTERS));
        let answer = request.send().await;
        answer.map_err(|error| self.endpoint.error("states:StopExecution", execution, &error))?;
        Ok(())
    }
}
