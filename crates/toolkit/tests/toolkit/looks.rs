//! What can be seen of an environment: how its stacks stand, and what was changed behind CloudFormation's back.

use serde_json::json;
use simulator::{ResourceFault, Verb};
use toolkit::{Health, LockTable, Overview, Patience, Weight};

use crate::account::{Variant, assembly, deploy, deployed, named};

async fn overview(cloud: &cloud::Cloud) -> Overview {
    let table = LockTable { stack: "bootstrap".to_owned(), output: "LockTable".to_owned() };
    toolkit::overview(&assembly(&Variant::default()), cloud, &table, Patience::default()).await.expect("read")
}

async fn drift(cloud: &cloud::Cloud, names: &[&str]) -> Vec<toolkit::StackDrift> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let assembly = assembly(&Variant::default());
    toolkit::drift(&assembly, &names, cloud, Patience::default(), &toolkit::silent).await.expect("compared")
}

#[tokio::test(start_paused = true)]
async fn how_stacks_stand_and_what_leads_on() {
    let simulator = deployed(5).await;
    simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues"));
    let new = Variant { more: true, ..Variant::default() };
    deploy(&new, &["work"], &simulator.cloud()).await.expect_err("it fails");
    simulator.put_stack(&named("alone"), "ROLLBACK_FAILED".into());
    let overview = overview(&simulator.cloud()).await;
    let health = |name: &str| overview.stacks.iter().find(|stack| stack.stack == name).expect("it is there");
    assert_eq!(health("storage").health, Health::Standing);
    let work = health("work");
    assert_eq!((work.health, work.remedy.as_deref()), (Health::RolledBack, None));
    assert!(work.cause.as_ref().is_some_and(|cause| cause.logical_id == "More"), "{work:?}");
    let alone = health("alone");
    assert_eq!(alone.health, Health::Stuck);
    assert!(alone.remedy.as_ref().is_some_and(|remedy| remedy.contains("`baleen destroy alone`")), "{alone:?}");
    assert_eq!(overview.lock.holder, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_changed_by_hand_is_found_and_weighed() {
    let simulator = deployed(5).await;
    let cloud = simulator.cloud();
    let before = drift(&cloud, &[]).await;
    assert!(before.iter().all(|stack| !stack.is_drifted()), "{before:?}");
    assert_eq!(before.len(), 5);
    assert!(simulator.change_behind_its_back(&named("work"), "Queue", "/VisibilityTimeout", json!(7)));
    assert!(simulator.delete_behind_its_back(&named("alone"), "Topic"));
    let after = drift(&cloud, &["work", "alone"]).await;
    let [work, alone] = after.as_slice() else { panic!("two stacks, not {after:?}") };
    assert!(work.is_drifted() && alone.is_drifted());
    let found = &work.resources[0];
    assert_eq!((found.logical_id.as_str(), found.weight), ("Queue", Weight::Behaviour));
    let difference = &found.differences[0];
    assert_eq!(difference.path, "/VisibilityTimeout");
    assert_eq!((difference.expected.as_deref(), difference.actual.as_deref()), (Some("30"), Some("7")));
    assert_eq!(alone.resources[0].weight, Weight::Gone);
    let overview = overview(&cloud).await;
    let drifted: Vec<_> = overview.stacks.iter().map(|stack| stack.drifted).collect();
    assert_eq!(drifted.iter().flatten().sum::<usize>(), 2, "what was found last is shown: {drifted:?}");
}
