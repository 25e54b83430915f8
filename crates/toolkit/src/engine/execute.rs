use std::cell::RefCell;
use std::collections::BTreeMap;

use cloud::cloud_formation::{ChangeSetIds, StackDescription};

use super::survey::outputs_of;
use super::{Decision, Engine, Node, Prepared, values};
use crate::call::Pause;
use crate::causes::failed;
use crate::change_set::{self, Made};
use crate::follow::{Operation, follow};
use crate::parameters::Outputs;
use crate::plan::compare::unapproved;
use crate::plan::estimate::{earlier, estimate};
use crate::plan::loss::Allowed;
use crate::plan::refactor::Refactoring;
use crate::plan::steps::Work;
use crate::plan::{Basis, PlannedChange, PlannedParameter, PlannedStep, StepKind};
use crate::refactor::refactor;
use crate::schedule::{Ended, schedule};
use crate::selection::values as outputs;
use crate::situation::{self, Situation, settle, succeeded};
use crate::{Error, Event, Outcome, StackOutcome};

/// The outputs of all stacks, as far as they are there.
type Shared = RefCell<Outputs>;

/// A change set that may be executed.
struct Approved {
    ids: ChangeSetIds,
    changes: Vec<PlannedChange>,
}

impl Engine<'_> {
    /// Does what was approved, independent stacks at once.
    ///
    /// After the first failure nothing new is begun; what runs is followed to its end, and change sets that nobody is going
    /// to execute are deleted.
    pub async fn execute(&self, prepared: &Prepared) -> Result<Vec<StackOutcome>, Error> {
        let Prepared { survey, plan, .. } = prepared;
        let shared = RefCell::new(survey.outputs.clone());
        let after: Vec<_> = survey.nodes.iter().map(|node| node.after.clone()).collect();
        let run = async |place: usize| self.run(prepared, place, &shared).await;
        let ended = schedule(&after, self.options.concurrency, || !self.is_stopping(), run).await;
        let mut outcomes: Vec<StackOutcome> = Vec::new();
        let mut failures = Vec::new();
        let mut not_begun: Vec<String> = Vec::new();
        let mut begun = vec![true; plan.steps.len()];
        for (place, ended) in ended.into_iter().enumerate() {
            match ended {
                Ended::Done(outcome) => merge(&mut outcomes, outcome),
                Ended::Failed(error) => failures.push(error),
                Ended::NotBegun => {
                    if let Some(step) = prepared.decisions[place].planned {
                        begun[step] = false;
                        not_begun.push(plan.steps[step].stack.clone());
                    }
                }
            }
        }
        if !not_begun.is_empty() {
            self.context.tell(Event::NotBegun { stacks: not_begun.clone() });
        }
        let discarded = self.discard(plan, |step| begun[step]).await;
        let mut failures = failures.into_iter();
        match failures.next() {
            // What failed first says more than that a change set could not be deleted.
            Some(first) => Err(Error::with_others(first, failures.collect())),
            None if !not_begun.is_empty() => Err(Error::Stopped { not_begun }),
            None => discarded.map(|()| outcomes),
        }
    }

    async fn run(&self, prepared: &Prepared, place: usize, shared: &Shared) -> Result<StackOutcome, Error> {
        let Prepared { survey, decisions, plan } = prepared;
        let (node, decision) = (&survey.nodes[place], &decisions[place]);
        let outcome = match decision.planned {
            None => self.keep(prepared, node, decision, shared).await?,
            Some(step) => {
                let (stack, stack_name) = (node.stack.name.clone(), node.stack.stack_name.clone());
                let (position, total) = (step + 1, plan.steps.len());
                self.context.tell(Event::StackStarted { stack, stack_name, position, total });
                let done = self.act(prepared, node, decision, &plan.steps[step], shared).await;
                if let Err(error) = &done {
                    self.context.tell(Event::StackFailed { stack: node.stack.name.clone(), error: error.to_string() });
                }
                let outcome = done?;
                self.context.tell(Event::StackFinished {
                    stack: outcome.stack.clone(),
                    outcome: outcome.outcome,
                    outputs: outcome.outputs.clone(),
                });
                outcome
            }
        };
        shared.borrow_mut().insert(outcome.stack.clone(), outcome.outputs.clone());
        Ok(outcome)
    }

    /// Leaves a stack as it is, unless what it was planned by turns out to be otherwise.
    async fn keep(
        &self,
        prepared: &Prepared,
        node: &Node,
        decision: &Decision,
        shared: &Shared,
    ) -> Result<StackOutcome, Error> {
        let deployed = prepared.survey.deployed(&node.stack.name);
        if !holds(&decision.parameters, &shared.borrow()) {
            let approved = nothing_approved(node);
            if let Some(change_set) = self.compare(prepared, node, decision, &approved, shared).await? {
                change_set::discard(&self.context, &node.stack.name, &change_set.ids, false).await?;
                let impacts = vec!["it was to stay as it is, and an output that it needs is another one".to_owned()];
                return Err(Error::Unapproved { stack: node.stack.name.clone(), impacts });
            }
        }
        if let Some(deployed) = deployed {
            self.protect(node, &deployed.description).await?;
            self.set_policy(node, &deployed.description.id, &Allowed::default()).await?;
        }
        Ok(outcome(node, Outcome::Unchanged, deployed.map(outputs_of).unwrap_or_default()))
    }

    async fn act(
        &self,
        prepared: &Prepared,
        node: &Node,
        decision: &Decision,
        approved: &PlannedStep,
        shared: &Shared,
    ) -> Result<StackOutcome, Error> {
        if let Work::Refactor(refactoring) = &node.work {
            return self.refactor(node, refactoring, shared).await;
        }
        let change_set = match &approved.basis {
            Basis::ChangeSet { id, stack_id } if holds(&decision.parameters, &shared.borrow()) => {
                let ids = ChangeSetIds { change_set: id.clone(), stack: stack_id.clone() };
                Some(Approved { ids, changes: approved.changes.clone() })
            }
            _ => self.compare(prepared, node, decision, approved, shared).await?,
        };
        let Some(change_set) = change_set else {
            self.context.tell(Event::Unchanged { stack: node.stack.name.clone() });
            let name = node.stack.stack_name.as_str();
            let cloud_formation = &self.context.cloud.cloud_formation;
            let description = self.context.call(async || cloud_formation.describe_stack(name).await).await?;
            if let Some(description) = &description {
                self.protect(node, description).await?;
            }
            let now = description.as_ref().map(outputs).unwrap_or_default();
            return Ok(outcome(node, Outcome::Unchanged, now));
        };
        let allowed = Allowed::of(&prepared.plan);
        if approved.step == StepKind::Update {
            // What may be replaced or deleted this once is excepted from the policy for as long.
            self.set_policy(node, &change_set.ids.stack, &allowed).await?;
        }
        let executed = self.execute_change_set(node, approved, &change_set).await;
        if executed.is_ok() || approved.step == StepKind::Update {
            let full = self.set_policy(node, &change_set.ids.stack, &Allowed::default()).await;
            executed.as_ref().ok().map_or(Ok(()), |_| full)?;
        }
        let description = executed?;
        self.protect(node, &description).await?;
        let word = if approved.creates_stack() { Outcome::Created } else { Outcome::Updated };
        Ok(outcome(node, word, outputs(&description)))
    }

    /// Moves resources.
    async fn refactor(&self, node: &Node, refactoring: &Refactoring, shared: &Shared) -> Result<StackOutcome, Error> {
        let known = shared.borrow().clone();
        let artifacts = self.options.artifacts.as_ref();
        let bucket = artifacts.and_then(|artifacts| known.get(&artifacts.stack)?.get(&artifacts.output));
        refactor(&self.context, self.assembly, refactoring, bucket.map(String::as_str)).await?;
        let name = node.stack.stack_name.as_str();
        let cloud_formation = &self.context.cloud.cloud_formation;
        let description = self.context.call(async || cloud_formation.describe_stack(name).await).await?;
        Ok(outcome(node, Outcome::Updated, description.as_ref().map(outputs).unwrap_or_default()))
    }

    /// Makes the change set of a step now, and compares it with what was approved; `None` if there is nothing to change.
    async fn compare(
        &self,
        prepared: &Prepared,
        node: &Node,
        decision: &Decision,
        approved: &PlannedStep,
        shared: &Shared,
    ) -> Result<Option<Approved>, Error> {
        let (context, stack) = (&self.context, &node.stack);
        let known = shared.borrow().clone();
        let parameters = values(&stack.name, &decision.parameters, &known)?;
        let existing = self.ready(stack, approved).await?;
        let request = self.request(node, existing.as_ref(), parameters, &known).await?;
        let purpose = format!("turn-{}", node.round);
        let (ids, changes) = match change_set::make(context, stack, request, existing.is_none(), &purpose).await? {
            Made::Empty => return Ok(None),
            Made::Ready(ids, changes) => (ids, prepared.survey.weigh(node, changes)),
        };
        let impacts = unapproved(approved, &changes);
        let refused = if impacts.is_empty() {
            Allowed::of(&prepared.plan).guard(changes.iter().map(|change| (approved, change))).err()
        } else {
            Some(Error::Unapproved { stack: stack.name.clone(), impacts })
        };
        if let Some(error) = refused {
            change_set::discard(context, &stack.name, &ids, existing.is_none()).await?;
            return Err(error);
        }
        context.tell(Event::Confirmed { stack: stack.name.clone(), changes: changes.clone() });
        Ok(Some(Approved { ids, changes }))
    }

    /// Makes a stack ready for a change set, at its turn.
    async fn ready(
        &self,
        stack: &template::StackTemplate,
        approved: &PlannedStep,
    ) -> Result<Option<StackDescription>, Error> {
        let context = &self.context;
        let mut pause = Pause::default();
        loop {
            match settle(context, stack).await? {
                Situation::Existing(description) => {
                    if change_set::delete_leftover(context, stack, &self.change_set_name(), false).await? {
                        return Ok(Some(*description));
                    }
                }
                Situation::New { under_review } => {
                    if !under_review
                        || change_set::delete_leftover(context, stack, &self.change_set_name(), true).await?
                    {
                        return Ok(None);
                    }
                    pause.wait().await;
                }
                Situation::Remains(description) if approved.step == StepKind::Recreate => {
                    situation::clear(context, stack, &description).await?;
                }
                Situation::Remains(_) => {
                    let impacts = vec!["what is left of a creation that failed would be deleted".to_owned()];
                    return Err(Error::Unapproved { stack: stack.name.clone(), impacts });
                }
            }
        }
    }

    async fn execute_change_set(
        &self,
        node: &Node,
        approved: &PlannedStep,
        change_set: &Approved,
    ) -> Result<StackDescription, Error> {
        let (context, stack) = (&self.context, &node.stack);
        let ids = &change_set.ids;
        let cloud_formation = &context.cloud.cloud_formation;
        let events = context.call(async || cloud_formation.stack_events(&ids.stack, None).await).await?;
        let after = events.last().map(|event| event.id.clone());
        let estimated_seconds = estimate(&stack.template, &change_set.changes, &earlier(&events)).as_secs();
        change_set::execute(context, &stack.name, ids, &format!("execute-{}", node.round)).await?;
        let resources = change_set.changes.len();
        context.tell(Event::Executing { stack: stack.name.clone(), resources, estimated_seconds });
        let operation = Operation { stack: &stack.name, id: &ids.stack, after: after.as_deref(), resources };
        let ended = follow(context, operation).await?;
        if succeeded(&ended)
            && let Some(description) = ended.description
        {
            return Ok(description);
        }
        let operation = if approved.creates_stack() { "create" } else { "update" };
        Err(failed(context, &stack.name, &stack.stack_name, operation, &ended).await)
    }

    /// Switches termination protection to what the template's stack says.
    async fn protect(&self, node: &Node, description: &StackDescription) -> Result<(), Error> {
        let protected = node.stack.termination_protection;
        if description.termination_protection != protected {
            let id = description.id.as_str();
            let cloud_formation = &self.context.cloud.cloud_formation;
            self.context.call(async || cloud_formation.update_termination_protection(id, protected).await).await?;
            self.context.tell(Event::ProtectionChanged { stack: node.stack.name.clone(), protected });
        }
        Ok(())
    }
}

/// Says whether the outputs are still those that a decision rests on.
fn holds(parameters: &BTreeMap<String, PlannedParameter>, outputs: &Outputs) -> bool {
    parameters.values().all(|parameter| match parameter {
        PlannedParameter::Output { stack, output, value } => {
            outputs.get(stack).and_then(|outputs| outputs.get(output)) == value.as_ref()
        }
        PlannedParameter::Given { .. } | PlannedParameter::Previous => true,
    })
}

/// What was approved for a stack that was not to be touched.
fn nothing_approved(node: &Node) -> PlannedStep {
    PlannedStep {
        stack: node.stack.name.clone(),
        stack_name: node.stack.stack_name.clone(),
        step: StepKind::Update,
        why: None,
        template_sha256: node.sha256.clone(),
        parameters: BTreeMap::new(),
        basis: Basis::Predicted { because: String::new() },
        standing: None,
        changes: Vec::new(),
        after: Vec::new(),
        estimated_seconds: 0,
    }
}

fn outcome(node: &Node, outcome: Outcome, outputs: BTreeMap<String, String>) -> StackOutcome {
    StackOutcome { stack: node.stack.name.clone(), stack_name: node.stack.stack_name.clone(), outcome, outputs }
}

/// Adds what became of a stack; of one with several steps, whatever happened counts more than that nothing did.
fn merge(outcomes: &mut Vec<StackOutcome>, new: StackOutcome) {
    match outcomes.iter_mut().find(|known| known.stack == new.stack) {
        Some(known) => {
            known.outputs = new.outputs;
            if known.outcome == Outcome::Unchanged {
                known.outcome = new.outcome;
            }
        }
        None => outcomes.push(new),
    }
}
