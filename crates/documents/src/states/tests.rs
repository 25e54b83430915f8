use serde_json::json;

use super::*;
use crate::synthesis;

fn json(machine: StateMachine) -> serde_json::Value {
    synthesis::json::<template::Json, _>(|_| machine)
}

#[test]
fn smallest() {
    let machine = json(machine("Does nothing", start_at("Done", succeed())).timeout_seconds(60));
    assert_eq!(
        machine,
        json!({
            "Comment": "Does nothing",
            "QueryLanguage": "JSONata",
            "TimeoutSeconds": 60,
            "StartAt": "Done",
            "States": { "Done": { "Type": "Succeed" } },
        })
    );
}
