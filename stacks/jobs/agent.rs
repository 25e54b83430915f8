//! Lets agents do the work: each task is a message in the queue of the job's colour.

use documents::object;
use documents::states::{Task, jsonata, sqs, task_token};
use job::keys::enhanced_key_expression;
use job::{Recipe, TASK_MESSAGE_VERSION, TaskKind};
use template::{Expression, Json, Value};

use super::Machines;

impl Machines<'_> {
    /// Sends the task to the fleet of the colour `$colour`, and waits for a worker's answer.
    pub(super) fn enhance_by_agent(&self) -> Task {
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
        sqs::send_message(jsonata("$lookup($queues, $colour)"), message)
            // Messages of one job are one group, so that one big title does not starve the others.
            .argument("MessageGroupId", jsonata("$id"))
            .wait_for_task_token()
            .timeout_seconds(self.environment.times.title_timeout_seconds)
            .assign("output", jsonata("$states.result"))
    }
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
