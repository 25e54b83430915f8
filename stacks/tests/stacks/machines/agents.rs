//! The workflow where agents do the work: the test is the agent.

use job::{ErrorKind, Failure, JobState};

use super::emulator::{Emulator, until};
use super::system::{System, upload};
use super::{report, task};
use crate::support::environment;

#[test]
fn work_on_titles() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("local"), &[]);
    a_title_is_done_and_told_of(&system);
    a_duplicate_changes_nothing(&system);
    a_bad_source_is_tried_once(&system);
    what_failed_is_taken_over(&system);
    an_engine_that_fails_gets_a_second_chance(&system);
    a_key_that_no_output_could_have_is_refused(&system);
    causes_of_all_kinds_are_recorded(&system);
    weights_decide_on_the_colour(&system);
}

#[test]
fn have_so_much_time() {
    let emulator = Emulator::start();
    let mut environment = environment("local");
    environment.times.title_timeout_seconds = 1;
    let system = System::deploy(&emulator, &environment, &[]);

    let execution = system.start(&upload("late.mp4"));
    let job = task(&system.blue).job;
    assert_eq!(system.end_of(&execution)["status"], "FAILED");
    let item = system.item(&job);
    assert_eq!(item.state, JobState::Failed);
    assert_eq!(item.error.unwrap().kind, ErrorKind::Resource);
}

fn a_title_is_done_and_told_of(system: &System<'_>) {
    let execution = system.start(&upload("done/한글 'q' $(x)\n.mp4"));
    let task = task(&system.blue);
    assert_eq!(task.source.key, "done/한글 'q' $(x)\n.mp4");
    assert_eq!(system.item(&task.job).state, JobState::Enhancing);
    system.succeed(&task, &report(&task.job));

    assert_eq!(system.end_of(&execution)["status"], "SUCCEEDED");
    let item = system.item(&task.job);
    assert_eq!(item.state, JobState::Done);
    assert_eq!(item.colour, Some(job::Colour::Blue));
    assert_eq!(item.output.unwrap().frames, 250);
    let told = until("it is told", || system.told.take());
    assert_eq!(told["job"], task.job);
    assert_eq!(told["state"], "done");
}

fn a_duplicate_changes_nothing(system: &System<'_>) {
    let event = upload("twice.mp4");
    let first = system.start(&event);
    let task = task(&system.blue);
    let before = system.item(&task.job);
    // While the first one runs, and when it is done.
    assert_eq!(system.end_of(&system.start(&event))["status"], "SUCCEEDED");
    assert_eq!(system.item(&task.job), before);
    system.succeed(&task, &report(&task.job));
    assert_eq!(system.end_of(&first)["status"], "SUCCEEDED");
    let before = system.item(&task.job);
    assert_eq!(system.end_of(&system.start(&event))["status"], "SUCCEEDED");
    assert_eq!(system.item(&task.job), before);
    assert!(system.blue.take().is_none());
    assert!(system.told.take().is_some_and(|told| told["job"] == task.job));
    assert!(system.told.take().is_none());
}

fn a_bad_source_is_tried_once(system: &System<'_>) {
    let execution = system.start(&upload("bad.mp4"));
    let task = task(&system.blue);
    let failure = Failure::new(ErrorKind::Input, "no video stream").with_hint("upload a video");
    system.fail(&task, &failure);
    assert_eq!(system.end_of(&execution)["error"], "input");
    let item = system.item(&task.job);
    assert_eq!(item.state, JobState::Failed);
    assert_eq!(item.error, Some(failure));
    assert!(system.blue.take().is_none());
    let told = until("it is told", || system.told.take());
    assert_eq!(told["error"]["message"], "no video stream");
}

fn a_key_that_no_output_could_have_is_refused(system: &System<'_>) {
    // What is put into the place of `.mp4` makes the key 19 bytes longer.
    let of_bytes = |count: usize| format!("{}{}.mp4", "é".repeat(10), "k".repeat(count - 24));
    assert_eq!(system.end_of(&system.start(&upload(&of_bytes(1_006))))["error"], "input");
    let told = until("it is told", || system.told.take());
    assert_eq!(told["error"]["message"], "the key of the enhanced video would be longer than 1024 bytes");
    assert_eq!(system.item(told["job"].as_str().unwrap()).state, JobState::Failed);

    let execution = system.start(&upload(&of_bytes(1_005)));
    let task = task(&system.blue);
    assert_eq!(task.output.key.len(), 1_024);
    system.succeed(&task, &report(&task.job));
    assert_eq!(system.end_of(&execution)["status"], "SUCCEEDED");
    assert!(system.told.take().is_some());
}

fn causes_of_all_kinds_are_recorded(system: &System<'_>) {
    for (number, (cause, message)) in [
        (r#"{"kind":"input","message":"no picture"}"#, "no picture"),
        (r#"{"kind":"input","reason":"no picture"}"#, r#"{"kind":"input","reason":"no picture"}"#),
        ("[1]", "[1]"),
        ("no JSON", "input: no JSON"),
        ("", "input: "),
    ]
    .into_iter()
    .enumerate()
    {
        let execution = system.start(&upload(&format!("cause-{number}.mp4")));
        let task = task(&system.blue);
        system.fail_with(&task, "input", cause);
        assert_eq!(system.end_of(&execution)["status"], "FAILED");
        assert_eq!(system.item(&task.job).error.unwrap().message, message);
        assert!(system.told.take().is_some());
    }
}

fn what_failed_is_taken_over(system: &System<'_>) {
    let again = system.start(&upload("bad.mp4"));
    let task = task(&system.blue);
    assert_eq!(task.attempt, 2);
    let item = system.item(&task.job);
    assert_eq!((item.state, item.error, item.finished), (JobState::Enhancing, None, None));
    system.succeed(&task, &report(&task.job));
    assert_eq!(system.end_of(&again)["status"], "SUCCEEDED");
    assert!(until("it is told", || system.told.take())["state"] == "done");
}

fn an_engine_that_fails_gets_a_second_chance(system: &System<'_>) {
    let execution = system.start(&upload("engine.mp4"));
    for _ in 0..2 {
        system.fail(&task(&system.blue), &Failure::new(ErrorKind::Engine, "no frames"));
    }
    assert_eq!(system.end_of(&execution)["error"], "engine");
    assert!(system.blue.take().is_none());
    assert_eq!(until("it is told", || system.told.take())["error"]["kind"], "engine");
}

fn weights_decide_on_the_colour(system: &System<'_>) {
    for (weights, queue) in [
        (r#"{"blue":0,"green":100,"live":"blue"}"#, &system.green),
        (r#"{"blue":0,"green":0,"live":"green"}"#, &system.green),
        (r#"{"blue":0,"green":0,"live":"blue"}"#, &system.blue),
        (r#"{"blue":1,"green":0,"live":"green"}"#, &system.blue),
    ] {
        system.weigh(weights);
        let execution = system.start(&upload(weights));
        let task = task(queue);
        system.succeed(&task, &report(&task.job));
        assert_eq!(system.end_of(&execution)["status"], "SUCCEEDED");
    }
}
