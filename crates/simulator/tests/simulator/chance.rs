//! Many runs by chance: whatever happens, things belong to somebody, and stacks know what they have.

use std::collections::{BTreeMap, BTreeSet};

use cloud::cloud_formation::{ChangeSetStatus, DeleteStackRequest, OnStackFailure, StackEvent, StackStatus};
use serde_json::{Map, Value, json};
use simulator::{Settings, Simulator};

use crate::client::{Client, request};

/// Draws numbers one after the other (`xorshift64*`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }
}

/// A template of up to five queues in a chain, whose properties make them change or make them anew.
fn template(dice: &mut Dice) -> Value {
    let mut resources = Map::new();
    for number in 0..5 {
        if number > 0 && dice.roll(4) == 0 {
            continue;
        }
        let mut queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": dice.roll(3), "FifoQueue": dice.roll(4) == 0}});
        if dice.roll(6) == 0 {
            queue["DeletionPolicy"] = json!("Retain");
            queue["UpdateReplacePolicy"] = json!("Retain");
        }
        let before: Vec<_> = resources.keys().cloned().collect();
        if let Some(needed) = before.last().filter(|_| dice.roll(2) == 0) {
            queue["Properties"]["Tags"] = json!([{"Key": "after", "Value": {"Fn::GetAtt": [needed, "Arn"]}}]);
        }
        resources.insert(format!("Q{number}"), queue);
    }
    json!({ "Resources": resources })
}

/// Checks that what the stack has is there and its own, and that nothing is its own that it does not have.
fn consistent(client: &Client, seed: u64, allowed: &mut BTreeSet<String>) {
    let things: BTreeMap<_, _> =
        client.simulator.things().into_iter().map(|thing| (thing.physical_id.clone(), thing)).collect();
    let stack = client.simulator.stack("app");
    let had = client.simulator.resources("app").into_iter().filter_map(|resource| resource.physical_id);
    let had: BTreeSet<_> = if stack.is_some() { had.collect() } else { BTreeSet::new() };
    for id in &had {
        assert!(
            things.get(id).is_some_and(|thing| thing.owner.is_some()),
            "seed {seed}: {id} is not there or nobody's"
        );
    }
    let told = client.simulator.events_of_name("app");
    let left = told.iter().filter(|event| event.status == "DELETE_SKIPPED" || event.status == "DELETE_FAILED");
    allowed.extend(left.filter_map(|event| event.physical_id.clone()));
    // A stack that is not whole keeps what it may have to return to.
    let is_broken = stack.is_some_and(|stack| stack.status.as_str().ends_with("FAILED"));
    let is_kept = |id: &String| is_broken && things.get(id).is_some_and(|thing| thing.owner.is_some());
    let is_known = |id: &&String| had.contains(*id) || allowed.contains(*id) || is_kept(id);
    let orphans: Vec<_> = things.keys().filter(|id| !is_known(id)).collect();
    assert!(
        orphans.is_empty(),
        "seed {seed}: {orphans:?} belong to nobody, and nobody was told\n{:#?}",
        told.iter().map(said).collect::<Vec<_>>()
    );
}

fn said(event: &StackEvent) -> String {
    let physical_id = event.physical_id.as_deref().filter(|_| !event.is_of_stack()).unwrap_or_default();
    format!("{} {} {physical_id}", event.logical_id, event.status)
}

async fn step(client: &Client, dice: &mut Dice) {
    let status = client.simulator.stack("app").map(|stack| stack.status);
    match status {
        Some(StackStatus::UpdateRollbackFailed) => {
            client.api().continue_update_rollback("app", &[], None).await.expect("begun");
            client.settled("app").await;
        }
        Some(StackStatus::UpdateFailed | StackStatus::CreateFailed) if dice.roll(2) == 0 => {
            client.api().rollback_stack("app", None).await.expect("begun");
            client.settled("app").await;
        }
        Some(StackStatus::RollbackComplete | StackStatus::RollbackFailed | StackStatus::DeleteFailed) => {
            client.delete("app").await;
        }
        Some(_) if dice.roll(8) == 0 => {
            client.delete("app").await;
        }
        _ => update(client, dice).await,
    }
}

async fn update(client: &Client, dice: &mut Dice) {
    let mut request = request("app", client.kind("app"), &template(dice));
    request.on_stack_failure = (dice.roll(3) == 0).then_some(OnStackFailure::DoNothing);
    let made = client.make(&request).await.expect("made");
    if made.status != ChangeSetStatus::CreateComplete {
        client.api().delete_change_set(&made.stack_id, &made.id).await.expect("deleted");
        return;
    }
    client.api().execute_change_set(&made.stack_id, &made.id, None).await.expect("begun");
    if dice.roll(5) == 0 {
        tokio::time::sleep(std::time::Duration::from_secs(2 + dice.roll(90))).await;
        // It may be over, or not an update.
        drop(client.api().cancel_update("app").await);
    }
    client.settled(&made.stack_id).await;
    client.api().delete_change_set(&made.stack_id, &made.id).await.expect("deleted");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_doubled_and_nothing_gets_lost() {
    let mut struck = 0;
    for seed in 1..=100 {
        let settings = Settings { failures_per_thousand: 120, early_validation: false, ..Settings::default() };
        let simulator = Simulator::with_settings(seed, settings);
        let client = Client { cloud: simulator.cloud(), simulator };
        let mut dice = Dice(seed * 7919);
        let mut allowed = BTreeSet::new();
        for _ in 0..8 {
            step(&client, &mut dice).await;
            consistent(&client, seed, &mut allowed);
        }
        struck += client.simulator.struck().len();
        client.simulator.configure(|settings| settings.failures_per_thousand = 0);
        for _ in 0..3 {
            if client.simulator.stack("app").is_some() {
                client.api().delete_stack(&DeleteStackRequest::new("app")).await.expect("begun");
                tokio::time::sleep(std::time::Duration::from_mins(20)).await;
            }
        }
        assert!(client.simulator.stack("app").is_none(), "seed {seed}: without faults it can be deleted");
        consistent(&client, seed, &mut allowed);
    }
    assert!(struck > 150, "{struck} faults struck");
}
