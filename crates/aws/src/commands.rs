use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_ssm::config::Builder;
use aws_sdk_ssm::types::{CloudWatchOutputConfig, InstanceInformation, InstanceInformationStringFilter};
use cloud::commands::{
    CommandRequest, CommandStatus, Commands, Instance, Instances, Invocation, InvocationResult, PingStatus,
};
use cloud::{Error, ErrorKind, Result};

use crate::error::Endpoint;
use crate::{cut, time};

/// The longest comment that Systems Manager takes (API reference, `SendCommand`).
const MAX_COMMENT_CHARACTERS: usize = 100;

pub(crate) struct Service {
    client: aws_sdk_ssm::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self { client: aws_sdk_ssm::Client::new(config), endpoint }
    }
}

#[async_trait]
impl Commands for Service {
    async fn instances(&self, which: &Instances) -> Result<Vec<Instance>> {
        const OPERATION: &str = "ssm:DescribeInstanceInformation";
        let filters =
            filters(which).map_err(|error| Error::new(ErrorKind::Validation, OPERATION, error.to_string()))?;
        let request = self.client.describe_instance_information().set_filters(Some(filters));
        let mut pages = request.into_paginator().send();
        let mut instances = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error(OPERATION, "", &error))?;
            instances.extend(page.instance_information_list.unwrap_or_default().into_iter().filter_map(instance));
        }
        Ok(instances)
    }

    async fn send_command(&self, request: &CommandRequest) -> Result<String> {
        let timeout = request.delivery_timeout.map(|timeout| i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX));
        let comment = request.comment.as_deref().map(|comment| cut(comment, MAX_COMMENT_CHARACTERS).to_owned());
        let log = request.log_group.as_ref().map(|group| {
            CloudWatchOutputConfig::builder().cloud_watch_log_group_name(group).cloud_watch_output_enabled(true).build()
        });
        let send = self.client.send_command().document_name(&request.document);
        let answer = send
            .set_document_version(request.document_version.clone())
            .set_instance_ids(Some(request.instances.clone()))
            .set_parameters(Some(request.parameters.clone().into_iter().collect()))
            .set_timeout_seconds(timeout)
            .set_comment(comment)
            .set_cloud_watch_output_config(log)
            .customize()
            // What was sent and not answered may run: a second try would run it twice.
            .config_override(Builder::new().retry_config(RetryConfig::disabled()))
            .send()
            .await;
        let answer = answer.map_err(|error| self.endpoint.error("ssm:SendCommand", &request.document, &error))?;
        answer.command.and_then(|command| command.command_id).ok_or_else(|| {
            let message = format!("{}: the answer has no command id", request.document);
            Error::new(ErrorKind::Unavailable, "ssm:SendCommand", message)
        })
    }

    async fn list_invocations(&self, command: &str) -> Result<Vec<Invocation>> {
        let mut pages = self.client.list_command_invocations().command_id(command).into_paginator().send();
        let mut invocations = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error("ssm:ListCommandInvocations", command, &error))?;
            invocations.extend(page.command_invocations.unwrap_or_default().into_iter().filter_map(invocation));
        }
        Ok(invocations)
    }

    async fn invocation(&self, command: &str, instance: &str) -> Result<InvocationResult> {
        let answer = self.client.get_command_invocation().command_id(command).instance_id(instance).send().await;
        let answer = answer.map_err(|error| {
            self.endpoint.error("ssm:GetCommandInvocation", format_args!("{command} on {instance}"), &error)
        })?;
        let (status, status_details) = status(answer.status.as_ref().map(AsRef::as_ref), answer.status_details);
        Ok(InvocationResult {
            status,
            status_details,
            // -1 stands for what has not begun.
            exit_code: Some(answer.response_code).filter(|code| *code >= 0),
            stdout: answer.standard_output_content.unwrap_or_default(),
            stderr: answer.standard_error_content.unwrap_or_default(),
            started: answer.execution_start_date_time.and_then(|time| time.parse().ok()),
            ended: answer.execution_end_date_time.and_then(|time| time.parse().ok()),
        })
    }
}

fn filters(
    which: &Instances,
) -> std::result::Result<Vec<InstanceInformationStringFilter>, aws_smithy_types::error::operation::BuildError> {
    let filter = |key: &str, values: Vec<String>| {
        InstanceInformationStringFilter::builder().key(key).set_values(Some(values)).build()
    };
    match which {
        Instances::Ids(ids) => Ok(vec![filter("InstanceIds", ids.clone())?]),
        Instances::Tags(tags) => {
            tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), vec![value.clone()])).collect()
        }
    }
}

fn instance(instance: InstanceInformation) -> Option<Instance> {
    Some(Instance {
        id: instance.instance_id?,
        ping_status: PingStatus::from(instance.ping_status.as_ref().map_or("", |status| status.as_str())),
        last_ping: time(instance.last_ping_date_time.as_ref()),
        agent_version: instance.agent_version.unwrap_or_default(),
    })
}

fn invocation(invocation: aws_sdk_ssm::types::CommandInvocation) -> Option<Invocation> {
    let (status, status_details) = status(invocation.status.as_ref().map(AsRef::as_ref), invocation.status_details);
    let log = invocation.cloud_watch_output_config.filter(|log| log.cloud_watch_output_enabled);
    Some(Invocation {
        instance: invocation.instance_id?,
        status,
        status_details,
        document: invocation.document_name.unwrap_or_default(),
        log_group: log.and_then(|log| log.cloud_watch_log_group_name).filter(|group| !group.is_empty()),
    })
}

/// Where there are no details, the status is all that there is to say.
fn status(status: Option<&str>, details: Option<String>) -> (CommandStatus, String) {
    let status = CommandStatus::from(status.unwrap_or_default());
    let details = details.filter(|details| !details.is_empty()).unwrap_or_else(|| status.to_string());
    (status, details)
}
