//! The kinds of states, each with the setters that the language allows it.

use template::{Expression, IntoValue, Json, Value};
use tree::Origin;

use super::error::{Catcher, Retrier};
use super::flow::Flow;
use super::jsonata::{Amount, Jsonata, Text};
use super::state::{Rule, State, Transition};

/// Writes the setters that several kinds have in common.
macro_rules! setters {
    ($kind:ident: $($setter:ident)+) => {
        impl $kind {
            $(setters!(@ $setter);)+

            /// Sets a field of the language for which there is no setter here, such as `ToleratedFailurePercentage`.
            #[track_caller]
            pub fn raw(mut self, field: &'static str, value: impl IntoValue<Json>) -> Self {
                self.0.set(field, value.into_value().into_expression());
                self
            }
        }

        impl From<$kind> for State {
            fn from(state: $kind) -> Self {
                state.0
            }
        }
    };

    (@ comment) => {
        /// Describes the state.
        #[track_caller]
        pub fn comment(mut self, text: impl Into<String>) -> Self {
            self.0.set("Comment", Expression::string(text.into()));
            self
        }
    };

    (@ argument) => {
        /// Sets an argument, by the name that the service gives it.
        #[track_caller]
        pub fn argument(mut self, name: impl Into<String>, value: impl IntoValue<Json>) -> Self {
            self.0.arguments.push((name.into(), value.into_value().into_expression().at(Origin::caller())));
            self
        }
    };

    (@ assign) => {
        /// Sets a variable for the states that come after; its name is given without `$`.
        ///
        /// In the same state the variable still has its old value. A choice sets it where no rule holds.
        #[track_caller]
        pub fn assign(mut self, variable: impl Into<String>, value: impl IntoValue<Json>) -> Self {
            self.0.assign.push((variable.into(), value.into_value().into_expression().at(Origin::caller())));
            self
        }
    };

    (@ output) => {
        /// Sets what the next state gets as its input, `$states.input` (default: the result, or else the own input).
        #[track_caller]
        pub fn output(mut self, value: impl IntoValue<Json>) -> Self {
            self.0.set("Output", value.into_value().into_expression());
            self
        }
    };

    (@ retry) => {
        /// Tries again after errors; the first retrier that names the error counts. Without one, nothing is retried.
        pub fn retry(mut self, retriers: impl IntoIterator<Item = Retrier>) -> Self {
            self.0.retriers.extend(retriers);
            self
        }
    };

    (@ catch) => {
        /// Says where errors lead; the first catcher that names the error counts. Without one, the execution fails.
        pub fn catch(mut self, catchers: impl IntoIterator<Item = Catcher>) -> Self {
            self.0.catchers.extend(catchers);
            self
        }
    };

    (@ next) => {
        /// Goes on to the state of this name, in place of the one that is written next.
        #[track_caller]
        pub fn next(mut self, name: impl Into<String>) -> Self {
            self.0.go_on(Transition::To(name.into(), Origin::caller()));
            self
        }

        /// Ends the execution, or the map or branch that the state is in, with success.
        #[track_caller]
        pub fn end(mut self) -> Self {
            self.0.go_on(Transition::End);
            self
        }
    };
}

fn expression<T>(value: impl IntoValue<T>) -> Expression {
    let value: Value<T> = value.into_value();
    value.into_expression()
}

// --- pass -------------------------------------------------------------------------------------------------------

/// A state that does nothing but set variables and its output; made by [`pass`].
#[derive(Clone, Debug)]
pub struct Pass(State);

/// Makes a state that does nothing but set variables and its output.
///
/// ```
/// # use documents::states::{jsonata, pass};
/// let read = pass().assign("key", jsonata("$states.input.detail.object.key")).assign("attempt", 1);
/// ```
pub fn pass() -> Pass {
    Pass(State::new("Pass"))
}

setters!(Pass: comment assign output next);

// --- task -------------------------------------------------------------------------------------------------------

/// A state that calls a service; made by [`task`](super::task) and the functions of each service.
#[derive(Clone, Debug)]
pub struct Task(State);

setters!(Task: comment argument assign output retry catch next);

impl Task {
    #[track_caller]
    pub(super) fn new(resource: Expression) -> Self {
        let mut state = State::new("Task");
        state.set("Resource", resource);
        Self(state)
    }

    /// Sets all arguments at once: by JSONata that gives them, or by a type that describes the whole request, such as
    /// MediaConvert's `CreateJobRequest`.
    #[track_caller]
    pub fn arguments(mut self, request: impl IntoValue<Json>) -> Self {
        let mut request = request.into_value().into_expression();
        if self.0.request.is_some() {
            request = Expression::invalid("the arguments of the task are set twice", "keep one of the two");
        }
        self.0.request = Some(request.at(Origin::caller()));
        self
    }

    /// Waits until someone answers with the token of the task, which the arguments must hand on:
    /// [`task_token`](super::task_token).
    pub fn wait_for_task_token(self) -> Self {
        self.with_pattern(".waitForTaskToken")
    }

    /// Waits until the job that the service was asked for has ended.
    pub fn sync(self) -> Self {
        // The second version of this one gives its output as JSON, not as a string.
        let is_execution = self.resource().is_some_and(|resource| resource.ends_with(":states:startExecution"));
        self.with_pattern(if is_execution { ".sync:2" } else { ".sync" })
    }

    /// Sets how long the task may take, with all waiting; then it fails with `States.Timeout`.
    #[track_caller]
    pub fn timeout_seconds(mut self, seconds: impl IntoValue<Amount>) -> Self {
        self.0.set("TimeoutSeconds", expression(seconds));
        self
    }

    /// Sets how long the task may go without a heartbeat; then it fails with `States.HeartbeatTimeout`.
    #[track_caller]
    pub fn heartbeat_seconds(mut self, seconds: impl IntoValue<Amount>) -> Self {
        self.0.set("HeartbeatSeconds", expression(seconds));
        self
    }

    /// Calls the service with another role than that of the state machine.
    #[track_caller]
    pub fn role(mut self, arn: impl IntoValue<Text>) -> Self {
        self.0.set("Credentials", Expression::map([("RoleArn", expression(arn))]));
        self
    }

    fn resource(&self) -> Option<&str> {
        self.0.fields.iter().find(|(name, _)| *name == "Resource").and_then(|(_, resource)| resource.as_str())
    }

    fn with_pattern(mut self, pattern: &str) -> Self {
        for (name, resource) in &mut self.0.fields {
            if *name != "Resource" {
                continue;
            }
            let origin = resource.origin();
            let changed = match resource.as_str() {
                Some(text) if text.ends_with(".waitForTaskToken") || text.contains(".sync") => {
                    let message = format!("the task waits twice: `{pattern}` is added to `{text}`");
                    Expression::invalid(message, "keep one of `wait_for_task_token` and `sync`")
                }
                Some(text) => Expression::string(format!("{text}{pattern}")),
                None => Expression::invalid(
                    format!("`{pattern}` cannot be added to a reference"),
                    "write the integration's ARN as text, and the function's in its arguments",
                ),
            };
            *resource = changed.at(origin);
        }
        self
    }
}

// --- choice -----------------------------------------------------------------------------------------------------

/// A state that decides what comes next; made by [`choice`].
#[derive(Clone, Debug)]
pub struct Choice(State);

/// Makes a state that decides what comes next: the first rule that holds, or else the state that is written next.
///
/// ```
/// # use documents::states::choice;
/// let is_it_there = choice().when("$other.state = 'done'", "Duplicate").when("$other.state = 'held'", "Held");
/// ```
pub fn choice() -> Choice {
    Choice(State::new("Choice"))
}

setters!(Choice: comment assign output);

impl Choice {
    /// Goes on to a state where a JSONata condition holds.
    #[track_caller]
    pub fn when(mut self, condition: impl Into<Jsonata>, next: impl Into<String>) -> Self {
        let origin = Origin::caller();
        let condition = Expression::from(condition.into()).at(origin);
        self.0.rules.push(Rule { condition, next: next.into(), origin });
        self
    }

    /// Goes on to a state where no rule holds, in place of the one that is written next.
    #[track_caller]
    pub fn otherwise(mut self, next: impl Into<String>) -> Self {
        self.0.go_on(Transition::To(next.into(), Origin::caller()));
        self
    }
}

// --- wait -------------------------------------------------------------------------------------------------------

/// A state that lets time pass; made by [`wait_seconds`] and [`wait_until`].
#[derive(Clone, Debug)]
pub struct Wait(State);

/// Makes a state that waits so long.
#[track_caller]
pub fn wait_seconds(seconds: impl IntoValue<Amount>) -> Wait {
    let mut state = State::new("Wait");
    state.set("Seconds", expression(seconds));
    Wait(state)
}

/// Makes a state that waits until a time (RFC 3339, such as `2027-03-14T01:59:00Z`).
///
/// ```
/// # use documents::states::{jsonata, wait_until};
/// let until_release = wait_until(jsonata("$title.release"));
/// ```
#[track_caller]
pub fn wait_until(timestamp: impl IntoValue<Text>) -> Wait {
    let mut state = State::new("Wait");
    state.set("Timestamp", expression(timestamp));
    Wait(state)
}

setters!(Wait: comment assign output next);

// --- succeed and fail -------------------------------------------------------------------------------------------

/// An end with success; made by [`succeed`].
#[derive(Clone, Debug)]
pub struct Succeed(State);

/// Makes an end with success.
pub fn succeed() -> Succeed {
    Succeed(State::ending("Succeed"))
}

setters!(Succeed: comment output);

/// An end with an error; made by [`fail`].
#[derive(Clone, Debug)]
pub struct Fail(State);

/// Makes an end with an error: a short name, and what happened.
///
/// ```
/// # use documents::states::{fail, jsonata};
/// let failed = fail(jsonata("$error.kind"), jsonata("$error.message"));
/// ```
#[track_caller]
pub fn fail(error: impl IntoValue<Text>, cause: impl IntoValue<Text>) -> Fail {
    let mut state = State::ending("Fail");
    state.set("Error", expression(error));
    state.set("Cause", expression(cause));
    Fail(state)
}

setters!(Fail: comment);

// --- parallel and map -------------------------------------------------------------------------------------------

/// A state that runs several flows at once; made by [`parallel`].
#[derive(Clone, Debug)]
pub struct Parallel(State);

/// Makes a state that runs several flows at once; its result is the list of their outputs.
///
/// ```
/// # use documents::states::{parallel, pass, start_at};
/// let both = parallel([start_at("Video", pass()), start_at("Audio", pass())]);
/// ```
pub fn parallel(branches: impl IntoIterator<Item = Flow>) -> Parallel {
    Parallel(State { flows: branches.into_iter().collect(), ..State::new("Parallel") })
}

setters!(Parallel: comment argument assign output retry catch next);

/// A state that runs a flow for each item of a list; made by [`map`].
#[derive(Clone, Debug)]
pub struct Map(State);

/// Makes a state that runs a flow for each item of a list; its result is the list of their outputs.
///
/// The items are a list, or JSONata that gives one.
///
/// ```
/// # use documents::states::{self, aws_sdk, jsonata, map};
/// let delete = aws_sdk("sqs", "deleteMessage")
///     .argument("ReceiptHandle", jsonata("$states.input.ReceiptHandle"));
/// let each = map(jsonata("$states.input.Messages"), states::start_at("Delete", delete)).max_concurrency(5);
/// ```
#[track_caller]
pub fn map(items: impl IntoValue<Json>, processor: Flow) -> Map {
    let mut state = State { flows: vec![processor], ..State::new("Map") };
    state.set("Items", expression(items));
    Map(state)
}

setters!(Map: comment assign output retry catch next);

impl Map {
    /// Sets how many items are worked on at once (default and 0: as many as Step Functions can).
    #[track_caller]
    pub fn max_concurrency(mut self, items: impl IntoValue<Amount>) -> Self {
        self.0.set("MaxConcurrency", expression(items));
        self
    }

    /// Sets what the flow gets as its input for each item (default: the item, `$states.context.Map.Item.Value`).
    #[track_caller]
    pub fn item_selector(mut self, value: impl IntoValue<Json>) -> Self {
        self.0.set("ItemSelector", expression(value));
        self
    }
}
