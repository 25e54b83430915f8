//! State machines in the Amazon States Language, with JSONata.
//!
//! States are written in the order in which they run: each goes on to the one after it, unless it says otherwise, and
//! the last one ends the execution. What goes wrong, and what is decided, names the state that it goes to.
//!
//! ```
//! use documents::object;
//! use documents::states::{self, catch, catch_all, choice, dynamodb, errors, fail, jsonata, pass, retry, sqs, succeed};
//! # use template::{Assume, IntoValue, Json, Name, Value};
//! # fn slot(definition: impl IntoValue<Json>) {}
//! # let table: Value<Name<()>> = "jobs".assume();
//! # let queue: Value<String> = "https://sqs.ap-northeast-2.amazonaws.com/111122223333/tasks".assume();
//!
//! let read = pass().assign("id", jsonata("$states.input.detail.object.etag"));
//!
//! let register = dynamodb::put_item(&table, object! { "id": { "S": jsonata("$id") }, "state": { "S": "registered" } })
//!     .argument("ConditionExpression", "attribute_not_exists(id)")
//!     .retry([retry([errors::CONDITIONAL_CHECK_FAILED]).max_attempts(0), retry([errors::ALL]).max_attempts(6)])
//!     .catch([catch([errors::CONDITIONAL_CHECK_FAILED], "Duplicate"), catch_all("Failed")]);
//!
//! let enhance = sqs::send_message(&queue, object! { "job": jsonata("$id"), "token": states::task_token() })
//!     .wait_for_task_token()
//!     .timeout_seconds(6 * 60 * 60)
//!     .assign("frames", jsonata("$states.result.frames"))
//!     .catch([catch_all("Failed")]);
//!
//! let flow = states::start_at("Read", read)
//!     .state("Register", register)
//!     .state("Enhance", enhance)
//!     .state("IsThereAPicture", choice().when("$frames = 0", "Failed"))
//!     .state("Done", succeed())
//!     .state("Duplicate", succeed())
//!     .state("Failed", fail("failed", "the video could not be enhanced"));
//! slot(states::machine("Takes a video to its enhanced copy", flow).timeout_seconds(3 * 24 * 60 * 60));
//! ```
//!
//! What a kind of state cannot do does not compile: a choice has nothing to retry, an end goes nowhere.
//!
//! ```compile_fail
//! # use documents::states::{choice, retry};
//! choice().retry([retry(["States.ALL"])]);
//! ```
//!
//! ```compile_fail
//! # use documents::states::succeed;
//! succeed().next("More");
//! ```
//!
//! Whether the states fit together is seen when the app is synthesized, as `synth/invalid-document`: a transition to a
//! state that does not exist, a state that nothing leads to, one without a way to an end, a name that stands twice,
//! a retrier or catcher behind one that takes every error already, a task that waits for a token which nobody gets,
//! JSONata with an open bracket or quote, or with a variable that nothing assigns.
//!
//! See "Amazon States Language" in the Step Functions developer guide, and <https://states-language.net>.

mod error;
mod flow;
mod integrations;
mod jsonata;
mod kinds;
mod lower;
mod state;
mod syntax;
#[cfg(test)]
mod tests;
mod verify;

pub use error::{Catcher, Retrier, catch, catch_all, errors, retry};
pub use flow::{Flow, StateMachine, machine, start_at};
pub use integrations::{aws_sdk, dynamodb, sfn, sns, sqs, task};
pub use jsonata::{Amount, Jsonata, Text, jsonata, task_token};
pub use kinds::{
    Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait, choice, fail, map, parallel, pass, succeed, wait_seconds,
    wait_until,
};
pub use state::State;
