mod convert;
mod drift;
mod refactor;

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_cloudformation::config::Builder;
use aws_sdk_cloudformation::types::{EventFilter, TemplateStage};
use cloud::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, ChangeSetSummary, CloudFormation, DeleteStackRequest,
    DriftDetection, Export, RefactorDescription, RefactorRequest, ResourceDrift, StackDescription, StackEvent,
    StackResource, StackSummary, TemplateSource, ValidationFailure,
};
use cloud::{ErrorKind, Result};

use crate::error::Endpoint;

pub(crate) struct Service {
    client: aws_sdk_cloudformation::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint, is_local: bool) -> Self {
        let mut builder = Builder::from(config);
        if !is_local {
            // Deployments side by side share one rate limit per account and region, and Describe calls count too
            // (aws-cdk#14350): the adaptive mode slows down before it is refused.
            let retries = RetryConfig::adaptive().with_max_attempts(6).with_max_backoff(Duration::from_secs(10));
            builder = builder.retry_config(retries);
        }
        Self { client: aws_sdk_cloudformation::Client::from_conf(builder.build()), endpoint }
    }
}

#[async_trait]
impl CloudFormation for Service {
    async fn describe_stack(&self, stack: &str) -> Result<Option<StackDescription>> {
        let answer = self.client.describe_stacks().stack_name(stack).send().await;
        match answer.map_err(|error| self.endpoint.error("cloudformation:DescribeStacks", stack, &error)) {
            Ok(answer) => Ok(answer.stacks.unwrap_or_default().into_iter().next().map(convert::stack)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list_stacks(&self, prefix: &str) -> Result<Vec<StackSummary>> {
        // DescribeStacks and not ListStacks: it leaves out what was deleted, and it knows the tags.
        let mut pages = self.client.describe_stacks().into_paginator().send();
        let mut stacks = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error("cloudformation:DescribeStacks", "", &error))?;
            let page = page.stacks.unwrap_or_default().into_iter().map(convert::stack_summary);
            stacks.extend(page.filter(|stack| stack.name.starts_with(prefix)));
        }
        stacks.sort_by(|one: &StackSummary, other| one.name.cmp(&other.name));
        Ok(stacks)
    }

    async fn stack_resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        let mut pages = self.client.list_stack_resources().stack_name(stack).into_paginator().send();
        let mut resources = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error("cloudformation:ListStackResources", stack, &error))?;
            resources
                .extend(page.stack_resource_summaries.unwrap_or_default().into_iter().map(convert::stack_resource));
        }
        Ok(resources)
    }

    async fn stack_events(&self, stack: &str, after: Option<&str>) -> Result<Vec<StackEvent>> {
        let mut pages = self.client.describe_stack_events().stack_name(stack).into_paginator().send();
        let mut events = Vec::new();
        // CloudFormation lists the newest first: whoever follows a stack needs no more than the first page.
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| self.endpoint.error("cloudformation:DescribeStackEvents", stack, &error))?;
            for event in page.stack_events.unwrap_or_default() {
                if after.is_some() && event.event_id.as_deref() == after {
                    break 'pages;
                }
                events.push(convert::stack_event(event));
            }
        }
        events.reverse();
        Ok(events)
    }

    async fn template(&self, stack: &str) -> Result<String> {
        let request = self.client.get_template().stack_name(stack).template_stage(TemplateStage::Original);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.endpoint.error("cloudformation:GetTemplate", stack, &error))?;
        Ok(answer.template_body.unwrap_or_default())
    }

    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<ChangeSetIds> {
        let create = self.client.create_change_set();
        let create = match &request.template {
            TemplateSource::Body(body) => create.template_body(body),
            TemplateSource::Url(url) => create.template_url(url),
            TemplateSource::Previous => create.use_previous_template(true),
        };
        let answer = create
            .stack_name(&request.stack)
            .change_set_name(&request.name)
            .change_set_type(convert::change_set_type(request.change_set_type))
            .set_parameters(Some(convert::parameters(&request.parameters)))
            .set_tags(Some(convert::tags(&request.tags)))
            .set_capabilities(Some(request.capabilities.iter().copied().map(convert::capability).collect()))
            .set_description(request.description.clone())
            .set_client_token(request.client_token.clone())
            .set_on_stack_failure(request.on_stack_failure.map(convert::on_stack_failure))
            .set_role_arn(request.role_arn.clone())
            .set_resources_to_import(convert::imported(&request.import))
            .set_rollback_configuration(request.rollback.as_ref().map(convert::rollback_configuration))
            .send()
            .await;
        let answer =
            answer.map_err(|error| self.endpoint.error("cloudformation:CreateChangeSet", &request.stack, &error))?;
        Ok(ChangeSetIds { change_set: answer.id.unwrap_or_default(), stack: answer.stack_id.unwrap_or_default() })
    }

    async fn describe_change_set(&self, stack: &str, change_set: &str) -> Result<ChangeSetDescription> {
        let mut changes = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.describe_change_set().stack_name(stack).change_set_name(change_set);
            let answer = request.include_property_values(true).set_next_token(token).send().await;
            let mut page = answer.map_err(|error| {
                self.endpoint.error("cloudformation:DescribeChangeSet", format_args!("{stack}/{change_set}"), &error)
            })?;
            changes.extend(page.changes.take().unwrap_or_default().into_iter().filter_map(convert::change));
            token = page.next_token.take();
            if token.is_none() {
                return Ok(convert::change_set(page, changes));
            }
        }
    }

    async fn validation_failures(&self, stack: &str, change_set: &str) -> Result<Vec<ValidationFailure>> {
        let failed = EventFilter::builder().failed_events(true).build();
        let request = self.client.describe_events().stack_name(stack).change_set_name(change_set).filters(failed);
        let mut pages = request.into_paginator().send();
        let mut failures = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error("cloudformation:DescribeEvents", stack, &error))?;
            failures
                .extend(page.operation_events.unwrap_or_default().into_iter().filter_map(convert::validation_failure));
        }
        Ok(failures)
    }

    async fn execute_change_set(&self, stack: &str, change_set: &str, client_token: Option<&str>) -> Result<()> {
        let request = self.client.execute_change_set().stack_name(stack).change_set_name(change_set);
        let answer = request.set_client_request_token(client_token.map(str::to_owned)).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:ExecuteChangeSet", stack, &error))?;
        Ok(())
    }

    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<()> {
        let answer = self.client.delete_change_set().stack_name(stack).change_set_name(change_set).send().await;
        gone(answer.map_err(|error| self.endpoint.error("cloudformation:DeleteChangeSet", stack, &error)))
    }

    async fn delete_stack(&self, request: &DeleteStackRequest) -> Result<()> {
        let retain = (!request.retain.is_empty()).then(|| request.retain.clone());
        let delete = self.client.delete_stack().stack_name(&request.stack).set_retain_resources(retain);
        let answer = delete.set_client_request_token(request.client_token.clone()).send().await;
        gone(answer.map_err(|error| self.endpoint.error("cloudformation:DeleteStack", &request.stack, &error)))
    }

    async fn cancel_update(&self, stack: &str) -> Result<()> {
        let answer = self.client.cancel_update_stack().stack_name(stack).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:CancelUpdateStack", stack, &error))?;
        Ok(())
    }

    async fn update_termination_protection(&self, stack: &str, protected: bool) -> Result<()> {
        let request = self.client.update_termination_protection().stack_name(stack);
        let answer = request.enable_termination_protection(protected).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:UpdateTerminationProtection", stack, &error))?;
        Ok(())
    }

    async fn rollback_stack(&self, stack: &str, client_token: Option<&str>) -> Result<()> {
        let request = self.client.rollback_stack().stack_name(stack);
        let answer = request.set_client_request_token(client_token.map(str::to_owned)).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:RollbackStack", stack, &error))?;
        Ok(())
    }

    async fn continue_update_rollback(&self, stack: &str, skip: &[String], client_token: Option<&str>) -> Result<()> {
        let skip = (!skip.is_empty()).then(|| skip.to_vec());
        let request = self.client.continue_update_rollback().stack_name(stack).set_resources_to_skip(skip);
        let answer = request.set_client_request_token(client_token.map(str::to_owned)).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:ContinueUpdateRollback", stack, &error))?;
        Ok(())
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>> {
        let answer = self.client.get_stack_policy().stack_name(stack).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("cloudformation:GetStackPolicy", stack, &error))?;
        Ok(answer.stack_policy_body.filter(|policy| !policy.is_empty()))
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<()> {
        let answer = self.client.set_stack_policy().stack_name(stack).stack_policy_body(policy).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:SetStackPolicy", stack, &error))?;
        Ok(())
    }

    async fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSetSummary>> {
        let mut pages = self.client.list_change_sets().stack_name(stack).into_paginator().send();
        let mut change_sets = Vec::new();
        while let Some(page) = pages.next().await {
            match page.map_err(|error| self.endpoint.error("cloudformation:ListChangeSets", stack, &error)) {
                Ok(page) => change_sets.extend(page.summaries.unwrap_or_default().into_iter().map(convert::summary)),
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        Ok(change_sets)
    }

    async fn exports(&self) -> Result<Vec<Export>> {
        let mut pages = self.client.list_exports().into_paginator().send();
        let mut exports = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.endpoint.error("cloudformation:ListExports", "", &error))?;
            exports.extend(page.exports.unwrap_or_default().into_iter().map(convert::export));
        }
        Ok(exports)
    }

    async fn importing_stacks(&self, export: &str) -> Result<Vec<String>> {
        let mut pages = self.client.list_imports().export_name(export).into_paginator().send();
        let mut stacks = Vec::new();
        while let Some(page) = pages.next().await {
            match page.map_err(|error| self.endpoint.error("cloudformation:ListImports", export, &error)) {
                Ok(page) => stacks.extend(page.imports.unwrap_or_default()),
                // That nobody imports it, CloudFormation only says in this sentence.
                Err(error) if error.message.contains("is not imported by any stack") => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        Ok(stacks)
    }

    async fn detect_drift(&self, stack: &str) -> Result<String> {
        let answer = self.client.detect_stack_drift().stack_name(stack).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("cloudformation:DetectStackDrift", stack, &error))?;
        Ok(answer.stack_drift_detection_id.unwrap_or_default())
    }

    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection> {
        let request = self.client.describe_stack_drift_detection_status().stack_drift_detection_id(detection);
        let answer = request.send().await.map_err(|error| {
            self.endpoint.error("cloudformation:DescribeStackDriftDetectionStatus", detection, &error)
        })?;
        Ok(drift::detection(answer))
    }

    async fn resource_drifts(&self, stack: &str) -> Result<Vec<ResourceDrift>> {
        let mut drifts = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.describe_stack_resource_drifts().stack_name(stack);
            let answer =
                request.set_next_token(token).send().await.map_err(|error| {
                    self.endpoint.error("cloudformation:DescribeStackResourceDrifts", stack, &error)
                })?;
            drifts.extend(answer.stack_resource_drifts.unwrap_or_default().into_iter().map(drift::resource));
            token = answer.next_token;
            if token.is_none() {
                return Ok(drifts);
            }
        }
    }

    async fn create_stack_refactor(&self, request: &RefactorRequest) -> Result<String> {
        let create = self.client.create_stack_refactor();
        let answer = create
            .set_description(request.description.clone())
            .set_stack_definitions(Some(request.stacks.iter().map(refactor::stack).collect()))
            .set_resource_mappings(Some(request.moves.iter().map(refactor::resource).collect()))
            .enable_stack_creation(request.creates_stacks)
            .send()
            .await;
        let stacks: Vec<_> = request.stacks.iter().map(|stack| stack.stack.as_str()).collect();
        let answer = answer
            .map_err(|error| self.endpoint.error("cloudformation:CreateStackRefactor", stacks.join(", "), &error))?;
        Ok(answer.stack_refactor_id.unwrap_or_default())
    }

    async fn describe_stack_refactor(&self, refactor: &str) -> Result<RefactorDescription> {
        let answer = self.client.describe_stack_refactor().stack_refactor_id(refactor).send().await;
        let answer =
            answer.map_err(|error| self.endpoint.error("cloudformation:DescribeStackRefactor", refactor, &error))?;
        Ok(refactor::description(answer))
    }

    async fn execute_stack_refactor(&self, refactor: &str) -> Result<()> {
        let answer = self.client.execute_stack_refactor().stack_refactor_id(refactor).send().await;
        answer.map_err(|error| self.endpoint.error("cloudformation:ExecuteStackRefactor", refactor, &error))?;
        Ok(())
    }
}

/// Takes a thing that is not there for a thing that was deleted.
fn gone<T>(answer: Result<T>) -> Result<()> {
    match answer {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
