//! The lock of an environment: who gets it, who keeps it, and what whoever lost it may still do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cloud::Cloud;
use cloud::faults::{Fault, Faults, Moment};
use cloud::intercept::Interceptor;
use serde_json::json;
use template::Assembly;
use tokio::time::{Instant, sleep};
use toolkit::{Error, Event, Holder, Lock, LockOptions, LockTable, Patience, locked};

use crate::fake::Fake;
use crate::system::{Log, Variant, assembly, deploy, destroy_options, options, yes};

fn place() -> LockTable {
    LockTable { stack: "bootstrap".to_owned(), output: "LockTable".to_owned() }
}

fn wants(run: &str) -> LockOptions {
    LockOptions {
        table: place(),
        holder: Holder {
            run: run.to_owned(),
            name: "ana@laptop".to_owned(),
            process: run.to_owned(),
            command: "deploy".to_owned(),
            since: "2026-11-20T19:00:00Z".to_owned(),
        },
        wait: false,
        steal: false,
        is_alive: |_| None,
        patience: Patience::default(),
    }
}

/// An environment that is deployed, so that it has a table.
async fn deployed() -> (Fake, Assembly) {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    deploy(&assembly, &[], &fake.cloud()).await.0.expect("deployed");
    (fake, assembly)
}

async fn lock(assembly: &Assembly, cloud: &Cloud, options: &LockOptions) -> Result<Lock, Error> {
    toolkit::lock(assembly, cloud, options, &toolkit::silent).await
}

async fn holder(assembly: &Assembly, cloud: &Cloud) -> Option<String> {
    let state = toolkit::lock_state(assembly, cloud, &place(), Patience::default()).await.expect("read");
    state.holder.map(|holder| holder.run)
}

#[tokio::test(start_paused = true)]
async fn it_is_held_by_one_and_given_back() {
    let (fake, assembly) = deployed().await;
    let first = lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free");
    assert_eq!(holder(&assembly, &fake.cloud()).await.as_deref(), Some("one"));
    let error = lock(&assembly, &fake.cloud(), &wants("two")).await.expect_err("held");
    assert_eq!(
        error.to_string(),
        "environment `test` is locked: `deploy` by ana@laptop since 2026-11-20T19:00:00Z (run one)"
    );
    assert!(error.hints()[0].contains("--wait-lock") && error.hints()[1].contains("--steal-lock"));
    first.release().await.expect("released");
    assert_eq!(holder(&assembly, &fake.cloud()).await, None);
    lock(&assembly, &fake.cloud(), &wants("two")).await.expect("free again");
}

#[tokio::test(start_paused = true)]
async fn it_is_held_for_as_long_as_the_work_takes() {
    let (fake, assembly) = deployed().await;
    let first = lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free");
    sleep(Duration::from_hours(3)).await;
    let error = lock(&assembly, &fake.cloud(), &wants("two")).await.expect_err("held");
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    first.cloud().cloud_formation.update_termination_protection("baleen-test-jobs", true).await.expect("still held");
}

#[tokio::test(start_paused = true)]
async fn one_that_nobody_renews_is_taken_with_a_word() {
    let (fake, assembly) = deployed().await;
    // Killed: dropped without being given back.
    drop(lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free"));
    let log = Log::default();
    let began = Instant::now();
    toolkit::lock(&assembly, &fake.cloud(), &wants("two"), &log).await.expect("abandoned");
    assert!(began.elapsed() >= Duration::from_secs(30), "not before nobody can hold it: {:?}", began.elapsed());
    assert_eq!(log.kinds(), ["lock-met", "lock-taken"]);
    assert_eq!(holder(&assembly, &fake.cloud()).await.as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn that_of_a_process_that_has_ended_is_taken_at_once_and_that_of_one_that_runs_refused_at_once() {
    let (fake, assembly) = deployed().await;
    drop(lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free"));
    let began = Instant::now();
    let runs = LockOptions { is_alive: |_| Some(true), ..wants("two") };
    assert!(matches!(lock(&assembly, &fake.cloud(), &runs).await, Err(Error::Locked { .. })));
    let ended = LockOptions { is_alive: |holder| Some(holder.process != "one"), ..wants("two") };
    lock(&assembly, &fake.cloud(), &ended).await.expect("abandoned");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_gets_it_when_it_is_free() {
    let (fake, assembly) = deployed().await;
    let first = lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free");
    let waits = LockOptions { wait: true, ..wants("two") };
    let (cloud, began) = (fake.cloud(), Instant::now());
    let (second, ()) = tokio::join!(lock(&assembly, &cloud, &waits), async {
        sleep(Duration::from_mins(10)).await;
        first.release().await.expect("released");
    });
    second.expect("free now");
    assert!(began.elapsed() >= Duration::from_mins(10));
}

#[tokio::test(start_paused = true)]
async fn whoever_lost_it_begins_nothing_more() {
    let (fake, assembly) = deployed().await;
    let first = lock(&assembly, &fake.cloud(), &wants("one")).await.expect("free");
    let log = Log::default();
    let steals = LockOptions { steal: true, ..wants("two") };
    toolkit::lock(&assembly, &fake.cloud(), &steals, &log).await.expect("stolen");
    assert!(
        log.events()
            .iter()
            .any(|event| matches!(event, Event::LockTaken { how: "stolen", holder } if holder.run == "one")),
        "{:?}",
        log.events()
    );
    sleep(Duration::from_secs(6)).await;
    let calls = fake.state().tokens.len();
    let changed = assembly_with(30);
    let result = toolkit::deploy(&changed, &[], first.cloud(), &options(), &yes, &toolkit::silent).await;
    let error = result.expect_err("lost");
    assert!(matches!(&error, Error::LockLost { reason } if reason.contains("(run two)")), "{error}");
    assert_eq!(fake.state().tokens.len(), calls, "no change set was made");
    // To look is allowed.
    toolkit::outputs(&assembly, &[], first.cloud(), Patience::default()).await.expect("read");
    first.release().await.expect("what is not held any more is not given back");
    assert_eq!(holder(&assembly, &fake.cloud()).await.as_deref(), Some("two"));
}

fn assembly_with(keep_days: u32) -> Assembly {
    assembly(&Variant { keep_days, ..Variant::default() })
}

/// Makes every call to the table fail.
fn without_table(cloud: &Cloud) -> (Cloud, Arc<Faults>) {
    let fault = |call| Fault {
        operation: "dynamodb:UpdateItem",
        call,
        moment: Moment::Before,
        kind: cloud::ErrorKind::Unreachable,
    };
    // The first one takes the lock.
    let faults = Arc::new(Faults::planned((2..=1000).map(fault)));
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
    (cloud.intercepted(&interceptor), faults)
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_renew_it_begins_nothing_more() {
    let (fake, assembly) = deployed().await;
    let (cloud, faults) = without_table(&fake.cloud());
    let first = lock(&assembly, &cloud, &wants("one")).await.expect("free");
    let protect = || first.cloud().cloud_formation.update_termination_protection("baleen-test-jobs", true);
    protect().await.expect("just taken");
    sleep(Duration::from_secs(15)).await;
    protect().await.expect("nobody can have taken it yet");
    sleep(Duration::from_secs(15)).await;
    let error = protect().await.expect_err("somebody may have");
    assert!(error.message.contains("it cannot be renewed"), "{error}");
    assert!(faults.fired().len() > 5, "{}", faults.fired().len());
}

#[tokio::test(start_paused = true)]
async fn the_first_deployment_takes_it_once_there_is_a_table() {
    let fake = Fake::default();
    let assembly = assembly(&Variant::default());
    let seen = AtomicUsize::new(0);
    let cloud = fake.cloud();
    let result: Result<_, Error> = locked(&assembly, &cloud, &wants("one"), &toolkit::silent, async |lock| {
        let outcomes = toolkit::deploy(&assembly, &[], lock.cloud(), &options(), &yes, &toolkit::silent).await?;
        if holder(&assembly, &cloud).await.as_deref() == Some("one") {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        Ok(outcomes)
    })
    .await;
    assert_eq!(result.expect("deployed").len(), 4);
    assert_eq!(seen.load(Ordering::Relaxed), 1, "it was held at the end");
    assert_eq!(holder(&assembly, &cloud).await, None, "and given back");
}

#[tokio::test(start_paused = true)]
async fn destroying_the_table_with_the_lock_in_it_is_no_loss() {
    let (fake, assembly) = deployed().await;
    let cloud = fake.cloud();
    let result: Result<_, Error> = locked(&assembly, &cloud, &wants("one"), &toolkit::silent, async |lock| {
        toolkit::destroy(&assembly, &[], lock.cloud(), &destroy_options(), &yes, &toolkit::silent).await
    })
    .await;
    assert_eq!(result.expect("destroyed").last().map(|stack| stack.stack.clone()).as_deref(), Some("bootstrap"));
    assert!(fake.state().stacks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_deployers_cannot_interleave() {
    let (fake, assembly) = deployed().await;
    drop(assembly);
    let cloud = fake.cloud();
    let run = async |run: &'static str, keep_days: u32| {
        let wants = LockOptions { wait: true, ..wants(run) };
        let target = assembly_with(keep_days);
        locked(&target, &cloud, &wants, &toolkit::silent, async |lock| {
            let options = toolkit::DeployOptions { run: run.to_owned(), ..options() };
            toolkit::deploy(&target, &[], lock.cloud(), &options, &yes, &toolkit::silent).await
        })
        .await
    };
    let from = fake.state().tokens.len();
    let (one, two) = tokio::join!(run("one", 30), run("two", 60));
    one.expect("deployed");
    two.expect("deployed");
    let tokens = fake.state().tokens[from..].to_vec();
    let runs: Vec<_> = tokens.iter().map(|token| token.split('-').next().expect("a run")).collect();
    let mut turns = runs.clone();
    turns.dedup();
    assert_eq!(turns.len(), 2, "one after the other: {tokens:?}");
}

#[tokio::test(start_paused = true)]
async fn a_swaps_journal_outlives_the_lock() {
    let (fake, assembly) = deployed().await;
    let cloud = fake.cloud();
    let first = lock(&assembly, &cloud, &wants("one")).await.expect("free");
    assert_eq!(first.journal().await.expect("read"), None);
    let journal = json!({ "step": "bake", "weight": 10 });
    first.write_journal(Some(&journal)).await.expect("written");
    first.release().await.expect("released");
    let second = lock(&assembly, &cloud, &wants("two")).await.expect("free");
    assert_eq!(second.journal().await.expect("read"), Some(journal));
    second.write_journal(None).await.expect("written");
    assert_eq!(second.journal().await.expect("read"), None);
    let steals = LockOptions { steal: true, ..wants("three") };
    lock(&assembly, &cloud, &steals).await.expect("stolen");
    let error = second.write_journal(Some(&json!({}))).await.expect_err("lost");
    assert!(matches!(error, Error::LockLost { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_no_lock_of_somebody_else() {
    let (fake, assembly) = deployed().await;
    let fault =
        Fault { operation: "dynamodb:UpdateItem", call: 1, moment: Moment::After, kind: cloud::ErrorKind::Timeout };
    let faults = Arc::new(Faults::planned([fault]));
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
    lock(&assembly, &fake.cloud().intercepted(&interceptor), &wants("one")).await.expect("it is one's own");
    assert_eq!(faults.fired().len(), 1);
}
