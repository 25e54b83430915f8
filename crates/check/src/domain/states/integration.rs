//! What tasks call, and how they wait for it.

use tree::Finding;

use super::rules::{EXPRESS, INTEGRATION, LIMIT, TOKEN, UNBOUNDED};
use super::{Language, Machine, State};
use crate::look::{Hole, Part, View};
use crate::words::{any_of, did_you_mean, quoted};

/// What a task calls.
pub(super) struct Call {
    /// The service of an integration of its own, or `aws-sdk`.
    pub service: String,
    /// The action, for `aws-sdk` with its service, as in `sqs:sendMessage`.
    pub action: String,
    /// What follows the action: `sync`, `sync:2`, `waitForTaskToken`.
    pub pattern: Option<String>,
}

/// Services with integrations of their own: service, action, whether `.sync` and whether `.waitForTaskToken` follow.
/// From "Integrating optimized services with Step Functions".
static OWN: [(&str, &str, bool, bool); 66] = [
    ("apigateway", "invoke", false, true),
    ("athena", "getQueryExecution", false, false),
    ("athena", "getQueryResults", false, false),
    ("athena", "startQueryExecution", true, false),
    ("athena", "stopQueryExecution", false, false),
    ("batch", "submitJob", true, false),
    ("bedrock", "createModelCustomizationJob", true, false),
    ("bedrock", "invokeModel", false, false),
    ("codebuild", "batchDeleteBuilds", false, false),
    ("codebuild", "batchGetReports", false, false),
    ("codebuild", "deleteBuildBatch", false, false),
    ("codebuild", "retryBuildBatch", false, false),
    ("codebuild", "startBuild", true, false),
    ("codebuild", "startBuildBatch", true, false),
    ("codebuild", "stopBuild", false, false),
    ("codebuild", "stopBuildBatch", false, false),
    ("databrew", "startJobRun", true, false),
    ("dynamodb", "deleteItem", false, false),
    ("dynamodb", "getItem", false, false),
    ("dynamodb", "putItem", false, false),
    ("dynamodb", "updateItem", false, false),
    ("ecs", "runTask", true, true),
    ("eks", "call", false, false),
    ("eks", "createCluster", true, false),
    ("eks", "createFargateProfile", true, false),
    ("eks", "createNodegroup", true, false),
    ("eks", "deleteCluster", true, false),
    ("eks", "deleteFargateProfile", true, false),
    ("eks", "deleteNodegroup", true, false),
    ("eks", "runJob", true, false),
    ("elasticmapreduce", "addStep", true, false),
    ("elasticmapreduce", "cancelStep", false, false),
    ("elasticmapreduce", "createCluster", true, false),
    ("elasticmapreduce", "modifyInstanceFleetByName", false, false),
    ("elasticmapreduce", "modifyInstanceGroupByName", false, false),
    ("elasticmapreduce", "setClusterTerminationProtection", false, false),
    ("elasticmapreduce", "terminateCluster", true, false),
    ("emr-containers", "createVirtualCluster", false, false),
    ("emr-containers", "deleteVirtualCluster", true, false),
    ("emr-containers", "startJobRun", true, false),
    ("emr-serverless", "cancelJobRun", true, false),
    ("emr-serverless", "createApplication", true, false),
    ("emr-serverless", "deleteApplication", true, false),
    ("emr-serverless", "startApplication", true, false),
    ("emr-serverless", "startJobRun", true, false),
    ("emr-serverless", "stopApplication", true, false),
    ("events", "putEvents", false, true),
    ("glue", "startJobRun", true, false),
    ("http", "invoke", false, false),
    ("lambda", "invoke", false, true),
    ("mediaconvert", "createJob", true, false),
    ("sagemaker", "createEndpoint", false, false),
    ("sagemaker", "createEndpointConfig", false, false),
    ("sagemaker", "createHyperParameterTuningJob", true, false),
    ("sagemaker", "createLabelingJob", true, false),
    ("sagemaker", "createModel", false, false),
    ("sagemaker", "createProcessingJob", true, false),
    ("sagemaker", "createTrainingJob", true, false),
    ("sagemaker", "createTransformJob", true, false),
    ("sagemaker", "updateEndpoint", false, false),
    ("sns", "publish", false, true),
    ("sqs", "sendMessage", false, true),
    ("states", "startExecution", true, true),
    ("states", "stopExecution", false, false),
    ("elasticmapreduce", "createCluster.sync", false, false),
    ("elasticmapreduce", "terminateCluster.sync", false, false),
];

/// Reads the resource of a task. Nothing if it is a function, an activity, or not known.
pub(super) fn call(state: State<'_>) -> Option<Call> {
    let text = state.view.get("Resource").parts().into_iter().try_fold(String::new(), |mut text, part| {
        match part {
            Part::Text(part) => text.push_str(&part),
            Part::Hole(Hole::Ref("AWS::Partition")) => text.push_str("aws"),
            Part::Hole(_) => return None,
        }
        Some(text)
    })?;
    let rest = text.strip_prefix("arn:")?.split_once(":states:::")?.1;
    let (service, action) = rest.split_once(':')?;
    let (action, pattern) = match action.split_once('.') {
        Some((action, pattern)) => (action, Some(pattern.to_owned())),
        None => (action, None),
    };
    Some(Call { service: service.to_owned(), action: action.to_owned(), pattern })
}

/// Checks the resource of a task, and how it waits.
pub(super) fn check(machine: &Machine<'_, '_>, state: State<'_>, findings: &mut Vec<Finding>) {
    times(state, findings);
    let resource = state.view.get("Resource");
    let Some(call) = call(state) else { return };
    if let Some(message) = mistake(&call) {
        let mut finding = resource.finding(&INTEGRATION, message);
        let names = OWN.iter().filter(|(service, ..)| *service == call.service).map(|(_, action, ..)| *action);
        finding.hint = did_you_mean(&call.action, names);
        findings.push(finding);
        return;
    }
    if let Some(pattern) = call.pattern.as_ref().filter(|_| machine.is_express) {
        let message = format!("an Express workflow does not wait, but the task calls with `.{pattern}`");
        findings.push(resource.finding(&EXPRESS, message).hint("use a workflow of type STANDARD, or leave it out"));
    }
    if call.pattern.as_deref() == Some("waitForTaskToken") {
        token(machine, state, findings);
    }
}

/// Says why there is no such integration.
fn mistake(call: &Call) -> Option<String> {
    let Call { service, action, pattern } = call;
    if service == "aws-sdk" {
        let (_, name) = action.split_once(':')?;
        return match pattern.as_deref() {
            Some(pattern) if pattern.starts_with("sync") => {
                Some("an action of `aws-sdk` cannot be waited for with `.sync`".to_owned())
            }
            Some(pattern) if pattern != "waitForTaskToken" => Some(format!("there is no pattern {}", quoted(pattern))),
            _ if name.starts_with(|first: char| first.is_ascii_uppercase()) => {
                Some(format!("the action {} begins with a capital letter, but must not", quoted(name)))
            }
            _ => None,
        };
    }
    let of_service: Vec<_> = OWN.iter().filter(|(own, ..)| own == service).collect();
    if of_service.is_empty() {
        return Some(format!(
            "{} has no integration of its own; call it with `aws-sdk:{service}:{action}`",
            quoted(service)
        ));
    }
    let Some((.., waits, takes_token)) = of_service.iter().find(|(_, own, ..)| own == action) else {
        let names = any_of(of_service.iter().map(|(_, own, ..)| *own));
        return Some(format!("{} has {names}, but no {}", quoted(service), quoted(action)));
    };
    match pattern.as_deref() {
        Some("sync") if !waits => Some(format!("`{service}:{action}` cannot be waited for with `.sync`")),
        Some("sync:2") if service != "states" => Some(format!("`{service}:{action}` has no `.sync:2`")),
        Some("waitForTaskToken") if !takes_token => Some(format!("`{service}:{action}` passes no task token on")),
        Some("sync" | "sync:2" | "waitForTaskToken") | None => None,
        Some(pattern) => Some(format!("there is no pattern {}", quoted(pattern))),
    }
}

fn times(state: State<'_>, findings: &mut Vec<Finding>) {
    let (heartbeat, timeout) = (state.view.get("HeartbeatSeconds"), state.view.get("TimeoutSeconds"));
    if let (Some(beat), Some(most)) = (heartbeat.integer(), timeout.integer())
        && beat >= most
    {
        let message = format!("`HeartbeatSeconds` is {beat}, but must be less than `TimeoutSeconds`, which is {most}");
        findings.push(heartbeat.finding(&LIMIT, message));
    }
}

/// Checks a task that waits until somebody gives its token back.
fn token(machine: &Machine<'_, '_>, state: State<'_>, findings: &mut Vec<Finding>) {
    let (key, wanted) = match state.language {
        Language::JsonPath => ("Parameters", "$$.Task.Token"),
        Language::Jsonata => ("Arguments", "$states.context.Task.Token"),
    };
    let arguments = state.view.get(key);
    if !arguments.is_unknown() && !passes_token(arguments) {
        let message = format!("the task waits for its token, but {} passes it to nobody", quoted(key));
        let place = if arguments.is_absent() { state.view } else { arguments };
        findings.push(place.finding(&TOKEN, message).hint(format!("pass `{wanted}` on")));
    }
    let bounds = ["TimeoutSeconds", "HeartbeatSeconds", "TimeoutSecondsPath", "HeartbeatSecondsPath"];
    if !machine.is_bounded && state.view.is_closed() && bounds.iter().all(|key| state.view.get(key).is_absent()) {
        let message = format!("{} waits for its token as long as a year", quoted(state.name));
        findings.push(state.view.finding(&UNBOUNDED, message).hint("add `TimeoutSeconds`, or `HeartbeatSeconds`"));
    }
}

fn passes_token(arguments: View<'_>) -> bool {
    let Some(tree) = arguments.tree() else { return false };
    let text = tree.to_json_compact();
    // The whole context, or the whole task, has the token in it.
    ["Task.Token", "\"$$\"", "$$.Task\"", "states.context ", "states.context.Task "]
        .iter()
        .any(|part| text.contains(part))
}
