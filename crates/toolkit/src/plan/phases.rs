//! Brings stacks whose exports are in use to templates that drop or change them, without ever being blocked.
//!
//! CloudFormation refuses to remove an export, or to give it another value, while a stack imports it; and often the
//! importing stack cannot be changed first, because it needs what only the changed exporter has: the deadly embrace.
//! There are two ways out, and both are steps of ordinary updates:
//!
//! - An export that goes is *kept*, together with what is behind it, while the importers are updated; then the exporter
//!   is updated once more, without it.
//! - An export whose value changes cannot be kept. Its importers first take its present value as a literal, which changes
//!   none of their resources; then nothing holds the exporter, and the importers follow with their new templates.
//!
//! All of this is read off the templates and the exports that are there, so a deployment that was killed between two
//! steps goes on from where it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use template::StackTemplate;
use tree::Tree;

use super::exports::{Before, Touch, Touched};
use super::keep::section;
use super::references::{Used, used, with_references};

/// One update of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// The stack's name within the app.
    pub stack: String,
    /// The template.
    pub template: Tree,
    /// Whether this is the template that the stack has, but for literals in place of imports: its parameters stay, too.
    pub detaches: bool,
    /// What this is for, where the stack's new template alone does not say it.
    pub why: Option<String>,
    /// The updates before it, by their place in the list: earlier ones only.
    pub after: Vec<usize>,
}

/// An export that cannot be dropped or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The stack that exports, by its name within the app.
    pub stack: String,
    /// The name by which it is imported.
    pub export: String,
    /// The stacks that import it: by their name within the app, or in CloudFormation where they do not belong to the app.
    pub importers: Vec<String>,
    /// Why that is in the way.
    pub reason: BlockedReason,
}

/// Why an importer is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockedReason {
    /// It does not belong to the app.
    Foreign,
    /// It is left alone this time, and the value changes.
    LeftAlone,
    /// The value changes, and what it is now is not known.
    UnknownValue,
}

impl fmt::Display for Blocked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, export, importers, reason } = self;
        let imports = format!("{} {}", names(importers), if importers.len() == 1 { "imports" } else { "import" });
        match reason {
            BlockedReason::Foreign => {
                write!(formatter, "export `{export}` of stack `{stack}` is to go or to change, but {imports} it")?;
                formatter.write_str(", outside of this app")
            }
            BlockedReason::LeftAlone => {
                write!(formatter, "export `{export}` of stack `{stack}` gets another value, but {imports} it")?;
                formatter.write_str(" and is not deployed this time")
            }
            BlockedReason::UnknownValue => {
                write!(formatter, "export `{export}` of stack `{stack}` gets another value, {imports} it")?;
                formatter.write_str(", and its present value is not known")
            }
        }
    }
}

impl Blocked {
    /// Says what to do about it.
    pub(crate) fn hint(&self) -> String {
        let Self { stack, export, importers, reason } = self;
        match reason {
            BlockedReason::Foreign => format!(
                "keep the export, or take it out of {} first (`aws cloudformation list-imports --export-name {export}` \
                 says who imports it)",
                names(importers)
            ),
            BlockedReason::LeftAlone => {
                format!("deploy them together: `baleen deploy {stack} {}`", importers.join(" "))
            }
            BlockedReason::UnknownValue => format!("deploy again with `{stack}` unchanged, then change it"),
        }
    }
}

/// Lays out the updates of the selected stacks, which are in an order in which they can be deployed.
///
/// `before` has the stacks of the app that are deployed; `foreign` says which stacks outside of the app import what.
pub(crate) fn phases(
    selected: &[&StackTemplate],
    before: &BTreeMap<String, Before>,
    touch: &Touch,
    foreign: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Phase>, Vec<Blocked>> {
    let importers = importers(before);
    let mut layout =
        Layout { selected, before, kept: BTreeMap::new(), detached: BTreeMap::new(), marked: BTreeSet::new() };
    let mut blocked = Vec::new();
    for export in &touch.exports {
        let own = importers.get(export.export.as_str()).into_iter().flatten().copied();
        let own: Vec<&str> = own.filter(|importer| *importer != export.stack).collect();
        let block = |importers: Vec<String>, reason| Blocked {
            stack: export.stack.clone(),
            export: export.export.clone(),
            importers,
            reason,
        };
        let left_alone: Vec<String> =
            own.iter().filter(|name| !layout.is_selected(name)).map(|name| (*name).to_owned()).collect();
        match (foreign.get(&export.export), &export.keeping, &export.value) {
            (Some(foreign), ..) if !foreign.is_empty() => {
                blocked.push(block(foreign.clone(), BlockedReason::Foreign));
            }
            _ if own.is_empty() => {}
            (_, Some(_), value) => {
                // It must really be updated, even if nothing but the kind of reference changes.
                let (detaching, importers): (Vec<&str>, Vec<&str>) = own.into_iter().partition(|importer| {
                    value.is_some() && touch.the_same.contains(*importer) && layout.is_selected(importer)
                });
                for (importer, value) in
                    detaching.into_iter().zip(std::iter::repeat(value.as_deref().unwrap_or_default()))
                {
                    layout.detached.entry(importer).or_default().insert(&export.export, (&export.stack, value));
                }
                // Without a value there is no literal; then only a mark makes a change of it.
                let unnoticed = importers.iter().copied().filter(|importer| touch.the_same.contains(*importer));
                layout.marked.extend(unnoticed);
                layout.marked.retain(|importer| selected.iter().any(|stack| stack.name == *importer));
                if !importers.is_empty() {
                    layout.kept.entry(&export.stack).or_default().push(Held { export, importers });
                }
            }
            (_, None, _) if !left_alone.is_empty() => blocked.push(block(left_alone, BlockedReason::LeftAlone)),
            (_, None, None) => {
                let own = own.into_iter().map(str::to_owned).collect();
                blocked.push(block(own, BlockedReason::UnknownValue));
            }
            (_, None, Some(value)) => {
                for importer in own {
                    layout.detached.entry(importer).or_default().insert(&export.export, (&export.stack, value));
                }
            }
        }
    }
    if blocked.is_empty() { Ok(layout.phases()) } else { Err(blocked) }
}

/// The output that a template has while it has literals in place of imports.
const LITERALS: &str = "LiteralsInPlaceOfImports";

/// The output that a template has for as long as an export that it no longer imports is kept for it.
const NO_IMPORTS: &str = "NoLongerImports";

/// Puts values in place of imports.
///
/// An output says so as well: with nothing but values written otherwise, CloudFormation might find nothing to update.
pub(crate) fn detached(template: &Tree, values: &BTreeMap<&str, &str>) -> Tree {
    let mut detached = with_references(template, &|used| match used {
        Used::Import(export) => values.get(export).map(|value| Tree::string(*value)),
        _ => None,
    });
    let exports: Vec<&str> = values.keys().copied().collect();
    mark(&mut detached, LITERALS, &exports.join(", "));
    detached
}

/// Adds an output, so that CloudFormation finds something to update.
fn mark(template: &mut Tree, name: &str, value: &str) {
    if let Some(outputs) = section(template, "Outputs")
        && outputs.get(name).is_none()
    {
        outputs.push(name, Tree::single("Value", Tree::string(value)));
    }
}

/// Finds which stacks of the app import what.
pub(crate) fn importers(before: &BTreeMap<String, Before>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut importers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, stack) in before {
        for used in used(&stack.template) {
            if let Used::Import(export) = used {
                importers.entry(export).or_default().insert(name);
            }
        }
    }
    importers
}

/// An export that is kept while stacks import it.
struct Held<'a> {
    export: &'a Touched,
    importers: Vec<&'a str>,
}

struct Layout<'a> {
    selected: &'a [&'a StackTemplate],
    before: &'a BTreeMap<String, Before>,
    /// What is kept, by the stack that exports it.
    kept: BTreeMap<&'a str, Vec<Held<'a>>>,
    /// What is taken as a literal, by the stack that imports it: by export, the stack that exports it, and the value.
    detached: BTreeMap<&'a str, BTreeMap<&'a str, (&'a str, &'a str)>>,
    /// The stacks that no longer import something, and in which nothing else changes.
    marked: BTreeSet<&'a str>,
}

impl<'a> Layout<'a> {
    fn is_selected(&self, name: &str) -> bool {
        self.selected.iter().any(|stack| stack.name == name)
    }

    fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = self.detached.iter().map(|(stack, exports)| self.detach(stack, exports)).collect();
        let detaching: BTreeMap<&str, usize> = self.detached.keys().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut main: BTreeMap<&str, usize> = BTreeMap::new();
        for stack in self.selected {
            let needed = stack.depends_on.iter().filter_map(|name| main.get(name.as_str()).copied());
            let needed: BTreeSet<usize> = needed.chain(self.before_main(&stack.name, &detaching)).collect();
            main.insert(&stack.name, phases.len());
            phases.push(self.main(stack, needed.into_iter().collect()));
        }
        // Downstream first: a resource that is kept for one stack may itself import from another.
        let mut last = main.clone();
        for stack in self.selected.iter().rev() {
            if let Some(mut phase) = self.release(stack) {
                let importers = self.held(&stack.name).flat_map(|held| &held.importers);
                let needed = importers.filter_map(|name| last.get(name)).chain(main.get(stack.name.as_str()));
                phase.after = needed.copied().collect::<BTreeSet<_>>().into_iter().collect();
                last.insert(&stack.name, phases.len());
                phases.push(phase);
            }
        }
        phases
    }

    fn held(&self, stack: &str) -> impl Iterator<Item = &Held<'a>> {
        self.kept.get(stack).into_iter().flatten()
    }

    /// The detaching updates that must come before a stack's main one: its own, and those that free its exports.
    fn before_main(&self, stack: &str, detaching: &BTreeMap<&str, usize>) -> Vec<usize> {
        let frees = |name: &str| self.detached[name].values().any(|(exporter, _)| *exporter == stack);
        detaching.iter().filter(|(name, _)| **name == stack || frees(name)).map(|(_, at)| *at).collect()
    }

    /// The stack's template with literals in place of imports.
    fn detach(&self, stack: &str, exports: &BTreeMap<&str, (&str, &str)>) -> Phase {
        let words = exports.iter().map(|(export, (exporter, _))| {
            format!("takes the present value of export `{export}` as a literal, so that nothing holds {exporter}")
        });
        Phase {
            stack: stack.to_owned(),
            template: self.detached_template(stack),
            detaches: true,
            why: Some(format!("1 of {}: {}", self.total(stack), words.collect::<Vec<_>>().join("; "))),
            after: Vec::new(),
        }
    }

    fn detached_template(&self, stack: &str) -> Tree {
        let template = &self.before[stack].template;
        let Some(exports) = self.detached.get(stack) else { return template.clone() };
        detached(template, &exports.iter().map(|(export, (_, value))| (*export, *value)).collect())
    }

    /// The stack's new template, with what is kept.
    fn main(&self, stack: &StackTemplate, after: Vec<usize>) -> Phase {
        let mut template = stack.template.clone();
        self.held(&stack.name).for_each(|held| self.keep(held, &mut template));
        let mut words: Vec<String> = self.held(&stack.name).map(|held| self.keeping_words(held)).collect();
        let detached = self.detached.get(stack.name.as_str()).into_iter().flatten();
        let imports: BTreeSet<&str> = imports(&stack.template).collect();
        words.extend(detached.map(|(export, _)| {
            if imports.contains(export) {
                format!("imports `{export}` again")
            } else {
                format!("no longer uses the value of export `{export}`")
            }
        }));
        if self.marked.contains(stack.name.as_str()) {
            mark(&mut template, NO_IMPORTS, "true");
            words.push(
                "no longer imports what is kept for it, and says so in an output, so that it is updated".to_owned(),
            );
        }
        let place = 1 + usize::from(self.detached.contains_key(stack.name.as_str()));
        let total = self.total(&stack.name);
        let why = match (words.is_empty(), total) {
            (true, _) => None,
            (false, 1) => Some(words.join("; ")),
            (false, total) => Some(format!("{place} of {total}: {}", words.join("; "))),
        };
        Phase { stack: stack.name.clone(), template, detaches: false, why, after }
    }

    fn keeping_words(&self, held: &Held<'_>) -> String {
        let (export, importers) = (&held.export.export, names(&held.importers));
        let all = held.importers.iter().all(|name| self.is_selected(name));
        match (all, held.importers.len()) {
            (true, 1) => format!("keeps export `{export}` until {importers} no longer imports it"),
            (true, _) => format!("keeps export `{export}` until {importers} no longer import it"),
            (false, _) => {
                let left = held.importers.iter().filter(|name| !self.is_selected(name));
                let left = names(&left.collect::<Vec<_>>());
                format!("keeps export `{export}`, as {left} is not deployed this time and imports it")
            }
        }
    }

    /// What is kept refers to other stacks as it did; what has become a literal in the importers is one there, too.
    fn keep(&self, held: &Held<'_>, template: &mut Tree) {
        let Some(keeping) = &held.export.keeping else { return };
        let exports = self.detached.get(held.export.stack.as_str());
        let literal = |used: Used<'_>| match used {
            Used::Import(export) => exports?.get(export).map(|(_, value)| Tree::string(*value)),
            _ => None,
        };
        keeping.with(|value| with_references(value, &literal)).put_into(template);
    }

    /// The stack's new template once more, without what is no longer imported; nothing where nothing was kept for long.
    fn release(&self, stack: &StackTemplate) -> Option<Phase> {
        let (released, stay): (Vec<&Held<'_>>, Vec<_>) =
            self.held(&stack.name).partition(|held| held.importers.iter().all(|name| self.is_selected(name)));
        let is_marked = self.marked.contains(stack.name.as_str());
        if released.is_empty() && !is_marked {
            return None;
        }
        let mut template = stack.template.clone();
        for held in stay {
            self.keep(held, &mut template);
        }
        let exports: Vec<String> = released.iter().map(|held| format!("`{}`", held.export.export)).collect();
        let total = self.total(&stack.name);
        let mut words = Vec::new();
        if !exports.is_empty() {
            let word = if exports.len() == 1 { "export" } else { "exports" };
            words.push(format!("drops {word} {}, which nothing imports any more", exports.join(", ")));
        }
        if is_marked {
            words.push("takes the output away that said so".to_owned());
        }
        let why = format!("{total} of {total}: {}", words.join("; "));
        Some(Phase { stack: stack.name.clone(), template, detaches: false, why: Some(why), after: Vec::new() })
    }

    /// How many updates a stack has.
    fn total(&self, stack: &str) -> usize {
        let is_released = |held: &Held<'_>| held.importers.iter().all(|name| self.is_selected(name));
        let has_last = self.marked.contains(stack) || self.held(stack).any(is_released);
        1 + usize::from(self.detached.contains_key(stack)) + usize::from(has_last)
    }
}

fn imports(template: &Tree) -> impl Iterator<Item = &str> {
    used(template).into_iter().filter_map(|used| match used {
        Used::Import(export) => Some(export),
        _ => None,
    })
}

/// Lists names in words.
fn names(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [name] => (*name).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;
