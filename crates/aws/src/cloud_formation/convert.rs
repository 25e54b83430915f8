//! Turns the SDK's types into ours, and back.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types as sdk;
use cloud::cloud_formation::{
    Capability, Change, ChangeAction, ChangeDetail, ChangeSetDescription, ChangeSetStatus, ChangeSetSummary,
    ChangeSetType, ExecutionStatus, Export, ImportedResource, OnStackFailure, ParameterValue, Replacement,
    RollbackTriggers, StackDescription, StackEvent, StackOutput, StackResource, StackStatus, StackSummary,
    ValidationFailure,
};

use crate::time;

pub(super) fn stack(stack: sdk::Stack) -> StackDescription {
    StackDescription {
        name: stack.stack_name.unwrap_or_default(),
        id: stack.stack_id.unwrap_or_default(),
        status: status(stack.stack_status.as_ref()),
        reason: not_empty(stack.stack_status_reason),
        description: not_empty(stack.description),
        parameters: parameter_values(stack.parameters),
        outputs: stack.outputs.unwrap_or_default().into_iter().map(output).collect(),
        tags: tag_values(stack.tags),
        termination_protection: stack.enable_termination_protection.unwrap_or_default(),
        role_arn: not_empty(stack.role_arn),
        rollback: stack.rollback_configuration.map(rollback_triggers).unwrap_or_default(),
        created: time(stack.creation_time.as_ref()),
        updated: time(stack.last_updated_time.as_ref()),
    }
}

pub(super) fn stack_summary(stack: sdk::Stack) -> StackSummary {
    StackSummary {
        name: stack.stack_name.unwrap_or_default(),
        id: stack.stack_id.unwrap_or_default(),
        status: status(stack.stack_status.as_ref()),
        tags: tag_values(stack.tags),
    }
}

pub(super) fn stack_resource(resource: sdk::StackResourceSummary) -> StackResource {
    StackResource {
        logical_id: resource.logical_resource_id.unwrap_or_default(),
        physical_id: not_empty(resource.physical_resource_id),
        resource_type: resource.resource_type.unwrap_or_default(),
        status: word(resource.resource_status.as_ref().map(sdk::ResourceStatus::as_str)),
        reason: not_empty(resource.resource_status_reason),
    }
}

pub(super) fn stack_event(event: sdk::StackEvent) -> StackEvent {
    StackEvent {
        id: event.event_id.unwrap_or_default(),
        time: time(event.timestamp.as_ref()),
        stack_id: event.stack_id.unwrap_or_default(),
        logical_id: event.logical_resource_id.unwrap_or_default(),
        physical_id: not_empty(event.physical_resource_id),
        resource_type: event.resource_type.unwrap_or_default(),
        status: word(event.resource_status.as_ref().map(sdk::ResourceStatus::as_str)),
        reason: not_empty(event.resource_status_reason),
        client_token: not_empty(event.client_request_token),
        detailed_status: event.detailed_status.map(|status| status.as_str().to_owned()),
    }
}

pub(super) fn change_set(answer: DescribeChangeSetOutput, changes: Vec<Change>) -> ChangeSetDescription {
    ChangeSetDescription {
        name: answer.change_set_name.unwrap_or_default(),
        id: answer.change_set_id.unwrap_or_default(),
        stack_id: answer.stack_id.unwrap_or_default(),
        status: ChangeSetStatus::from(answer.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str)),
        reason: not_empty(answer.status_reason),
        execution_status: ExecutionStatus::from(
            answer.execution_status.as_ref().map_or("", sdk::ExecutionStatus::as_str),
        ),
        changes,
        parameters: parameter_values(answer.parameters),
        tags: tag_values(answer.tags),
    }
}

pub(super) fn summary(summary: sdk::ChangeSetSummary) -> ChangeSetSummary {
    ChangeSetSummary {
        name: summary.change_set_name.unwrap_or_default(),
        status: ChangeSetStatus::from(summary.status.as_ref().map_or("", sdk::ChangeSetStatus::as_str)),
        execution_status: ExecutionStatus::from(
            summary.execution_status.as_ref().map_or("", sdk::ExecutionStatus::as_str),
        ),
        created: time(summary.creation_time.as_ref()),
    }
}

/// `None` for a change of a hook or of a type that is not a resource.
pub(super) fn change(change: sdk::Change) -> Option<Change> {
    let change = change.resource_change?;
    let scope = change.scope.unwrap_or_default();
    Some(Change {
        action: ChangeAction::from(change.action.as_ref().map_or("", sdk::ChangeAction::as_str)),
        logical_id: change.logical_resource_id.unwrap_or_default(),
        physical_id: not_empty(change.physical_resource_id),
        resource_type: change.resource_type.unwrap_or_default(),
        replacement: change.replacement.map(|replacement| Replacement::from(replacement.as_str())),
        policy_action: change.policy_action.map(|action| action.as_str().to_owned()),
        scope: scope.iter().map(|attribute| attribute.as_str().to_owned()).collect(),
        details: change.details.unwrap_or_default().into_iter().map(change_detail).collect(),
    })
}

fn change_detail(detail: sdk::ResourceChangeDetail) -> ChangeDetail {
    let evaluation = detail.evaluation.map(|evaluation| evaluation.as_str().to_owned());
    let change_source = detail.change_source.map(|source| source.as_str().to_owned());
    let causing_entity = not_empty(detail.causing_entity);
    let Some(target) = detail.target else {
        return ChangeDetail { evaluation, change_source, causing_entity, ..ChangeDetail::default() };
    };
    ChangeDetail {
        attribute: word(target.attribute.as_ref().map(sdk::ResourceAttribute::as_str)),
        name: not_empty(target.name),
        path: not_empty(target.path),
        requires_recreation: target.requires_recreation.map(|recreation| recreation.as_str().to_owned()),
        evaluation,
        change_source,
        causing_entity,
        before: target.before_value,
        after: target.after_value,
    }
}

/// `None` for an event that is not about early validation.
pub(super) fn validation_failure(event: sdk::OperationEvent) -> Option<ValidationFailure> {
    if event.event_type != Some(sdk::EventType::ValidationError) {
        return None;
    }
    Some(ValidationFailure {
        logical_id: event.logical_resource_id.unwrap_or_default(),
        resource_type: event.resource_type.unwrap_or_default(),
        name: event.validation_name.unwrap_or_default(),
        path: not_empty(event.validation_path),
        reason: event.validation_status_reason.unwrap_or_default(),
        is_warning: event.validation_failure_mode == Some(sdk::HookFailureMode::Warn),
    })
}

pub(super) fn change_set_type(kind: ChangeSetType) -> sdk::ChangeSetType {
    match kind {
        ChangeSetType::Create => sdk::ChangeSetType::Create,
        ChangeSetType::Update => sdk::ChangeSetType::Update,
        ChangeSetType::Import => sdk::ChangeSetType::Import,
    }
}

pub(super) fn capability(capability: Capability) -> sdk::Capability {
    match capability {
        Capability::Iam => sdk::Capability::CapabilityIam,
        Capability::NamedIam => sdk::Capability::CapabilityNamedIam,
        Capability::AutoExpand => sdk::Capability::CapabilityAutoExpand,
    }
}

pub(super) fn on_stack_failure(what: OnStackFailure) -> sdk::OnStackFailure {
    match what {
        OnStackFailure::DoNothing => sdk::OnStackFailure::DoNothing,
        OnStackFailure::Rollback => sdk::OnStackFailure::Rollback,
        OnStackFailure::Delete => sdk::OnStackFailure::Delete,
    }
}

/// `None` where nothing is imported: an empty list is not the same.
pub(super) fn imported(resources: &[ImportedResource]) -> Option<Vec<sdk::ResourceToImport>> {
    let resource = |resource: &ImportedResource| {
        let identifier = resource.identifier.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        sdk::ResourceToImport::builder()
            .logical_resource_id(&resource.logical_id)
            .resource_type(&resource.resource_type)
            .set_resource_identifier(Some(identifier))
            .build()
    };
    (!resources.is_empty()).then(|| resources.iter().map(resource).collect())
}

/// What kinds of trigger there are (`RollbackTrigger` in the CloudFormation API reference).
const ALARM: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE_ALARM: &str = "AWS::CloudWatch::CompositeAlarm";

pub(super) fn rollback_configuration(triggers: &RollbackTriggers) -> sdk::RollbackConfiguration {
    let trigger = |arn: &String, kind| sdk::RollbackTrigger::builder().arn(arn).r#type(kind).build();
    let alarms = triggers.alarms.iter().map(|arn| trigger(arn, ALARM));
    let composite = triggers.composite_alarms.iter().map(|arn| trigger(arn, COMPOSITE_ALARM));
    let minutes = triggers.monitoring.as_secs() / 60;
    sdk::RollbackConfiguration::builder()
        .set_rollback_triggers(Some(alarms.chain(composite).collect()))
        .monitoring_time_in_minutes(i32::try_from(minutes).unwrap_or(i32::MAX))
        .build()
}

fn rollback_triggers(configuration: sdk::RollbackConfiguration) -> RollbackTriggers {
    let minutes = configuration.monitoring_time_in_minutes.unwrap_or_default();
    let triggers = configuration.rollback_triggers.unwrap_or_default();
    let (composite, alarms): (Vec<_>, Vec<_>) =
        triggers.into_iter().partition(|trigger| trigger.r#type.as_deref() == Some(COMPOSITE_ALARM));
    let arns = |triggers: Vec<sdk::RollbackTrigger>| triggers.into_iter().filter_map(|trigger| trigger.arn).collect();
    RollbackTriggers {
        alarms: arns(alarms),
        composite_alarms: arns(composite),
        monitoring: Duration::from_mins(minutes.try_into().unwrap_or_default()),
    }
}

pub(super) fn export(export: sdk::Export) -> Export {
    Export {
        name: export.name.unwrap_or_default(),
        value: export.value.unwrap_or_default(),
        stack_id: export.exporting_stack_id.unwrap_or_default(),
    }
}

pub(super) fn parameters(parameters: &BTreeMap<String, ParameterValue>) -> Vec<sdk::Parameter> {
    let parameter = |(name, value): (&String, &ParameterValue)| {
        let parameter = sdk::Parameter::builder().parameter_key(name);
        match value {
            ParameterValue::Value(value) => parameter.parameter_value(value).build(),
            ParameterValue::Previous => parameter.use_previous_value(true).build(),
        }
    };
    parameters.iter().map(parameter).collect()
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<sdk::Tag> {
    tags.iter().map(|(name, value)| sdk::Tag::builder().key(name).value(value).build()).collect()
}

fn parameter_values(parameters: Option<Vec<sdk::Parameter>>) -> BTreeMap<String, String> {
    let parameter = |parameter: sdk::Parameter| {
        (parameter.parameter_key.unwrap_or_default(), parameter.parameter_value.unwrap_or_default())
    };
    parameters.unwrap_or_default().into_iter().map(parameter).collect()
}

fn tag_values(tags: Option<Vec<sdk::Tag>>) -> BTreeMap<String, String> {
    let tag = |tag: sdk::Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    tags.unwrap_or_default().into_iter().map(tag).collect()
}

fn output(output: sdk::Output) -> (String, StackOutput) {
    let value = StackOutput {
        value: output.output_value.unwrap_or_default(),
        description: not_empty(output.description),
        export: not_empty(output.export_name),
    };
    (output.output_key.unwrap_or_default(), value)
}

fn status(status: Option<&sdk::StackStatus>) -> StackStatus {
    StackStatus::from(status.map_or("", sdk::StackStatus::as_str))
}

pub(super) fn word(word: Option<&str>) -> String {
    word.unwrap_or_default().to_owned()
}

/// Takes an empty text for none: query protocols do not tell them apart.
pub(super) fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
