//! The workflow of a job: registers it, has it worked on, records and tells how it ended.

use documents::object;
use documents::states::{
    self, Catcher, Choice, Flow, Pass, Retrier, StateMachine, Task, aws_sdk, catch_all, choice, errors, fail, jsonata,
    pass, retry, start_at, succeed,
};
use job::keys::{LONGEST_KEY, enhanced_key_expression};
use job::{Colour, ErrorKind, JobState};

use super::Machines;
use super::outcome::read_cause;
use super::record::{id, now, patiently, source, this_execution};
use super::run_command::{OUT_OF_TIME_ERROR, read_report};
use crate::fleet::DEAD_LETTER_ERROR;

/// The member of an execution's input that says which colour is to do the work, whatever the weights: a swap tries the new
/// colour out like that. Events have no such member, so that no upload can choose.
const WANTED_COLOUR: &str = job::event::COLOUR;

/// How often a task is sent again after the engine failed: to another instance, most likely.
const ENGINE_RETRIES: u32 = 1;
/// How often a task is sent again after what passes.
const TRANSIENT_RETRIES: u32 = 3;
/// The first and the longest pause before a task is sent again, in seconds.
const RETRY_SECONDS: u32 = 30;
const LONGEST_RETRY_SECONDS: u32 = 600;

/// Describes the state machine.
pub(super) fn machine(parts: &Machines<'_>) -> StateMachine {
    let read = pass()
        .assign("source", source("$states.input"))
        .assign("turn", 1)
        .assign(
            "wanted",
            jsonata(format!("$exists($states.input.{WANTED_COLOUR}) ? $states.input.{WANTED_COLOUR} : ''")),
        )
        .assign("queues", parts.by_colour(|fleet| fleet.task_queue.url()));
    let flow = start_at("ReadEvent", read).state("Identify", pass().assign("id", id(&parts.environment.recipe)));
    let flow = parts
        .own(flow, "DoesItsKeyFit", to_failure)
        .state("DoesItsKeyFit", parts.check_key())
        .state("ChooseColour", parts.choose_colour().catch([to_failure()]))
        .state("StartEnhancing", parts.start_enhancing().catch([to_failure()]));
    let flow = match parts.commands {
        None => flow.state("Enhance", parts.enhance_by_agent().retry(by_kind()).catch([to_failure()])),
        Some(commands) => flow
            .state("PinDocument", parts.pin_document(commands).catch([to_failure()]))
            .state("Enhance", parts.enhance_by_command(commands).retry(by_kind()).catch([to_failure()]))
            .state("ReadReport", read_report().catch([to_failure()])),
    };
    let flow = parts.close(parts.package(flow, to_failure));
    states::machine("Takes an uploaded video to its enhanced copy", flow)
        .timeout_seconds(parts.environment.times.job_timeout_seconds)
}

impl Machines<'_> {
    /// Sends away what no enhanced video could be written of.
    fn check_key(&self) -> Choice {
        let recipe = &self.environment.recipe;
        let key = enhanced_key_expression("$source.key", recipe.scale, "$id", recipe.encoding.container.as_str());
        // Each byte of UTF-8 is a letter, or a percent sign and two digits.
        let bytes = format!("$length($replace($encodeUrlComponent({key}), /%../, '.'))");
        choice().when(format!("{bytes} > {LONGEST_KEY}"), "KeyTooLong")
    }

    /// Reads the weights of the colours, and draws one, unless the execution was started for one of them.
    fn choose_colour(&self) -> Task {
        let (blue, green) = (Colour::Blue, Colour::Green);
        let draw = format!(
            "$wanted in ['{blue}', '{green}'] ? $wanted : ($router := $parse($states.result.Parameter.Value); $sum := $router.{blue} + $router.{green}; \
             $sum = 0 ? $router.live : $random() * $sum < $router.{blue} ? '{blue}' : '{green}')"
        );
        aws_sdk("ssm", "getParameter")
            .argument("Name", self.router.weights.name())
            .assign("colour", jsonata(draw))
            .retry([patiently()])
    }

    /// Moves the job on; from now on it wants an instance of its colour.
    fn start_enhancing(&self) -> Task {
        let update = match self.commands {
            None => "SET #state = :state, colour = :colour, updated = :now",
            Some(_) => "SET #state = :state, colour = :colour, demand = :colour, updated = :now",
        };
        self.change_as_owner(
            update,
            object! { "#state": "state" },
            object! {
                ":me": { "S": this_execution() },
                ":state": { "S": JobState::Enhancing.as_str() },
                ":colour": { "S": jsonata("$colour") },
                ":now": { "S": now() },
            },
        )
    }

    /// Adds the states in which a job ends.
    fn close(&self, flow: Flow) -> Flow {
        flow.state("RecordSuccess", self.record_success().catch([to_failure()]))
            .state("TellOfSuccess", self.tell_of_success().catch([catch_all("Done")]))
            .state("Done", succeed())
            .state("Duplicate", succeed().comment("Another execution owns the job, and runs or has succeeded"))
            .state("KeyTooLong", key_too_long().next("RecordFailure"))
            .state("ReadCause", read_cause(self.environment.times.title_timeout_seconds))
            .state("RecordFailure", self.record_failure().catch([catch_all("TellOfFailure")]))
            .state("TellOfFailure", self.tell_of_failure().catch([catch_all("Failed")]))
            .state("Failed", fail(jsonata("$reason.kind"), jsonata("$reason.message")))
    }
}

/// Sends a task again by the kind of its failure, which is the name of its error.
fn by_kind() -> [Retrier; 3] {
    let final_errors = [
        ErrorKind::Input.as_str(),
        ErrorKind::Internal.as_str(),
        DEAD_LETTER_ERROR,
        OUT_OF_TIME_ERROR,
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

fn key_too_long() -> Pass {
    pass().assign(
        "reason",
        object! {
            "kind": ErrorKind::Input.as_str(),
            "message": format!("the key of the enhanced video would be longer than {LONGEST_KEY} bytes"),
            "hint": "upload it under a shorter key",
        },
    )
}

/// Leads to the states that record a failure.
fn to_failure() -> Catcher {
    catch_all("ReadCause").assign("failure", jsonata("$states.errorOutput"))
}
