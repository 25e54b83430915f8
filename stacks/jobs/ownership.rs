//! Whose a job is: exactly one execution owns it, the one that its item names.
//!
//! An execution that finds the job owned by another one ends quietly if that one runs or has succeeded, and takes the
//! job over if it has failed.

use documents::object;
use documents::states::{Catcher, Flow, Task, aws_sdk, catch, choice, dynamodb, errors, jsonata};
use job::{JobState, Recipe};
use template::{Expression, Json, Value};

use super::Machines;
use super::record::{now, patiently, patiently_unless, this_execution};

/// Step Functions names errors of the SDK by the exception; the service itself leaves the last word away.
const NO_SUCH_EXECUTION: [&str; 2] = ["Sfn.ExecutionDoesNotExistException", "Sfn.ExecutionDoesNotExist"];

impl Machines<'_> {
    /// Adds the states that make this execution the job's owner, and go on to `owned`; or end, if another one is.
    pub(super) fn own(&self, flow: Flow, owned: &str, failed: impl Fn() -> Catcher) -> Flow {
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
            .catch([failed()]);
        let ask = aws_sdk("sfn", "describeExecution")
            .argument("ExecutionArn", jsonata("$owner.execution"))
            .output(jsonata("$states.result.Status"))
            .retry(patiently_unless(NO_SUCH_EXECUTION))
            .catch([catch(NO_SUCH_EXECUTION, "DoesItLive").output("GONE"), failed()]);
        let owned_by_nobody = "$not($exists($owner.execution))";
        let done = format!("$owner.state = '{}'", JobState::Done);
        flow.state("Register", self.register(failed()).next(owned))
            .state("FindOwner", find)
            .state(
                "IsItOwned",
                choice()
                    .comment("An item that has expired meanwhile is owned by nobody")
                    .when(owned_by_nobody, "Register")
                    .when(done, "Duplicate"),
            )
            .state("AskAfterOwner", ask)
            .state(
                "DoesItLive",
                choice().when("$states.input in ['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE']", "Duplicate"),
            )
            .state("TakeOver", self.take_over(failed()).next(owned))
    }

    /// Writes the job's item, unless there is one that another execution wrote. One that this execution wrote itself is
    /// written again: the answer to the first try was lost.
    fn register(&self, failed: Catcher) -> Task {
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
            .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "FindOwner"), failed])
    }

    /// Makes this execution the owner of a job whose owner is gone, unless someone was faster.
    fn take_over(&self, failed: Catcher) -> Task {
        // What the earlier execution has left.
        let left = match self.commands {
            None => "",
            Some(_) => ", demand, instance, holder, command",
        };
        self.change(
            &format!(
                "SET execution = :me, turn = :turn, attempt = :none, #state = :state, updated = :now \
                 REMOVE colour, #error, #output, finished, attempt_by{left}"
            ),
            "execution = :owner OR execution = :me",
            object! {
                ":me": { "S": this_execution() },
                ":owner": { "S": jsonata("$owner.execution") },
                ":turn": { "N": jsonata("$string($owner.turn + 1)") },
                ":none": { "N": "0" },
                ":state": { "S": JobState::Registered.as_str() },
                ":now": { "S": now() },
            },
        )
        .argument("ExpressionAttributeNames", object! { "#state": "state", "#error": "error", "#output": "output" })
        .assign("turn", jsonata("$owner.turn + 1"))
        .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "Duplicate"), failed])
    }
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
