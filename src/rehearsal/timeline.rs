//! When what happened, from the events of the stacks.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::cloud_formation::StackEvent;
use serde::Serialize;
use simulator::Simulator;
use template::Assembly;
use toolkit::Plan;

use super::Effect;

/// When something was done to a stack. Times are seconds from the beginning of the deployment.
#[derive(Clone, Debug, Serialize)]
pub struct StackSpan {
    pub stack: String,
    pub stack_name: String,
    pub begins: f64,
    pub ends: f64,
    /// The status in the end.
    pub status: String,
    /// Why, where it failed.
    pub reason: Option<String>,
    /// When it began to be undone.
    pub undone_from: Option<f64>,
    pub resources: Vec<ResourceSpan>,
}

/// When something was done to a resource.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceSpan {
    pub logical_id: String,
    pub resource_type: String,
    pub action: Action,
    pub begins: f64,
    pub ends: f64,
    /// Why it failed.
    pub failed: Option<String>,
}

/// What was done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Created,
    Updated,
    /// A new one was made in its place.
    Replaced,
    Deleted,
    /// It was left behind.
    Kept,
}

impl Action {
    /// Says whether it makes or changes something.
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Created | Self::Updated | Self::Replaced)
    }
}

/// What an update of a property interrupts (documentation of the types, "Update requires", and their update policies).
const INTERRUPTIONS: [(&str, &str, &str); 5] = [
    ("AWS::AutoScaling::AutoScalingGroup", "LaunchTemplate", "its instances are replaced, as its update policy says"),
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "MixedInstancesPolicy",
        "its instances are replaced, as its update policy says",
    ),
    ("AWS::EC2::Instance", "InstanceType", "it is stopped and started"),
    ("AWS::EC2::Instance", "UserData", "it is stopped and started"),
    ("AWS::StepFunctions::StateMachine", "DefinitionString", "executions that run end by the old definition"),
];

/// Reads what was done to the stacks in a time.
pub fn read(assembly: &Assembly, simulator: &Simulator, begin: Duration, end: Duration) -> Vec<StackSpan> {
    let since = simulator.date(begin);
    let mut spans = Vec::new();
    for stack in &assembly.stacks {
        let seconds = |event: &StackEvent| {
            let time = event.time.unwrap_or(since);
            time.duration_since(since).as_secs_f64()
        };
        // What was deleted in between is told by other stacks of the same name.
        let events: Vec<_> = simulator.events_of_name(&stack.stack_name);
        let own =
            events.iter().filter(|event| event.time.is_some_and(|time| time >= since && time <= simulator.date(end)));
        let own: Vec<_> = own.filter(|event| event.status != "REVIEW_IN_PROGRESS").collect();
        let of_stack: Vec<_> = own.iter().filter(|event| event.is_of_stack()).collect();
        let (Some(first), Some(last)) = (of_stack.first(), of_stack.last()) else { continue };
        let undone = of_stack.iter().find(|event| event.status.contains("ROLLBACK"));
        let is_over = !last.status.ends_with("_IN_PROGRESS");
        spans.push(StackSpan {
            stack: stack.name.clone(),
            stack_name: stack.stack_name.clone(),
            begins: seconds(first),
            ends: if is_over { seconds(last) } else { end.saturating_sub(begin).as_secs_f64() },
            status: last.status.clone(),
            reason: of_stack
                .iter()
                .rev()
                .find(|event| event.status.contains("FAILED") || event.status.contains("ROLLBACK"))
                .and_then(|event| event.reason.clone()),
            undone_from: undone.map(|event| seconds(event)),
            resources: resources(own.iter().filter(|event| !event.is_of_stack()).copied(), &seconds),
        });
    }
    spans.sort_by(|one, other| one.begins.total_cmp(&other.begins));
    spans
}

fn resources<'e>(
    events: impl Iterator<Item = &'e StackEvent>,
    seconds: &dyn Fn(&StackEvent) -> f64,
) -> Vec<ResourceSpan> {
    let mut spans: Vec<ResourceSpan> = Vec::new();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        let time = seconds(event);
        let action = match event.status.split('_').next() {
            Some("CREATE" | "IMPORT") => Action::Created,
            Some("UPDATE") => Action::Updated,
            _ if event.status == "DELETE_SKIPPED" => Action::Kept,
            _ => Action::Deleted,
        };
        let index = *open.entry(event.logical_id.clone()).or_insert_with(|| {
            spans.push(ResourceSpan {
                logical_id: event.logical_id.clone(),
                resource_type: event.resource_type.clone(),
                action,
                begins: time,
                ends: time,
                failed: None,
            });
            spans.len() - 1
        });
        let Some(span) = spans.get_mut(index) else { continue };
        span.ends = time;
        if event.reason.as_deref().is_some_and(|reason| reason.starts_with("Requested update requires the creation")) {
            span.action = Action::Replaced;
        }
        if event.is_failure() {
            span.failed.clone_from(&event.reason);
        }
        if !event.status.ends_with("_IN_PROGRESS") {
            open.remove(&event.logical_id);
        }
    }
    spans
}

/// Finds the chain of stacks that the deployment waits for longest.
pub fn longest(assembly: &Assembly, spans: &[StackSpan]) -> Vec<String> {
    let by_name: BTreeMap<_, _> = spans.iter().map(|span| (span.stack.as_str(), span)).collect();
    let mut chain = Vec::new();
    let mut current = spans.iter().max_by(|one, other| one.ends.total_cmp(&other.ends));
    while let Some(span) = current {
        chain.push(span.stack.clone());
        let needed = assembly.stack(&span.stack).into_iter().flat_map(|stack| &stack.depends_on);
        let needed = needed.filter_map(|name| by_name.get(name.as_str())).filter(|other| other.ends <= span.begins);
        current = needed.max_by(|one, other| one.ends.total_cmp(&other.ends)).copied();
    }
    chain.reverse();
    chain
}

/// Says what a deployment does to things that are there.
pub fn effects(plan: Option<&Plan>, spans: &[StackSpan]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for step in plan.into_iter().flat_map(|plan| &plan.steps) {
        for change in &step.changes {
            let touched = spans.iter().filter(|span| span.stack == step.stack).flat_map(|span| &span.resources);
            let replaced = touched
                .clone()
                .any(|resource| resource.logical_id == change.logical_id && resource.action == Action::Replaced);
            let is_possible = spans.is_empty() && change.replacement.as_deref() == Some("True");
            let interrupted = INTERRUPTIONS.iter().find(|(kind, property, _)| {
                *kind == change.resource_type && change.properties.iter().any(|own| own.name == *property)
            });
            let names: Vec<_> = change.properties.iter().map(|property| property.name.as_str()).collect();
            let what = if replaced || is_possible {
                format!("is made anew ({})", names.join(", "))
            } else if change.action == "Remove" {
                match change.policy_action.as_deref() {
                    Some(policy) if policy.contains("Retain") => "stays, outside of the stack".to_owned(),
                    _ => "is deleted".to_owned(),
                }
            } else if let Some((_, _, what)) = interrupted.filter(|_| change.action == "Modify") {
                (*what).to_owned()
            } else {
                continue;
            };
            effects.push(Effect {
                stack: step.stack.clone(),
                logical_id: change.logical_id.clone(),
                resource_type: change.resource_type.clone(),
                what,
                loses: change.loses.clone(),
            });
        }
    }
    effects
}
