//! Closes a job whose execution ended without doing so: stopped by someone, out of time, or failed where nothing could
//! catch it.
//!
//! A job is found by the recipe that holds now; one whose recipe was changed while its execution ran is not found here.

use documents::object;
use documents::states::{self, StateMachine, catch, errors, jsonata, pass, start_at, succeed};
use job::{ErrorKind, JobState};

use super::Machines;
use super::record::{News, id, source};

/// Describes the state machine. Its input is the event that says how the execution ended.
pub(super) fn machine(parts: &Machines<'_>) -> StateMachine {
    let (failed, cancelled) = (JobState::Failed, JobState::Cancelled);
    let (internal, interrupted) = (ErrorKind::Internal, ErrorKind::Interrupted);
    let end = jsonata(format!(
        "$states.input.detail.(status = 'ABORTED' \
         ? {{'state': '{cancelled}', 'kind': '{interrupted}', 'message': 'the workflow was stopped'}} \
         : {{'state': '{failed}', 'kind': '{internal}', \
         'message': 'the workflow ended as ' & status & ($type(cause) = 'string' ? ': ' & cause : '')}})"
    ));
    // What started the execution is the event that the workflow read.
    let read = pass()
        .assign("source", source("$parse($states.input.detail.input)"))
        .assign("execution", jsonata("$states.input.detail.executionArn"))
        .assign("end", end);

    let close = parts
        .change(
            &parts.unwanted("SET #state = :state, #error = :error, updated = :now, finished = :now"),
            "execution = :execution AND NOT #state IN (:done, :failed, :held, :cancelled)",
            object! {
                ":execution": { "S": jsonata("$execution") },
                ":state": { "S": jsonata("$end.state") },
                ":error": { "M": { "kind": { "S": jsonata("$end.kind") }, "message": { "S": jsonata("$end.message") } } },
                ":now": { "S": jsonata("$now()") },
                ":done": { "S": JobState::Done.as_str() },
                ":failed": { "S": JobState::Failed.as_str() },
                ":held": { "S": JobState::Held.as_str() },
                ":cancelled": { "S": JobState::Cancelled.as_str() },
            },
        )
        .argument("ExpressionAttributeNames", object! { "#state": "state", "#error": "error" })
        .argument("ReturnValues", "ALL_NEW")
        .output(jsonata("$states.result.Attributes"))
        .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "Closed")]);

    let news = News {
        state: "$end.state",
        facts: "{'job': $id, 'state': $end.state, 'source': $source, 'error': $end.{'kind': kind, 'message': message}}",
        words: "'Ended without a result: s3://' & $source.bucket & '/' & $source.key & '\\n\\n' & $end.message",
    };
    let flow = start_at("ReadEvent", read)
        .state("Identify", pass().assign("id", id(&parts.environment.recipe)))
        .state("Close", close);
    let flow = if parts.commands.is_some() { parts.free_instance(flow, "Tell") } else { flow };
    let flow = flow.state("Tell", parts.tell(&parts.notifications.failed, &news)).state("Closed", succeed());
    states::machine("Closes a job whose execution ended without doing so", flow)
}
