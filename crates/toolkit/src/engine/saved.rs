//! From a plan that was written down back to what can be done: only what is still as it was.

use std::collections::BTreeMap;

use cloud::cloud_formation::{ChangeSetDescription, ChangeSetIds, ExecutionStatus};
use template::Assembly;

use super::prepare::standing_of;
use super::{Decision, Engine, Node, Prepared, Seen, Survey};
use crate::Error;
use crate::call::Pause;
use crate::change_set;
use crate::plan::{Basis, PLAN_VERSION, Plan, PlannedChange, PlannedParameter, PlannedStep, StepKind};
use crate::write::sha256;

/// Says why a plan is not for this assembly, before anything is asked of the cloud.
pub(crate) fn check(plan: &Plan, assembly: &Assembly) -> Result<(), Error> {
    let mut reasons = Vec::new();
    if plan.version != PLAN_VERSION {
        reasons.push(format!("it has version {} of its format, and this program reads {PLAN_VERSION}", plan.version));
    }
    for (what, own, other) in [
        ("app", &plan.app, &assembly.app),
        ("environment", &plan.environment, &assembly.environment),
        ("account", &plan.account, &assembly.account),
        ("region", &plan.region, &assembly.region),
    ] {
        if own != other {
            reasons.push(format!("it is for {what} {own}, not {other}"));
        }
    }
    let stacks = plan.steps.iter().map(|step| &step.stack).chain(&plan.unchanged);
    for stack in stacks.filter(|stack| assembly.stack(stack).is_none()) {
        reasons.push(format!("there is no stack `{stack}` any more"));
    }
    for (place, step) in plan.steps.iter().enumerate() {
        if step.after.iter().any(|before| *before >= place) {
            reasons.push(format!("step {place} does not come after those that it needs"));
        }
    }
    refuse(reasons)
}

/// Lists the parameters that were given when a plan was made.
pub(crate) fn given(plan: &Plan) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut given: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for step in &plan.steps {
        for (name, parameter) in &step.parameters {
            if let PlannedParameter::Given { value } = parameter {
                given.entry(step.stack.clone()).or_default().insert(name.clone(), value.clone());
            }
        }
    }
    given
}

impl Engine<'_> {
    /// Compares a plan with what is there now, and takes up what an earlier run of it has done.
    pub async fn take_up(&self, survey: Survey, plan: Plan) -> Result<Prepared, Error> {
        let mut reasons = Vec::new();
        let mut decisions = Vec::with_capacity(survey.nodes.len());
        let mut taken = vec![false; plan.steps.len()];
        for node in &survey.nodes {
            let name = &node.stack.name;
            let Some(place) = place_of(&plan, node, &taken) else {
                let is_there = survey.deployed(name).is_some_and(|deployed| deployed.has(&node.stack.template));
                if !is_there && !plan.unchanged.contains(name) {
                    reasons.push(not_planned(&plan, name));
                }
                let existing = survey.deployed(name).map(|deployed| &deployed.description);
                let known = survey.outputs.clone();
                let parameters = self.parameters(&survey, node, existing, &known).unwrap_or_default();
                decisions.push(Decision { planned: None, parameters: without_unknown(parameters) });
                continue;
            };
            taken[place] = true;
            let step = &plan.steps[place];
            match self.state(&survey, node, step, goes_on(&plan, place, &survey)).await? {
                State::Open => {
                    decisions.push(Decision { planned: Some(place), parameters: step.parameters.clone() });
                }
                State::Done => decisions.push(Decision { planned: None, parameters: BTreeMap::new() }),
                State::Stale(reason) => {
                    reasons.push(format!("stack `{name}`: {reason}"));
                    decisions.push(Decision { planned: None, parameters: BTreeMap::new() });
                }
            }
        }
        for (place, step) in plan.steps.iter().enumerate().filter(|(place, _)| !taken[*place]) {
            // One that an earlier run has done is not needed any more, if another one of its stack follows.
            let mut later = plan.steps.iter().zip(&taken).skip(place + 1);
            let is_done =
                step.step == StepKind::Refactor || later.any(|(other, taken)| *taken && other.stack == step.stack);
            // One reason a stack is enough.
            let is_said = reasons.iter().any(|reason| reason.starts_with(&format!("stack `{}`", step.stack)));
            if !is_done && !is_said {
                reasons.push(format!("stack `{}` has more steps in it than it needs now", step.stack));
            }
        }
        refuse(reasons)?;
        Ok(Prepared { survey, decisions, plan })
    }

    /// Says what has become of a step; `goes_on` where an earlier run has done the one of the same stack before it.
    async fn state(&self, survey: &Survey, node: &Node, step: &PlannedStep, goes_on: bool) -> Result<State, Error> {
        if step.template_sha256 != node.sha256 {
            return Ok(State::Stale("its template is another one".to_owned()));
        }
        if node.round > 0 {
            return Ok(State::Open);
        }
        let seen = survey.seen.get(&step.stack);
        let now = match seen {
            Some(Seen::Existing(deployed)) => Some(standing_of(&deployed.description)),
            Some(Seen::Remains(description)) => Some(standing_of(description)),
            Some(Seen::New { .. }) | None => None,
        };
        let is_as_it_was = goes_on
            || now.as_ref().map(|now| (&now.id, &now.changed_at))
                == step.standing.as_ref().map(|then| (&then.id, &then.changed_at));
        match &step.basis {
            Basis::ChangeSet { id, stack_id } => {
                let ids = ChangeSetIds { change_set: id.clone(), stack: stack_id.clone() };
                let mut pause = Pause::default();
                let mut found = change_set::find(&self.context, &ids).await?;
                // An earlier run was killed just after it had begun this.
                while found.as_ref().is_some_and(|found| found.execution_status == ExecutionStatus::InProgress) {
                    self.moved.set(true);
                    pause.wait().await;
                    found = change_set::find(&self.context, &ids).await?;
                }
                Ok(judge(found.as_ref(), step, is_as_it_was))
            }
            Basis::Predicted { .. } if is_as_it_was => Ok(State::Open),
            Basis::Predicted { .. } => match survey.deployed(&step.stack) {
                Some(deployed) if deployed.has(&node.stack.template) && deployed.description.status.is_success() => {
                    Ok(State::Done)
                }
                _ => Ok(State::Stale(TOUCHED.to_owned())),
            },
        }
    }
}

const TOUCHED: &str = "it was changed since the plan was made";

/// What has become of a step.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// It can be done.
    Open,
    /// It was done.
    Done,
    /// It cannot be done any more.
    Stale(String),
}

fn judge(found: Option<&ChangeSetDescription>, step: &PlannedStep, is_as_it_was: bool) -> State {
    let Some(found) = found else {
        return State::Stale("its change set was deleted".to_owned());
    };
    match &found.execution_status {
        ExecutionStatus::Complete => State::Done,
        ExecutionStatus::Available if !is_as_it_was => State::Stale(TOUCHED.to_owned()),
        ExecutionStatus::Available => {
            let bare = |change: &PlannedChange| PlannedChange { loses: None, ..change.clone() };
            let now = found.changes.iter().map(change_set::planned);
            if now.eq(step.changes.iter().map(bare)) {
                State::Open
            } else {
                State::Stale("its change set is another one than was shown".to_owned())
            }
        }
        ExecutionStatus::Failed => State::Stale("its change set was executed, and that failed".to_owned()),
        other => State::Stale(format!("its change set is in {other}")),
    }
}

/// Finds the step of a plan that is a node's: the one with its template.
fn place_of(plan: &Plan, node: &Node, taken: &[bool]) -> Option<usize> {
    let open = plan.steps.iter().enumerate().filter(|(place, _)| !taken[*place]);
    let mut own = open.filter(|(_, step)| step.stack == node.stack.name);
    own.find(|(_, step)| step.template_sha256 == node.sha256).map(|(place, _)| place)
}

fn not_planned(plan: &Plan, stack: &str) -> String {
    if plan.steps.iter().any(|step| step.stack == stack) {
        format!("stack `{stack}`: its template is another one")
    } else {
        format!("stack `{stack}` now needs another step")
    }
}

/// Says whether a stack is as an earlier step of the plan has left it.
fn goes_on(plan: &Plan, place: usize, survey: &Survey) -> bool {
    let step = &plan.steps[place];
    let Some(deployed) = survey.deployed(&step.stack) else { return false };
    let now = [sha256(deployed.text.as_bytes()), sha256(deployed.template.to_json_pretty().as_bytes())];
    let is_wanted = |other: &PlannedStep| survey.nodes.iter().any(|node| node.sha256 == other.template_sha256);
    plan.steps[..place].iter().any(|earlier| {
        let is_own = earlier.stack == step.stack && now.contains(&earlier.template_sha256);
        // What a move makes of the other stacks that take part is in no step; nobody wants it done again.
        is_own || (earlier.step == StepKind::Refactor && !is_wanted(earlier))
    })
}

/// Leaves out what nothing is known of: that cannot be compared.
fn without_unknown(parameters: BTreeMap<String, PlannedParameter>) -> BTreeMap<String, PlannedParameter> {
    let is_known = |parameter: &PlannedParameter| !matches!(parameter, PlannedParameter::Output { value: None, .. });
    parameters.into_iter().filter(|(_, parameter)| is_known(parameter)).collect()
}

fn refuse(reasons: Vec<String>) -> Result<(), Error> {
    if reasons.is_empty() { Ok(()) } else { Err(Error::StalePlan { reasons }) }
}
