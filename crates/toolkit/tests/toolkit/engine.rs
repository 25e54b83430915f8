//! Planning, approving and executing, against a simulated CloudFormation.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud::intercept::{Call, Interceptor};
use cloud::{Cloud, ErrorKind};
use simulator::{ResourceFault, Simulator, Verb};
use template::{App, Assembly, Raw, References, Settings, sub};
use toolkit::{
    Basis, DeployOptions, Error, Event, Outcome, Plan, PlannedStep, Question, StackOutcome, StackPolicy, StepKind,
};

use crate::interruption::run_until;
use crate::system::{Log, no, yes};

/// What varies between the tests.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// The name of the bucket, which the queue of `fleet` has in its own name.
    bucket: Option<&'static str>,
    /// How long the bucket keeps what it holds.
    days: Option<u32>,
    /// Whether the bucket is gone.
    emptied: bool,
    environment: Option<&'static str>,
    /// How many stacks there are that need nothing.
    topics: usize,
}

/// Synthesizes `storage`, `fleet` (which uses it) and `jobs` (which uses that), and stacks with a topic each.
fn assembly(shape: Shape) -> Assembly {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: shape.environment.unwrap_or("test").into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: vec![("environment".into(), "test".into())],
        references: References::Weak,
        termination_protection: false,
    });
    let sources = app.stack("storage", |stack| {
        let mut bucket = Raw::new("AWS::S3::Bucket").property("BucketName", shape.bucket.unwrap_or("sources"));
        if let Some(days) = shape.days {
            let rule = serde_json::json!({ "Status": "Enabled", "ExpirationInDays": days });
            bucket = bucket.property("LifecycleConfiguration", serde_json::json!({ "Rules": [rule] }));
        }
        if !shape.emptied {
            stack.add("Archive", Raw::new("AWS::S3::Bucket").property("BucketName", "archive"));
        }
        stack.add("Sources", bucket)
    });
    let queue = app.stack("fleet", |stack| {
        let name = sub!("tasks-{}", sources.reference::<String>());
        stack.add("Queue", Raw::new("AWS::SQS::Queue").value("QueueName", name))
    });
    app.stack("jobs", |stack| {
        stack.add(
            "Address",
            Raw::new("AWS::SSM::Parameter").property("Type", "String").value("Value", queue.reference::<String>()),
        );
    });
    for number in 0..shape.topics {
        app.stack(&format!("topic-{number}"), |stack| {
            stack.add("Topic", Raw::new("AWS::SNS::Topic"));
        });
    }
    app.synth().expect("nothing is wrong")
}

fn options() -> DeployOptions {
    // Each run is another one.
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    DeployOptions::new(format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed)))
}

async fn deploy_with(
    assembly: &Assembly,
    cloud: &Cloud,
    options: &DeployOptions,
) -> (Result<Vec<StackOutcome>, Error>, Log) {
    let log = Log::default();
    (toolkit::deploy(assembly, &[], cloud, options, &yes, &log).await, log)
}

/// Deploys and says what became of each stack.
async fn deploy(assembly: &Assembly, simulator: &Simulator) -> Vec<(String, Outcome)> {
    let (outcomes, _) = deploy_with(assembly, &simulator.cloud(), &options()).await;
    outcomes.expect("deployed").into_iter().map(|outcome| (outcome.stack, outcome.outcome)).collect()
}

fn planned(log: &Log) -> Plan {
    let mut plans = log.events().into_iter().filter_map(|event| match event {
        Event::Planned(plan) => Some(plan),
        _ => None,
    });
    plans.next_back().expect("there is a plan")
}

fn step<'p>(plan: &'p Plan, stack: &str) -> &'p PlannedStep {
    plan.steps.iter().find(|step| step.stack == stack).unwrap_or_else(|| panic!("no step for {stack}: {plan:#?}"))
}

/// Makes sure that nothing is prepared: no change set of ours, no stack that is only reviewed.
async fn nothing_prepared(simulator: &Simulator) {
    for name in simulator.stacks() {
        let description = simulator.stack(&name).expect("there");
        assert_ne!(description.status.as_str(), "REVIEW_IN_PROGRESS", "{name}");
        let left = simulator.cloud().cloud_formation.describe_change_set(&name, "baleen-deploy").await;
        // One that was executed stays as a record.
        let is_spent = left
            .as_ref()
            .is_ok_and(|left| matches!(left.execution_status.as_str(), "EXECUTE_COMPLETE" | "EXECUTE_FAILED"));
        assert!(is_spent || left.as_ref().is_err_and(|error| error.kind == ErrorKind::NotFound), "{name}: {left:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_be_known_before_has_a_change_set_and_the_rest_is_predicted() {
    let simulator = Simulator::new(1);
    let (outcomes, log) = deploy_with(&assembly(Shape::default()), &simulator.cloud(), &options()).await;
    assert_eq!(outcomes.expect("deployed").len(), 3);
    let plan = planned(&log);
    assert!(matches!(step(&plan, "storage").basis, Basis::ChangeSet { .. }));
    let fleet = step(&plan, "fleet");
    assert_eq!(fleet.basis, Basis::Predicted { because: "it needs `Sources` of `storage`".to_owned() });
    assert_eq!((fleet.step, fleet.after.as_slice(), fleet.changes.len()), (StepKind::Create, &[0][..], 1));
    assert_eq!(step(&plan, "jobs").after, [1]);
    assert_eq!(plan.steps.iter().filter(|step| step.estimated_seconds > 0).count(), 3);

    // An output that stays what it is holds nobody up: all change sets are made first.
    let changed = assembly(Shape { days: Some(30), ..Shape::default() });
    let (outcomes, log) = deploy_with(&changed, &simulator.cloud(), &options()).await;
    let outcomes: Vec<_> = outcomes.expect("deployed").into_iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(outcomes, [Outcome::Updated, Outcome::Unchanged, Outcome::Unchanged]);
    let plan = planned(&log);
    assert_eq!((plan.steps.len(), plan.unchanged), (1, vec!["fleet".to_owned(), "jobs".to_owned()]));
    nothing_prepared(&simulator).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_with_nothing_to_change_only_reads() {
    let simulator = Simulator::new(1);
    let assembly = assembly(Shape::default());
    deploy(&assembly, &simulator).await;
    let calls = Arc::new(Calls::default());
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&calls) as _;
    let (outcomes, _) = deploy_with(&assembly, &simulator.cloud().intercepted(&interceptor), &options()).await;
    assert!(outcomes.expect("deployed").iter().all(|outcome| outcome.outcome == Outcome::Unchanged));
    let expected =
        [("cloudformation:DescribeStacks", 3), ("cloudformation:GetTemplate", 3), ("sts:GetCallerIdentity", 1)];
    assert_eq!(calls.counted(), BTreeMap::from(expected));
}

/// Counts calls by operation.
#[derive(Default)]
struct Calls(Mutex<BTreeMap<&'static str, usize>>);

impl Calls {
    fn counted(&self) -> BTreeMap<&'static str, usize> {
        self.0.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Interceptor for Calls {
    async fn before(&self, call: &Call) -> cloud::Result<()> {
        *self.0.lock().expect("not poisoned").entry(call.operation).or_default() += 1;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_holds_data_is_lost_only_with_a_word_also_where_that_is_predicted() {
    let simulator = Simulator::new(1);
    deploy(&assembly(Shape::default()), &simulator).await;
    let before = simulator.things();
    let renamed = assembly(Shape { bucket: Some("others"), ..Shape::default() });
    let (refused, _) = deploy_with(&renamed, &simulator.cloud(), &options()).await;
    let error = refused.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "what holds data would be lost, and was not touched: Sources of `storage` (AWS::S3::Bucket) is replaced, and with \
         it objects; Queue of `fleet` (AWS::SQS::Queue) is replaced, and with it messages"
    );
    assert_eq!(
        error.hints(),
        ["what may be lost has to be named: `--allow-data-loss storage.Sources --allow-data-loss fleet.Queue`"]
    );
    assert_eq!(simulator.things(), before);
    nothing_prepared(&simulator).await;

    // Not even the engine's own caller can approve it with a yes alone; one of two is not enough.
    let one = DeployOptions { allow_data_loss: vec!["Sources".to_owned()], ..options() };
    let (refused, _) = deploy_with(&renamed, &simulator.cloud(), &one).await;
    assert!(matches!(refused, Err(Error::DataLoss { losses }) if losses.len() == 1));
    assert_eq!(simulator.things(), before);

    let both = DeployOptions {
        allow_data_loss: ["storage.Sources", "Queue", "storage.Archive"].map(str::to_owned).into(),
        ..options()
    };
    let (outcomes, log) = deploy_with(&renamed, &simulator.cloud(), &both).await;
    assert!(outcomes.expect("deployed").iter().all(|outcome| outcome.outcome == Outcome::Updated));
    let unneeded: Vec<_> = log
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::AllowanceUnneeded { resource } => Some(resource),
            _ => None,
        })
        .collect();
    assert_eq!(unneeded, ["storage.Archive"]);
    assert_eq!(step(&planned(&log), "fleet").changes[0].replacement.as_deref(), Some("True"));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_leaves_the_template_is_not_deleted_unasked() {
    let simulator = Simulator::new(1);
    deploy(&assembly(Shape::default()), &simulator).await;
    let without = assembly(Shape { emptied: true, ..Shape::default() });
    let (refused, _) = deploy_with(&without, &simulator.cloud(), &options()).await;
    assert!(matches!(refused, Err(Error::DataLoss { losses }) if losses[0].how == "is deleted"));
    nothing_prepared(&simulator).await;
    let allowed = DeployOptions { allow_data_loss: vec!["Archive".to_owned()], ..options() };
    deploy_with(&without, &simulator.cloud(), &allowed).await.0.expect("deployed");
    assert!(simulator.resources("baleen-test-storage").iter().all(|resource| resource.logical_id != "Archive"));
}

#[tokio::test(start_paused = true)]
async fn allowances_for_nothing_are_refused() {
    let simulator = Simulator::new(1);
    let assembly = assembly(Shape { topics: 2, ..Shape::default() });
    for (name, expected) in [
        ("Sorces", "there is no resource `Sorces` in the stacks that are deployed this time"),
        ("fleet.Sources", "there is no resource `fleet.Sources` in the stacks that are deployed this time"),
        ("Topic", "`Topic` is in topic-0 and in topic-1"),
    ] {
        let options = DeployOptions { allow_data_loss: vec![name.to_owned()], ..options() };
        let error = deploy_with(&assembly, &simulator.cloud(), &options).await.0.expect_err("refused");
        assert_eq!(error.to_string(), expected);
    }
    assert!(simulator.stacks().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_declined_plan_leaves_nothing_behind() {
    let simulator = Simulator::new(1);
    let new = assembly(Shape { topics: 3, ..Shape::default() });
    let log = Log::default();
    let declined = toolkit::deploy(&new, &[], &simulator.cloud(), &options(), &no, &log).await;
    assert_eq!(declined.expect_err("declined").to_string(), "the plan for environment `test` was not approved");
    assert!(simulator.stacks().is_empty(), "{:?}", simulator.stacks());
    assert!(planned(&log).steps.len() == 6 && log.kinds().last().is_some_and(|kind| kind == "declined"));

    deploy(&new, &simulator).await;
    let changed = assembly(Shape { days: Some(30), topics: 3, ..Shape::default() });
    toolkit::deploy(&changed, &[], &simulator.cloud(), &options(), &no, &toolkit::silent).await.expect_err("declined");
    nothing_prepared(&simulator).await;
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_is_executed_by_exactly_its_change_sets() {
    let simulator = Simulator::new(1);
    let cloud = simulator.cloud();
    let assembly = assembly(Shape::default());
    let plan = toolkit::plan(&assembly, &[], &cloud, &options(), &toolkit::silent).await.expect("planned");
    assert_eq!(simulator.stacks(), ["baleen-test-storage"], "only under review");
    let read = Plan::read(&plan.to_text()).expect("it can be read again");
    assert_eq!(read, plan);
    let outcomes = toolkit::deploy_plan(&assembly, read, &cloud, &options(), &yes, &toolkit::silent).await;
    assert!(outcomes.expect("deployed").iter().all(|outcome| outcome.outcome == Outcome::Created));
    let Basis::ChangeSet { id, stack_id } = &plan.steps[0].basis else { panic!("{plan:#?}") };
    let executed = cloud.cloud_formation.describe_change_set(stack_id, id).await.expect("kept as a record");
    assert_eq!(executed.execution_status.as_str(), "EXECUTE_COMPLETE");

    // Once more: it is done already, and nothing is done twice.
    let again = toolkit::deploy_plan(&assembly, plan, &cloud, &options(), &yes, &toolkit::silent).await;
    assert!(again.expect("done").iter().all(|outcome| outcome.outcome == Outcome::Unchanged));
}

/// What executing a plan says that is out of date.
async fn reasons(plan: Plan, assembly: &Assembly, cloud: &Cloud) -> Vec<String> {
    let result = toolkit::deploy_plan(assembly, plan, cloud, &options(), &yes, &toolkit::silent).await;
    match result {
        Err(Error::StalePlan { reasons }) => reasons,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_is_refused_with_the_reason() {
    let simulator = Simulator::new(1);
    let cloud = simulator.cloud();
    deploy(&assembly(Shape::default()), &simulator).await;
    let changed = assembly(Shape { days: Some(30), ..Shape::default() });
    let plan = toolkit::plan(&changed, &[], &cloud, &options(), &toolkit::silent).await.expect("planned");

    let other = assembly(Shape { days: Some(30), environment: Some("other"), ..Shape::default() });
    assert_eq!(reasons(plan.clone(), &other, &cloud).await, ["it is for environment test, not other"]);
    let mut newer = plan.clone();
    newer.version = 99;
    assert!(
        matches!(Plan::read(&newer.to_text()), Err(Error::StalePlan { reasons }) if reasons[0].contains("version 99"))
    );
    let edited = assembly(Shape { days: Some(31), ..Shape::default() });
    assert_eq!(reasons(plan.clone(), &edited, &cloud).await, ["stack `storage`: its template is another one"]);
    let mut tampered = plan.clone();
    tampered.steps[0].changes[0].replacement = Some("True".to_owned());
    let found = reasons(tampered, &changed, &cloud).await;
    assert_eq!(found, ["stack `storage`: its change set is another one than was shown"]);

    // Another plan of the same stack takes the place of this one.
    toolkit::plan(&changed, &[], &cloud, &options(), &toolkit::silent).await.expect("planned");
    assert_eq!(reasons(plan.clone(), &changed, &cloud).await, ["stack `storage`: its change set was deleted"]);

    let plan = toolkit::plan(&changed, &[], &cloud, &options(), &toolkit::silent).await.expect("planned");
    deploy(&assembly(Shape { days: Some(7), ..Shape::default() }), &simulator).await;
    let found = reasons(plan, &changed, &cloud).await;
    assert!(found[0].starts_with("stack `storage`: its change set"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn an_impact_that_was_not_approved_stops_its_step_and_all_behind_it() {
    let simulator = Simulator::new(1);
    let cloud = simulator.cloud();
    deploy(&assembly(Shape::default()), &simulator).await;
    let renamed = assembly(Shape { bucket: Some("others"), ..Shape::default() });
    let allowed =
        DeployOptions { allow_data_loss: ["storage.Sources", "fleet.Queue"].map(str::to_owned).into(), ..options() };
    let mut plan = toolkit::plan(&renamed, &[], &cloud, &allowed, &toolkit::silent).await.expect("planned");
    // As if the templates had not shown it.
    let fleet = plan.steps.iter_mut().find(|step| step.stack == "fleet").expect("it is predicted");
    assert!(fleet.is_predicted());
    fleet.changes.clear();
    let before = simulator.resources("baleen-test-fleet");
    let log = Log::default();
    let error = toolkit::deploy_plan(&renamed, plan, &cloud, &options(), &yes, &log).await.expect_err("stopped");
    assert_eq!(
        error.to_string(),
        "stack `fleet` would change in a way that was not approved, and was not touched: Queue (AWS::SQS::Queue) is \
         replaced"
    );
    assert_eq!(simulator.resources("baleen-test-fleet"), before);
    assert!(log.events().contains(&Event::NotBegun { stacks: vec!["jobs".to_owned()] }), "{:?}", log.kinds());
    nothing_prepared(&simulator).await;

    // The next deployment shows it first.
    let (outcomes, log) = deploy_with(&renamed, &cloud, &DeployOptions { run: options().run, ..allowed }).await;
    outcomes.expect("deployed");
    assert!(matches!(step(&planned(&log), "fleet").basis, Basis::ChangeSet { .. }));
}

/// Notes how many stacks are worked on at once, at most.
struct Most {
    simulator: Simulator,
    most: AtomicUsize,
}

#[async_trait]
impl Interceptor for Most {
    async fn before(&self, _call: &Call) -> cloud::Result<()> {
        let busy = self.simulator.stacks().into_iter().filter_map(|name| self.simulator.stack(&name));
        let busy = busy.filter(|stack| stack.status.is_in_progress()).count();
        self.most.fetch_max(busy, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn independent_stacks_are_worked_on_at_once_up_to_the_limit() {
    let assembly = assembly(Shape { topics: 5, ..Shape::default() });
    for (concurrency, expected) in [(1, 1), (2, 2), (20, 6)] {
        let simulator = Simulator::new(1);
        let most = Arc::new(Most { simulator: simulator.clone(), most: AtomicUsize::new(0) });
        let interceptor: Arc<dyn Interceptor> = Arc::clone(&most) as _;
        let options = DeployOptions { concurrency, ..options() };
        let (outcomes, _) = deploy_with(&assembly, &simulator.cloud().intercepted(&interceptor), &options).await;
        assert_eq!(outcomes.expect("deployed").len(), 8);
        assert_eq!(most.most.load(Ordering::SeqCst), expected, "of at most {concurrency}");
    }
}

/// Refuses calls that come too fast.
struct Throttle {
    since: Mutex<(tokio::time::Instant, u32)>,
    refused: AtomicUsize,
}

#[async_trait]
impl Interceptor for Throttle {
    async fn before(&self, call: &Call) -> cloud::Result<()> {
        let mut since = self.since.lock().expect("not poisoned");
        if since.0.elapsed().as_secs() >= 1 {
            *since = (tokio::time::Instant::now(), 0);
        }
        since.1 += 1;
        if call.operation.starts_with("cloudformation:") && since.1 > 6 {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(cloud::Error::new(ErrorKind::Throttled, call.operation, "Rate exceeded"));
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_wants_fewer_calls_gets_fewer() {
    let simulator = Simulator::new(1);
    let throttle =
        Arc::new(Throttle { since: Mutex::new((tokio::time::Instant::now(), 0)), refused: AtomicUsize::new(0) });
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&throttle) as _;
    let assembly = assembly(Shape { topics: 8, ..Shape::default() });
    let options = DeployOptions { concurrency: 8, ..options() };
    let (outcomes, _) = deploy_with(&assembly, &simulator.cloud().intercepted(&interceptor), &options).await;
    assert_eq!(outcomes.expect("deployed").len(), 11);
    let refused = throttle.refused.load(Ordering::SeqCst);
    assert!((5..150).contains(&refused), "{refused} refused");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_what_runs_is_followed_to_its_end_and_nothing_new_begins() {
    let simulator = Simulator::new(1);
    simulator.fail(ResourceFault::new("Topic", Verb::Create, "no more topics").in_stack("baleen-test-topic-1"));
    let assembly = assembly(Shape { topics: 5, ..Shape::default() });
    let options = DeployOptions { concurrency: 3, ..options() };
    let (result, log) = deploy_with(&assembly, &simulator.cloud(), &options).await;
    let error = result.expect_err("failed");
    assert!(matches!(&error, Error::Failed(failure) if failure.stack == "topic-1"), "{error}");
    let events = log.events();
    let not_begun = events.iter().find_map(|event| match event {
        Event::NotBegun { stacks } => Some(stacks.clone()),
        _ => None,
    });
    let not_begun = not_begun.expect("said");
    assert!(not_begun.contains(&"topic-4".to_owned()), "{not_begun:?}");
    nothing_prepared(&simulator).await;
    for name in simulator.stacks() {
        let status = simulator.stack(&name).expect("there").status;
        assert!(!status.is_in_progress(), "{name} is in {status}");
    }

    simulator.heal();
    let outcomes = deploy(&assembly, &simulator).await;
    assert_eq!(outcomes.len(), 8);
    assert!(outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Unchanged), "what was done is done");
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_it_ends_what_it_has_begun_and_the_next_run_goes_on() {
    let simulator = Simulator::new(1);
    let assembly = assembly(Shape { topics: 3, ..Shape::default() });
    let options = DeployOptions { concurrency: 2, ..options() };
    let stop = options.stop.clone();
    let at_once = move |event: Event| {
        if matches!(event, Event::Executing { .. }) {
            stop.request();
        }
    };
    let stopped = toolkit::deploy(&assembly, &[], &simulator.cloud(), &options, &yes, &at_once).await;
    let error = stopped.expect_err("stopped");
    let Error::Stopped { not_begun } = &error else { panic!("{error}") };
    assert!((3..6).contains(&not_begun.len()), "{not_begun:?}");
    nothing_prepared(&simulator).await;
    assert!(simulator.stacks().iter().all(|name| simulator.stack(name).expect("there").status.is_success()));
    assert_eq!(deploy(&assembly, &simulator).await.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_before_the_question_it_leaves_nothing() {
    let simulator = Simulator::new(1);
    let assembly = assembly(Shape { topics: 6, ..Shape::default() });
    for (kind, concurrency) in [("preparing", 1), ("planned", 4)] {
        let options = DeployOptions { concurrency, ..options() };
        let stop = options.stop.clone();
        let at_once = move |event: Event| {
            let name = serde_json::to_value(&event).expect("plain data")["event"].clone();
            if name == kind {
                stop.request();
            }
        };
        // Whoever presses Ctrl-C at the question has not said yes.
        let stop = options.stop.clone();
        let ask = move |_: Question<'_>| !stop.is_requested();
        let stopped = toolkit::deploy(&assembly, &[], &simulator.cloud(), &options, &ask, &at_once).await;
        assert_eq!(stopped.expect_err("stopped").to_string(), "stopped before anything was changed");
        assert!(simulator.stacks().is_empty(), "{:?}", simulator.stacks());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_policy_protects_data_from_everyone_but_a_deployment_that_may() {
    let simulator = Simulator::new(1);
    let cloud = simulator.cloud();
    let with_policy = |allow: &[&str]| DeployOptions {
        stack_policy: Some(StackPolicy::ProtectData),
        allow_data_loss: allow.iter().map(|name| (*name).to_owned()).collect(),
        ..options()
    };
    deploy_with(&assembly(Shape::default()), &cloud, &with_policy(&[])).await.0.expect("deployed");
    let policy = cloud.cloud_formation.stack_policy("baleen-test-storage").await.expect("readable").expect("set");
    assert!(policy.contains("LogicalResourceId/Sources") && policy.contains("Update:Delete"), "{policy}");
    let none = cloud.cloud_formation.stack_policy("baleen-test-jobs").await.expect("readable");
    assert_eq!(none, None, "nothing to protect");

    let (outcomes, log) = deploy_with(&assembly(Shape::default()), &cloud, &with_policy(&[])).await;
    outcomes.expect("deployed");
    assert!(!log.kinds().contains(&"policy-set".to_owned()), "it is read first");

    let renamed = assembly(Shape { bucket: Some("others"), ..Shape::default() });
    let allowed = with_policy(&["Sources", "Queue"]);
    deploy_with(&renamed, &cloud, &allowed).await.0.expect("excepted for as long as it takes");
    let after = cloud.cloud_formation.stack_policy("baleen-test-storage").await.expect("readable").expect("set");
    assert_eq!(after, policy, "and protected again");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_left_alone_only_lends_its_outputs() {
    let simulator = Simulator::new(1);
    deploy(&assembly(Shape::default()), &simulator).await;
    let kept = toolkit::Kept { stack: "storage".to_owned(), reason: "it is live".to_owned() };
    let options = DeployOptions { keep: vec![kept.clone()], ..options() };
    let changed = assembly(Shape { days: Some(30), ..Shape::default() });
    let (outcomes, log) = deploy_with(&changed, &simulator.cloud(), &options).await;
    let outcomes = outcomes.expect("deployed");
    assert_eq!(outcomes.iter().map(|outcome| outcome.stack.as_str()).collect::<Vec<_>>(), ["fleet", "jobs"]);
    assert!(log.kinds().contains(&"left-alone".to_owned()));

    let named = ["storage".to_owned()];
    let error = toolkit::deploy(&changed, &named, &simulator.cloud(), &options, &yes, &toolkit::silent).await;
    assert_eq!(error.expect_err("refused").to_string(), "stack `storage` is left alone, because it is live");
    let empty = Simulator::new(1);
    let options = DeployOptions { keep: vec![kept], ..self::options() };
    let (error, _) = deploy_with(&changed, &empty.cloud(), &options).await;
    assert_eq!(
        error.expect_err("refused").to_string(),
        "stack `storage` is left alone, because it is live, and `fleet` needs its output `Sources`"
    );
}

/// What counts of a cloud: how each stack stands, and that everything that there is belongs to one.
fn standing(simulator: &Simulator) -> Vec<(String, String, Vec<String>)> {
    let stacks = simulator.stacks().into_iter().map(|name| {
        let status = simulator.stack(&name).expect("there").status.to_string();
        let resources = simulator.resources(&name).into_iter().map(|resource| resource.logical_id).collect();
        (name, status, resources)
    });
    stacks.collect()
}

/// Kills a deployment at every call, before and after it takes effect; the next one completes it, once and for all.
async fn kill_everywhere(before: Option<&Assembly>, target: &Assembly) {
    let reference = Simulator::new(7);
    if let Some(before) = before {
        deploy(before, &reference).await;
    }
    deploy(target, &reference).await;
    for after in [false, true] {
        // Odd calls before they take effect, even ones afterwards.
        let mut at = u32::from(after);
        loop {
            at += 2;
            let simulator = Simulator::new(7);
            if let Some(before) = before {
                deploy(before, &simulator).await;
            }
            let was_killed = run_until(&simulator.cloud(), at, after, async |cloud| {
                deploy_with(target, &cloud, &options()).await.0.expect("nothing is wrong");
            })
            .await;
            let (outcomes, _) = deploy_with(target, &simulator.cloud(), &options()).await;
            outcomes.unwrap_or_else(|error| panic!("killed at call {at}: {error}"));
            assert_eq!(standing(&simulator), standing(&reference), "killed at call {at}");
            let things = simulator.things();
            assert!(things.iter().all(|thing| thing.owner.is_some()), "killed at call {at}: {things:#?}");
            assert_eq!(things.len(), reference.things().len(), "killed at call {at}");
            if !was_killed {
                break;
            }
        }
        assert!(at > 30, "it was killed at {at} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_of_parallel_stacks_killed_at_any_call_is_completed_by_the_next_one() {
    kill_everywhere(None, &assembly(Shape { topics: 1, ..Shape::default() })).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_of_parallel_stacks_killed_at_any_call_is_completed_by_the_next_one() {
    let old = assembly(Shape { topics: 1, ..Shape::default() });
    kill_everywhere(Some(&old), &assembly(Shape { days: Some(30), topics: 2, ..Shape::default() })).await;
}

#[tokio::test(start_paused = true)]
async fn parallel_stacks_are_deployed_once_each_whatever_calls_fail() {
    let assembly = assembly(Shape { topics: 4, ..Shape::default() });
    let mut fired = 0;
    for seed in 0..60 {
        let simulator = Simulator::new(seed);
        let faults = Arc::new(cloud::faults::Faults::drawn(seed, 120));
        let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
        let (outcomes, _) = deploy_with(&assembly, &simulator.cloud().intercepted(&interceptor), &options()).await;
        outcomes.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(simulator.stacks().len(), 7, "seed {seed}");
        for name in simulator.stacks() {
            let creations = simulator.events(&name).into_iter();
            let creations = creations.filter(|event| event.is_of_stack() && event.status == "CREATE_IN_PROGRESS");
            assert_eq!(creations.count(), 1, "seed {seed}: {name}");
        }
        fired += faults.fired().len();
    }
    assert!(fired > 500, "{fired} faults fired");
}
