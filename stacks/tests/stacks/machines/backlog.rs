//! The count of the work that waits or is worked on.

use serde_json::{Value, json};

use super::emulator::{Emulator, until};
use super::system::{Answer, System, upload};
use super::task;
use crate::support::environment;

#[test]
fn tasks_count_while_they_wait_and_are_worked_on() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("dev"), &[]);
    let machine = system.machine("Count", &[]);
    assert_eq!(count(&system, &machine), [0, 0]);

    for key in ["one.mp4", "other.mp4"] {
        system.start(&upload(key));
    }
    until("both wait", || (count(&system, &machine) == [2, 0]).then_some(()));
    system.blue.receive().unwrap();
    assert_eq!(count(&system, &machine), [2, 0]);
    task(&system.blue);
    assert_eq!(count(&system, &machine), [1, 0]);
}

#[test]
fn titles_count_from_when_they_want_an_instance() {
    let emulator = Emulator::start();
    let system = System::deploy(&emulator, &environment("run-command"), &[]);
    let machine = system.machine("Count", &[]);
    assert_eq!(count(&system, &machine), [0, 0]);
    for (job, colour) in [("a", "blue"), ("b", "blue"), ("c", "green")] {
        system.put_item(&json!({ "id": { "S": job }, "demand": { "S": colour } }));
    }
    assert_eq!(count(&system, &machine), [2, 1]);
}

/// Runs the machine once; returns what it says of blue and green.
fn count(system: &System<'_>, machine: &str) -> [u64; 2] {
    let mut published = Value::Null;
    let end = system.answering(&system.start_machine(machine, &json!({})), |call, arguments| {
        assert_eq!(call, "aws-sdk:cloudwatch:putMetricData");
        published = arguments.clone();
        Answer::Returns(json!({}))
    });
    assert_eq!(end["status"], "SUCCEEDED", "{end}");
    assert_eq!(published["Namespace"], "Baleen");
    ["blue", "green"].map(|colour| {
        let data = published["MetricData"].as_array().unwrap();
        let datum = data.iter().find(|datum| datum["Dimensions"][2] == json!({ "Name": "Colour", "Value": colour }));
        datum.unwrap()["Value"].as_u64().unwrap()
    })
}
