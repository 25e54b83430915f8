//! A small system to deploy, and what the tests do with it.

use std::sync::Mutex;

use cloud::Cloud;
use serde_json::json;
use template::{App, Assembly, Declare, DeletionPolicy, Parameter, Raw, References, Settings};
use toolkit::{Artifacts, DeployOptions, DestroyOptions, Error, Event, Patience, Question, StackOutcome};

use crate::fake::{ACCOUNT, REGION};

/// What varies between the tests.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a difference between two deployments, and they combine")]
pub struct Variant {
    pub keep_days: u32,
    pub large_fleet: bool,
    pub protected: bool,
    pub retained: bool,
    pub without_default: bool,
    pub region: Option<&'static str>,
    pub account: Option<&'static str>,
    /// Another output of `storage` that `fleet` uses.
    pub uses_enhanced: bool,
}

/// Synthesizes `bootstrap`, `storage`, `fleet` (uses `storage`) and `jobs` (uses `fleet`).
pub fn assembly(variant: &Variant) -> Assembly {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: variant.account.unwrap_or(ACCOUNT).into(),
        region: variant.region.unwrap_or(REGION).into(),
        tags: vec![("environment".into(), "test".into())],
        references: References::Weak,
        termination_protection: variant.protected,
    });
    app.stack("bootstrap", |stack| {
        let artifacts = stack.add("Artifacts", Raw::new("AWS::S3::Bucket"));
        stack.output("ArtifactBucket", artifacts.reference::<String>());
        let locks = stack.add("Locks", Raw::new("AWS::DynamoDB::Table").property("Keys", json!(["id"])));
        stack.output("LockTable", locks.reference::<String>());
    });
    let (sources, enhanced) = app.stack("storage", |stack| {
        let bucket = Raw::new("AWS::S3::Bucket").property("Days", variant.keep_days);
        let policy = if variant.retained { DeletionPolicy::Retain } else { DeletionPolicy::Delete };
        let sources = stack.add("Sources", bucket.on_removal(policy));
        (sources, stack.add("Enhanced", Raw::new("AWS::S3::Bucket")))
    });
    let role = app.stack("fleet", |stack| {
        let read = Raw::new("AWS::IAM::Role").value("Bucket", sources.attribute::<String>("Arn"));
        let role = stack.add("Role", read);
        if variant.uses_enhanced {
            stack.add("Write", Raw::new("AWS::IAM::Policy").value("Bucket", enhanced.attribute::<String>("Arn")));
        }
        if variant.large_fleet {
            stack.add("Large", Raw::new("AWS::SSM::Parameter").property("Value", "x".repeat(60_000)));
        }
        let capacity = Parameter::string();
        let capacity = if variant.without_default { capacity } else { capacity.default("1") };
        let capacity = stack.parameter("Capacity", capacity);
        stack.add("Group", Raw::new("AWS::AutoScaling::AutoScalingGroup").value("MinSize", capacity));
        role
    });
    app.stack("jobs", |stack| {
        let role = role.attribute::<String>("Arn");
        stack.add("Machine", Raw::new("AWS::StepFunctions::StateMachine").value("Role", role));
        stack.add("Table", Raw::new("AWS::DynamoDB::Table").property("Keys", json!(["id"])));
        stack.output("Version", "1");
    });
    app.synth().expect("nothing is wrong")
}

/// Keeps the events.
#[derive(Default)]
pub struct Log {
    events: Mutex<Vec<Event>>,
}

impl Log {
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no test panics while it holds this").clone()
    }

    /// The events, in JSON, without the progress of single resources.
    pub fn kinds(&self) -> Vec<String> {
        let kind = |event: &Event| serde_json::to_value(event).expect("events are plain data")["event"].clone();
        let kinds =
            self.events().iter().map(kind).filter_map(|kind| Some(kind.as_str()?.to_owned())).collect::<Vec<_>>();
        kinds.into_iter().filter(|kind| kind != "progress").collect()
    }
}

impl toolkit::Events for Log {
    fn event(&self, event: Event) {
        self.events.lock().expect("no test panics while it holds this").push(event);
    }
}

pub fn options() -> DeployOptions {
    DeployOptions {
        artifacts: Some(Artifacts { stack: "bootstrap".to_owned(), output: "ArtifactBucket".to_owned() }),
        ..DeployOptions::new("run-1")
    }
}

pub fn destroy_options() -> DestroyOptions {
    DestroyOptions {
        run: "run-1".to_owned(),
        empty_buckets: false,
        retain: Vec::new(),
        last: vec!["bootstrap".to_owned()],
        concurrency: 4,
        patience: Patience::default(),
    }
}

pub fn yes(_question: Question<'_>) -> bool {
    true
}

pub fn no(_question: Question<'_>) -> bool {
    false
}

/// Deploys with approval, and returns the events too.
pub async fn deploy(assembly: &Assembly, names: &[&str], cloud: &Cloud) -> (Result<Vec<StackOutcome>, Error>, Log) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let log = Log::default();
    let outcomes = toolkit::deploy(assembly, &names, cloud, &options(), &yes, &log).await;
    (outcomes, log)
}
