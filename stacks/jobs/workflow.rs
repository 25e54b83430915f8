//! The workflow of a job: registers it, has it worked on, records and tells how it ended.
//!
//! Exactly one execution owns a job: the one that its item names. An execution that finds the job owned by another one
//! ends quietly if that one runs or has succeeded, and takes the job over if it has failed.

use documents::object;
use documents::states::{
    self, Catcher, Flow, Jsonata, Map, Retrier, StateMachine, Task, aws_sdk, catch, catch_all, choice, dynamodb,
    errors, fail, jsonata, map, pass, retry, sqs, start_at, succeed, task_token,
};
use job::keys::enhanced_key_expression;
use job::{Colour, ErrorKind, JobState, Recipe, TASK_MESSAGE_VERSION, TaskKind};
use template::{Expression, Json, Value};

use super::Machines;
use super::record::{id, patiently, patiently_unless, source};
use crate::fleet::{DEAD_LETTER_ERROR, Fleet};

/// Step Functions names errors of the SDK by the exception; the service itself leaves the last word away.
const NO_SUCH_EXECUTION: [&str; 2] = ["Sfn.ExecutionDoesNotExistException", "Sfn.ExecutionDoesNotExist"];

/// How often a task is sent again after the engine failed: to another instance, most likely.
const ENGINE_RETRIES: u32 = 1;
/// How often a task is sent again after what passes.
const TRANSIENT_RETRIES: u32 = 3;
/// The first and the longest pause before a task is sent again, in seconds.
const RETRY_SECONDS: u32 = 30;
const LONGEST_RETRY_SECONDS: u32 = 600;

/// Describes the state machine.
pub(super) fn machine(parts: &Machines<'_>, fleet: &Fleet) -> StateMachine {
    let recipe = &parts.environment.recipe;
    let flow = start_at("ReadEvent", pass().assign("source", source("$states.input")).assign("turn", 1))
        .state("Identify", pass().assign("id", id(recipe)))
        .state("Register", parts.register(fleet.colour).next("StartEnhancing"));
    let flow = parts
        .settle_ownership(flow, fleet.colour)
        .state("StartEnhancing", parts.move_to(JobState::Enhancing).catch([to_failure()]))
        .state("Enhance", parts.enhance(fleet).catch([to_failure()]))
        .state("RecordSuccess", parts.record_success().catch([to_failure()]))
        .state("TellOfSuccess", parts.tell_of_success().catch([catch_all("Done")]))
        .state("Done", succeed())
        .state("Duplicate", succeed().comment("Another execution owns the job, and runs or has succeeded"))
        .state("ReadCause", read_cause(parts.environment.times.title_timeout_seconds))
        .state("RecordFailure", parts.record_failure().catch([catch_all("TellOfFailure")]))
        .state("TellOfFailure", parts.tell_of_failure().catch([catch_all("Failed")]))
        .state("Failed", fail(jsonata("$error.kind"), jsonata("$error.message")));
    states::machine("Takes an uploaded video to its enhanced copy", flow)
        .timeout_seconds(parts.environment.times.job_timeout_seconds)
}

impl Machines<'_> {
    /// Writes the job's item, unless there is one that another execution wrote. One that this execution wrote itself is
    /// written again: the answer to the first try was lost.
    fn register(&self, colour: Colour) -> Task {
        let attributes = jsonata(
            "$source.{'bucket': {'S': bucket}, 'key': {'S': key}, 'version': $exists(version) ? {'S': version}, \
             'etag': {'S': etag}, 'bytes': {'N': $string(bytes)}}",
        );
        let seconds = u64::from(self.environment.times.job_expiry_days) * 24 * 3600;
        let item = object! {
            "id": { "S": jsonata("$id") },
            "state": { "S": JobState::Registered.as_str() },
            "attempt": { "N": "0" },
            "turn": { "N": "1" },
            "execution": { "S": this_execution() },
            "colour": { "S": colour.as_str() },
            "source": { "M": attributes },
            "recipe": attribute_of(&self.environment.recipe),
            "tasks": { "M": { "done": { "N": "0" }, "total": { "N": "1" } } },
            "created": { "S": now() },
            "updated": { "S": now() },
            "expires_at": { "N": jsonata(format!("$string($floor($millis() / 1000) + {seconds})")) },
        };
        dynamodb::put_item(self.storage.jobs.name(), item)
            .argument("ConditionExpression", "attribute_not_exists(id) OR execution = :me")
            .argument("ExpressionAttributeValues", object! { ":me": { "S": this_execution() } })
            .retry(patiently_unless([errors::CONDITIONAL_CHECK_FAILED, errors::QUERY_EVALUATION_ERROR]))
            .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "FindOwner"), to_failure()])
    }

    /// Adds the states that decide whether this execution may take the job over from the one that owns it.
    fn settle_ownership(&self, flow: Flow, colour: Colour) -> Flow {
        let find = dynamodb::get_item(self.storage.jobs.name(), object! { "id": { "S": jsonata("$id") } })
            .argument("ConsistentRead", true)
            .assign(
                "owner",
                jsonata(
                    "$exists($states.result.Item) ? $states.result.Item.{'execution': execution.S, 'state': state.S, \
                     'turn': $number(turn.N)} : {}",
                ),
            )
            .retry([patiently()])
            .catch([to_failure()]);
        let ask = aws_sdk("sfn", "describeExecution")
            .argument("ExecutionArn", jsonata("$owner.execution"))
            .output(jsonata("$states.result.Status"))
            .retry(patiently_unless(NO_SUCH_EXECUTION))
            .catch([catch(NO_SUCH_EXECUTION, "DoesItLive").output("GONE"), to_failure()]);
        let take_over = self
            .change(
                "SET execution = :me, turn = :turn, attempt = :none, #state = :state, colour = :colour, updated = :now \
                 REMOVE #error, #output, finished, attempt_by",
                "execution = :owner OR execution = :me",
                object! {
                    ":me": { "S": this_execution() },
                    ":owner": { "S": jsonata("$owner.execution") },
                    ":turn": { "N": jsonata("$string($owner.turn + 1)") },
                    ":none": { "N": "0" },
                    ":state": { "S": JobState::Registered.as_str() },
                    ":colour": { "S": colour.as_str() },
                    ":now": { "S": now() },
                },
            )
            .argument("ExpressionAttributeNames", object! { "#state": "state", "#error": "error", "#output": "output" })
            .assign("turn", jsonata("$owner.turn + 1"))
            .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "Duplicate"), to_failure()]);
        flow.state("FindOwner", find)
            .state(
                "IsItOwned",
                choice()
                    .comment("An item that has expired meanwhile is owned by nobody")
                    .when("$not($exists($owner.execution))", "Register")
                    .when(format!("$owner.state = '{}'", JobState::Done), "Duplicate"),
            )
            .state("AskAfterOwner", ask)
            .state(
                "DoesItLive",
                choice().when("$states.input in ['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE']", "Duplicate"),
            )
            .state("TakeOver", take_over)
    }

    /// Moves the job on, which only the owner may.
    fn move_to(&self, state: JobState) -> Task {
        self.change_as_owner(
            "SET #state = :state, updated = :now",
            object! { "#state": "state" },
            object! { ":me": { "S": this_execution() }, ":state": { "S": state.as_str() }, ":now": { "S": now() } },
        )
    }

    /// Sends the task to the fleet, and waits for a worker's answer.
    fn enhance(&self, fleet: &Fleet) -> Task {
        let recipe = &self.environment.recipe;
        let key = enhanced_key_expression("$source.key", recipe.scale, "$id", recipe.encoding.container.as_str());
        let message = object! {
            "version": TASK_MESSAGE_VERSION,
            "task": TaskKind::Enhance.as_str(),
            "job": jsonata("$id"),
            "attempt": jsonata("$turn"),
            "token": task_token(),
            "source": jsonata("$source"),
            "recipe": json_of(recipe),
            "output": { "bucket": self.storage.enhanced.name(), "key": jsonata(key) },
        };
        sqs::send_message(fleet.task_queue.url(), message)
            // Messages of one job are one group, so that one big title does not starve the others.
            .argument("MessageGroupId", jsonata("$id"))
            .wait_for_task_token()
            .timeout_seconds(self.environment.times.title_timeout_seconds)
            .retry(by_kind())
            .assign("output", jsonata("$states.result"))
    }

    /// Records what the worker reports; a report that lacks something fails the job.
    fn record_success(&self) -> Task {
        let text = |field: &str| object! { "S": jsonata(format!("$output.{field}")) };
        let number = |field: &str| object! { "N": jsonata(format!("$string($output.{field})")) };
        let output = object! {
            "bucket": text("bucket"),
            "key": text("key"),
            "sha256": text("sha256"),
            "frames": number("frames"),
            "width": number("width"),
            "height": number("height"),
        };
        self.change_as_owner(
            "SET #state = :state, #output = :output, tasks.done = :one, updated = :now, finished = :now",
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

    fn tell_of_success(&self) -> Task {
        let state = JobState::Done.as_str();
        let message = object! { "job": jsonata("$id"), "state": state, "source": jsonata("$source"), "output": jsonata("$output") };
        self.tell(state, message)
    }

    fn record_failure(&self) -> Task {
        let error =
            jsonata("$error.{'kind': {'S': kind}, 'message': {'S': message}, 'hint': $exists(hint) ? {'S': hint}}");
        self.change_as_owner(
            "SET #state = :state, #error = :error, updated = :now, finished = :now",
            object! { "#state": "state", "#error": "error" },
            object! {
                ":me": { "S": this_execution() },
                ":state": { "S": JobState::Failed.as_str() },
                ":error": { "M": error },
                ":now": { "S": now() },
            },
        )
    }

    fn tell_of_failure(&self) -> Task {
        let state = JobState::Failed.as_str();
        let message =
            object! { "job": jsonata("$id"), "state": state, "source": jsonata("$source"), "error": jsonata("$error") };
        self.tell(state, message)
    }

    fn change_as_owner(&self, update: &str, names: Value<Json>, values: Value<Json>) -> Task {
        self.change(update, "execution = :me", values).argument("ExpressionAttributeNames", names)
    }
}

/// Sends a task again by the kind of its failure, which is the name of its error.
fn by_kind() -> [Retrier; 3] {
    let final_errors = [
        ErrorKind::Input.as_str(),
        ErrorKind::Internal.as_str(),
        DEAD_LETTER_ERROR,
        errors::TIMEOUT,
        errors::QUERY_EVALUATION_ERROR,
    ];
    [
        retry(final_errors).max_attempts(0),
        retry([ErrorKind::Engine.as_str()]).interval_seconds(RETRY_SECONDS).max_attempts(ENGINE_RETRIES),
        retry([errors::ALL])
            .interval_seconds(RETRY_SECONDS)
            .backoff_rate(2.0)
            .max_delay_seconds(LONGEST_RETRY_SECONDS)
            .max_attempts(TRANSIENT_RETRIES)
            .full_jitter(),
    ]
}

/// Leads to the states that record a failure.
fn to_failure() -> Catcher {
    catch_all("ReadCause").assign("failure", jsonata("$states.errorOutput"))
}

/// Reads what a worker says of its failure, which is JSON; what others say is text, and taken as it is.
///
/// A map of the one cause, because a state must be a task, a map or a parallel one to catch an error.
fn read_cause(timeout_seconds: u32) -> Map {
    let kinds = ErrorKind::ALL.map(|kind| format!("'{kind}'")).join(", ");
    let internal = ErrorKind::Internal;
    let parse = jsonata(format!(
        "($cause := $parse($states.input); {{'kind': $cause.kind in [{kinds}] ? $cause.kind : '{internal}', \
         'message': $string($cause.message), 'hint': $type($cause.hint) = 'string' ? $cause.hint}})"
    ));
    let resource = ErrorKind::Resource;
    let other = jsonata(format!(
        "$failure.Error = '{timeout}' ? {{'kind': '{resource}', \
         'message': 'no worker finished the task within {timeout_seconds} seconds', \
         'hint': 'see whether the fleet runs and its queue moves'}} \
         : {{'kind': '{internal}', 'message': $failure.Error & ': ' & $failure.Cause}}",
        timeout = errors::TIMEOUT
    ));
    let cause = jsonata("[$type($failure.Cause) = 'string' ? $failure.Cause : '']");
    map(cause, start_at("ParseCause", pass().output(parse)))
        .assign("error", jsonata("$states.result[0]"))
        .catch([catch_all("RecordFailure").assign("error", other)])
}

fn this_execution() -> Jsonata {
    jsonata("$states.context.Execution.Id")
}

/// UTC, RFC 3339.
fn now() -> Jsonata {
    jsonata("$now()")
}

fn json_of(recipe: &Recipe) -> Value<Json> {
    let expression = match serde_json::to_value(recipe) {
        Ok(json) => Expression::from_json(json),
        Err(error) => {
            Expression::invalid(format!("the recipe cannot be written as JSON: {error}"), "change the recipe")
        }
    };
    Value::from_expression(expression)
}

/// Writes the recipe as an attribute of `DynamoDB`.
fn attribute_of(recipe: &Recipe) -> Value<Json> {
    let expression = match serde_json::to_value(recipe) {
        Ok(json) => attribute(json),
        Err(error) => {
            Expression::invalid(format!("the recipe cannot be written as JSON: {error}"), "change the recipe")
        }
    };
    Value::from_expression(expression)
}

/// Writes JSON as an attribute of `DynamoDB`: each value says its type.
fn attribute(json: serde_json::Value) -> Expression {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    let (kind, value) = match json {
        Null => ("NULL", Expression::bool(true)),
        Bool(flag) => ("BOOL", Expression::bool(flag)),
        Number(number) => ("N", Expression::string(number.to_string())),
        String(text) => ("S", Expression::string(text)),
        Array(items) => ("L", Expression::list(items.into_iter().map(attribute))),
        Object(members) => ("M", Expression::map(members.into_iter().map(|(key, value)| (key, attribute(value))))),
    };
    Expression::map([(kind, value)])
}
