//! Killed anywhere, and run again; with a cloud that fails now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use cloud::faults::Faults;
use cloud::intercept::{Call, Interceptor};
use cloud::{Error, Result};
use template::Assembly;
use tokio::sync::Notify;

use crate::fake::Fake;
use crate::system::{Variant, assembly, deploy, destroy_options, yes};

/// Stops everything at one call: before it takes effect, or after.
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

    async fn after(&self, _call: &Call, _error: Option<&Error>) -> Result<()> {
        if self.calls.load(Ordering::SeqCst) == self.at && self.after {
            self.strike().await;
        }
        Ok(())
    }
}

/// Runs until a call, and says whether that call was ever made.
pub async fn run_until(cloud: &cloud::Cloud, at: u32, after: bool, run: impl AsyncFn(cloud::Cloud)) -> bool {
    let killer = Arc::new(Killer { at, after, calls: AtomicU32::new(0), killed: Notify::new() });
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
    tokio::select! {
        biased;
        () = killer.killed.notified() => true,
        () = run(cloud.intercepted(&interceptor)) => false,
    }
}

/// What counts of a cloud: what is deployed, and that nothing else is there.
fn deployed(fake: &Fake) -> Vec<(String, String, Vec<String>)> {
    let state = fake.state();
    let describe = |stack: &crate::fake::Stack| {
        let resources = stack.resources.keys().cloned().collect();
        (stack.name.clone(), stack.template.clone(), resources)
    };
    state.stacks.values().map(describe).collect()
}

async fn kill_everywhere(before: Option<&Assembly>, target: &Assembly) {
    let reference = Fake::default();
    deploy(target, &[], &reference.cloud()).await.0.expect("deployed");
    let expected = deployed(&reference);
    for after in [false, true] {
        let mut at = 0;
        loop {
            at += 1;
            let fake = Fake::default();
            if let Some(before) = before {
                deploy(before, &[], &fake.cloud()).await.0.expect("deployed");
            }
            let was_killed = run_until(&fake.cloud(), at, after, async |cloud| {
                deploy(target, &[], &cloud).await.0.expect("nothing is wrong");
            })
            .await;
            deploy(target, &[], &fake.cloud()).await.0.unwrap_or_else(|error| panic!("killed at call {at}: {error}"));
            assert_eq!(deployed(&fake), expected, "killed at call {at}");
            let executed = fake.state().executions.clone();
            let most = if before.is_some() { 2 } else { 1 };
            assert!(executed.values().all(|times| *times <= most), "killed at call {at}: {executed:?}");
            if !was_killed {
                break;
            }
        }
        assert!(at > 20, "it was killed at {at} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_killed_at_any_call_is_completed_by_the_next_one() {
    kill_everywhere(None, &assembly(&Variant { large_fleet: true, protected: true, ..Variant::default() })).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_killed_at_any_call_is_completed_by_the_next_one() {
    let new = assembly(&Variant { keep_days: 30, uses_enhanced: true, ..Variant::default() });
    kill_everywhere(Some(&assembly(&Variant::default())), &new).await;
}

#[tokio::test(start_paused = true)]
async fn a_destruction_killed_at_any_call_is_completed_by_the_next_one() {
    let target = assembly(&Variant::default());
    let options = toolkit::DestroyOptions { empty_buckets: true, ..destroy_options() };
    for after in [false, true] {
        let mut at = 0;
        loop {
            at += 1;
            let fake = Fake::default();
            deploy(&target, &[], &fake.cloud()).await.0.expect("deployed");
            let place = ("baleen-test-storage-sources".to_owned(), "clip.mp4".to_owned());
            fake.state().objects.insert(place, Vec::new());
            let was_killed = run_until(&fake.cloud(), at, after, async |cloud| {
                toolkit::destroy(&target, &[], &cloud, &options, &yes, &toolkit::silent)
                    .await
                    .expect("nothing is wrong");
            })
            .await;
            let again = toolkit::destroy(&target, &[], &fake.cloud(), &options, &yes, &toolkit::silent).await;
            again.unwrap_or_else(|error| panic!("killed at call {at}: {error}"));
            assert!(fake.state().stacks.is_empty(), "killed at call {at}");
            if !was_killed {
                break;
            }
        }
        assert!(at > 20, "it was killed at {at} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_fails_now_and_then_is_borne_with() {
    let target = assembly(&Variant { large_fleet: true, protected: true, ..Variant::default() });
    let mut fired = 0;
    for seed in 0..200 {
        let fake = Fake::default();
        let faults = Arc::new(Faults::drawn(seed, 150));
        let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
        let (outcomes, _) = deploy(&target, &[], &fake.cloud().intercepted(&interceptor)).await;
        outcomes.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let executed = fake.state().executions.clone();
        assert!(executed.len() == 4 && executed.values().all(|times| *times == 1), "seed {seed}: {executed:?}");
        fired += faults.fired().len();
    }
    assert!(fired > 1000, "{fired} faults fired");
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_is_gone_is_given_up() {
    let fake = Fake::default();
    let faults = (1..=1000).map(|call| cloud::faults::Fault {
        operation: "cloudformation:DescribeStacks",
        call,
        moment: cloud::faults::Moment::Before,
        kind: cloud::ErrorKind::Unreachable,
    });
    let faults = Arc::new(Faults::planned(faults));
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
    let (outcomes, log) = deploy(&assembly(&Variant::default()), &[], &fake.cloud().intercepted(&interceptor)).await;
    let error = outcomes.expect_err("gone");
    assert!(matches!(&error, toolkit::Error::Cloud(error) if error.kind == cloud::ErrorKind::Unreachable), "{error}");
    assert_eq!(log.kinds().iter().filter(|kind| *kind == "unreachable").count(), 1, "said once, not at each try");
    assert!(faults.fired().len() > 30);
    assert!(faults.fired().len() < 1000, "it was not given up");
}

/// Makes every call of an operation fail.
fn always(operation: &'static str, kind: cloud::ErrorKind) -> Arc<dyn Interceptor> {
    let moment = cloud::faults::Moment::Before;
    Arc::new(Faults::planned((1..=200).map(|call| cloud::faults::Fault { operation, call, moment, kind })))
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_never_answers_is_given_up_soon() {
    let gone = always("sts:GetCallerIdentity", cloud::ErrorKind::Unreachable);
    let began = tokio::time::Instant::now();
    let (outcomes, _) = deploy(&assembly(&Variant::default()), &[], &Fake::default().cloud().intercepted(&gone)).await;
    let error = outcomes.expect_err("gone");
    assert!(matches!(&error, toolkit::Error::OutOfReach { .. }), "{error}");
    assert_eq!(error.hints(), ["nothing has been begun; check the network, and `region` in environments/test.toml"]);
    // Time is paused: this is what was waited for, however quick the machine is.
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_loser_of_two_deployments_is_told_of_the_other() {
    let fake = Fake::default();
    deploy(&assembly(&Variant::default()), &[], &fake.cloud()).await.0.expect("deployed");
    let changed = assembly(&Variant { keep_days: 30, ..Variant::default() });
    for (operation, kind) in [
        ("cloudformation:CreateChangeSet", cloud::ErrorKind::AlreadyExists),
        ("cloudformation:ExecuteChangeSet", cloud::ErrorKind::NotFound),
    ] {
        let cloud = fake.cloud().intercepted(&always(operation, kind));
        let error = deploy(&changed, &[], &cloud).await.0.expect_err("lost");
        let expected = format!("another deployment of stack `storage` is under way: {operation}: ");
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(error.hints(), ["run this again when that one is done"]);
    }
}
