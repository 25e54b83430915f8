//! How a command is watched, and how it ends: well, badly, or not at all.

use documents::states::{Catcher, Pass, Task, aws_sdk, catch, catch_all, jsonata, pass};
use documents::{array, object};
use job::{ErrorKind, metrics};

use super::OUT_OF_TIME_ERROR;
use crate::jobs::Machines;
use crate::jobs::record::{patiently, patiently_unless};

/// Step Functions names errors of the SDK by the exception; the service itself leaves the last word away.
const NO_INVOCATION: [&str; 2] = ["Ssm.InvocationDoesNotExistException", "Ssm.InvocationDoesNotExist"];

/// How much of what a command says of its failure is taken, in characters.
const LONGEST_TEXT: usize = 2_500;

/// Leads to the states that put things right.
pub(super) fn broken() -> Catcher {
    catch_all("Broken").assign("fault", jsonata("$states.errorOutput"))
}

/// Looks how far the command is. Right after it was sent, Systems Manager may not know it yet.
pub(super) fn ask_after_command() -> Task {
    let unknown = catch(NO_INVOCATION, "IsItMissed").assign("misses", jsonata("$misses + 1"));
    aws_sdk("ssm", "getCommandInvocation")
        .argument("CommandId", jsonata("$command"))
        .argument("InstanceId", jsonata("$instance"))
        .assign("status", jsonata("$states.result.Status"))
        .assign("details", jsonata("$states.result.StatusDetails"))
        .assign("code", jsonata("$states.result.ResponseCode"))
        .assign("report", jsonata("$states.result.StandardOutputContent"))
        .assign("said", jsonata("$states.result.StandardErrorContent"))
        .retry(patiently_unless(NO_INVOCATION))
        .catch([unknown, broken()])
}

/// Looks whether Systems Manager still reaches the instance.
pub(super) fn ask_after_instance() -> Task {
    let is_there = "$count([$states.result.InstanceInformationList[PingStatus = 'Online']]) > 0";
    aws_sdk("ssm", "describeInstanceInformation")
        .argument("Filters", array([object! { "Key": "InstanceIds", "Values": jsonata("[$instance]") }]))
        .assign("misses", jsonata(format!("{is_there} ? 0 : $misses + 1")))
        .retry([patiently()])
}

/// Reads what went wrong off the state of the command and what it printed: an exit code for each kind of failure, and
/// two lines, `error: KIND: MESSAGE` and `hint: HINT`.
pub(super) fn read_problem() -> Pass {
    let kinds = ErrorKind::ALL.map(|kind| format!("'{}': '{kind}'", kind.exit_code()));
    let (interrupted, transient) = (ErrorKind::Interrupted, ErrorKind::Transient);
    let (resource, engine, internal) = (ErrorKind::Resource, ErrorKind::Engine, ErrorKind::Internal);
    let problem = format!(
        "($lines := $split($said, '\\n'); \
         $what := $lines[$substring($, 0, 7) = 'error: '][-1]; \
         $hint := $lines[$substring($, 0, 6) = 'hint: '][-1]; \
         $was_taken := $code >= 0 and $not($contains($lowercase($details), 'deliver')); \
         $kind := $status = 'Cancelled' ? '{interrupted}' : $status = 'TimedOut' ? ($was_taken ? '{resource}' : '{transient}') \
         : $status != 'Failed' ? '{internal}' : $exists($lookup({{{kinds}}}, $string($code))) \
         ? $lookup({{{kinds}}}, $string($code)) : $was_taken ? '{engine}' : '{transient}'; \
         $state := 'the command on ' & $instance & ' ended as ' & $status & ' (' & $details & '), exit code ' & $code; \
         $message := $exists($what) ? $substringAfter($substringAfter($what, ': '), ': ') : $state; \
         {{'error': $status = 'TimedOut' and $was_taken ? '{OUT_OF_TIME_ERROR}' : $kind, \
         'cause': {{'kind': $kind, 'message': $substring($message, 0, {LONGEST_TEXT}), \
         'hint': $exists($hint) ? $substring($substringAfter($hint, ': '), 0, {LONGEST_TEXT}) : \
         'look at the log of command ' & $command}}}})",
        kinds = kinds.join(", ")
    );
    pass().assign("problem", jsonata(problem))
}

/// Says that the instance is gone, or does not answer.
pub(super) fn lost() -> Pass {
    let kind = ErrorKind::Interrupted;
    pass().assign(
        "problem",
        object! {
            "error": kind.as_str(),
            "cause": {
                "kind": kind.as_str(),
                "message": jsonata("'instance ' & $instance & ' does not answer any more, with command ' & $command"),
            },
        },
    )
}

/// Says that what a title may take is over.
pub(super) fn out_of_time(seconds: u32) -> Pass {
    let message = format!(
        "$command = '' ? 'no instance was free within {seconds} seconds' \
         : 'the command on ' & $instance & ' did not end within {seconds} seconds'"
    );
    pass().assign(
        "problem",
        object! {
            "error": OUT_OF_TIME_ERROR,
            "cause": {
                "kind": ErrorKind::Resource.as_str(),
                "message": jsonata(message),
                "hint": "see whether the fleet runs, and what its commands do",
            },
        },
    )
}

/// Says that a service refused a call: another try may succeed.
pub(super) fn refused() -> Pass {
    let kind = ErrorKind::Transient;
    pass().assign(
        "problem",
        object! {
            "error": kind.as_str(),
            "cause": { "kind": kind.as_str(), "message": jsonata("$fault.Error & ': ' & $fault.Cause") },
        },
    )
}

pub(in crate::jobs) fn cancel_command(next: &str) -> Task {
    aws_sdk("ssm", "cancelCommand")
        .argument("CommandId", jsonata("$command"))
        .argument("InstanceIds", jsonata("[$instance]"))
        .retry([patiently()])
        .catch([catch_all(next)])
        .next(next)
}

impl Machines<'_> {
    /// Counts how it ended, in the metrics that workers write where they do the work.
    pub(super) fn count_outcome(&self, next: &str) -> Task {
        let dimensions = format!(
            "[{{'Name': '{}', 'Value': '{}'}}, {{'Name': '{}', 'Value': '{}'}}, {{'Name': '{}', 'Value': $colour}}]",
            metrics::APP,
            self.environment.app,
            metrics::ENVIRONMENT,
            self.environment.name,
            metrics::COLOUR
        );
        let (succeeded, failed) = (metrics::TASKS_SUCCEEDED, metrics::TASKS_FAILED);
        let count = |name: &str| format!("{{'MetricName': {name}, 'Dimensions': $by, 'Unit': 'Count', 'Value': 1}}");
        let data = format!(
            "($by := {dimensions}; $failed := $exists($problem.error); \
             [{started}, {ended}, $failed ? [] : {{'MetricName': '{seconds}', 'Dimensions': $by, 'Unit': 'Seconds', \
             'Value': ($millis() - $begin) / 1000}}])",
            started = count(&format!("'{}'", metrics::TASKS_STARTED)),
            ended = count(&format!("$failed ? '{failed}' : '{succeeded}'")),
            seconds = metrics::TASK_SECONDS,
        );
        aws_sdk("cloudwatch", "putMetricData")
            .argument("Namespace", metrics::NAMESPACE)
            .argument("MetricData", jsonata(data))
            .retry([patiently()])
            .catch([catch_all(next)])
            .next(next)
    }
}
