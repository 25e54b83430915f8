//! Decides which stacks are worked on.

use std::collections::{BTreeMap, BTreeSet};

use template::{Assembly, StackTemplate};

use crate::call::Context;
use crate::keep;
use crate::parameters::Outputs;
use crate::status::has_outputs;
use crate::{DeployOptions, Error, Event, ReadStack, SelectedStack};

/// The stacks to deploy, and what is known before.
pub(crate) struct Selection<'a> {
    /// The stacks, in an order in which they can be deployed.
    pub stacks: Vec<&'a StackTemplate>,
    /// The outputs of the stacks that only lend theirs.
    pub outputs: Outputs,
}

/// Finds the stacks of these names, in the order of the assembly; all of them if no name is given.
pub fn select<'a>(assembly: &'a Assembly, names: &[String]) -> Result<Vec<&'a StackTemplate>, Error> {
    let is = |stack: &StackTemplate, name: &str| stack.name == name || stack.stack_name == name;
    if let Some(unknown) = names.iter().find(|name| !assembly.stacks.iter().any(|stack| is(stack, name))) {
        return Err(unknown_stack(assembly, unknown));
    }
    let wanted = |stack: &&StackTemplate| names.is_empty() || names.iter().any(|name| is(stack, name));
    Ok(assembly.stacks.iter().filter(wanted).collect())
}

/// Selects what has to be deployed so that the stacks named are; all of them if no name is given.
///
/// A stack that a selected one needs is only read if it stands and has the outputs that are needed. Otherwise it is
/// deployed too.
pub(crate) async fn for_deploy<'a>(
    context: &Context<'_>,
    assembly: &'a Assembly,
    names: &[String],
    options: &DeployOptions,
) -> Result<Selection<'a>, Error> {
    let mut queue = select(assembly, names)?;
    for kept in queue.iter().filter(|stack| options.keeps(&stack.name).is_some()) {
        let (stack, reason) = (kept.name.clone(), options.keeps(&kept.name).unwrap_or_default().to_owned());
        if !names.is_empty() {
            return Err(Error::LeftAlone { stack, reason, missing: None });
        }
        let differs = keep::differences(context, kept).await?;
        context.tell(Event::LeftAlone { stack, reason, differs });
    }
    queue.retain(|stack| options.keeps(&stack.name).is_none());
    let mut selected: BTreeMap<&str, Option<String>> = queue.iter().map(|stack| (stack.name.as_str(), None)).collect();
    let mut read: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut present: BTreeMap<&str, Option<BTreeMap<String, String>>> = BTreeMap::new();
    while let Some(stack) = queue.pop() {
        for (name, wanted) in needs(stack, options) {
            let Some(upstream) = assembly.stack(name).filter(|_| !selected.contains_key(name)) else { continue };
            if !present.contains_key(name) {
                present.insert(name, present_outputs(context, upstream).await?);
            }
            match reason_to_deploy(&stack.name, &wanted, present[name].as_ref()) {
                None => read.entry(name).or_default().extend(wanted),
                Some(_) if let Some(reason) = options.keeps(name) => {
                    let present = present[name].as_ref();
                    let lacks = |output: &&&str| present.is_none_or(|present| !present.contains_key(**output));
                    // One that is only to come before has nothing to lend.
                    if let Some(output) = wanted.iter().find(lacks) {
                        let missing = Some((stack.name.clone(), (*output).to_owned()));
                        let (stack, reason) = (name.to_owned(), reason.to_owned());
                        return Err(Error::LeftAlone { stack, reason, missing });
                    }
                }
                Some(reason) => {
                    read.remove(name);
                    selected.insert(name, Some(reason));
                    queue.push(upstream);
                }
            }
        }
    }
    let stacks: Vec<_> = assembly.stacks.iter().filter(|stack| selected.contains_key(stack.name.as_str())).collect();
    context.tell(Event::Selected {
        stacks: stacks
            .iter()
            .map(|stack| SelectedStack { stack: stack.name.clone(), because: selected[stack.name.as_str()].clone() })
            .collect(),
        read: read
            .iter()
            .filter(|(_, outputs)| !outputs.is_empty())
            .map(|(stack, outputs)| ReadStack {
                stack: (*stack).to_owned(),
                outputs: outputs.iter().map(|output| (*output).to_owned()).collect(),
            })
            .collect(),
    });
    let outputs = present.into_iter().filter_map(|(stack, outputs)| Some((stack.to_owned(), outputs?)));
    Ok(Selection { outputs: outputs.filter(|(stack, _)| !selected.contains_key(stack.as_str())).collect(), stacks })
}

/// Selects what has to be deleted so that the stacks named can be: also those that use them, in reverse order.
pub(crate) fn for_destroy<'a>(
    assembly: &'a Assembly,
    names: &[String],
) -> Result<Vec<(&'a StackTemplate, Option<String>)>, Error> {
    let mut selected: BTreeMap<&str, Option<String>> =
        select(assembly, names)?.iter().map(|stack| (stack.name.as_str(), None)).collect();
    // Stacks use only earlier ones, so one pass in their order finds all that follow.
    for stack in &assembly.stacks {
        if selected.contains_key(stack.name.as_str()) {
            continue;
        }
        if let Some(used) = stack.depends_on.iter().find(|used| selected.contains_key(used.as_str())) {
            selected.insert(&stack.name, Some(format!("it uses `{used}`")));
        }
    }
    let reverse = assembly.stacks.iter().rev();
    Ok(reverse.filter_map(|stack| Some((stack, selected.remove(stack.name.as_str())?))).collect())
}

/// Lists the stacks that a stack needs, each with the outputs that it needs of it.
fn needs<'a>(stack: &'a StackTemplate, options: &'a DeployOptions) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> =
        stack.depends_on.iter().map(|name| (name.as_str(), BTreeSet::new())).collect();
    for reference in &stack.parameters {
        needs.entry(&reference.stack).or_default().insert(&reference.output);
    }
    let artifacts = options.artifacts.as_ref().filter(|artifacts| artifacts.stack != stack.name);
    if let Some(artifacts) = artifacts.filter(|_| options.needs_bucket(stack)) {
        needs.entry(&artifacts.stack).or_default().insert(&artifacts.output);
    }
    needs
}

fn reason_to_deploy(
    stack: &str,
    wanted: &BTreeSet<&str>,
    present: Option<&BTreeMap<String, String>>,
) -> Option<String> {
    let Some(present) = present else { return Some(format!("`{stack}` needs it, and it is not deployed yet")) };
    let lacking = wanted.iter().find(|output| !present.contains_key(**output))?;
    Some(format!("`{stack}` needs its output `{lacking}`, which it does not have yet"))
}

async fn present_outputs(
    context: &Context<'_>,
    stack: &StackTemplate,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    let name = stack.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    Ok(description.filter(|description| has_outputs(&description.status)).map(|description| values(&description)))
}

/// Returns the outputs of a stack without what describes them.
pub(crate) fn values(description: &cloud::cloud_formation::StackDescription) -> BTreeMap<String, String> {
    description.outputs.iter().map(|(name, output)| (name.clone(), output.value.clone())).collect()
}

pub(crate) fn unknown_stack(assembly: &Assembly, name: &str) -> Error {
    let known: Vec<String> = assembly.stacks.iter().map(|stack| stack.name.clone()).collect();
    let closest = known.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
    let similar = closest.filter(|closest| strsim::jaro(closest, name) > 0.7).cloned();
    Error::UnknownStack { name: name.to_owned(), environment: assembly.environment.clone(), known, similar }
}
