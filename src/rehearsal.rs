//! Deploys to a simulated account, and tells what happened when.

mod before;
mod faults;
mod timeline;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use simulator::{Settings, Simulator};
use stacks::outputs::ARTIFACT_BUCKET;
use template::Assembly;
use toolkit::{Artifacts, DeployOptions, Event, Holder, Kept, LockOptions, Patience, Plan, Question};

use crate::bundle;
use crate::colours;
use crate::error::{Error, Kind, Result};
use crate::lock;
use crate::session::Session;
use crate::templates::Named;

pub use faults::Fault;
pub use timeline::{Action, ResourceSpan, StackSpan};

/// What is to be rehearsed.
pub struct Wish {
    pub stacks: Vec<String>,
    /// What is deployed before, in words.
    pub from: Option<String>,
    pub fault: Option<Fault>,
    /// The stack and the logical id that fail.
    pub at: Option<(String, String)>,
    pub seed: u64,
    pub allow_data_loss: Vec<String>,
    /// Whether the live colour is changed too.
    pub in_place: bool,
}

/// What was rehearsed.
#[derive(Debug, Serialize)]
pub struct Rehearsal {
    pub environment: String,
    /// What was deployed before; nothing for a first deployment.
    pub from: Option<String>,
    pub seed: u64,
    /// What goes wrong, in words.
    pub fault: Option<String>,
    /// The deployment, and after a fault the next one.
    pub runs: Vec<Run>,
}

/// A deployment.
#[derive(Debug, Serialize)]
pub struct Run {
    /// How long it took.
    pub seconds: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// What to do about that.
    pub hints: Vec<String>,
    /// Whether it was killed.
    pub killed: bool,
    /// The stacks that something was done to, by when it began.
    pub stacks: Vec<StackSpan>,
    /// The stacks with nothing to change.
    pub unchanged: Vec<String>,
    /// The stacks that are left alone, and why.
    pub kept: Vec<Kept>,
    /// The stacks of the longest chain of waiting.
    pub longest: Vec<String>,
    /// What is deleted, replaced or interrupted, in words.
    pub effects: Vec<Effect>,
}

/// What a deployment does to something that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Effect {
    pub stack: String,
    pub logical_id: String,
    pub resource_type: String,
    /// What happens.
    pub what: String,
    /// What is lost with it.
    pub loses: Option<String>,
}

/// Deploys an assembly to an account in which `before` is deployed.
pub fn rehearse(session: &Session, assembly: &Assembly, before: &[Named], wish: &Wish) -> Result<Rehearsal> {
    let base = run_all(session, assembly, before, wish, None)?;
    let fault = match wish.fault {
        Some(kind) => Some(faults::choose(kind, &base.runs[0], wish)?),
        None => None,
    };
    match fault {
        Some(fault) => run_all(session, assembly, before, wish, Some(&fault)),
        None => Ok(base),
    }
}

fn run_all(
    session: &Session,
    assembly: &Assembly,
    before: &[Named],
    wish: &Wish,
    fault: Option<&faults::Chosen>,
) -> Result<Rehearsal> {
    // One thread and paused time: when everybody waits, the time of the first who does not comes at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Error::new(Kind::Failed, format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let simulator = account(assembly, wish.seed);
        if !before.is_empty() {
            let old = before::assembly(assembly, before);
            let deployed = deploy(&old, &[], &simulator, options("before"), None).await;
            if let Some(error) = deployed.error {
                let message = format!("what is deployed before cannot be deployed: {error}");
                return Err(Error::new(Kind::Failed, message));
            }
        }
        if let Some(fault) = fault {
            fault.arm(&simulator);
        }
        let kill = fault.and_then(faults::Chosen::kill);
        let next = async |run: &str| -> Result<DeployOptions> {
            let keep = if wish.in_place { Vec::new() } else { kept(session, assembly, &simulator).await? };
            Ok(DeployOptions { allow_data_loss: wish.allow_data_loss.clone(), keep, ..options(run) })
        };
        let first = deploy(assembly, &wish.stacks, &simulator, next("first").await?, kill).await;
        let mut runs = vec![first];
        let went_wrong = runs.iter().any(|run| run.error.is_some() || run.killed);
        if fault.is_some() && went_wrong {
            runs.push(deploy(assembly, &wish.stacks, &simulator, next("next").await?, None).await);
        }
        Ok(Rehearsal {
            environment: assembly.environment.clone(),
            from: wish.from.clone(),
            seed: wish.seed,
            fault: fault.map(|fault| fault.words.clone()),
            runs,
        })
    })
}

/// Makes the account of the environment, with nothing in it.
fn account(assembly: &Assembly, seed: u64) -> Simulator {
    let account = assembly.account.clone();
    let caller = format!("arn:aws:iam::{account}:user/rehearsal");
    Simulator::with_settings(seed, Settings { account, caller, region: assembly.region.clone(), ..Settings::default() })
}

/// Lists the stacks that `baleen deploy` would leave alone now.
async fn kept(session: &Session, assembly: &Assembly, simulator: &Simulator) -> Result<Vec<Kept>> {
    let standing = colours::standing(session, assembly, &simulator.cloud()).await?;
    Ok(colours::kept(session, &standing))
}

fn options(run: &str) -> DeployOptions {
    DeployOptions {
        artifacts: Some(Artifacts { stack: ARTIFACT_BUCKET.stack.to_owned(), output: ARTIFACT_BUCKET.name.to_owned() }),
        assets: vec![bundle::stand_in()],
        ..DeployOptions::new(format!("rehearsal-{run}"))
    }
}

/// Deploys, as `baleen deploy` does, unless it is killed before its end.
async fn deploy(
    assembly: &Assembly,
    stacks: &[String],
    simulator: &Simulator,
    options: DeployOptions,
    kill: Option<Duration>,
) -> Run {
    let begin = simulator.elapsed();
    let plan: Mutex<Option<Plan>> = Mutex::default();
    let watch = |event: Event| {
        if let Event::Planned(made) = event {
            *plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        }
    };
    let approve = |_: Question<'_>| true;
    let cloud = simulator.cloud();
    let lock = lock_options(&options.run);
    let work = toolkit::locked(assembly, &cloud, &lock, &watch, async |lock| {
        toolkit::deploy(assembly, stacks, lock.cloud(), &options, &approve, &watch).await
    });
    let ended = match kill {
        Some(after) => tokio::time::timeout(after, work).await.ok(),
        None => Some(work.await),
    };
    let end = simulator.elapsed();
    let (killed, failed) = match ended {
        None => (true, None),
        Some(Ok(_)) => (false, None),
        Some(Err(error)) => (false, Some(error)),
    };
    let plan = plan.into_inner().unwrap_or_else(PoisonError::into_inner);
    let stacks = timeline::read(assembly, simulator, begin, end);
    Run {
        seconds: end.saturating_sub(begin).as_secs_f64(),
        hints: failed.as_ref().map(toolkit::Error::hints).unwrap_or_default(),
        error: failed.map(|error| error.to_string()),
        killed,
        longest: timeline::longest(assembly, &stacks),
        unchanged: plan.iter().flat_map(|plan| plan.unchanged.clone()).collect(),
        kept: options.keep,
        effects: timeline::effects(plan.as_ref(), &stacks),
        stacks,
    }
}

fn lock_options(run: &str) -> LockOptions {
    LockOptions {
        table: lock::table(),
        holder: Holder {
            run: run.to_owned(),
            name: "rehearsal".to_owned(),
            process: run.to_owned(),
            command: "deploy".to_owned(),
            since: String::new(),
        },
        wait: false,
        steal: false,
        // As from another machine: whoever was killed is watched until the lock counts as abandoned.
        is_alive: |_| None,
        patience: Patience::default(),
    }
}
