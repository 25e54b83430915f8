//! Lays out all the steps of a deployment: what moves first, then what is updated, some of it in two.

use std::collections::BTreeMap;

use cloud::ErrorKind;
use cloud::cloud_formation::StackDescription;
use template::{Assembly, StackTemplate};

use super::exports::{Before, Exported, Touch, touch};
use super::moves::{Move, moves};
use super::phases::{Blocked, BlockedReason, detached, importers, phases};
use super::refactor::{Ground, Refactoring, after, refactorings, uprooted};
use super::steps::{Deployed, Step, Work, steps};
use crate::Error;
use crate::call::Context;

/// Templates with literals in place of imports, by stack, with the exports.
type Detached = BTreeMap<String, (tree::Tree, Vec<String>)>;

/// The stacks outside of the app that import an export, by export.
pub(crate) type Foreign = BTreeMap<String, Vec<String>>;

/// Decides on the steps for the stacks selected, which are in an order in which they can be deployed.
///
/// `deployed` has the stacks of the assembly that exist and can be updated; `given_up` names the resources that may be
/// lost, as `LOGICAL_ID` or `STACK.LOGICAL_ID`.
pub(crate) async fn lay_out(
    context: &Context<'_>,
    assembly: &Assembly,
    selected: &[&StackTemplate],
    deployed: &BTreeMap<String, Deployed>,
    given_up: &[String],
) -> Result<Vec<Step>, Error> {
    let draft = Draft::of(assembly, selected, deployed, given_up)?;
    let mut foreign = Foreign::new();
    for export in draft.exports() {
        let importing = context.call(async || context.cloud.cloud_formation.importing_stacks(export).await).await;
        let importing = match importing {
            // A cloud that cannot tell refuses what is not possible when its time comes.
            Err(error) if matches!(error.kind, ErrorKind::Service | ErrorKind::Validation) => Vec::new(),
            answer => answer?,
        };
        let is_own = |name: &String| assembly.stacks.iter().any(|stack| stack.stack_name == *name);
        foreign.insert(export.to_owned(), importing.into_iter().filter(|name| !is_own(name)).collect());
    }
    draft.steps(assembly, selected, deployed, &foreign)
}

/// What can be told without asking who imports what.
struct Draft {
    /// The exports whose resource leaves their stack.
    uprooted: Vec<(String, Exported)>,
    /// The templates with literals in place of those, by stack, with the exports.
    detached: Detached,
    refactorings: Vec<Refactoring>,
    /// The stacks as they stand once all of that is done.
    before: BTreeMap<String, Before>,
    /// What becomes of the exports that are there then.
    touch: Touch,
}

impl Draft {
    fn of(
        assembly: &Assembly,
        selected: &[&StackTemplate],
        deployed: &BTreeMap<String, Deployed>,
        given_up: &[String],
    ) -> Result<Self, Error> {
        let mut before: BTreeMap<String, Before> =
            deployed.iter().map(|(name, deployed)| (name.clone(), standing(deployed))).collect();
        let moves = moves(assembly, selected, &before, given_up).map_err(|moves| Error::Immovable { moves })?;
        let uprooted = uprooted(&moves, &before);
        let detached = detach(selected, &before, &uprooted).map_err(|exports| Error::ExportsInUse { exports })?;
        for (stack, (template, _)) in &detached {
            if let Some(before) = before.get_mut(stack) {
                before.template = template.clone();
            }
        }
        let refactorings = refactor(assembly, &moves, &before, deployed)?;
        for refactoring in &refactorings {
            before = after(refactoring, &before);
        }
        let touch = touch(selected, &before);
        Ok(Self { uprooted, detached, refactorings, before, touch })
    }

    /// The exports that must not be imported from outside of the app.
    fn exports(&self) -> impl Iterator<Item = &str> {
        let uprooted = self.uprooted.iter().map(|(_, export)| export.name.as_str());
        uprooted.chain(self.touch.exports.iter().map(|touched| touched.export.as_str()))
    }

    fn steps(
        self,
        assembly: &Assembly,
        selected: &[&StackTemplate],
        deployed: &BTreeMap<String, Deployed>,
        foreign: &Foreign,
    ) -> Result<Vec<Step>, Error> {
        let held: Vec<Blocked> =
            self.uprooted.iter().filter_map(|(stack, export)| held(stack, export, foreign)).collect();
        if !held.is_empty() {
            return Err(Error::ExportsInUse { exports: held });
        }
        if self.touch.exports.is_empty() && self.refactorings.is_empty() {
            return Ok(steps(assembly, selected, deployed));
        }
        let mut laid_out: Vec<Step> = self.detached.into_iter().map(detaching).collect();
        let all_detached: Vec<usize> = (0..laid_out.len()).collect();
        laid_out.extend(self.refactorings.into_iter().map(|refactoring| refactored(refactoring, &all_detached)));
        let first = laid_out.len();
        let phases =
            phases(selected, &self.before, &self.touch, foreign).map_err(|exports| Error::ExportsInUse { exports })?;
        for phase in phases {
            let comes_before = |step: &Step| step.stack == phase.stack || step.work.moves_in(&phase.stack);
            let earlier = laid_out[..first].iter().enumerate().filter(|(_, step)| comes_before(step));
            let mut after: Vec<usize> = earlier.map(|(place, _)| place).collect();
            after.extend(phase.after.iter().map(|place| first + place));
            laid_out.push(Step {
                stack: phase.stack,
                template: phase.template,
                work: Work::Deploy,
                keeps_parameters: phase.detaches,
                why: phase.why,
                after,
            });
        }
        Ok(laid_out)
    }
}

fn standing(deployed: &Deployed) -> Before {
    let exported = |(name, output): (&String, &cloud::cloud_formation::StackOutput)| {
        let export = Exported { name: output.export.clone()?, value: Some(output.value.clone()) };
        Some((name.clone(), export))
    };
    Before {
        template: deployed.template.clone(),
        exports: deployed.description.outputs.iter().filter_map(exported).collect(),
    }
}

/// Puts literals in place of the exports whose resources are to move, so that nothing holds them.
fn detach(
    selected: &[&StackTemplate],
    before: &BTreeMap<String, Before>,
    uprooted: &[(String, Exported)],
) -> Result<Detached, Vec<Blocked>> {
    let importers = importers(before);
    let mut literals: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut blocked = Vec::new();
    for (stack, export) in uprooted {
        let own = importers.get(export.name.as_str()).into_iter().flatten().filter(|importer| *importer != stack);
        for importer in own {
            let is_selected = selected.iter().any(|selected| selected.name == **importer);
            match &export.value {
                Some(value) if is_selected => {
                    literals.entry(importer).or_default().insert(&export.name, value);
                }
                value => blocked.push(Blocked {
                    stack: stack.clone(),
                    export: export.name.clone(),
                    importers: vec![(*importer).to_owned()],
                    reason: if value.is_some() { BlockedReason::LeftAlone } else { BlockedReason::UnknownValue },
                }),
            }
        }
    }
    if !blocked.is_empty() {
        return Err(blocked);
    }
    let templates = literals.into_iter().map(|(stack, literals)| {
        let exports = literals.keys().map(|export| (*export).to_owned()).collect();
        (stack.to_owned(), (detached(&before[stack].template, &literals), exports))
    });
    Ok(templates.collect())
}

fn held(stack: &str, export: &Exported, foreign: &Foreign) -> Option<Blocked> {
    let importers = foreign.get(&export.name).filter(|importers| !importers.is_empty())?;
    Some(Blocked {
        stack: stack.to_owned(),
        export: export.name.clone(),
        importers: importers.clone(),
        reason: BlockedReason::Foreign,
    })
}

fn refactor(
    assembly: &Assembly,
    moves: &[Move],
    before: &BTreeMap<String, Before>,
    deployed: &BTreeMap<String, Deployed>,
) -> Result<Vec<Refactoring>, Error> {
    let descriptions: BTreeMap<String, &StackDescription> =
        deployed.iter().map(|(name, deployed)| (name.clone(), &deployed.description)).collect();
    let prefix = format!("{}-{}", assembly.app, assembly.environment);
    let ground = Ground { prefix, before, descriptions: &descriptions };
    refactorings(moves, &ground).map_err(|moves| Error::Immovable { moves })
}

fn detaching((stack, (template, exports)): (String, (tree::Tree, Vec<String>))) -> Step {
    let exports: Vec<String> = exports.iter().map(|export| format!("`{export}`")).collect();
    Step {
        stack,
        template,
        work: Work::Deploy,
        keeps_parameters: true,
        why: Some(format!(
            "takes the present value of {} as a literal, so that what is behind it may move",
            exports.join(", ")
        )),
        after: Vec::new(),
    }
}

fn refactored(refactoring: Refactoring, after: &[usize]) -> Step {
    let moves: Vec<String> = refactoring.moves.iter().map(ToString::to_string).collect();
    let stack = refactoring.moves.first().map(|one| one.to.stack.clone()).unwrap_or_default();
    Step {
        template: refactoring.templates[&stack].clone(),
        stack,
        why: Some(format!("{}; nothing is made anew", moves.join("; "))),
        work: Work::Refactor(refactoring),
        keeps_parameters: true,
        after: after.to_vec(),
    }
}

impl Work {
    /// Says whether resources of a stack move.
    pub(crate) fn moves_in(&self, stack: &str) -> bool {
        match self {
            Self::Deploy => false,
            Self::Refactor(refactoring) => refactoring.templates.contains_key(stack),
        }
    }
}

#[cfg(test)]
mod tests;
