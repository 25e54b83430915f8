//! How a job ends: what is recorded of it, and who is told.

use documents::object;
use documents::states::{Jsonata, Map, Task, catch_all, errors, jsonata, map, pass, start_at};
use job::{ErrorKind, JobState};

use super::Machines;
use super::record::{News, now, this_execution};

impl Machines<'_> {
    /// Records what the worker reports; a report that lacks something fails the job.
    pub(super) fn record_success(&self) -> Task {
        let text = |field: &str| object! { "S": jsonata(format!("$output.{field}")) };
        let number = |field: &str| object! { "N": jsonata(format!("$string($output.{field})")) };
        let output = object! {
            "bucket": text("bucket"),
            "key": text("key"),
            "sha256": text("sha256"),
            "frames": number("frames"),
            "width": number("width"),
            "height": number("height"),
            "package": self.packaging.map(|_| object! { "M": package() }),
        };
        self.change_as_owner(
            &self
                .unwanted("SET #state = :state, #output = :output, tasks.done = :one, updated = :now, finished = :now"),
            object! { "#state": "state", "#output": "output" },
            object! {
                ":me": { "S": this_execution() },
                ":state": { "S": JobState::Done.as_str() },
                ":output": { "M": output },
                ":one": { "N": "1" },
                ":now": { "S": now() },
            },
        )
    }

    pub(super) fn tell_of_success(&self) -> Task {
        let done = JobState::Done;
        let (package, streams) = match self.packaging {
            None => ("", ""),
            Some(_) => (
                ", 'package': $package",
                " & '\\nStreams: ' & ($exists($package.url) ? $package.url : 's3://' & $package.bucket & '/' \
                 & ($exists($package.hls) ? $package.hls : $package.dash))",
            ),
        };
        let facts = format!("{{'job': $id, 'state': '{done}', 'source': $source, 'output': $output{package}}}");
        let words = format!(
            "'Done: s3://' & $source.bucket & '/' & $source.key & '\\n\\nEnhanced: s3://' & $output.bucket & '/' \
             & $output.key & ' (' & $output.width & 'x' & $output.height & ', ' & $output.frames & ' frames)'{streams}"
        );
        let state = format!("'{done}'");
        self.tell(&self.notifications.done, &News { state: &state, facts: &facts, words: &words })
    }

    pub(super) fn record_failure(&self) -> Task {
        let error =
            jsonata("$reason.{'kind': {'S': kind}, 'message': {'S': message}, 'hint': $exists(hint) ? {'S': hint}}");
        self.change_as_owner(
            &self.unwanted("SET #state = :state, #error = :error, updated = :now, finished = :now"),
            object! { "#state": "state", "#error": "error" },
            object! {
                ":me": { "S": this_execution() },
                ":state": { "S": JobState::Failed.as_str() },
                ":error": { "M": error },
                ":now": { "S": now() },
            },
        )
    }

    pub(super) fn tell_of_failure(&self) -> Task {
        let failed = JobState::Failed;
        let facts = format!("{{'job': $id, 'state': '{failed}', 'source': $source, 'error': $reason}}");
        let words = "'Failed: s3://' & $source.bucket & '/' & $source.key & '\\n\\n' & $reason.kind & ': ' \
                     & $reason.message & ($exists($reason.hint) ? '\\n' & $reason.hint : '')";
        let state = format!("'{failed}'");
        self.tell(&self.notifications.failed, &News { state: &state, facts: &facts, words })
    }
}

/// Writes where the streams are as attributes of `DynamoDB`.
fn package() -> Jsonata {
    jsonata(
        "$package.{'bucket': {'S': bucket}, 'hls': $exists(hls) ? {'S': hls}, 'dash': $exists(dash) ? {'S': dash}, \
         'url': $exists(url) ? {'S': url}}",
    )
}

/// Reads what a worker says of its failure, which is JSON; what others say is text, and taken as it is.
///
/// A map of the one cause, because a state must be a task, a map or a parallel one to catch an error.
pub(super) fn read_cause(timeout_seconds: u32) -> Map {
    let kinds = ErrorKind::ALL.map(|kind| format!("'{kind}'")).join(", ");
    let internal = ErrorKind::Internal;
    let parse = jsonata(format!(
        "($cause := $parse($states.input); {{'kind': $cause.kind in [{kinds}] ? $cause.kind : '{internal}', \
         'message': $exists($cause.message) ? $string($cause.message) : $states.input, 'hint': $type($cause.hint) = 'string' ? $cause.hint}})"
    ));
    let cause = jsonata("[$type($failure.Cause) = 'string' ? $failure.Cause : '']");
    map(cause, start_at("ParseCause", pass().output(parse)))
        .assign("reason", jsonata("$states.result[0]"))
        .catch([catch_all("RecordFailure").assign("reason", other_cause(timeout_seconds))])
}

/// Takes a failure whose cause is no JSON as it is.
fn other_cause(timeout_seconds: u32) -> Jsonata {
    let (internal, resource) = (ErrorKind::Internal, ErrorKind::Resource);
    jsonata(format!(
        "$failure.Error = '{timeout}' ? {{'kind': '{resource}', \
         'message': 'no worker finished the task within {timeout_seconds} seconds', \
         'hint': 'see whether the fleet runs and its queue moves'}} \
         : {{'kind': '{internal}', 'message': $failure.Error & ': ' & $failure.Cause}}",
        timeout = errors::TIMEOUT
    ))
}
