//! What went wrong for others, each with its name: none of it may happen here.
//!
//! Those of exports ("deadly embrace") are in `exports`, those of two colours in `swap`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloud::Result;
use cloud::intercept::{Call, Interceptor};
use simulator::{During, ResourceFault, Settings, Simulator, Verb};
use tokio::time::sleep;
use toolkit::{Error, Holder, LockOptions, LockTable, Patience, Question, locked};

use crate::account::{
    Variant, assembly, deploy, deployed, destroy_options, named, options, rollback, rollback_options, status,
};
use crate::system::yes;

/// Notes the calls that change something.
#[derive(Default)]
struct Writes(Mutex<Vec<String>>);

#[async_trait]
impl Interceptor for Writes {
    async fn before(&self, call: &Call) -> Result<()> {
        let name = call.operation.strip_prefix("cloudformation:").unwrap_or_default();
        let looks = ["Describe", "List", "Get", "Detect"].iter().any(|looks| name.starts_with(looks));
        if !looks && !name.is_empty() {
            self.0.lock().expect("nobody panics with it").push(name.to_owned());
        }
        Ok(())
    }
}

impl Writes {
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics with it"))
    }
}

fn watched(simulator: &Simulator) -> (cloud::Cloud, Arc<Writes>) {
    let writes = Arc::new(Writes::default());
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&writes) as _;
    (simulator.cloud().intercepted(&interceptor), writes)
}

/// An update of `work` whose failure could not be undone.
async fn stuck() -> Simulator {
    let simulator = deployed(3).await;
    simulator.fail(ResourceFault::new("More", Verb::Create, "no more queues").times(1));
    simulator.fail(ResourceFault::new("Queue", Verb::Update, "it is locked").during(During::Rollback).times(1));
    let new = Variant { visibility: 60, more: true, ..Variant::default() };
    deploy(&new, &["work"], &simulator.cloud()).await.expect_err("it fails");
    assert_eq!(status(&simulator, "work").as_deref(), Some("UPDATE_ROLLBACK_FAILED"));
    simulator
}

/// org-formation-cli#455: the tool took `UPDATE_ROLLBACK_FAILED` for a stack that had never been, deleted it with all that
/// was in it, and created it anew.
#[tokio::test(start_paused = true)]
async fn org_formation_cli_455_a_stack_whose_rollback_failed_is_never_deleted_and_created_anew() {
    let simulator = stuck().await;
    let id = simulator.stack(&named("work")).expect("there").id;
    let (cloud, writes) = watched(&simulator);
    for variant in [Variant::default(), Variant { visibility: 90, ..Variant::default() }] {
        let error = deploy(&variant, &[], &cloud).await.expect_err("refused");
        assert!(error.to_string().contains("UPDATE_ROLLBACK_FAILED"), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("`baleen rollback work`")), "{:?}", error.hints());
    }
    assert!(!writes.seen().contains(&"DeleteStack".to_owned()));
    rollback(&[], &cloud, &rollback_options()).await.0.expect("rolled back");
    deploy(&Variant { visibility: 90, ..Variant::default() }, &[], &cloud).await.expect("deployed");
    assert!(!writes.seen().contains(&"DeleteStack".to_owned()));
    assert_eq!(simulator.stack(&named("work")).expect("there").id, id, "it is the same stack");
}

/// aws-bench-datasets#30: `RollbackStack` for a stack that wanted `ContinueUpdateRollback`.
#[tokio::test(start_paused = true)]
async fn aws_bench_datasets_30_the_right_rollback_call_is_made_and_no_other() {
    let simulator = stuck().await;
    let (cloud, writes) = watched(&simulator);
    rollback(&[], &cloud, &rollback_options()).await.0.expect("rolled back");
    assert_eq!(writes.seen(), ["ContinueUpdateRollback"]);
    rollback(&[], &cloud, &rollback_options()).await.0.expect("there is nothing to do");
    assert_eq!(writes.seen(), [""; 0]);
}

pub fn wants(run: &'static str) -> LockOptions {
    LockOptions {
        table: LockTable { stack: "bootstrap".to_owned(), output: "LockTable".to_owned() },
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

/// aws-cdk#14350: two deployments at once fell over each other.
#[tokio::test(start_paused = true)]
async fn aws_cdk_14350_two_deployments_at_once_do_not_collide() {
    let simulator = deployed(3).await;
    let cloud = simulator.cloud();
    let run = async |name: &'static str, visibility: u32| {
        let target = assembly(&Variant { visibility, ..Variant::default() });
        locked(&target, &cloud, &wants(name), &toolkit::silent, async |lock| {
            toolkit::deploy(&target, &[], lock.cloud(), &options(), &yes, &toolkit::silent).await
        })
        .await
    };
    let (one, two) = tokio::join!(run("one", 60), async {
        sleep(Duration::from_secs(3)).await;
        run("two", 90).await
    });
    one.expect("deployed");
    let error = two.expect_err("it is told of the other one");
    assert!(matches!(&error, Error::Locked { holder, .. } if holder.run == "one"), "{error}");
    run("two", 90).await.expect("now it is free");
}

/// aws-cdk#29367, #14780, #26924: a deployment failed, and what was shown was not why.
#[tokio::test(start_paused = true)]
async fn aws_cdk_29367_a_failure_names_its_cause_first() {
    let simulator = deployed(3).await;
    let reason = "You have requested more vCPU capacity than your current vCPU limit of 0 allows (VcpuLimitExceeded)";
    simulator.fail(ResourceFault::new("More", Verb::Create, reason).times(1));
    let new = Variant { visibility: 60, more: true, ..Variant::default() };
    let error = deploy(&new, &[], &simulator.cloud()).await.expect_err("it fails");
    assert!(error.to_string().starts_with("More (AWS::SQS::Queue) CREATE_FAILED: "), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
    assert!(error.hints()[0].contains("Service Quotas"), "{:?}", error.hints());
    let (target, names, cloud) = (assembly(&new), ["work".to_owned()], simulator.cloud());
    let history = toolkit::history(&target, &names, &cloud, false, Patience::default()).await.expect("read");
    assert_eq!(history[0].causes[0].logical_id, "More", "and it can be asked for later");
}

/// aws-cdk-cli PR#1273: what was approved was not what ran.
#[tokio::test(start_paused = true)]
async fn aws_cdk_cli_1273_what_runs_is_what_was_approved() {
    let simulator = deployed(3).await;
    let (cloud, account) = (simulator.cloud(), simulator.clone());
    let new = Variant { visibility: 60, ..Variant::default() };
    let target = assembly(&new);
    let approver = move |question: Question<'_>| {
        // While a person reads, someone deletes the queue that is to be changed by hand.
        if matches!(question, Question::Deploy(_)) {
            account.delete_behind_its_back(&named("work"), "Queue");
        }
        true
    };
    let before: BTreeSet<_> = simulator.things().into_iter().map(|thing| thing.physical_id).collect();
    let result = toolkit::deploy(&target, &["work".to_owned()], &cloud, &options(), &approver, &toolkit::silent).await;
    let error = result.expect_err("what was approved is not possible any more");
    assert!(error.to_string().contains("Queue"), "{error}");
    let new_things: Vec<_> =
        simulator.things().into_iter().filter(|thing| !before.contains(&thing.physical_id)).collect();
    assert!(new_things.is_empty(), "nothing else was done instead: {new_things:?}");
}

/// aws-cdk#4056, #3164: with a flag forgotten, the wrong account was deployed to.
#[tokio::test(start_paused = true)]
async fn aws_cdk_4056_the_wrong_account_is_refused_before_anything_is_done() {
    let settings = Settings { account: "999999999999".to_owned(), ..Settings::default() };
    let simulator = Simulator::with_settings(3, settings);
    let (cloud, writes) = watched(&simulator);
    let assembly = assembly(&Variant::default());
    let error = deploy(&Variant::default(), &[], &cloud).await.expect_err("refused");
    assert!(matches!(error, Error::WrongAccount { .. }), "{error}");
    let error = rollback(&[], &cloud, &rollback_options()).await.0.expect_err("refused");
    assert!(matches!(error, Error::WrongAccount { .. }), "{error}");
    let destroyed = toolkit::destroy(&assembly, &[], &cloud, &destroy_options(), &yes, &toolkit::silent).await;
    assert!(matches!(destroyed, Err(Error::WrongAccount { .. })));
    let lock = toolkit::lock(&assembly, &cloud, &wants("one"), &toolkit::silent).await;
    assert!(matches!(lock, Err(Error::WrongAccount { .. })));
    assert_eq!(writes.seen(), [""; 0]);
}
