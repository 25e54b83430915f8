//! Resources that get another place: they stay what they are, killed or not, or the deployment refuses before it begins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use cloud::faults::{Fault, Faults, Moment};
use cloud::intercept::{Call, Interceptor};
use cloud::{Cloud, ErrorKind, Result};
use proptest::prelude::*;
use serde_json::json;
use simulator::Simulator;
use template::{App, Assembly, Declare, Handle, Raw, References, Settings};
use tokio::sync::Notify;
use toolkit::{DeployOptions, Error, Event, ImmovableReason, Question, StackOutcome, StepKind};

use crate::system::{Log, yes};

/// Where the buckets of an app are: each with the stack and the logical id that it has now.
#[derive(Clone, Debug)]
struct Version {
    exports: bool,
    buckets: Vec<(usize, usize)>,
    /// For each stack, the bucket that it reads, if that is not in a later stack.
    readers: Vec<Option<usize>>,
}

const STACKS: usize = 3;
const BUCKETS: usize = 3;

fn readers() -> impl Strategy<Value = Vec<Option<usize>>> {
    proptest::collection::vec(proptest::option::of(0..BUCKETS), STACKS)
}

/// Two versions of an app: each bucket stays where it is, or gets another id in one of the stacks.
fn versions() -> impl Strategy<Value = (Version, Version)> {
    let places = proptest::collection::vec(0..STACKS, BUCKETS);
    let new = proptest::collection::vec(proptest::option::weighted(0.7, 0..STACKS), BUCKETS);
    (any::<[bool; 2]>(), places, new, readers(), readers()).prop_map(|(exports, places, new, old_readers, readers)| {
        let old: Vec<_> = places.into_iter().enumerate().map(|(bucket, stack)| (stack, bucket)).collect();
        let moved = new.into_iter().enumerate().map(|(bucket, stack)| match stack {
            Some(stack) => (stack, BUCKETS + bucket),
            None => old[bucket],
        });
        let new = Version { exports: exports[1], buckets: moved.collect(), readers };
        (Version { exports: exports[0], buckets: old, readers: old_readers }, new)
    })
}

impl Version {
    /// Synthesizes it; `former` says where the buckets were.
    fn assembly(&self, former: Option<&Self>) -> Assembly {
        let mut app = App::new(Settings {
            name: "app".into(),
            environment: "test".into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            tags: vec![("environment".into(), "test".into())],
            references: if self.exports { References::Exports } else { References::Weak },
            termination_protection: false,
        });
        let mut handles: BTreeMap<usize, Handle> = BTreeMap::new();
        for at in 0..STACKS {
            app.stack(&format!("s{at}"), |stack| {
                stack.add("Always", Raw::new("AWS::SNS::Topic"));
                for (bucket, (home, id)) in self.buckets.iter().enumerate().filter(|(_, (home, _))| *home == at) {
                    let declared = Raw::new("AWS::S3::Bucket");
                    let id = format!("B{id}");
                    let was = former.map(|former| former.buckets[bucket]).filter(|was| *was != (*home, id_of(&id)));
                    let handle = match was {
                        Some((stack_was, id_was)) => {
                            stack.add(&id, declared.formerly_in(format!("s{stack_was}"), format!("B{id_was}")))
                        }
                        None => stack.add(&id, declared),
                    };
                    handles.insert(bucket, handle);
                }
                if let Some(handle) = self.readers[at].and_then(|bucket| handles.get(&bucket)) {
                    let reader = Raw::new("AWS::SSM::Parameter").property("Type", "String");
                    stack.add("Reader", reader.value("Value", handle.attribute::<String>("Arn")));
                }
            });
        }
        app.synth().unwrap_or_else(|findings| panic!("{findings:?}"))
    }
}

fn id_of(id: &str) -> usize {
    id.trim_start_matches('B').parse().expect("it is a number")
}

fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("run-{}", RUNS.fetch_add(1, Ordering::SeqCst))
}

async fn deploy(assembly: &Assembly, cloud: &Cloud) -> (std::result::Result<Vec<StackOutcome>, Error>, Log) {
    let log = Log::default();
    let options = DeployOptions { calls_per_second: 1000.0, ..DeployOptions::new(run()) };
    let outcomes = toolkit::deploy(assembly, &[], cloud, &options, &yes, &log).await;
    (outcomes, log)
}

fn physical_id(simulator: &Simulator, place: (usize, usize)) -> Option<String> {
    let (stack, id) = (format!("app-test-s{}", place.0), format!("B{}", place.1));
    let resources = simulator.resources(&stack).into_iter();
    resources
        .filter(|resource| resource.logical_id == id && resource.status != "DELETE_COMPLETE")
        .find_map(|resource| resource.physical_id)
}

fn buckets(simulator: &Simulator) -> Vec<String> {
    let things = simulator.things().into_iter().filter(|thing| thing.resource_type == "AWS::S3::Bucket");
    let mut names: Vec<_> = things.map(|thing| thing.physical_id).collect();
    names.sort();
    names
}

/// Stops everything at one call, before or after it takes effect.
struct Killer {
    at: u32,
    after: bool,
    calls: AtomicU32,
    killed: Notify,
}

impl Killer {
    async fn strike(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Interceptor for Killer {
    async fn before(&self, _call: &Call) -> Result<()> {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.at && !self.after {
            self.strike().await;
        }
        Ok(())
    }

    async fn after(&self, _call: &Call, _error: Option<&cloud::Error>) -> Result<()> {
        if self.calls.load(Ordering::SeqCst) == self.at && self.after {
            self.strike().await;
        }
        Ok(())
    }
}

/// Deploys until a call; says whether it was killed.
async fn deploy_until(assembly: &Assembly, simulator: &Simulator, at: u32, after: bool) -> bool {
    let killer = Arc::new(Killer { at, after, calls: AtomicU32::new(0), killed: Notify::new() });
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
    let cloud = simulator.cloud().intercepted(&interceptor);
    tokio::select! {
        biased;
        () = killer.killed.notified() => true,
        (outcome, _) = deploy(assembly, &cloud) => {
            outcome.unwrap_or_else(|error| panic!("{error}"));
            false
        }
    }
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work);
}

/// Wherever the buckets of one version are in the other: every one is the same bucket afterwards.
fn every_bucket_stays(old: &Version, new: &Version, killed: u32) {
    block_on(async {
        let simulator = Simulator::new(u64::from(killed));
        deploy(&old.assembly(None), &simulator.cloud()).await.0.unwrap_or_else(|error| panic!("{error}"));
        let before: Vec<_> = old.buckets.iter().map(|place| physical_id(&simulator, *place)).collect();
        let all = buckets(&simulator);
        let assembly = new.assembly(Some(old));
        let (outcome, _) = deploy_or_killed(&assembly, &simulator, killed).await;
        assert_eq!(buckets(&simulator), all, "no bucket comes or goes");
        match outcome {
            Ok(_) => {
                let after: Vec<_> = new.buckets.iter().map(|place| physical_id(&simulator, *place)).collect();
                assert_eq!(before, after);
                let (again, log) = deploy(&assembly, &simulator.cloud()).await;
                again.unwrap_or_else(|error| panic!("{error}"));
                assert!(
                    log.kinds().iter().all(|kind| kind != "executing" && kind != "moving"),
                    "nothing is left to be done"
                );
            }
            Err(Error::Immovable { moves }) => {
                let is_known = |one: &toolkit::Immovable| matches!(one.reason, ImmovableReason::Circle);
                assert!(moves.iter().all(is_known), "{moves:?}");
            }
            Err(error) => panic!("{error}"),
        }
    });
}

/// A stack that read its own bucket, which leaves it, imports it while it moves, and no longer afterwards: nothing else
/// changes in it.
#[test]
fn a_bucket_is_moved_away_from_its_only_reader() {
    let readers = vec![None, None, Some(1)];
    let old = Version { exports: false, buckets: vec![(0, 0), (2, 1), (0, 2)], readers: readers.clone() };
    let new = Version { exports: false, buckets: vec![(0, 0), (0, 4), (0, 2)], readers };
    every_bucket_stays(&old, &new, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever buckets go, by either kind of reference, killed on the way: every one is the same bucket afterwards.
    #[test]
    fn no_bucket_is_lost_or_exchanged((old, new) in versions(), killed in 0..80u32) {
        every_bucket_stays(&old, &new, killed);
    }
}

/// Deploys, killed once if it gets that far, and then to the end.
async fn deploy_or_killed(
    assembly: &Assembly,
    simulator: &Simulator,
    at: u32,
) -> (std::result::Result<Vec<StackOutcome>, Error>, Log) {
    let (refused, log) = {
        let killer =
            Arc::new(Killer { at, after: at.is_multiple_of(2), calls: AtomicU32::new(0), killed: Notify::new() });
        let interceptor: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
        let cloud = simulator.cloud().intercepted(&interceptor);
        tokio::select! {
            biased;
            () = killer.killed.notified() => (None, Log::default()),
            (outcome, log) = deploy(assembly, &cloud) => (Some(outcome), log),
        }
    };
    match refused {
        Some(Err(error)) => (Err(error), log),
        _ => deploy(assembly, &simulator.cloud()).await,
    }
}

fn two(exports: bool, place: (usize, usize)) -> Version {
    Version { exports, buckets: vec![place], readers: vec![None, None, Some(0)] }
}

fn steps(log: &Log) -> Vec<(String, StepKind, Option<String>)> {
    let plans = log.events().into_iter().filter_map(|event| match event {
        Event::Planned(plan) => Some(plan),
        _ => None,
    });
    plans.flat_map(|plan| plan.steps).map(|step| (step.stack, step.step, step.why)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_move_is_shown_and_done_and_the_bucket_stays() {
    let simulator = Simulator::new(1);
    // No word is needed: there is only one bucket.
    deploy(&two(false, (0, 0)).assembly(None), &simulator.cloud()).await.0.expect("deployed");
    let before = physical_id(&simulator, (0, 0));
    let (outcome, log) = deploy(&two(false, (1, 0)).assembly(None), &simulator.cloud()).await;
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(before.is_some() && physical_id(&simulator, (1, 0)) == before);
    let why = "moves `B0` (AWS::S3::Bucket) from s0 to s1; nothing is made anew";
    assert_eq!(steps(&log)[0], ("s1".to_owned(), StepKind::Refactor, Some(why.to_owned())));
    let kinds = log.kinds();
    assert!(kinds.iter().any(|kind| kind == "moved"), "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_move_killed_at_any_call_is_completed_by_the_next_deployment() {
    for exports in [false, true] {
        let (old, new) =
            (two(exports, (0, 0)).assembly(None), two(exports, (1, 3)).assembly(Some(&two(exports, (0, 0)))));
        for after in [false, true] {
            let mut at = 0;
            loop {
                at += 1;
                let simulator = Simulator::new(u64::from(at));
                deploy(&old, &simulator.cloud()).await.0.expect("deployed");
                let before = physical_id(&simulator, (0, 0));
                let killed = deploy_until(&new, &simulator, at, after).await;
                deploy(&new, &simulator.cloud()).await.0.unwrap_or_else(|error| panic!("killed at call {at}: {error}"));
                assert_eq!(physical_id(&simulator, (1, 3)), before, "killed at call {at}");
                assert_eq!(buckets(&simulator).len(), 1, "killed at call {at}");
                if !killed {
                    break;
                }
            }
            assert!(at > 20, "it was killed at {at} calls");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_does_not_move_is_refused_with_its_reason_and_stays() {
    let simulator = Simulator::new(1);
    deploy(&two(false, (0, 0)).assembly(None), &simulator.cloud()).await.0.expect("deployed");
    let before = buckets(&simulator);
    let operation = "cloudformation:CreateStackRefactor";
    let faults =
        Arc::new(Faults::planned([Fault { operation, call: 1, moment: Moment::Before, kind: ErrorKind::Validation }]));
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
    let cloud = simulator.cloud().intercepted(&interceptor);
    let error = deploy(&two(false, (1, 0)).assembly(None), &cloud).await.0.expect_err("it is refused");
    assert_eq!(faults.fired().len(), 1);
    let Error::Immovable { moves } = &error else { panic!("{error}") };
    assert!(matches!(&moves[0].reason, ImmovableReason::Refused(_)), "{moves:?}");
    assert!(error.hints()[0].contains("`baleen import s1 B0=IDENTIFIER`"), "{:?}", error.hints());
    assert_eq!(buckets(&simulator), before);
}

/// A bucket, and something else that would take its place.
fn twins(ids: [&str; 2]) -> Assembly {
    let mut app = App::new(Settings {
        name: "app".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("s0", |stack| {
        for id in ids {
            let versioned = json!({ "Status": "Enabled" });
            stack.add(id, Raw::new("AWS::S3::Bucket").property("VersioningConfiguration", versioned));
        }
    });
    app.synth().expect("it is a good app")
}

#[tokio::test(start_paused = true)]
async fn nothing_stateful_is_replaced_unasked_where_it_is_unclear_what_it_became() {
    let simulator = Simulator::new(1);
    deploy(&twins(["A", "B"]), &simulator.cloud()).await.0.expect("deployed");
    let before = buckets(&simulator);
    let asked = |_: Question<'_>| panic!("there is nothing to approve");
    let new = twins(["C", "D"]);
    let refused =
        toolkit::deploy(&new, &[], &simulator.cloud(), &DeployOptions::new(run()), &asked, &Log::default()).await;
    let error = refused.expect_err("it is refused");
    assert!(
        error.to_string().contains("`A` of stack `s0` (AWS::S3::Bucket) may be what `C` of stack `s0` is now"),
        "{error}"
    );
    assert!(error.hints()[0].contains("`.formerly(\"A\")`"), "{:?}", error.hints());
    assert_eq!(buckets(&simulator), before);
    // Unless that is what is wanted.
    let options = DeployOptions { allow_data_loss: vec!["A".to_owned(), "B".to_owned()], ..DeployOptions::new(run()) };
    toolkit::deploy(&new, &[], &simulator.cloud(), &options, &yes, &Log::default()).await.expect("deployed");
    assert!(buckets(&simulator).iter().all(|bucket| !before.contains(bucket)));
}

/// Stops everything before the call of this number that begins to change something.
struct Halt {
    at: u32,
    calls: AtomicU32,
    killed: Notify,
}

#[async_trait]
impl Interceptor for Halt {
    async fn before(&self, call: &Call) -> Result<()> {
        let changes = ["cloudformation:ExecuteChangeSet", "cloudformation:ExecuteStackRefactor"];
        if changes.contains(&call.operation) && self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_goes_on_after_it_was_killed_between_any_two_steps() {
    let mut begun = 0;
    for (from, to) in [(false, false), (true, true), (true, false), (false, true)] {
        let was = two(from, (0, 0));
        let (old, new) = (was.assembly(None), two(to, (1, 3)).assembly(Some(&was)));
        for at in 0..8 {
            let simulator = Simulator::new(u64::from(at));
            deploy(&old, &simulator.cloud()).await.0.expect("deployed");
            let before = physical_id(&simulator, (0, 0));
            let plan = toolkit::plan(&new, &[], &simulator.cloud(), &DeployOptions::new(run()), &Log::default()).await;
            let plan = plan.unwrap_or_else(|error| panic!("{error}"));
            let halt = Arc::new(Halt { at, calls: AtomicU32::new(0), killed: Notify::new() });
            let interceptor: Arc<dyn Interceptor> = Arc::clone(&halt) as _;
            let (cloud, log) = (simulator.cloud().intercepted(&interceptor), Log::default());
            let options = DeployOptions::new(run());
            tokio::select! {
                biased;
                () = halt.killed.notified() => begun += 1,
                done = toolkit::deploy_plan(&new, plan.clone(), &cloud, &options, &yes, &log) => {
                    done.unwrap_or_else(|error| panic!("{error}"));
                }
            }
            // Whatever was running by itself has ended.
            tokio::time::sleep(std::time::Duration::from_mins(30)).await;
            let options = DeployOptions::new(run());
            let again = toolkit::deploy_plan(&new, plan, &simulator.cloud(), &options, &yes, &Log::default()).await;
            again.unwrap_or_else(|error| panic!("killed before change {at}, from {from} to {to}: {error}"));
            assert_eq!(physical_id(&simulator, (1, 3)), before);
        }
    }
    assert!(begun > 10, "it was killed {begun} times");
}
