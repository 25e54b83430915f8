//! Thousands of runs, each with faults and kills of its own: whatever happens on the way, the end is the state that was
//! wanted or the one before, and every failure says why.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloud::faults::Faults;
use cloud::intercept::{Call, Interceptor};
use cloud::{Cloud, Result};
use simulator::{During, ResourceFault, Simulator, Verb};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use toolkit::Error;

use crate::account::{Variant, assembly, deploy, destroy_options, named, rollback, rollback_options, statuses};
use crate::system::yes;

/// How many deployments there are.
const DEPLOYMENTS: u64 = 1000;
/// How many destructions there are, and how many rollbacks.
const OTHERS: u64 = 600;

/// Stops everything at one call: before it takes effect, or after.
struct Killer {
    at: usize,
    after: bool,
    calls: AtomicUsize,
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

/// What is counted over all runs: a proof in which nothing went wrong would prove nothing.
#[derive(Debug, Default)]
struct Counts {
    faults: usize,
    kills: usize,
    failures: usize,
}

/// Numbers that follow from a seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ (value >> 31)) % limit
    }
}

/// Runs something over a network that fails now and then, and kills it at some call, or not.
async fn roughly(simulator: &Simulator, seed: u64, counts: &mut Counts, run: impl AsyncFn(Cloud) -> Option<Error>) {
    let mut draw = Draw(seed);
    let faults = Arc::new(Faults::drawn(seed, 60));
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
    // Half of the runs are killed, at any of the calls that one makes; a number of a call that is never made kills nothing.
    let at = if draw.below(2) == 0 { draw.below(300) + 1 } else { u64::MAX };
    let at = usize::try_from(at).expect("it fits");
    let killer = Arc::new(Killer { at, after: draw.below(2) == 0, calls: AtomicUsize::new(0), killed: Notify::new() });
    let end: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
    let cloud = simulator.cloud().intercepted(&interceptor).intercepted(&end);
    tokio::select! {
        biased;
        () = killer.killed.notified() => counts.kills += 1,
        ended = timeout(Duration::from_hours(48), run(cloud)) => match ended {
            Ok(None) => {}
            Ok(Some(error)) => {
                explained(&error, seed);
                counts.failures += 1;
            }
            Err(elapsed) => panic!("seed {seed}: it never ends: {elapsed}"),
        }
    }
    counts.faults += faults.fired().len();
}

/// A failure has to say what it is and what to do.
fn explained(error: &Error, seed: u64) {
    assert!(!error.to_string().is_empty(), "seed {seed}");
    assert!(!error.hints().is_empty(), "seed {seed}: nothing says what to do about: {error}");
}

/// A resource that fails once, on the way there or on the way back.
fn draw_fault(simulator: &Simulator, draw: &mut Draw) {
    let (logical_id, verb) = [
        ("Queue", Verb::Update),
        ("More", Verb::Create),
        ("Place", Verb::Create),
        ("Retry", Verb::Update),
        ("Topic", Verb::Create),
        ("Items", Verb::Create),
    ][usize::try_from(draw.below(6)).expect("it is small")];
    let during = if draw.below(4) == 0 { During::Any } else { During::Forward };
    simulator.fail(ResourceFault::new(logical_id, verb, "the service failed").during(during).times(2));
}

/// Every thing that a stack of ours made belongs to a stack that is there, and each resource of a stack is there once.
fn nothing_is_doubled_or_orphaned(simulator: &Simulator, seed: u64) {
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    let present: BTreeSet<String> =
        simulator.stacks().iter().filter_map(|name| simulator.stack(name)).map(|stack| stack.id).collect();
    for thing in simulator.things() {
        let Some(owner) = &thing.owner else { panic!("seed {seed}: {} belongs to nobody", thing.physical_id) };
        assert!(present.contains(&owner.stack), "seed {seed}: {} outlived its stack", thing.physical_id);
        *times.entry((owner.stack.clone(), owner.logical_id.clone())).or_default() += 1;
    }
    let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "seed {seed}: {doubled:?}");
}

/// The table of items and the buckets, by their names: what must not be made anew unasked.
fn stateful(simulator: &Simulator) -> BTreeSet<String> {
    let kinds = ["AWS::DynamoDB::Table", "AWS::S3::Bucket"];
    let things = simulator.things().into_iter();
    things.filter(|thing| kinds.contains(&thing.resource_type.as_str())).map(|thing| thing.physical_id).collect()
}

/// Does what the failures advise until nothing is left to do: rolls back what is stuck, and deploys again.
async fn recover(simulator: &Simulator, wanted: &Variant, seed: u64) {
    simulator.heal();
    let cloud = simulator.cloud();
    for _ in 0..4 {
        let ended = timeout(Duration::from_hours(48), deploy(wanted, &[], &cloud)).await;
        match ended.unwrap_or_else(|_| panic!("seed {seed}: it never ends")) {
            Ok(_) => return,
            Err(error) => explained(&error, seed),
        }
        let (rolled_back, _) = rollback(&[], &cloud, &rollback_options()).await;
        if let Err(error) = rolled_back {
            explained(&error, seed);
        }
    }
    panic!("seed {seed}: what the failures advise does not lead on; {:?}", statuses(simulator));
}

fn visibility(simulator: &Simulator) -> Option<serde_json::Value> {
    let things = simulator.things();
    let queue = things.iter().find(|thing| thing.owner.as_ref().is_some_and(|owner| owner.logical_id == "Queue"))?;
    queue.properties.get("VisibilityTimeout").cloned()
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_in_a_deployment_the_next_one_completes_it() {
    let mut counts = Counts::default();
    for seed in 0..DEPLOYMENTS {
        let simulator = Simulator::new(seed);
        let mut draw = Draw(seed ^ 0xdead);
        let from_nothing = draw.below(4) == 0;
        if !from_nothing {
            deploy(&Variant::default(), &[], &simulator.cloud()).await.expect("deployed");
        }
        let before = stateful(&simulator);
        if draw.below(2) == 0 {
            draw_fault(&simulator, &mut draw);
        }
        let wanted = Variant { visibility: 60, retention: 900, more: draw.below(2) == 0, ..Variant::default() };
        roughly(&simulator, seed, &mut counts, async |cloud| deploy(&wanted, &[], &cloud).await.err()).await;
        let kept: Vec<_> = before.difference(&stateful(&simulator)).cloned().collect();
        assert!(kept.is_empty(), "seed {seed}: {kept:?} went unasked");
        if let Some(now) = visibility(&simulator).filter(|_| !from_nothing) {
            assert!(now == 30 || now == 60, "seed {seed}: neither as before nor as wanted: {now}");
        }
        recover(&simulator, &wanted, seed).await;
        assert!(statuses(&simulator).values().all(|status| !status.is_in_progress()), "seed {seed}");
        assert_eq!(visibility(&simulator), Some(60.into()), "seed {seed}");
        assert_eq!(simulator.stacks().len(), 5, "seed {seed}");
        nothing_is_doubled_or_orphaned(&simulator, seed);
        let kept: Vec<_> = before.difference(&stateful(&simulator)).cloned().collect();
        assert!(kept.is_empty(), "seed {seed}: {kept:?} went unasked");
    }
    assert!(counts.faults > 5000 && counts.kills > 200 && counts.failures > 100, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_in_a_destruction_the_next_one_completes_it() {
    let mut counts = Counts::default();
    let assembly = assembly(&Variant::default());
    let destroy = async |cloud: Cloud| {
        toolkit::destroy(&assembly, &[], &cloud, &destroy_options(), &yes, &toolkit::silent).await.err()
    };
    for seed in 0..OTHERS {
        let simulator = Simulator::new(seed);
        deploy(&Variant::default(), &[], &simulator.cloud()).await.expect("deployed");
        let mut draw = Draw(seed ^ 0xbeef);
        if draw.below(2) == 0 {
            let logical_id = ["Queue", "Sources", "Items", "Topic"][usize::try_from(draw.below(4)).expect("small")];
            simulator.fail(ResourceFault::new(logical_id, Verb::Delete, "it is in use").times(1));
        }
        roughly(&simulator, seed, &mut counts, destroy).await;
        simulator.heal();
        if let Some(error) = destroy(simulator.cloud()).await {
            panic!("seed {seed}: {error}");
        }
        assert!(simulator.stacks().is_empty(), "seed {seed}: {:?}", simulator.stacks());
        assert!(simulator.things().is_empty(), "seed {seed}: {:?}", simulator.things());
    }
    assert!(counts.faults > 4000 && counts.kills > 150 && counts.failures > 120, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_in_a_rollback_the_next_one_completes_it() {
    let mut counts = Counts::default();
    for seed in 0..OTHERS {
        let simulator = Simulator::new(seed);
        let cloud = simulator.cloud();
        deploy(&Variant::default(), &[], &cloud).await.expect("deployed");
        let before = stateful(&simulator);
        simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues").times(1));
        let stuck = ResourceFault::new("Queue", Verb::Update, "it is locked").during(During::Rollback);
        simulator.fail(stuck.times(1 + u32::try_from(seed % 2).expect("small")));
        let new = Variant { visibility: 60, more: true, ..Variant::default() };
        deploy(&new, &["work"], &cloud).await.expect_err("it fails, and cannot be undone");
        let is_stuck = |simulator: &Simulator| {
            simulator.stack(&named("work")).is_some_and(|stack| stack.status.as_str() == "UPDATE_ROLLBACK_FAILED")
        };
        assert!(is_stuck(&simulator), "seed {seed}");
        roughly(&simulator, seed, &mut counts, async |cloud| rollback(&[], &cloud, &rollback_options()).await.0.err())
            .await;
        simulator.heal();
        sleep(Duration::from_mins(30)).await;
        rollback(&[], &cloud, &rollback_options()).await.0.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let status = simulator.stack(&named("work")).expect("it is never deleted").status;
        assert_eq!(status.as_str(), "UPDATE_ROLLBACK_COMPLETE", "seed {seed}");
        assert_eq!(visibility(&simulator), Some(30.into()), "seed {seed}: as before");
        assert_eq!(stateful(&simulator), before, "seed {seed}");
        nothing_is_doubled_or_orphaned(&simulator, seed);
    }
    assert!(counts.faults > 1500 && counts.kills > 40 && counts.failures > 150, "{counts:?}");
}
