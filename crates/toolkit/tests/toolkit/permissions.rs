//! What `permissions` allows is what the commands call: recorded, and compared.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cloud::Cloud;
use cloud::intercept::Interceptor;
use cloud::recording::Recording;
use jiff::Timestamp;
use serde_json::json;
use simulator::{During, ResourceFault, Simulator, Thing, Verb};
use template::{App, Assembly, Declare, Raw, References, Settings};
use toolkit::{Artifacts, DeployOptions, ImportOptions, ImportRequest, LockTable, Patience, PruneOptions};

use crate::account::{self, Variant, deployed, named, rollback, rollback_options};
use crate::system::{Log, yes};

fn artifacts() -> Artifacts {
    Artifacts { stack: "bootstrap".to_owned(), output: "ArtifactBucket".to_owned() }
}

fn locks() -> LockTable {
    LockTable { stack: "bootstrap".to_owned(), output: "LockTable".to_owned() }
}

/// The action by which IAM allows an operation; `None` where it needs none.
fn action(operation: &str) -> Option<&str> {
    match operation {
        "sts:GetCallerIdentity" => None,
        "s3:HeadObject" => Some("s3:GetObject"),
        "s3:ListObjectsV2" => Some("s3:ListBucket"),
        "s3:ListObjectVersions" => Some("s3:ListBucketVersions"),
        other => Some(other),
    }
}

/// Fails if something was called that `permissions` does not allow.
pub fn are_allowed(assembly: &Assembly, recording: &Recording) {
    let allowed = toolkit::permissions(assembly, &toolkit::needs(&artifacts(), &locks())).actions;
    let called: BTreeSet<_> = recording.operations().into_iter().filter_map(action).collect();
    let missing: Vec<_> = called.iter().filter(|action| !allowed.contains_key(**action)).collect();
    assert!(missing.is_empty(), "called and not allowed: {missing:?}");
    assert!(called.len() > 5, "only {called:?} were called");
}

fn recorded(simulator: &Simulator) -> (Cloud, Arc<Recording>) {
    let recording = Arc::new(Recording::default());
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&recording) as _;
    (simulator.cloud().intercepted(&interceptor), recording)
}

#[tokio::test(start_paused = true)]
async fn what_deploying_looking_and_clearing_up_call_is_allowed() {
    let simulator = Simulator::new(3);
    let (cloud, recording) = recorded(&simulator);
    account::deploy(&Variant::default(), &[], &cloud).await.expect("deployed");
    let target = account::assembly(&Variant::default());
    let options = crate::stories::wants("permissions");
    toolkit::locked(&target, &cloud, &options, &toolkit::silent, async |lock| {
        toolkit::deploy(&target, &[], lock.cloud(), &account::options(), &yes, &toolkit::silent).await
    })
    .await
    .expect("deployed");
    toolkit::drift(&target, &[], &cloud, Patience::default(), &toolkit::silent).await.expect("compared");
    toolkit::overview(&target, &cloud, &locks(), Patience::default()).await.expect("read");
    toolkit::history(&target, &[], &cloud, false, Patience::default()).await.expect("read");
    toolkit::outputs(&target, &[], &cloud, Patience::default()).await.expect("read");
    let prune = PruneOptions { older_than: Duration::ZERO, now: Timestamp::MAX, dry_run: false };
    toolkit::prune(&target, &artifacts(), &cloud, &prune, Patience::default()).await.expect("pruned");
    are_allowed(&target, &recording);
    let options = account::destroy_options();
    toolkit::destroy(&target, &[], &cloud, &options, &yes, &toolkit::silent).await.expect("destroyed");
    are_allowed(&target, &recording);
}

#[tokio::test(start_paused = true)]
async fn what_rolling_back_calls_is_allowed() {
    let simulator = deployed(3).await;
    let (cloud, recording) = recorded(&simulator);
    simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues").times(1));
    simulator.fail(ResourceFault::new("Queue", Verb::Update, "it is locked").during(During::Rollback).times(1));
    let new = Variant { visibility: 60, more: true, ..Variant::default() };
    account::deploy(&new, &["work"], &cloud).await.expect_err("it fails");
    rollback(&[], &cloud, &rollback_options()).await.0.expect("rolled back");
    assert!(recording.count("cloudformation:ContinueUpdateRollback") > 0, "{:?}", simulator.stack(&named("work")));
    are_allowed(&account::assembly(&new), &recording);
}

/// Two stacks; the bucket is in one of them, by an export to the other one, or not there.
fn moving(home: Option<usize>, former: Option<usize>) -> Assembly {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references: References::Exports,
        termination_protection: false,
    });
    for at in 0..2 {
        app.stack(&format!("s{at}"), |stack| {
            stack.add("Always", Raw::new("AWS::SNS::Topic"));
            if home == Some(at) {
                let bucket = Raw::new("AWS::S3::Bucket").property("BucketName", "films");
                match former {
                    Some(former) => stack.add("Films", bucket.formerly_in(format!("s{former}"), "Films")),
                    None => stack.add("Films", bucket),
                };
            }
        });
    }
    app.synth().expect("it is a good app")
}

#[tokio::test(start_paused = true)]
async fn what_taking_over_and_moving_call_is_allowed() {
    let simulator = Simulator::new(1);
    let (cloud, recording) = recorded(&simulator);
    simulator.put_thing(Thing {
        resource_type: "AWS::S3::Bucket".to_owned(),
        physical_id: "films".to_owned(),
        properties: json!({ "BucketName": "films" }),
        attributes: [("Arn".to_owned(), json!("arn:aws:s3:::films"))].into(),
        owner: None,
        made: Duration::ZERO,
    });
    let deploy = async |assembly: &Assembly, run: &str| {
        let options = DeployOptions::new(run.to_owned());
        toolkit::deploy(assembly, &[], &cloud, &options, &yes, &Log::default()).await.expect("deployed")
    };
    deploy(&moving(None, None), "permissions-0").await;
    let request = [ImportRequest { logical_id: "Films".to_owned(), identifier: "films".to_owned() }];
    let options = ImportOptions { run: "permissions-1".to_owned(), artifacts: None, patience: Patience::default() };
    let with = moving(Some(0), None);
    toolkit::import(&with, "s0", &request, &cloud, &options, &yes, &Log::default()).await.expect("taken over");
    let moved = moving(Some(1), Some(0));
    deploy(&moved, "permissions-2").await;
    assert!(recording.count("cloudformation:ExecuteStackRefactor") > 0, "{:?}", recording.operations());
    are_allowed(&moved, &recording);
}
