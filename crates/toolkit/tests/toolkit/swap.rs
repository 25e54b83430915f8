//! Swapping on a simulated account: peaceful, with alarms, killed at each call, and with calls that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloud::Cloud;
use cloud::alarms::AlarmState;
use cloud::cloud_formation::RollbackTriggers;
use cloud::faults::Faults;
use cloud::intercept::{Call, Interceptor};
use cloud::recording::Recording;
use serde_json::json;
use simulator::{ResourceFault, Simulator, Verb};
use template::{App, Assembly, Parameter, Raw, References, Settings as AppSettings, Stack, sub};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use toolkit::swap::{
    ColourNames, Colours, Names, OutputName, Settings, SmokeStatus, SwapOptions, Swapped, System, SystemError, Work,
    WorkQuestion,
};
use toolkit::{DeployOptions, Error, Event, Holder, Kept, LockOptions, LockTable, Patience};

use crate::system::{Log, yes};

const ALARM: &str = "green-ill";

/// Synthesizes `bootstrap`, `storage`, `fleet-blue` and `fleet-green` (which use `storage`), and `router`.
fn assembly(table_name: &str, instance: &str) -> Assembly {
    let mut app = App::new(AppSettings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "eu-central-1".into(),
        tags: Vec::new(),
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("bootstrap", |stack| {
        let locks = stack.add("Locks", table("locks"));
        stack.output("LockTable", locks.reference::<String>());
    });
    let jobs = app.stack("storage", |stack| stack.add("Jobs", table(table_name)));
    for colour in ["blue", "green"] {
        app.stack(&format!("fleet-{colour}"), |stack| {
            let minimum = stack.parameter("Minimum", Parameter::integer().default(0));
            add_parameter(stack, "Capacity", sub!("{} {}", minimum, instance));
            let table = jobs.reference::<String>();
            add_parameter(stack, "Table", sub!("{}", table));
            let alarm = Raw::new("AWS::CloudWatch::Alarm")
                .property("AlarmName", format!("{colour}-ill"))
                .property("Namespace", "Baleen")
                .property("MetricName", "TasksFailed")
                .property("Statistic", "Sum")
                .property("Period", 60)
                .property("Threshold", 0)
                .property("ComparisonOperator", "GreaterThanThreshold")
                .property("EvaluationPeriods", 1);
            let alarm = stack.add("Ill", alarm);
            stack.output("Alarms", alarm.attribute::<String>("Arn"));
        });
    }
    app.stack("router", |stack| {
        let blue = stack.parameter("BlueWeight", Parameter::integer().default(100));
        let green = stack.parameter("GreenWeight", Parameter::integer().default(0));
        let live = stack.parameter("Live", Parameter::string().default("blue"));
        let set_by = stack.parameter("SetBy", Parameter::string().default("nobody"));
        add_parameter(stack, "Weights", sub!("{} {} {} {}", blue, green, live, set_by));
    });
    app.synth().expect("nothing is wrong")
}

fn add_parameter(stack: &mut Stack, logical_id: &str, value: template::Value<String>) {
    stack.add(logical_id, Raw::new("AWS::SSM::Parameter").property("Type", "String").value("Value", value));
}

fn table(name: &str) -> Raw {
    Raw::new("AWS::DynamoDB::Table")
        .property("TableName", name)
        .property("BillingMode", "PAY_PER_REQUEST")
        .property("AttributeDefinitions", json!([{ "AttributeName": "id", "AttributeType": "S" }]))
        .property("KeySchema", json!([{ "AttributeName": "id", "KeyType": "HASH" }]))
}

fn names() -> Names {
    let colour = |name: &str, weight: &str| ColourNames {
        name: name.to_owned(),
        stack: format!("fleet-{name}"),
        weight: weight.to_owned(),
        minimum: Some("Minimum".to_owned()),
        queue: OutputName { stack: format!("fleet-{name}"), output: "None".to_owned() },
        alarms: OutputName { stack: format!("fleet-{name}"), output: "Alarms".to_owned() },
        ill: None,
    };
    Names {
        router: "router".to_owned(),
        live: "Live".to_owned(),
        set_by: "SetBy".to_owned(),
        colours: [colour("blue", "BlueWeight"), colour("green", "GreenWeight")],
        locks: locks(),
    }
}

fn locks() -> LockTable {
    LockTable { stack: "bootstrap".to_owned(), output: "LockTable".to_owned() }
}

/// Names a run as no other one is named: two runs of one name would be one to CloudFormation.
fn run() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("swap-{}", RUNS.fetch_add(1, Ordering::Relaxed))
}

fn options() -> SwapOptions {
    SwapOptions {
        run: run(),
        settings: Settings {
            steps: vec![10, 50, 100],
            step_minutes: 15,
            bake_minutes: 60,
            verified_jobs: 3,
            smoke_minutes: 30,
            drain_hours: 2,
            warm: 1,
        },
        role: None,
        patience: Patience::default(),
        pause: Duration::from_secs(15),
    }
}

/// A system that works: a job is done a minute, and what a colour has is done in five.
struct Works {
    began: Instant,
    smoked: AtomicU32,
}

impl Works {
    fn new() -> Self {
        Self { began: Instant::now(), smoked: AtomicU32::new(0) }
    }
}

const EPOCH: u64 = 1_800_000_000;

#[async_trait]
impl System for Works {
    fn now(&self) -> u64 {
        EPOCH + self.began.elapsed().as_secs()
    }

    async fn obstacles(&self, _old: &str, _new: &str, _warm: u32) -> Result<Vec<String>, SystemError> {
        Ok(Vec::new())
    }

    async fn work(&self, question: &WorkQuestion<'_>) -> Result<Work, SystemError> {
        let seconds = self.now().saturating_sub(question.since);
        let left = u64::from(seconds < 300);
        let verified = u32::try_from(seconds / 60).expect("not for ever");
        Ok(Work {
            unfinished: Colours { old: left, new: left },
            verified: Colours { old: verified, new: verified },
            undecided: 0,
        })
    }

    async fn is_ready(&self, _colour: &str, _minimum: u32) -> Result<bool, SystemError> {
        Ok(true)
    }

    async fn capacity(&self, _colour: &str) -> Result<Option<u32>, SystemError> {
        Ok(None)
    }

    async fn set_capacity(&self, _colour: &str, _workers: u32) -> Result<(), SystemError> {
        Ok(())
    }

    async fn start_smoke(&self, _colour: &str, _swap: &str) -> Result<(), SystemError> {
        self.smoked.store(1, Ordering::SeqCst);
        Ok(())
    }

    async fn smoke(&self, _colour: &str, _swap: &str) -> Result<SmokeStatus, SystemError> {
        Ok(if self.smoked.load(Ordering::SeqCst) == 0 { SmokeStatus::Missing } else { SmokeStatus::Verified })
    }
}

fn lock_options(run: &str) -> LockOptions {
    LockOptions {
        table: locks(),
        holder: Holder {
            run: run.to_owned(),
            name: "ana@laptop".to_owned(),
            process: run.to_owned(),
            command: "swap".to_owned(),
            since: "2026-11-20T19:00:00Z".to_owned(),
        },
        // Whoever was killed holds it until it counts as abandoned.
        wait: true,
        steal: false,
        is_alive: |_| Some(false),
        patience: Patience::default(),
    }
}

async fn swap(cloud: &Cloud, works: &Works, log: &Log) -> Result<Swapped, Error> {
    let (assembly, names, options) = (assembly("jobs", "old"), names(), options());
    let lock = lock_options(&options.run);
    toolkit::locked(&assembly, cloud, &lock, log, async |lock| {
        toolkit::swap::swap(&assembly, &names, lock, works, &options, &yes, log).await
    })
    .await
}

async fn back(cloud: &Cloud, works: &Works, log: &Log) -> Result<Swapped, Error> {
    let (assembly, names, options) = (assembly("jobs", "old"), names(), options());
    let lock = lock_options(&options.run);
    toolkit::locked(&assembly, cloud, &lock, log, async |lock| {
        toolkit::swap::back(&assembly, &names, lock, works, &options, &yes, log).await
    })
    .await
}

async fn deployed(seed: u64) -> Simulator {
    let simulator = Simulator::new(seed);
    let options = DeployOptions::new(run());
    let outcome =
        toolkit::deploy(&assembly("jobs", "old"), &[], &simulator.cloud(), &options, &yes, &Log::default()).await;
    outcome.expect("deployed");
    let capacity = [("fleet-blue".to_owned(), [("Minimum".to_owned(), "2".to_owned())].into())];
    let options = DeployOptions { parameters: capacity.into(), ..DeployOptions::new(run()) };
    let outcome =
        toolkit::deploy(&assembly("jobs", "old"), &[], &simulator.cloud(), &options, &yes, &Log::default()).await;
    outcome.expect("two instances");
    simulator
}

/// The weights, the live colour, and the least capacities of blue and green.
fn shares(simulator: &Simulator) -> [String; 5] {
    let value = |stack: &str, parameter: &str| {
        let stack = simulator.stack(&format!("baleen-test-{stack}")).expect("it is there");
        stack.parameters[parameter].clone()
    };
    [
        value("router", "BlueWeight"),
        value("router", "GreenWeight"),
        value("router", "Live"),
        value("fleet-blue", "Minimum"),
        value("fleet-green", "Minimum"),
    ]
}

const BLUE: [&str; 5] = ["100", "0", "blue", "2", "0"];
const GREEN: [&str; 5] = ["0", "100", "green", "0", "2"];

/// One colour has all the work, no alarm would undo the next deployment, and no change set is left.
fn is_at_rest(simulator: &Simulator, expected: [&str; 5]) {
    assert_eq!(shares(simulator), expected.map(str::to_owned));
    let router = simulator.stack("baleen-test-router").expect("it is there");
    assert_eq!(router.rollback, RollbackTriggers::default());
}

fn phases(log: &Log) -> Vec<String> {
    let phase = |event: &Event| match event {
        Event::SwapEntered { phase, .. } => Some(phase.to_string()),
        _ => None,
    };
    log.events().iter().filter_map(phase).collect()
}

#[tokio::test(start_paused = true)]
async fn a_swap_in_peace_takes_its_steps_and_its_time() {
    let simulator = deployed(1).await;
    let (works, log) = (Works::new(), Log::default());
    let swapped = swap(&simulator.cloud(), &works, &log).await.expect("swapped");
    assert!(swapped.swapped && swapped.because.is_none(), "{swapped:?}");
    is_at_rest(&simulator, GREEN);
    let expected =
        ["warming", "trying", "shifting", "shifting", "shifting", "switching", "draining", "lowering", "swapped"];
    assert_eq!(phases(&log), expected);
    assert!(works.began.elapsed() >= Duration::from_mins(15 + 15 + 60), "{:?}", works.began.elapsed());

    let again = back(&simulator.cloud(), &works, &Log::default()).await.expect("returned");
    assert!(!again.swapped && again.because.as_deref() == Some("it was asked for"), "{again:?}");
    is_at_rest(&simulator, BLUE);
}

/// Whether CloudFormation sees the alarm first, while it watches, or the program does, afterwards: all work returns.
#[tokio::test(start_paused = true)]
async fn an_alarm_at_any_time_of_the_bake_returns_all_work() {
    let mut undone_by_cloud_formation = 0;
    for minutes in (0..90).step_by(7) {
        let simulator = deployed(minutes).await;
        let (works, log, cloud) = (Works::new(), Log::default(), simulator.cloud());
        let ring = async {
            sleep(Duration::from_secs(minutes * 60 + 3)).await;
            simulator.set_alarm(ALARM, AlarmState::Alarm);
            std::future::pending::<Swapped>().await
        };
        let swapped = tokio::select! {
            swapped = swap(&cloud, &works, &log) => swapped.expect("it ends well, if not as it was wished"),
            swapped = ring => swapped,
        };
        let because = swapped.because.clone().unwrap_or_default();
        assert!(!swapped.swapped && because.contains(ALARM), "an alarm after {minutes} minutes: {swapped:?}");
        undone_by_cloud_formation += u32::from(because.contains("CloudFormation undid"));
        is_at_rest(&simulator, BLUE);
        simulator.set_alarm(ALARM, AlarmState::Ok);
        swap(&cloud, &Works::new(), &log).await.expect("the next one goes well");
        is_at_rest(&simulator, GREEN);
    }
    let _ = undone_by_cloud_formation;
}

/// Nobody runs the swap when the alarm rings: CloudFormation undoes the step, and the next run returns the rest.
#[tokio::test(start_paused = true)]
async fn an_alarm_while_nobody_looks_undoes_the_step_and_the_next_run_returns_the_rest() {
    let simulator = deployed(7).await;
    let (works, log, cloud) = (Works::new(), Log::default(), simulator.cloud());
    let until = async |share: &str| {
        while shares(&simulator)[1] != share {
            sleep(Duration::from_secs(10)).await;
        }
    };
    tokio::select! {
        swapped = swap(&cloud, &works, &log) => panic!("too quick: {swapped:?}"),
        () = until("50") => {}
    }
    // Nobody goes on with it; CloudFormation watches the second step, and takes it back.
    simulator.set_alarm(ALARM, AlarmState::Alarm);
    until("10").await;
    simulator.set_alarm(ALARM, AlarmState::Ok);
    let swapped = swap(&cloud, &works, &log).await.expect("returned");
    let because = swapped.because.unwrap_or_default();
    assert!(
        because.starts_with("CloudFormation undid the change of stack `router`") && because.contains(ALARM),
        "{because}"
    );
    is_at_rest(&simulator, BLUE);
}

/// Stops everything at one call, after it has taken effect or before.
struct Killer {
    service: &'static str,
    at: u32,
    after: bool,
    calls: AtomicU32,
    killed: Notify,
}

impl Killer {
    /// Looking changes nothing: to be killed there is to be killed before the next call that does.
    fn counts(&self, call: &Call) -> bool {
        let looks = ["Describe", "List", "Get"].iter().any(|word| call.operation.contains(word));
        !looks && call.operation.starts_with(self.service)
    }

    async fn strike(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Interceptor for Killer {
    async fn before(&self, call: &Call) -> cloud::Result<()> {
        if self.counts(call) && self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.at && !self.after {
            self.strike().await;
        }
        Ok(())
    }

    async fn after(&self, call: &Call, _error: Option<&cloud::Error>) -> cloud::Result<()> {
        if self.counts(call) && self.calls.load(Ordering::SeqCst) == self.at && self.after {
            self.strike().await;
        }
        Ok(())
    }
}

/// Kills a swap at a call, and has another one complete it; says whether there was such a call.
async fn kill_and_go_on(service: &'static str, at: u32, after: bool) -> bool {
    let simulator = deployed(u64::from(at)).await;
    let killer = Arc::new(Killer { service, at, after, calls: AtomicU32::new(0), killed: Notify::new() });
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&killer) as _;
    let (cloud, works, log) = (simulator.cloud().intercepted(&interceptor), Works::new(), Log::default());
    let was_killed = tokio::select! {
        biased;
        () = killer.killed.notified() => true,
        swapped = swap(&cloud, &works, &log) => { swapped.expect("swapped"); false }
    };
    if was_killed {
        let swapped = swap(&simulator.cloud(), &works, &log).await;
        let swapped = swapped.unwrap_or_else(|error| panic!("killed at {service} {at}, after it: {after}: {error}"));
        assert!(swapped.swapped, "killed at {service} {at}, after it: {after}: {swapped:?}");
    }
    is_at_rest(&simulator, GREEN);
    was_killed
}

#[tokio::test(start_paused = true)]
async fn a_swap_killed_at_any_call_is_completed_by_the_next_one() {
    for after in [false, true] {
        let mut at = 1;
        while kill_and_go_on("cloudformation:", at, after).await {
            at += 1;
        }
        assert!(at > 14, "seven changes, each made and executed: {at}");
        // The journal; between its entries the lock is renewed, which is always alike.
        for at in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233] {
            assert!(kill_and_go_on("dynamodb:", at, after).await, "it makes more calls than {at}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_now_and_then_delay_a_swap_and_no_more() {
    let mut fired = 0;
    for seed in 0..25 {
        let simulator = deployed(seed).await;
        let faults = Arc::new(Faults::drawn(seed, 30));
        let interceptor: Arc<dyn Interceptor> = Arc::clone(&faults) as _;
        let cloud = simulator.cloud().intercepted(&interceptor);
        let works = Works::new();
        let mut runs = 0;
        loop {
            runs += 1;
            match swap(&cloud, &works, &Log::default()).await {
                Ok(swapped) => {
                    assert!(swapped.swapped, "seed {seed}: {swapped:?}");
                    break;
                }
                Err(error) => assert!(runs < 20, "seed {seed}: {error}"),
            }
        }
        is_at_rest(&simulator, GREEN);
        fired += faults.fired().len();
    }
    assert!(fired > 100, "only {fired} calls failed");
}

fn keeping_blue() -> DeployOptions {
    let keep = vec![Kept { stack: "fleet-blue".to_owned(), reason: "blue is live".to_owned() }];
    DeployOptions { keep, allow_data_loss: vec!["Jobs".to_owned()], ..DeployOptions::new(run()) }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_says_what_it_leaves_to_a_swap_and_takes_nothing_away_from_the_live_colour() {
    let simulator = deployed(3).await;
    let (cloud, log) = (simulator.cloud(), Log::default());
    let newer = assembly("jobs", "new");
    toolkit::deploy(&newer, &[], &cloud, &keeping_blue(), &yes, &log).await.expect("the rest is deployed");
    let left = log.events().into_iter().find_map(|event| match event {
        Event::LeftAlone { stack, differs, .. } => Some((stack, differs)),
        _ => None,
    });
    assert_eq!(left, Some(("fleet-blue".to_owned(), vec!["Resources.Capacity".to_owned()])));

    // Its parameter would go on naming the table that is gone.
    let other_table = assembly("jobs-2", "new");
    let refused = toolkit::deploy(&other_table, &[], &cloud, &keeping_blue(), &yes, &log).await.expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "`fleet-blue` works with Jobs of stack `storage`, which would be replaced; it is left alone, because blue is live"
    );
    let change_sets = simulator.stack("baleen-test-storage").expect("it is there");
    assert_eq!(change_sets.status.to_string(), "CREATE_COMPLETE", "nothing was done");
}

#[tokio::test(start_paused = true)]
async fn a_swap_begins_only_where_it_may() {
    let simulator = deployed(5).await;
    let cloud = simulator.cloud();
    simulator.set_alarm(ALARM, AlarmState::Alarm);
    let refused = swap(&cloud, &Works::new(), &Log::default()).await.expect_err("refused");
    assert_eq!(refused.to_string(), "the colours cannot be swapped now: alarm green-ill of green rings already");
    simulator.set_alarm(ALARM, AlarmState::Ok);
    let nothing = back(&cloud, &Works::new(), &Log::default()).await.expect_err("there was none");
    assert!(matches!(nothing, Error::NoSwap), "{nothing}");

    let (newer, names, options) = (assembly("jobs", "new"), names(), options());
    let plan = toolkit::swap::swap_plan(&newer, &names, &cloud, &Works::new(), &options, &toolkit::silent).await;
    assert!(matches!(plan, Err(Error::SwapStale { .. })), "{plan:?}");
    is_at_rest(&simulator, BLUE);
}

/// `manheim/cf_deployer#39`: a swap failed, and both colours went on taking work.
#[tokio::test(start_paused = true)]
async fn cf_deployer_39_after_a_swap_that_failed_one_colour_is_active() {
    for step in 1..=3 {
        let simulator = deployed(step).await;
        let log = Log::default();
        let fail = async {
            while shares(&simulator)[1] != ["0", "10", "50"][usize::try_from(step - 1).expect("small")] {
                sleep(Duration::from_secs(1)).await;
            }
            simulator.fail(ResourceFault::new("Weights", Verb::Update, "the parameter is locked").times(1));
            std::future::pending::<()>().await;
        };
        let (works, cloud) = (Works::new(), simulator.cloud());
        let swapped = tokio::select! {
            swapped = swap(&cloud, &works, &log) => swapped.expect("it ends well, if not as it was wished"),
            () = fail => unreachable!("it waits for ever"),
        };
        let because = swapped.because.clone().unwrap_or_default();
        assert!(!swapped.swapped && because.contains("the parameter is locked"), "step {step}: {swapped:?}");
        is_at_rest(&simulator, BLUE);
    }
}

/// coverage-roadmap#37: blue/green by `CodeDeploy` deleted a group that CloudFormation owned, and no stack could be updated
/// any more.
#[tokio::test(start_paused = true)]
async fn coverage_roadmap_37_a_swap_deletes_nothing_that_cloudformation_owns() {
    let simulator = deployed(3).await;
    let owned = || -> Vec<_> {
        let things = simulator.things().into_iter();
        things.map(|thing| (thing.physical_id, thing.owner.map(|owner| owner.logical_id))).collect()
    };
    let before = owned();
    let recording = Arc::new(Recording::default());
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&recording) as _;
    let cloud = simulator.cloud().intercepted(&interceptor);
    swap(&cloud, &Works::new(), &Log::default()).await.expect("swapped");
    assert_eq!(owned(), before, "what idles stays, and is CloudFormation's");
    back(&cloud, &Works::new(), &Log::default()).await.expect("returned");
    assert_eq!(owned(), before);
    let deleting = ["cloudformation:DeleteStack", "s3:DeleteObject", "dynamodb:DeleteItem"];
    assert!(deleting.iter().all(|operation| recording.count(operation) == 0), "{:?}", recording.operations());
    let newer = assembly("jobs", "new");
    toolkit::deploy(&newer, &[], &cloud, &keeping_blue(), &yes, &Log::default()).await.expect("it can be updated");
}

/// What a swap calls is what `permissions` allows, and needs no more than that.
#[tokio::test(start_paused = true)]
async fn permissions_allow_what_a_swap_calls() {
    let simulator = deployed(3).await;
    let recording = Arc::new(Recording::default());
    let interceptor: Arc<dyn Interceptor> = Arc::clone(&recording) as _;
    let cloud = simulator.cloud().intercepted(&interceptor);
    swap(&cloud, &Works::new(), &Log::default()).await.expect("swapped");
    back(&cloud, &Works::new(), &Log::default()).await.expect("returned");
    crate::permissions::are_allowed(&assembly("jobs", "old"), &recording);
    assert!(recording.count("cloudwatch:DescribeAlarms") > 0, "the alarms are looked at");
}
