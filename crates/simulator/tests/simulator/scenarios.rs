//! The scenarios that other emulators are held against, too.

use std::time::Duration;

use simulator::scenarios::SCENARIOS;
use simulator::{Settings, Simulator};

/// What CloudFormation does, by its documentation and by what its users report.
const EXPECTED: [(&str, &[&str]); 12] = [
    (
        "creating",
        &[
            "CREATE_COMPLETE AVAILABLE",
            "Add Films",
            "Add Jobs",
            "REVIEW_IN_PROGRESS",
            "CREATE_COMPLETE",
            "Films CREATE_COMPLETE",
            "Jobs CREATE_COMPLETE",
            "creating CREATE_COMPLETE",
            "output true",
            "gone",
        ],
    ),
    ("unchanged", &["FAILED without changes true"]),
    ("changing", &["Modify Jobs False", "UPDATE_COMPLETE", "the same thing true"]),
    ("replacing", &["Modify Told True", "UPDATE_COMPLETE", "the same thing false"]),
    ("removing", &["Remove More", "UPDATE_COMPLETE", "1 left"]),
    (
        "refusing",
        &[
            "no stack: NotFound ValidationError",
            "missing parameter: Validation ValidationError",
            "unknown parameter: Validation ValidationError",
            "unknown reference: Validation ValidationError",
            "no resources: Validation ValidationError",
            "no change set: Err(NotFound)",
            "none: true",
        ],
    ),
    ("capabilities", &["Validation InsufficientCapabilitiesException"]),
    (
        "exporting",
        &[
            "CREATE_COMPLETE",
            "CREATE_COMPLETE",
            "used by exporting-user",
            "changed: UPDATE_ROLLBACK_COMPLETE",
            "deleted: UPDATE_ROLLBACK_COMPLETE",
            "deleted without users: gone",
        ],
    ),
    ("protecting", &["Validation ValidationError", "CREATE_COMPLETE"]),
    ("failing", &["ROLLBACK_COMPLETE", "updated: Validation ValidationError", "deleted with objects: DELETE_FAILED"]),
    ("retaining", &["gone", "still there true"]),
    (
        "expressing",
        &[
            "Base aGVsbG8=",
            "Cidr 10.0.1.0/24",
            "If then",
            "Join a-b",
            "Map 1",
            "Name expressing",
            "Select y",
            "Sub a/${B}",
            "1 resource",
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn the_simulator_does_what_is_expected_in_each() {
    // Others do not validate early, and show at once what they have begun.
    let settings = Settings { early_validation: false, lag: Duration::ZERO, ..Settings::default() };
    let cloud = Simulator::with_settings(1, settings).cloud();
    for (scenario, (name, expected)) in SCENARIOS.iter().zip(EXPECTED) {
        assert_eq!(scenario.name, name);
        let seen =
            (scenario.run)(&cloud, Duration::from_secs(1)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(seen, expected, "{name}");
    }
}
