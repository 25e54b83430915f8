//! Every status and every command, against the simulated CloudFormation: what the table of ARCHITECTURE.md says happens.

use std::time::Duration;

use cloud::cloud_formation::{
    ChangeSetRequest, ChangeSetType, DeleteStackRequest, OnStackFailure, StackStatus, TemplateSource,
};
use serde_json::{Value, json};
use simulator::{During, ResourceFault, Simulator, Verb};
use tokio::time::{sleep, timeout};
use toolkit::{Error, Patience};

use crate::account::{Variant, assembly, deploy, destroy_options, named, rollback, rollback_options, status};
use crate::system::yes;

/// The stack that all this is about.
const STACK: &str = "alone";

/// What a command led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The stack is in this status, and the command was content.
    In(&'static str),
    /// There is no such stack, and the command was content.
    Gone,
    /// The command was refused, and everything is as it was.
    Refused,
}

use End::{Gone, In, Refused};

/// Runs a command, and says what it led to.
async fn run(simulator: &Simulator, command: &str, before: Option<&str>) -> End {
    let cloud = simulator.cloud();
    let names = [STACK.to_owned()];
    let variant = Variant::default();
    let result = match command {
        "deploy" => deploy(&variant, &[STACK], &cloud).await.map(drop),
        "destroy" => {
            let assembly = assembly(&variant);
            toolkit::destroy(&assembly, &names, &cloud, &destroy_options(), &yes, &toolkit::silent).await.map(drop)
        }
        "rollback" => rollback(&[STACK], &cloud, &rollback_options()).await.0.map(drop),
        _ => toolkit::drift(&assembly(&variant), &names, &cloud, Patience::default(), &toolkit::silent).await.map(drop),
    };
    let now = status(simulator, STACK);
    match (result, now) {
        (Err(Error::Stuck { status, remedy, .. }), now) => {
            assert_eq!(Some(status), now, "untouched");
            assert!(remedy.contains("`baleen "), "{remedy}");
            Refused
        }
        (Err(Error::NotDeployed { .. }), now) => {
            assert_eq!(now.as_deref(), before, "untouched");
            Refused
        }
        (Err(error), _) => panic!("{command} in {before:?}: {error}"),
        (Ok(()), None) => Gone,
        (Ok(()), Some(now)) => {
            let known = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"];
            let stays = ["UPDATE_ROLLBACK_FAILED", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"];
            let word = known.into_iter().chain(stays).find(|word| *word == now);
            In(word.unwrap_or_else(|| panic!("{command} in {before:?} led to {now}")))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_at_rest() {
    // What deploy, destroy, rollback and drift lead to.
    let created = In("CREATE_COMPLETE");
    let updated = In("UPDATE_COMPLETE");
    let back = In("UPDATE_ROLLBACK_COMPLETE");
    let table = [
        (None, [created, Gone, Gone, Refused]),
        (Some("REVIEW_IN_PROGRESS"), [created, Gone, In("REVIEW_IN_PROGRESS"), Refused]),
        (Some("CREATE_COMPLETE"), [updated, Gone, In("CREATE_COMPLETE"), In("CREATE_COMPLETE")]),
        (Some("CREATE_FAILED"), [updated, Gone, In("ROLLBACK_COMPLETE"), Refused]),
        (Some("ROLLBACK_COMPLETE"), [created, Gone, In("ROLLBACK_COMPLETE"), Refused]),
        (Some("ROLLBACK_FAILED"), [Refused, Gone, Refused, Refused]),
        (Some("UPDATE_COMPLETE"), [updated, Gone, updated, updated]),
        (Some("UPDATE_FAILED"), [updated, Gone, back, Refused]),
        (Some("UPDATE_ROLLBACK_COMPLETE"), [updated, Gone, back, back]),
        (Some("UPDATE_ROLLBACK_FAILED"), [Refused, Gone, back, In("UPDATE_ROLLBACK_FAILED")]),
        (Some("IMPORT_COMPLETE"), [updated, Gone, In("IMPORT_COMPLETE"), In("IMPORT_COMPLETE")]),
        (
            Some("IMPORT_ROLLBACK_COMPLETE"),
            [updated, Gone, In("IMPORT_ROLLBACK_COMPLETE"), In("IMPORT_ROLLBACK_COMPLETE")],
        ),
        (Some("IMPORT_ROLLBACK_FAILED"), [Refused, Gone, Refused, Refused]),
        (Some("DELETE_FAILED"), [Refused, Gone, Refused, Refused]),
        (Some("SOMETHING_NEW"), [Refused, Gone, Refused, Refused]),
    ];
    for (before, expected) in table {
        for (command, expected) in ["deploy", "destroy", "rollback", "drift"].into_iter().zip(expected) {
            let simulator = at_rest(before).await;
            let ran = timeout(Duration::from_hours(24), run(&simulator, command, before)).await;
            assert_eq!(
                ran.unwrap_or_else(|_| panic!("{command} in {before:?} never ends")),
                expected,
                "{command} in {before:?}"
            );
        }
    }
}

/// Brings the stack into a status in which nothing is under way.
async fn at_rest(wanted: Option<&str>) -> Simulator {
    let simulator = Simulator::new(7);
    match wanted {
        None => {}
        // What there is to go back to has to have been there.
        Some(wanted @ ("UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED")) => {
            deploy(&Variant::default(), &[STACK], &simulator.cloud()).await.expect("deployed");
            simulator.fail(ResourceFault::new("Bad", Verb::Create, "no").times(1));
            simulator.fail(ResourceFault::new("Topic", Verb::Update, "no way back").during(During::Rollback).times(1));
            let failure = if wanted == "UPDATE_FAILED" { OnStackFailure::DoNothing } else { OnStackFailure::Rollback };
            let mut new = template(&["Topic", "Bad"]);
            new["Resources"]["Topic"]["Properties"]["DisplayName"] = json!("new");
            new["Resources"]["Bad"]["DependsOn"] = json!("Topic");
            change(&simulator, ChangeSetType::Update, new, failure).await;
            while status(&simulator, STACK).as_deref() != Some(wanted) {
                sleep(Duration::from_secs(1)).await;
            }
            simulator.heal();
        }
        Some(wanted) => simulator.put_stack(&named(STACK), StackStatus::from(wanted)),
    }
    simulator
}

/// Another actor's template for the stack.
fn template(topics: &[&str]) -> Value {
    let topics = topics.iter().map(|name| ((*name).to_owned(), json!({ "Type": "AWS::SNS::Topic" })));
    json!({ "Resources": topics.collect::<serde_json::Map<_, _>>() })
}

async fn change(simulator: &Simulator, kind: ChangeSetType, template: Value, failure: OnStackFailure) {
    let cloud_formation = simulator.cloud().cloud_formation;
    let body = TemplateSource::Body(template.to_string());
    let mut request = ChangeSetRequest::new(named(STACK), "another", kind, body);
    request.on_stack_failure = Some(failure);
    let ids = cloud_formation.create_change_set(&request).await.expect("made");
    sleep(Duration::from_secs(10)).await;
    cloud_formation.execute_change_set(&ids.stack, &ids.change_set, None).await.expect("begun");
}

/// Brings the stack, by another actor, into a status in which something is under way.
async fn under_way(wanted: &str) -> Simulator {
    let simulator = Simulator::new(7);
    let fails = |logical_id: &str| simulator.fail(ResourceFault::new(logical_id, Verb::Create, "no").times(1));
    let is_creation = matches!(wanted, "CREATE_IN_PROGRESS" | "ROLLBACK_IN_PROGRESS");
    if !is_creation {
        deploy(&Variant::default(), &[STACK], &simulator.cloud()).await.expect("deployed");
    }
    match wanted {
        "CREATE_IN_PROGRESS" => {
            change(&simulator, ChangeSetType::Create, template(&["Topic"]), OnStackFailure::Rollback).await;
        }
        "ROLLBACK_IN_PROGRESS" => {
            fails("Bad");
            change(&simulator, ChangeSetType::Create, template(&["Topic", "Bad"]), OnStackFailure::Rollback).await;
        }
        "UPDATE_IN_PROGRESS" => {
            change(&simulator, ChangeSetType::Update, template(&["Topic", "More"]), OnStackFailure::Rollback).await;
        }
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
            change(&simulator, ChangeSetType::Update, template(&["Another"]), OnStackFailure::Rollback).await;
        }
        "UPDATE_ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => {
            fails("Bad");
            change(&simulator, ChangeSetType::Update, template(&["Topic", "More", "Bad"]), OnStackFailure::Rollback)
                .await;
        }
        _ => {
            let request = DeleteStackRequest::new(named(STACK));
            simulator.cloud().cloud_formation.delete_stack(&request).await.expect("begun");
        }
    }
    for _ in 0..100_000 {
        if status(&simulator, STACK).as_deref() == Some(wanted) {
            return simulator;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came into {wanted}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_someone_else_is_at_work_on() {
    let created = In("CREATE_COMPLETE");
    let updated = In("UPDATE_COMPLETE");
    let back = In("UPDATE_ROLLBACK_COMPLETE");
    let table = [
        ("CREATE_IN_PROGRESS", [updated, Gone, created, created]),
        ("ROLLBACK_IN_PROGRESS", [created, Gone, In("ROLLBACK_COMPLETE"), Refused]),
        // Only this one can be stopped.
        ("UPDATE_IN_PROGRESS", [updated, Gone, back, updated]),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", [updated, Gone, updated, updated]),
        // It is as it was before, so there is nothing to deploy.
        ("UPDATE_ROLLBACK_IN_PROGRESS", [back, Gone, back, back]),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", [back, Gone, back, back]),
        ("DELETE_IN_PROGRESS", [created, Gone, Gone, Refused]),
    ];
    for (before, expected) in table {
        for (command, expected) in ["deploy", "destroy", "rollback", "drift"].into_iter().zip(expected) {
            let simulator = under_way(before).await;
            // What it is when the command is done is all that a refusal can be held against: it waited first.
            let ran = timeout(Duration::from_hours(24), run(&simulator, command, None)).await;
            assert_eq!(
                ran.unwrap_or_else(|_| panic!("{command} in {before:?} never ends")),
                expected,
                "{command} in {before}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_set_that_nobody_executed_is_replaced() {
    let simulator = Simulator::new(7);
    let cloud_formation = simulator.cloud().cloud_formation;
    // As a run leaves it that is killed before anyone answers.
    let body = TemplateSource::Body(template(&["Other"]).to_string());
    let request = ChangeSetRequest::new(named(STACK), "baleen-deploy", ChangeSetType::Create, body);
    cloud_formation.create_change_set(&request).await.expect("made");
    assert_eq!(status(&simulator, STACK).as_deref(), Some("REVIEW_IN_PROGRESS"));
    deploy(&Variant::default(), &[STACK], &simulator.cloud()).await.expect("deployed");
    let resources: Vec<_> = simulator.resources(&named(STACK)).into_iter().map(|found| found.logical_id).collect();
    assert_eq!(resources, ["Topic"]);
}
