//! What can go wrong in a rehearsal.

use std::time::Duration;

use clap::ValueEnum;
use simulator::{During, ResourceFault, Simulator, Verb};

use super::{Action, ResourceSpan, Run, StackSpan, Wish};
use crate::error::{Error, Result};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// A resource cannot be made or changed, once
    CreationFails,
    /// The same, and undoing it fails too
    RollbackFails,
    /// The account has no room for a resource, once
    Quota,
    /// The service allows few calls
    Throttled,
    /// The deploying program is killed in the middle
    Killed,
}

/// A fault, and where it strikes.
pub struct Chosen {
    pub words: String,
    faults: Vec<ResourceFault>,
    throttles: bool,
    kill: Option<Duration>,
}

impl Chosen {
    /// Lets it strike from now on.
    pub fn arm(&self, simulator: &Simulator) {
        for fault in &self.faults {
            simulator.fail(fault.clone());
        }
        if self.throttles {
            simulator.configure(|settings| (settings.calls_per_second, settings.burst) = (Some(2.0), 5));
        }
    }

    /// Says when the program is killed.
    pub fn kill(&self) -> Option<Duration> {
        self.kill
    }
}

/// Chooses where a fault strikes, from how the deployment goes without it.
pub fn choose(kind: Fault, base: &Run, wish: &Wish) -> Result<Chosen> {
    let chosen = |words: String, faults: Vec<ResourceFault>| Chosen { words, faults, throttles: false, kill: None };
    if base.stacks.is_empty() {
        return Err(Error::usage("there is nothing to deploy that could go wrong")
            .hint("rehearse from an older version with `--from`, or from nothing without it"));
    }
    match kind {
        Fault::Throttled => {
            let words = "CloudFormation allows two calls a second".to_owned();
            return Ok(Chosen { throttles: true, ..chosen(words, Vec::new()) });
        }
        Fault::Killed => {
            // Between a third and two thirds of the way.
            let part = f64::from(u32::try_from(wish.seed % 34).unwrap_or_default()) / 100.0;
            let after = Duration::from_secs_f64(base.seconds * (1.0 / 3.0 + part));
            let words = format!(
                "the deploying program is killed after {}",
                crate::render::rehearsal::time(after.as_secs_f64())
            );
            return Ok(Chosen { kill: Some(after), ..chosen(words, Vec::new()) });
        }
        Fault::CreationFails | Fault::RollbackFails | Fault::Quota => {}
    }
    let (stack, resource) = place(base, wish)?;
    let name = format!("{}.{}", stack.stack, resource.logical_id);
    let (reason, words) = match kind {
        Fault::Quota => (
            "Resource handler returned message: \"The maximum number of resources of this type has been reached.\" (HandlerErrorCode: ServiceLimitExceeded)",
            format!("the account has no room for {name} ({})", resource.resource_type),
        ),
        _ => (
            "Resource handler returned message: \"Internal failure\" (HandlerErrorCode: InternalFailure)",
            format!(
                "{name} ({}) cannot be {}",
                resource.resource_type,
                if resource.action == Action::Updated { "changed" } else { "made" }
            ),
        ),
    };
    let verb = |resource: &ResourceSpan| if resource.action == Action::Updated { Verb::Update } else { Verb::Create };
    let fault = ResourceFault::new(&resource.logical_id, verb(resource), reason).in_stack(&stack.stack_name).times(1);
    let mut faults = vec![fault];
    let mut words = words;
    if kind == Fault::RollbackFails {
        // What was done before is undone then, and that fails.
        let mut done =
            stack.resources.iter().filter(|other| other.ends <= resource.begins && other.action.is_forward());
        let Some(done) = done.next_back() else {
            return Err(Error::usage(format!(
                "nothing of stack `{}` is done before {name}, so that nothing is undone",
                stack.stack
            ))
            .hint("name another resource with `--at`, or another `--seed`"));
        };
        let verb = if done.action == Action::Created { Verb::Delete } else { Verb::Update };
        let reason =
            "Resource handler returned message: \"The resource is in use\" (HandlerErrorCode: ResourceConflict)";
        let second = ResourceFault::new(&done.logical_id, verb, reason).in_stack(&stack.stack_name);
        faults.push(second.during(During::Rollback).times(1));
        words = format!("{words}, and {}.{} cannot be undone", stack.stack, done.logical_id);
    }
    Ok(chosen(words, faults))
}

/// Finds the resource that fails: the one that was named, or by the seed one that has others before it.
fn place<'r>(base: &'r Run, wish: &Wish) -> Result<(&'r StackSpan, &'r ResourceSpan)> {
    let all = base.stacks.iter().flat_map(|stack| stack.resources.iter().map(move |resource| (stack, resource)));
    let mut touched: Vec<_> = all.filter(|(_, resource)| resource.action.is_forward()).collect();
    if let Some((stack, logical_id)) = &wish.at {
        let found =
            touched.into_iter().find(|(own, resource)| own.stack == *stack && resource.logical_id == *logical_id);
        return found.ok_or_else(|| {
            Error::usage(format!("the deployment does not make or change {stack}.{logical_id}"))
                .hint("see what it does without `--fault`")
        });
    }
    let is_late = |(stack, resource): &(&StackSpan, &ResourceSpan)| {
        stack.resources.iter().any(|other| other.action.is_forward() && other.ends <= resource.begins)
    };
    if touched.iter().any(is_late) {
        touched.retain(is_late);
    }
    let index = usize::try_from(wish.seed).unwrap_or_default().wrapping_mul(7919) % touched.len().max(1);
    touched.get(index).copied().ok_or_else(|| Error::usage("the deployment makes and changes nothing that could fail"))
}
