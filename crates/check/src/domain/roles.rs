//! Roles: who may take them, and whether they may give themselves more.

use tree::Finding;

use super::iam_rules::{ESCALATION, TRUST};
use crate::look::{Resource, Target, View};
use crate::words::quoted;
use schemas::actions::fits;

/// Who takes the role that a property names: type, path, service.
static TAKERS: [(&str, &str, &str); 16] = [
    ("AWS::Batch::JobDefinition", "ContainerProperties/JobRoleArn", "ecs-tasks"),
    ("AWS::CodeBuild::Project", "ServiceRole", "codebuild"),
    ("AWS::CodePipeline::Pipeline", "RoleArn", "codepipeline"),
    ("AWS::Config::ConfigurationRecorder", "RoleARN", "config"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "vpc-flow-logs"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn", "ecs-tasks"),
    ("AWS::ECS::TaskDefinition", "TaskRoleArn", "ecs-tasks"),
    ("AWS::Events::Rule", "RoleArn", "events"),
    ("AWS::Events::Rule", "Targets/*/RoleArn", "events"),
    ("AWS::Glue::Job", "Role", "glue"),
    ("AWS::KinesisFirehose::DeliveryStream", "S3DestinationConfiguration/RoleARN", "firehose"),
    ("AWS::Lambda::Function", "Role", "lambda"),
    ("AWS::Pipes::Pipe", "RoleArn", "pipes"),
    ("AWS::SageMaker::NotebookInstance", "RoleArn", "sagemaker"),
    ("AWS::Scheduler::Schedule", "Target/RoleArn", "scheduler"),
    ("AWS::StepFunctions::StateMachine", "RoleArn", "states"),
];

/// Checks that whoever is given a role may take it.
pub(super) fn taken(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    for (_, path, service) in TAKERS.iter().filter(|(type_name, ..)| *type_name == resource.type_name) {
        for view in resource.properties.select(path) {
            let Some(Target { resource: role, .. }) = view.target() else { continue };
            if role.type_name == "AWS::IAM::Role" && !may_take(&role, service) {
                let message = format!(
                    "the trust policy of role `{}` does not allow `{service}.amazonaws.com` to assume it",
                    role.id
                );
                let hint = "let its `AssumeRolePolicyDocument` allow that service `sts:AssumeRole`";
                findings.push(view.finding(&TRUST, message).hint(hint));
            }
        }
    }
}

/// Tells whether a service may take a role: it may unless everybody who may is known, and it is not among them.
fn may_take(role: &Resource<'_>, service: &str) -> bool {
    let document = role.at("AssumeRolePolicyDocument");
    let statements = document.get("Statement");
    if !document.is_known() || document.literal().is_some() || !statements.is_closed() {
        return true;
    }
    statements.one_or_more().into_iter().any(|statement| {
        let principal = statement.get("Principal");
        !statement.is_known()
            || principal.is_unknown()
            || !statement.get("NotPrincipal").is_absent()
            || principal.is("*")
            || (statement.get("Effect").is("Allow")
                && principal.get("Service").one_or_more().into_iter().any(|one| is_service(one, service)))
    })
}

fn is_service(view: View<'_>, service: &str) -> bool {
    // Some are called with their region, or with another domain in other partitions.
    view.text().is_none_or(|text| text == "*" || text.split('.').next() == Some(service))
}

/// What gives a role more than it has, when it may do it to itself.
static CHANGES: [&str; 5] = [
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
];

/// Checks whether a policy lets a role change its own permissions.
pub(super) fn escalation(policy: &Resource<'_>, findings: &mut Vec<Finding>) {
    let is_role = policy.type_name == "AWS::IAM::Role";
    let roles: Vec<Resource<'_>> = if is_role {
        vec![*policy]
    } else {
        policy.at("Roles").one_or_more().into_iter().filter_map(View::target).map(|target| target.resource).collect()
    };
    let documents = policy.properties.select(if is_role { "Policies/*/PolicyDocument" } else { "PolicyDocument" });
    for statement in documents.into_iter().flat_map(|document| document.get("Statement").one_or_more()) {
        if !statement.get("Effect").is("Allow") || !statement.get("Condition").is_absent() {
            continue;
        }
        let Some((action, text)) = statement.get("Action").one_or_more().into_iter().find_map(|action| {
            let text = action.text()?;
            CHANGES.iter().any(|change| fits(&text, change)).then_some((action, text))
        }) else {
            continue;
        };
        for resource in statement.get("Resource").one_or_more() {
            let own = roles.iter().find(|role| resource.mentioned().is_some_and(|target| target.is_same(role)));
            let is_all = resource.text().is_some_and(|text| text == "*" || text.ends_with(":role/*"));
            // What may do everything anyway has nothing to gain.
            if (own.is_some() || is_all) && text != "*" && !roles.is_empty() {
                let name = own.or(roles.first()).map_or("", |role| role.id);
                let message = format!("role `{name}` may change its own permissions by {}", quoted(&text));
                findings.push(
                    action
                        .finding(&ESCALATION, message)
                        .hint("name the other roles that are meant, or demand a permissions boundary in a condition"),
                );
            }
        }
    }
}
