//! Turns our types for moves of resources into the SDK's, and back.

use aws_sdk_cloudformation::operation::describe_stack_refactor::DescribeStackRefactorOutput;
use aws_sdk_cloudformation::types as sdk;
use cloud::cloud_formation::{
    RefactorDescription, RefactorExecutionStatus, RefactorStatus, RefactoredStack, ResourceLocation, ResourceMove,
    TemplateSource,
};

use super::convert::not_empty;

pub(super) fn stack(stack: &RefactoredStack) -> sdk::StackDefinition {
    let definition = sdk::StackDefinition::builder().stack_name(&stack.stack);
    match &stack.template {
        TemplateSource::Body(body) => definition.template_body(body),
        TemplateSource::Url(url) => definition.template_url(url),
        // A stack without a template keeps the one that it has.
        TemplateSource::Previous => definition,
    }
    .build()
}

pub(super) fn resource(moved: &ResourceMove) -> sdk::ResourceMapping {
    sdk::ResourceMapping::builder().source(location(&moved.from)).destination(location(&moved.to)).build()
}

fn location(location: &ResourceLocation) -> sdk::ResourceLocation {
    sdk::ResourceLocation::builder().stack_name(&location.stack).logical_resource_id(&location.logical_id).build()
}

pub(super) fn description(answer: DescribeStackRefactorOutput) -> RefactorDescription {
    let execution = answer.execution_status.as_ref();
    RefactorDescription {
        status: RefactorStatus::from(answer.status.as_ref().map_or("", sdk::StackRefactorStatus::as_str)),
        reason: not_empty(answer.status_reason),
        execution_status: RefactorExecutionStatus::from(
            execution.map_or("", sdk::StackRefactorExecutionStatus::as_str),
        ),
        execution_reason: not_empty(answer.execution_status_reason),
    }
}
