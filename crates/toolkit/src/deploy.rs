//! Deploys stacks by change sets.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cloud::{Cloud, Interceptor};
use serde::Serialize;
use template::Assembly;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::call::Context;
use crate::calm::Calm;
use crate::engine::{Engine, Prepared, saved};
use crate::limiter::Limiter;
use crate::parameters::check_parameters;
use crate::plan::loss::Allowed;
use crate::{Approver, DeployOptions, Error, Event, Events, Plan, Question, keep, preflight, selection};

/// How long the status of a stack may lag behind what was begun.
const LAG: Duration = Duration::from_secs(2);

/// What became of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackOutcome {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What was done.
    pub outcome: Outcome,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// What was done with a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// There was nothing to change.
    Unchanged,
}

/// Deploys the stacks named, or all of them, and what they need, in dependency order; returns what became of each.
///
/// First everything is planned: every stack that can have its change set gets it, what the others do is predicted from
/// their templates. The whole plan is approved once; what is executed is what was approved. The first failure ends the
/// deployment once what runs beside it has ended: the stacks before it stay deployed, and the failed one is left as
/// CloudFormation leaves it, from where the next call goes on.
pub async fn deploy(
    assembly: &Assembly,
    names: &[String],
    cloud: &Cloud,
    options: &DeployOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Vec<StackOutcome>, Error> {
    let cloud = limited(cloud, options);
    let events = Calm::new(events);
    let engine = engine(assembly, &cloud, options, &events);
    let prepared = prepare(&engine, names).await?;
    approve(&engine, &prepared, approver).await?;
    engine.execute(&prepared).await
}

/// Plans a deployment and does nothing of it. Its change sets are kept, so that [`deploy_plan`] executes exactly them: a
/// stack that does not exist yet stays in `REVIEW_IN_PROGRESS` until then. The next deployment of the stack, or the next
/// plan, deletes them.
pub async fn plan(
    assembly: &Assembly,
    names: &[String],
    cloud: &Cloud,
    options: &DeployOptions,
    events: &dyn Events,
) -> Result<Plan, Error> {
    let secret = options.parameters.iter().find_map(|(stack, given)| {
        let template = &assembly.stack(stack)?.template;
        let is_hidden = |name: &&String| {
            let flag = template.find(["Parameters", name.as_str(), "NoEcho"]).map(|flag| &flag.node);
            matches!(flag, Some(tree::Node::Bool(true)))
                || matches!(flag, Some(tree::Node::String(text)) if text == "true")
        };
        given.keys().find(is_hidden).map(|name| (stack.clone(), name.clone()))
    });
    if let Some((stack, parameter)) = secret {
        return Err(Error::SecretInPlan { stack, parameter });
    }
    let cloud = limited(cloud, options);
    let events = Calm::new(events);
    let engine = engine(assembly, &cloud, options, &events);
    Ok(prepare(&engine, names).await?.plan)
}

/// Does what a plan says, if everything is still as it was when the plan was made.
///
/// Of the options, the parameters, the role and what may be lost are the plan's. A plan that was begun and interrupted can
/// be run again.
pub async fn deploy_plan(
    assembly: &Assembly,
    plan: Plan,
    cloud: &Cloud,
    options: &DeployOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Vec<StackOutcome>, Error> {
    saved::check(&plan, assembly)?;
    let options = DeployOptions {
        parameters: saved::given(&plan),
        role: plan.role.clone(),
        allow_data_loss: plan.allowed_data_loss.clone(),
        ..options.clone()
    };
    let cloud = limited(cloud, &options);
    let events = Calm::new(events);
    let engine = engine(assembly, &cloud, &options, &events);
    preflight::verify(&engine.context, assembly).await?;
    let mut names: Vec<String> = plan.steps.iter().map(|step| step.stack.clone()).collect();
    names.extend(plan.unchanged.iter().cloned());
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let prepared = loop {
        let selection = selection::for_deploy(&engine.context, assembly, &names, &options).await?;
        let survey = engine.survey(selection).await?;
        let prepared = engine.take_up(survey, plan.clone()).await;
        if !engine.moved.take() {
            break prepared?;
        }
        sleep(LAG).await;
    };
    engine.context.tell(Event::Planned(prepared.plan.clone()));
    // A plan is a file, and whoever wrote it may have been allowed less than its author thinks.
    Allowed::of(&prepared.plan).guard(prepared.plan.losses())?;
    keep::guard(&engine.context, assembly, &options.keep, &prepared.plan).await?;
    if !prepared.plan.is_empty() && !approver.approve(Question::Deploy(&prepared.plan)) {
        // It is saved, and can be executed by whoever approves it.
        return Err(declined(&options, &prepared.plan));
    }
    engine.execute(&prepared).await
}

fn engine<'a>(
    assembly: &'a Assembly,
    cloud: &'a Cloud,
    options: &'a DeployOptions,
    events: &'a dyn Events,
) -> Engine<'a> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    Engine { context, assembly, options, uploads: Mutex::default(), moved: Cell::new(false) }
}

/// Puts the limit of calls in front of a cloud.
fn limited(cloud: &Cloud, options: &DeployOptions) -> Cloud {
    let limiter: Arc<dyn Interceptor> = Arc::new(Limiter::new(options.calls_per_second));
    cloud.intercepted(&limiter)
}

/// Plans, shows the plan, and refuses what would lose something.
async fn prepare(engine: &Engine<'_>, names: &[String]) -> Result<Prepared, Error> {
    let Engine { context, assembly, options, .. } = engine;
    selection::select(assembly, names)?;
    check_parameters(assembly, &options.parameters)?;
    preflight::verify(context, assembly).await?;
    let prepared = loop {
        let selection = selection::for_deploy(context, assembly, names, options).await?;
        let is_selected = |name: &&String| selection.stacks.iter().any(|stack| stack.name == **name);
        if let Some(unused) = options.parameters.keys().find(|name| !is_selected(name)) {
            return Err(Error::NotSelected { stack: unused.clone() });
        }
        let survey = engine.survey(selection).await?;
        match engine.prepare(survey).await {
            // What an earlier run had begun has ended by now.
            Err(Error::UnderWay { .. }) if engine.moved.take() => sleep(LAG).await,
            prepared => break prepared?,
        }
    };
    context.tell(Event::Planned(prepared.plan.clone()));
    for resource in prepared.survey.allowed.unneeded(&prepared.plan) {
        context.tell(Event::AllowanceUnneeded { resource });
    }
    let is_allowed = prepared.survey.allowed.guard(prepared.plan.losses());
    let is_bearable = keep::guard(context, assembly, &options.keep, &prepared.plan).await;
    if let Err(error) = is_allowed.and(is_bearable) {
        // What would be lost matters more than that a change set could not be deleted; the next run does that.
        let _ = engine.discard(&prepared.plan, |_| false).await;
        return Err(error);
    }
    Ok(prepared)
}

/// Asks for a person's word; after a no, nothing of the plan stays.
async fn approve(engine: &Engine<'_>, prepared: &Prepared, approver: &dyn Approver) -> Result<(), Error> {
    let plan = &prepared.plan;
    if plan.is_empty() || approver.approve(Question::Deploy(plan)) {
        return Ok(());
    }
    engine.decline(plan).await?;
    Err(declined(engine.options, plan))
}

fn declined(options: &DeployOptions, plan: &Plan) -> Error {
    if options.stop.is_requested() {
        return Error::Stopped { not_begun: Vec::new() };
    }
    Error::Declined { what: format!("the plan for environment `{}`", plan.environment) }
}
