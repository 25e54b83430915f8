//! The simulator and the emulator, held against each other: each scenario tells the same, or differs for a known reason.

use std::time::Duration;

use aws::{Settings, Target};
use simulator::scenarios::SCENARIOS;
use simulator::{Settings as Behaviour, Simulator};

use crate::Emulator;

/// Where the emulator differs: the scenario, what it tells instead, and why the simulator is believed.
const DIFFERENCES: [(&str, &[&str], &str); 4] = [
    (
        "refusing",
        &[
            "no stack: NotFound ValidationError",
            "missing parameter: Validation ValidationError",
            "unknown parameter: accepted",
            "unknown reference: accepted",
            "no resources: change set FAILED",
            "no change set: Err(NotFound)",
            "none: true",
        ],
        "the service validates the template and its parameters before it makes a change set (API reference, `CreateChangeSet`)",
    ),
    (
        "capabilities",
        &["accepted"],
        "API reference, `InsufficientCapabilitiesException`: named IAM resources have to be acknowledged",
    ),
    (
        "exporting",
        &[
            "CREATE_COMPLETE",
            "CREATE_COMPLETE",
            "used by exporting-user",
            "changed: UPDATE_COMPLETE",
            "deleted: Validation ValidationError",
            "deleted without users: gone",
        ],
        "an export in use cannot change (aws/aws-cdk#17741), and a stack that is to be deleted goes back to the status that it had \
         (rlister/stax#40, USSBA/aws-cft-tools#27)",
    ),
    (
        "failing",
        &["ROLLBACK_COMPLETE", "updated: accepted", "deleted with objects: gone"],
        "AWS page \"Stack status codes\": after ROLLBACK_COMPLETE only deletion is left; S3 does not delete a bucket that holds objects",
    ),
];

#[tokio::test]
async fn the_simulator_and_the_emulator_tell_the_same() {
    let (_emulator, endpoint_url) = Emulator::start();
    let settings = Settings {
        region: Some("eu-central-1".to_owned()),
        target: Target::Local { endpoint_url },
        application: Some("baleen-test".to_owned()),
    };
    let cloud = aws::connect(&settings).await.expect("connected");
    let simulated = simulated();
    let mut wrong = Vec::new();
    for (scenario, simulated) in SCENARIOS.iter().zip(simulated) {
        let emulated = match (scenario.run)(&cloud, Duration::from_millis(20)).await {
            Ok(seen) => seen,
            Err(error) => vec![format!("failed: {:?} {}", error.kind, error.operation)],
        };
        let known = DIFFERENCES.iter().find(|(name, ..)| *name == scenario.name);
        let expected: Vec<String> = match known {
            Some((_, told, _)) => told.iter().map(|line| (*line).to_owned()).collect(),
            None => simulated.clone(),
        };
        if emulated != expected || (known.is_some() && emulated == simulated) {
            wrong.push(format!(
                "{}:\n  emulator  {emulated:?}\n  expected  {expected:?}\n  simulator {simulated:?}",
                scenario.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the simulator tells, in a runtime of its own, whose time is paused.
fn simulated() -> Vec<Vec<String>> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            // The emulator does not validate early, and shows at once what it has begun.
            let behaviour = Behaviour { early_validation: false, lag: Duration::ZERO, ..Behaviour::default() };
            let cloud = Simulator::with_settings(1, behaviour).cloud();
            let mut all = Vec::new();
            for scenario in SCENARIOS {
                all.push((scenario.run)(&cloud, Duration::from_secs(1)).await.expect("served"));
            }
            all
        })
    };
    std::thread::spawn(run).join().expect("simulated")
}
