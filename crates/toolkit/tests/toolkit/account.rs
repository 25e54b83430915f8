//! A small system, and a simulated account to deploy it to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use cloud::Cloud;
use cloud::cloud_formation::StackStatus;
use serde_json::json;
use simulator::Simulator;
use template::{App, Assembly, Declare, DeletionPolicy, Raw, References, Settings};
use toolkit::{DeployOptions, DestroyOptions, Error, Patience, RollbackOptions, StackOutcome};

use crate::system::{Log, yes};

/// What varies between two deployments.
#[derive(Clone, Debug)]
pub struct Variant {
    /// How long a message is hidden, in seconds: a change in place, in `work`.
    pub visibility: u32,
    /// How long a message is kept, in seconds: a change in place, in `jobs`, which uses `work`.
    pub retention: u32,
    /// The key of the table of items, which makes it anew.
    pub key: &'static str,
    /// Whether `work` has one more queue.
    pub more: bool,
    /// Whether the bucket of `storage` stays when its stack goes.
    pub retained: bool,
}

impl Default for Variant {
    fn default() -> Self {
        Self { visibility: 30, retention: 600, key: "id", more: false, retained: false }
    }
}

/// Synthesizes `bootstrap`, `storage`, `work` (uses `storage`), `jobs` (uses `work`) and `alone`.
pub fn assembly(variant: &Variant) -> Assembly {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: vec![("environment".into(), "test".into())],
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("bootstrap", |stack| {
        let artifacts = stack.add("Artifacts", Raw::new("AWS::S3::Bucket"));
        stack.output("ArtifactBucket", artifacts.reference::<String>());
        let locks = stack.add("Locks", table("id"));
        stack.output("LockTable", locks.reference::<String>());
    });
    let sources = app.stack("storage", |stack| {
        let policy = if variant.retained { DeletionPolicy::Retain } else { DeletionPolicy::Delete };
        let sources = stack.add("Sources", Raw::new("AWS::S3::Bucket").on_removal(policy));
        stack.add("Items", table(variant.key));
        sources
    });
    let queue = app.stack("work", |stack| {
        let queue = stack.add("Queue", Raw::new("AWS::SQS::Queue").property("VisibilityTimeout", variant.visibility));
        let place = Raw::new("AWS::SSM::Parameter").property("Type", "String");
        stack.add("Place", place.value("Value", sources.attribute::<String>("Arn")));
        if variant.more {
            stack.add("More", Raw::new("AWS::SQS::Queue"));
        }
        queue
    });
    app.stack("jobs", |stack| {
        let retry = Raw::new("AWS::SQS::Queue").property("MessageRetentionPeriod", variant.retention);
        stack.add("Retry", retry);
        let place = Raw::new("AWS::SSM::Parameter").property("Type", "String");
        stack.add("Place", place.value("Value", queue.attribute::<String>("Arn")));
        stack.output("Version", "1");
    });
    app.stack("alone", |stack| {
        stack.add("Topic", Raw::new("AWS::SNS::Topic"));
    });
    app.synth().expect("nothing is wrong")
}

fn table(key: &str) -> Raw {
    Raw::new("AWS::DynamoDB::Table")
        .property("BillingMode", "PAY_PER_REQUEST")
        .property("AttributeDefinitions", json!([{ "AttributeName": key, "AttributeType": "S" }]))
        .property("KeySchema", json!([{ "AttributeName": key, "KeyType": "HASH" }]))
}

/// The name in CloudFormation of a stack of the system.
pub fn named(stack: &str) -> String {
    format!("baleen-test-{stack}")
}

/// Names a run as no other one is named: two runs of one name would be one to CloudFormation.
fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed))
}

pub fn options() -> DeployOptions {
    DeployOptions {
        artifacts: Some(toolkit::Artifacts { stack: "bootstrap".to_owned(), output: "ArtifactBucket".to_owned() }),
        ..DeployOptions::new(run())
    }
}

pub fn destroy_options() -> DestroyOptions {
    DestroyOptions {
        run: run(),
        empty_buckets: false,
        retain: Vec::new(),
        last: vec!["bootstrap".to_owned()],
        concurrency: 4,
        patience: Patience::default(),
    }
}

pub fn rollback_options() -> RollbackOptions {
    RollbackOptions { run: run(), skip: Vec::new(), patience: Patience::default() }
}

/// Deploys all, or the stacks named, with approval.
pub async fn deploy(variant: &Variant, names: &[&str], cloud: &Cloud) -> Result<Vec<StackOutcome>, Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    toolkit::deploy(&assembly(variant), &names, cloud, &options(), &yes, &toolkit::silent).await
}

/// An account in which the system is deployed.
pub async fn deployed(seed: u64) -> Simulator {
    let simulator = Simulator::new(seed);
    deploy(&Variant::default(), &[], &simulator.cloud()).await.expect("deployed");
    simulator
}

/// The status of each stack of the system.
pub fn statuses(simulator: &Simulator) -> BTreeMap<String, StackStatus> {
    let names = simulator.stacks().into_iter();
    names.filter_map(|name| Some((name.clone(), simulator.stack(&name)?.status))).collect()
}

/// The status of one stack of the system; `None` if it is not there.
pub fn status(simulator: &Simulator, stack: &str) -> Option<String> {
    simulator.stack(&named(stack)).map(|stack| stack.status.to_string()).filter(|status| status != "DELETE_COMPLETE")
}

/// Rolls back with approval, and returns the events too.
pub async fn rollback(
    names: &[&str],
    cloud: &Cloud,
    options: &RollbackOptions,
) -> (Result<Vec<toolkit::RolledBack>, Error>, Log) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let log = Log::default();
    let result = toolkit::rollback(&assembly(&Variant::default()), &names, cloud, options, &yes, &log).await;
    (result, log)
}
