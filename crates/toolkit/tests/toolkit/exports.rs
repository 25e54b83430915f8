//! Exports that are in use: dropping or changing one never blocks, against a cloud that refuses what the real one refuses.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use cloud::cloud_formation::{ChangeSetRequest, ChangeSetType, TemplateSource};
use cloud::intercept::{Call, Interceptor};
use cloud::{Cloud, Result};
use proptest::prelude::*;
use simulator::Simulator;
use template::{App, Assembly, Handle, Raw, References, Settings, Value};
use tokio::sync::Notify;
use toolkit::{BlockedReason, DeployOptions, Error, Event, Question, StackOutcome};

use crate::system::{Log, yes};

/// One version of an app.
#[derive(Clone, Debug)]
struct Version {
    exports: bool,
    stacks: Vec<Vec<Option<Declared>>>,
}

/// A resource. Its place decides its type: topics at even ones, parameters at odd ones.
#[derive(Clone, Debug)]
struct Declared {
    /// A part of its name: another one replaces it.
    name: u8,
    /// What it uses of an earlier stack, and whether that is its name, which replaces it when it changes.
    uses: Option<(usize, usize, bool)>,
}

fn version() -> impl Strategy<Value = Version> {
    let uses = proptest::option::of((0..3usize, 0..3usize, any::<bool>()));
    let declared = (0..2u8, uses).prop_map(|(name, uses)| Declared { name, uses });
    let stack = proptest::collection::vec(proptest::option::weighted(0.7, declared), 3);
    (any::<bool>(), proptest::collection::vec(stack, 3)).prop_map(|(exports, stacks)| Version { exports, stacks })
}

fn app(exports: bool) -> App {
    App::new(Settings {
        name: "app".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references: if exports { References::Exports } else { References::Weak },
        termination_protection: false,
    })
}

fn parameter(name: Option<Value<String>>, value: Option<Value<String>>, otherwise: String) -> Raw {
    let parameter = Raw::new("AWS::SSM::Parameter").property("Type", "String");
    let parameter = match name {
        Some(name) => parameter.value("Name", name),
        None => parameter.property("Name", otherwise),
    };
    match value {
        Some(value) => parameter.value("Value", value),
        None => parameter.property("Value", "x"),
    }
}

impl Version {
    fn assembly(&self) -> Assembly {
        let mut app = app(self.exports);
        let mut made: Vec<Vec<Option<Handle>>> = Vec::new();
        for (at, declared) in self.stacks.iter().enumerate() {
            let handles = app.stack(&format!("s{at}"), |stack| {
                stack.add("Always", Raw::new("AWS::SNS::Topic"));
                let add = |(place, declared): (usize, &Option<Declared>)| {
                    let declared = declared.as_ref()?;
                    let name = format!("s{at}-r{place}-{}", declared.name);
                    let used = declared.uses.and_then(|(from, which, by_name)| {
                        let handle: &Handle = made.get(from)?.get(which)?.as_ref()?;
                        Some((template::sub!("of-{}-{}", handle.reference::<String>(), &*name), by_name))
                    });
                    let raw = match (place % 2, used) {
                        (0, _) => Raw::new("AWS::SNS::Topic").property("TopicName", name),
                        (_, Some((used, true))) => parameter(Some(used), None, name),
                        (_, Some((used, false))) => parameter(None, Some(used), name),
                        (_, None) => parameter(None, None, name),
                    };
                    Some(stack.add(&format!("R{place}"), raw))
                };
                declared.iter().enumerate().map(add).collect()
            });
            made.push(handles);
        }
        app.synth().expect("it is a good app")
    }
}

/// Tells each run from all others.
fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("run-{}", RUNS.fetch_add(1, Ordering::SeqCst))
}

async fn deploy(
    assembly: &Assembly,
    names: &[&str],
    cloud: &Cloud,
) -> (std::result::Result<Vec<StackOutcome>, Error>, Log) {
    let options = DeployOptions { calls_per_second: 1000.0, ..DeployOptions::new(run()) };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let log = Log::default();
    let outcomes = toolkit::deploy(assembly, &names, cloud, &options, &yes, &log).await;
    (outcomes, log)
}

/// Stops everything before the call of this number that starts an update.
struct Killer {
    at: u32,
    calls: AtomicU32,
    killed: Notify,
}

#[async_trait]
impl Interceptor for Killer {
    async fn before(&self, call: &Call) -> Result<()> {
        if call.operation == "cloudformation:ExecuteChangeSet" && self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

async fn deploy_until(assembly: &Assembly, simulator: &Simulator, at: u32) {
    let killer = Arc::new(Killer { at, calls: AtomicU32::new(0), killed: Notify::new() });
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
    let cloud = simulator.cloud().intercepted(&interceptor);
    tokio::select! {
        biased;
        () = killer.killed.notified() => {}
        (outcome, _) = deploy(assembly, &[], &cloud) => {
            outcome.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// The physical ids of all resources, by stack and logical id.
fn physical_ids(simulator: &Simulator, assembly: &Assembly) -> BTreeMap<(String, String), String> {
    let stacks = assembly.stacks.iter();
    let resources = stacks.flat_map(|stack| {
        let of_stack = simulator.resources(&stack.stack_name).into_iter();
        of_stack.map(|resource| ((stack.name.clone(), resource.logical_id), resource.physical_id.unwrap_or_default()))
    });
    resources.collect()
}

async fn templates_are_reached(simulator: &Simulator, assembly: &Assembly) {
    for stack in &assembly.stacks {
        let text = simulator.cloud().cloud_formation.template(&stack.stack_name).await.expect("it is deployed");
        assert_eq!(tree::parse(&text).expect("it is JSON"), stack.template, "{}", stack.name);
    }
}

/// Deploys one version after the other, killed once in between.
fn change(old: &Version, new: &Version, killed: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let reached = old.exports || !new.exports;
        let (old, new) = (old.assembly(), new.assembly());
        let simulator = Simulator::new(u64::from(killed));
        deploy(&old, &[], &simulator.cloud()).await.0.unwrap_or_else(|error| panic!("the first time: {error}"));
        let before = physical_ids(&simulator, &old);
        deploy_until(&new, &simulator, killed).await;
        deploy(&new, &[], &simulator.cloud()).await.0.unwrap_or_else(|error| panic!("{error}"));
        // Where only the kind of reference changes, there may be nothing to update.
        if reached {
            templates_are_reached(&simulator, &new).await;
        }
        let after = physical_ids(&simulator, &new);
        for (place, physical_id) in &before {
            let is_topic = place.1 == "Always";
            assert!(!is_topic || after.get(place) == Some(physical_id), "{place:?} was replaced for nothing");
        }
        let (again, log) = deploy(&new, &[], &simulator.cloud()).await;
        assert!(
            again.expect("there is nothing to do").iter().all(|stack| stack.outcome == toolkit::Outcome::Unchanged)
        );
        assert!(log.kinds().iter().all(|kind| kind != "executing"), "nothing is left to be done");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// aws-cdk#7602, #17741, #34813, #27902: whatever changes, in both directions, killed between two updates.
    #[test]
    fn no_deadly_embrace(old in version(), new in version(), killed in 0..7u32) {
        change(&old, &new, killed);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a place may be empty")]
fn one(name: u8) -> Option<Declared> {
    Some(Declared { name, uses: None })
}

#[expect(clippy::unnecessary_wraps, reason = "a place may be empty")]
fn user(which: usize) -> Option<Declared> {
    Some(Declared { name: 0, uses: Some((0, which, false)) })
}

fn pair(exports: bool, first: &[Option<Declared>; 3], user: Option<Declared>) -> Version {
    Version { exports, stacks: vec![first.to_vec(), vec![None, user, None]] }
}

fn planned(log: &Log) -> Vec<(String, Option<String>)> {
    let plans = log.events().into_iter().filter_map(|event| match event {
        Event::Planned(plan) => Some(plan),
        _ => None,
    });
    plans.flat_map(|plan| plan.steps).map(|step| (step.stack, step.why)).collect()
}

/// aws-cdk#7602, #34813: an export that another stack still imports could not be removed, so neither stack could be deployed.
#[tokio::test(start_paused = true)]
async fn aws_cdk_7602_deadly_embrace_of_an_export_that_goes() {
    let simulator = Simulator::new(1);
    let old = pair(true, &[one(0), None, one(0)], user(0)).assembly();
    deploy(&old, &[], &simulator.cloud()).await.0.expect("deployed");
    let new = pair(true, &[None, None, one(0)], user(2)).assembly();
    let (outcome, log) = deploy(&new, &[], &simulator.cloud()).await;
    outcome.expect("nothing blocks");
    let why = |text: &str| Some(text.to_owned());
    assert_eq!(
        planned(&log),
        [
            ("s0".to_owned(), why("1 of 2: keeps export `app-test-s0-R0` until s1 no longer imports it")),
            ("s1".to_owned(), None),
            ("s0".to_owned(), why("2 of 2: drops export `app-test-s0-R0`, which nothing imports any more")),
        ]
    );
    templates_are_reached(&simulator, &new).await;
}

/// aws-cdk#17741, #27902: what was exported was replaced, and the export in use could not get its new value.
#[tokio::test(start_paused = true)]
async fn aws_cdk_17741_deadly_embrace_of_an_export_whose_value_changes() {
    let simulator = Simulator::new(1);
    deploy(&pair(true, &[one(0), None, None], user(0)).assembly(), &[], &simulator.cloud()).await.0.expect("deployed");
    let new = pair(true, &[one(1), None, None], user(0)).assembly();
    let (outcome, log) = deploy(&new, &[], &simulator.cloud()).await;
    outcome.expect("nothing blocks");
    let stacks: Vec<_> = planned(&log).into_iter().map(|(stack, _)| stack).collect();
    assert_eq!(stacks, ["s1", "s0", "s1"]);
    templates_are_reached(&simulator, &new).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_replaced_from_one_kind_of_reference_to_the_other() {
    // The user's name is what it uses: if that changed, the user would be replaced.
    let by_name = Some(Declared { name: 0, uses: Some((0, 0, true)) });
    for (from, to) in [(false, true), (true, false)] {
        let simulator = Simulator::new(1);
        let versions = [from, to].map(|exports| pair(exports, &[one(0), None, None], by_name.clone()).assembly());
        deploy(&versions[0], &[], &simulator.cloud()).await.0.expect("deployed");
        let before = physical_ids(&simulator, &versions[0]);
        let log = Log::default();
        // Nothing may be lost, and nobody allowed it.
        let options = DeployOptions::new(run());
        toolkit::deploy(&versions[1], &[], &simulator.cloud(), &options, &yes, &log).await.expect("nothing blocks");
        assert_eq!(before, physical_ids(&simulator, &versions[1]));
        let exports = simulator.cloud().cloud_formation.exports().await.expect("they are listed");
        assert_eq!(exports.len(), usize::from(to), "{exports:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_importer_outside_of_the_app_is_named_before_anything_is_done() {
    let simulator = Simulator::new(1);
    let cloud = simulator.cloud();
    deploy(&pair(true, &[one(0), None, None], user(0)).assembly(), &[], &cloud).await.0.expect("deployed");
    let template = serde_json::json!({ "Resources": { "Parameter": { "Type": "AWS::SSM::Parameter", "Properties": {
        "Type": "String", "Value": { "Fn::ImportValue": "app-test-s0-R0" },
    } } } });
    let body = TemplateSource::Body(template.to_string());
    let request = ChangeSetRequest::new("foreign", "create", ChangeSetType::Create, body);
    let ids = cloud.cloud_formation.create_change_set(&request).await.expect("it is good");
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
    cloud.cloud_formation.execute_change_set(&ids.stack, &ids.change_set, None).await.expect("it is good");
    tokio::time::sleep(std::time::Duration::from_mins(10)).await;

    let asked = |_: Question<'_>| panic!("there is nothing to approve");
    for new in [pair(true, &[None, None, one(0)], None), pair(true, &[one(1), None, None], user(0))] {
        let log = Log::default();
        let refused = toolkit::deploy(&new.assembly(), &[], &cloud, &DeployOptions::new(run()), &asked, &log).await;
        let Err(Error::ExportsInUse { exports }) = refused else { panic!("{refused:?}") };
        assert_eq!(exports[0].reason, BlockedReason::Foreign);
        assert_eq!(exports[0].importers, ["foreign"]);
        let error = Error::ExportsInUse { exports };
        assert!(error.to_string().contains("foreign imports it, outside of this app"), "{error}");
        assert!(error.hints()[0].contains("aws cloudformation list-imports --export-name app-test-s0-R0"));
    }
}
