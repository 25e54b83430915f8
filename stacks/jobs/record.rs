//! What the state machines share: how a job is read off an event, how it is written into the job table, and told of.

use documents::object;
use documents::states::{Jsonata, Retrier, Task, dynamodb, errors, jsonata, retry, sns};
use job::Recipe;
use job::identity::job_id_expression;
use resources::sns::TopicRef;
use template::{IntoValue, Json, Value};

use super::Machines;

/// The longest pause between two tries of a call, in seconds.
const LONGEST_PAUSE_SECONDS: u32 = 30;
/// How often a call is tried again: with the pauses, for a minute at least.
const RETRIES: u32 = 7;

/// Reads the source off an event of S3, of which `event` is the `JSONata`; the version is left out where there is none.
pub(super) fn source(event: &str) -> Jsonata {
    jsonata(format!(
        "{event}.detail.{{'bucket': bucket.name, 'key': object.key, 'version': object.`version-id`, \
         'etag': object.etag, 'bytes': object.size}}"
    ))
}

/// Computes the job's id of the variable `$source`, as `job::job_id` does.
pub(super) fn id(recipe: &Recipe) -> Jsonata {
    let version_or_etag = "($exists($source.version) ? $source.version : $source.etag)";
    jsonata(job_id_expression("$source.bucket", "$source.key", version_or_etag, &recipe.identity()))
}

pub(super) fn this_execution() -> Jsonata {
    jsonata("$states.context.Execution.Id")
}

/// UTC, RFC 3339.
pub(super) fn now() -> Jsonata {
    jsonata("$now()")
}

/// Retries what a service may refuse for a moment: with growing pauses, which chance shortens.
pub(super) fn patiently() -> Retrier {
    let retrier = retry([errors::ALL]).interval_seconds(1).backoff_rate(2.0);
    retrier.max_delay_seconds(LONGEST_PAUSE_SECONDS).max_attempts(RETRIES).full_jitter()
}

/// Retries patiently, but not what another try cannot change.
pub(super) fn patiently_unless<const N: usize>(errors: [&str; N]) -> [Retrier; 2] {
    [retry(errors).max_attempts(0), patiently()]
}

/// What is told of a job that ended, each as the text of a `JSONata` expression.
pub(super) struct News<'a> {
    /// The state in which the job ended.
    pub state: &'a str,
    /// What programs get: an object.
    pub facts: &'a str,
    /// What people get: text.
    pub words: &'a str,
}

impl Machines<'_> {
    /// Changes the item of the job `$id`, if the condition holds.
    pub(super) fn change(&self, update: &str, condition: &str, values: impl IntoValue<Json>) -> Task {
        let key = object! { "id": { "S": jsonata("$id") } };
        dynamodb::update_item(self.storage.jobs.name(), key, update)
            .argument("ConditionExpression", condition)
            .argument("ExpressionAttributeValues", values)
            .retry(patiently_unless([errors::CONDITIONAL_CHECK_FAILED, errors::QUERY_EVALUATION_ERROR]))
    }

    /// Changes the item of the job `$id`, which only its owner may.
    pub(super) fn change_as_owner(&self, update: &str, names: Value<Json>, values: Value<Json>) -> Task {
        self.change(update, "execution = :me", values).argument("ExpressionAttributeNames", names)
    }

    /// Tells a topic that the job `$id` ended. Programs get JSON, and can filter by the state; people get words.
    pub(super) fn tell(&self, topic: &TopicRef, news: &News<'_>) -> Task {
        let News { state, facts, words } = news;
        let whose = format!("{} {}", self.environment.app, self.environment.name);
        // A subject is ASCII, which a key need not be.
        let subject = jsonata(format!("'{whose}: job ' & $substring($id, 0, 12) & ' is ' & {state}"));
        let words = jsonata(format!("{words} & '\\n\\nJob ' & $id & ' of {whose}'"));
        let message = object! { "default": jsonata(format!("$string({facts})")), "email": words };
        sns::publish(topic.arn(), message)
            .argument("MessageStructure", "json")
            .argument("Subject", subject)
            .argument(
                "MessageAttributes",
                object! { "state": { "DataType": "String", "StringValue": jsonata(*state) } },
            )
            .retry([patiently()])
    }
}
