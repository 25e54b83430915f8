//! Which resources have another place than before: another logical id, or another stack.
//!
//! CloudFormation knows resources by their place only, so a new place means a new resource, and an end to the old one.
//! That is a loss where the resource holds something, and a failure where it has a name of its own, of which there can be
//! only one. Such resources are moved instead. Which old resource is which new one is said by the author
//! (`Declare::formerly`), or told from the name, the logical id, or what is in it; where that leaves a choice, nobody
//! guesses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use template::{Assembly, StackTemplate};
use tree::{Map, Node, Tree};

use super::exports::Before;
use super::keep::{entry, given_name};
use super::references::entries;

/// Where a resource is: the stack by its name within the app, and the logical id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The stack's name within the app.
    pub stack: String,
    /// The logical id.
    pub logical_id: String,
}

/// A resource that goes to another place, and stays what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Where it is.
    pub from: Place,
    /// Where it goes.
    pub to: Place,
    /// Its type.
    pub resource_type: String,
}

/// A move that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Immovable {
    /// Where the resource is.
    pub from: Place,
    /// Where it would go.
    pub to: Place,
    /// Its type.
    pub resource_type: String,
    /// Why it cannot go there.
    pub reason: ImmovableReason,
}

/// Why a move cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImmovableReason {
    /// Another pair would be as likely.
    Unclear,
    /// One of the two stacks is not deployed this time.
    LeftAlone(String),
    /// The type is another one.
    OtherType(String),
    /// It uses something of its stack that cannot go along, such as a condition.
    Uses(String),
    /// Its stack would be left without any resource.
    Empties,
    /// The two stacks would need each other.
    Circle,
    /// More stacks would take part than CloudFormation takes at once.
    TooManyStacks(usize),
    /// CloudFormation refuses.
    Refused(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` of stack `{}`", self.logical_id, self.stack)
    }
}

impl fmt::Display for Move {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, resource_type } = self;
        if from.stack == to.stack {
            return write!(formatter, "renames `{}` ({resource_type}) to `{}`", from.logical_id, to.logical_id);
        }
        write!(formatter, "moves `{}` ({resource_type}) from {} to {}", from.logical_id, from.stack, to.stack)?;
        if from.logical_id == to.logical_id { Ok(()) } else { write!(formatter, " as `{}`", to.logical_id) }
    }
}

impl fmt::Display for Immovable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, resource_type, reason } = self;
        match reason {
            ImmovableReason::Unclear => {
                write!(formatter, "{from} ({resource_type}) may be what {to} is now, but so may another one")
            }
            ImmovableReason::LeftAlone(stack) => {
                write!(formatter, "{from} is to become {to}, but stack `{stack}` is not deployed this time")
            }
            ImmovableReason::OtherType(other) => {
                write!(formatter, "{from} is {resource_type}, and {to}, which was it formerly, is {other}")
            }
            ImmovableReason::Uses(what) => write!(formatter, "{from} cannot become {to}: it uses {what}"),
            ImmovableReason::Empties => {
                write!(formatter, "{from} cannot become {to}: stack `{}` would have no resource left", from.stack)
            }
            ImmovableReason::Circle => {
                write!(
                    formatter,
                    "{from} cannot become {to}: `{}` and `{}` would need each other",
                    from.stack, to.stack
                )
            }
            ImmovableReason::TooManyStacks(stacks) => {
                write!(formatter, "{from} cannot become {to}: {stacks} stacks would take part, and 5 are allowed")
            }
            ImmovableReason::Refused(reason) => {
                write!(formatter, "CloudFormation does not let {from} become {to}: {reason}")
            }
        }
    }
}

impl Immovable {
    /// Says what to do about it.
    pub(crate) fn hint(&self) -> String {
        let Self { from, to, .. } = self;
        match &self.reason {
            ImmovableReason::Unclear => {
                let word = if from.stack == to.stack {
                    format!(".formerly(\"{}\")", from.logical_id)
                } else {
                    format!(".formerly_in(\"{}\", \"{}\")", from.stack, from.logical_id)
                };
                format!(
                    "say which is which where `{}` is declared: `{word}`; or let the old one go: `--allow-data-loss {}`",
                    to.logical_id, from.logical_id
                )
            }
            ImmovableReason::LeftAlone(_) => {
                format!("deploy them together: `baleen deploy {} {}`", from.stack, to.stack)
            }
            ImmovableReason::OtherType(_) => {
                "take `formerly` away: a resource of another type cannot be the same one".to_owned()
            }
            ImmovableReason::Uses(_) => "deploy it without that first, then move it".to_owned(),
            ImmovableReason::Empties => {
                format!("leave something in `{}`, or move it in a later deployment", from.stack)
            }
            ImmovableReason::Circle => "move what it refers to as well, or deploy it without that first".to_owned(),
            ImmovableReason::TooManyStacks(_) => "move fewer resources at once".to_owned(),
            ImmovableReason::Refused(_) => format!(
                "keep it where it is; or hand it over: deploy `{}` with `DeletionPolicy: Retain`, then without it, then \
                 `baleen import {} {}=IDENTIFIER`",
                from.stack, to.stack, to.logical_id
            ),
        }
    }
}

/// Finds the resources that move. `given_up` are the logical ids, or `STACK.LOGICAL_ID`, of those that may be lost.
pub(crate) fn moves(
    assembly: &Assembly,
    selected: &[&StackTemplate],
    before: &BTreeMap<String, Before>,
    given_up: &[String],
) -> Result<Vec<Move>, Vec<Immovable>> {
    let mut search = Search { before, moves: Vec::new(), immovable: Vec::new() };
    for stack in &assembly.stacks {
        search.said(assembly, stack);
    }
    let (gone, fresh) = search.loose(assembly, given_up);
    if gone.is_empty() || fresh.is_empty() {
        return search.finish(selected);
    }
    search.named(&gone, &fresh);
    search.same_id(assembly, given_up);
    search.similar(assembly, given_up);
    search.finish(selected)
}

/// A resource that is in one of the two sets of templates only.
#[derive(Clone)]
struct Loose<'a> {
    place: Place,
    resource: &'a Tree,
}

struct Search<'a> {
    before: &'a BTreeMap<String, Before>,
    moves: Vec<Move>,
    immovable: Vec<Immovable>,
}

impl<'a> Search<'a> {
    fn old(&self, place: &Place) -> Option<&'a Tree> {
        Some(&entry(&self.before.get(&place.stack)?.template, "Resources", &place.logical_id)?.value)
    }

    /// Takes the author's word, as far as it is still to be done.
    fn said(&mut self, assembly: &Assembly, stack: &StackTemplate) {
        for formerly in &stack.formerly {
            let to = Place { stack: stack.name.clone(), logical_id: formerly.logical_id.clone() };
            let from = Place { stack: formerly.stack.clone(), logical_id: formerly.former.clone() };
            let still =
                assembly.stack(&from.stack).and_then(|stack| entry(&stack.template, "Resources", &from.logical_id));
            let (Some(old), None, None) = (self.old(&from), self.old(&to), still) else { continue };
            let new = entry(&stack.template, "Resources", &to.logical_id).map(|entry| type_of(&entry.value));
            self.add(from, to, type_of(old), new.unwrap_or_default());
        }
    }

    fn add(&mut self, from: Place, to: Place, old_type: &str, new_type: &str) {
        let resource_type = old_type.to_owned();
        if old_type == new_type {
            self.moves.push(Move { from, to, resource_type });
        } else {
            let reason = ImmovableReason::OtherType(new_type.to_owned());
            self.immovable.push(Immovable { from, to, resource_type, reason });
        }
    }

    /// Lists what is gone and what is new, as far as it is not known to move.
    fn loose(&self, assembly: &'a Assembly, given_up: &[String]) -> (Vec<Loose<'a>>, Vec<Loose<'a>>) {
        let leaving: BTreeSet<&Place> = self.moves.iter().map(|known| &known.from).collect();
        let coming: BTreeSet<&Place> = self.moves.iter().map(|known| &known.to).collect();
        let (mut gone, mut fresh) = (Vec::new(), Vec::new());
        for stack in &assembly.stacks {
            let old = self.before.get(&stack.name).map(|before| &before.template);
            let is_in = |template: Option<&Tree>, id: &str| {
                template.is_some_and(|template| entry(template, "Resources", id).is_some())
            };
            let loose = |entry: &'a tree::Entry| Loose {
                place: Place { stack: stack.name.clone(), logical_id: entry.key.clone() },
                resource: &entry.value,
            };
            let old_entries = entries(old.and_then(|old| old.get("Resources")));
            let only_old = old_entries.filter(|entry| !is_in(Some(&stack.template), &entry.key)).map(loose);
            gone.extend(only_old.filter(|old| !leaving.contains(&old.place) && !is_given_up(&old.place, given_up)));
            let new_entries = entries(stack.template.get("Resources"));
            let only_new = new_entries.filter(|entry| !is_in(old, &entry.key)).map(loose);
            fresh.extend(only_new.filter(|new| !coming.contains(&new.place)));
        }
        (gone, fresh)
    }

    /// Pairs what has the same name of its own: of that there can be only one.
    fn named(&mut self, gone: &[Loose<'a>], fresh: &[Loose<'a>]) {
        let key = |loose: &Loose<'_>| {
            Some((type_of(loose.resource).to_owned(), given_name(loose.resource)?.to_json_compact()))
        };
        let by_name: BTreeMap<_, _> = gone.iter().filter_map(|old| Some((key(old)?, old))).collect();
        for new in fresh {
            if let Some(old) = key(new).and_then(|key| by_name.get(&key)) {
                let resource_type = type_of(old.resource);
                self.add(old.place.clone(), new.place.clone(), resource_type, resource_type);
            }
        }
    }

    /// Pairs what holds something and has the same logical id in another stack, where there is no choice.
    fn same_id(&mut self, assembly: &'a Assembly, given_up: &[String]) {
        let (gone, fresh) = self.loose(assembly, given_up);
        let key = |loose: &Loose<'a>| (type_of(loose.resource), loose.place.logical_id.clone());
        let mut by_id: BTreeMap<_, (Vec<Place>, Vec<Place>)> = BTreeMap::new();
        for old in gone.iter().filter(|old| diff::holds(type_of(old.resource)).is_some()) {
            by_id.entry(key(old)).or_default().0.push(old.place.clone());
        }
        for new in &fresh {
            if let Some((_, places)) = by_id.get_mut(&key(new)) {
                places.push(new.place.clone());
            }
        }
        for ((resource_type, _), (old, new)) in by_id {
            if let ([from], [to]) = (old.as_slice(), new.as_slice()) {
                self.add(from.clone(), to.clone(), resource_type, resource_type);
            }
        }
    }

    /// Pairs what holds something and is much the same, where there is no choice.
    fn similar(&mut self, assembly: &'a Assembly, given_up: &[String]) {
        let (gone, fresh) = self.loose(assembly, given_up);
        let count = |loose: &[Loose<'_>], resource_type: &str| {
            loose.iter().filter(|loose| type_of(loose.resource) == resource_type).count()
        };
        let is_loose = |loose: &[Loose<'_>], place: &Place| loose.iter().any(|loose| loose.place == *place);
        let holding = gone.iter().any(|loose| diff::holds(type_of(loose.resource)).is_some());
        if !holding || fresh.is_empty() {
            return;
        }
        for found in recognised(&self.without_known(assembly), &assembly.stacks, &self.moves) {
            let is_open = is_loose(&gone, &found.from) && is_loose(&fresh, &found.to);
            if !is_open || diff::holds(&found.resource_type).is_none() {
                continue;
            }
            let sole = count(&gone, &found.resource_type) == 1 && count(&fresh, &found.resource_type) == 1;
            if sole {
                self.moves.push(found);
            } else {
                let Move { from, to, resource_type } = found;
                self.immovable.push(Immovable { from, to, resource_type, reason: ImmovableReason::Unclear });
            }
        }
    }

    /// The old templates, without what is known to move.
    fn without_known(&self, assembly: &Assembly) -> BTreeMap<String, Tree> {
        let of_app = assembly.stacks.iter().filter_map(|stack| Some((&stack.name, self.before.get(&stack.name)?)));
        of_app
            .map(|(name, before)| {
                let moves = |id: &str| self.moves.iter().any(|m| m.from.stack == *name && m.from.logical_id == id);
                (name.clone(), without(&before.template, &moves))
            })
            .collect()
    }

    fn finish(mut self, selected: &[&StackTemplate]) -> Result<Vec<Move>, Vec<Immovable>> {
        let is_selected = |name: &str| selected.iter().any(|stack| stack.name == name);
        let mut moves = Vec::new();
        for found in self.moves {
            match (is_selected(&found.from.stack), is_selected(&found.to.stack)) {
                (true, true) => moves.push(found),
                (false, false) => {}
                (from, _) => {
                    let left_alone = if from { found.to.stack.clone() } else { found.from.stack.clone() };
                    let Move { from, to, resource_type } = found;
                    let reason = ImmovableReason::LeftAlone(left_alone);
                    self.immovable.push(Immovable { from, to, resource_type, reason });
                }
            }
        }
        self.immovable.retain(|one| is_selected(&one.from.stack) || is_selected(&one.to.stack));
        if self.immovable.is_empty() { Ok(moves) } else { Err(self.immovable) }
    }
}

/// What a comparison of the templates recognises as moved.
fn recognised(old: &BTreeMap<String, Tree>, new: &[StackTemplate], known: &[Move]) -> Vec<Move> {
    let without_known = new.iter().map(|stack| {
        let moves = |id: &str| known.iter().any(|m| m.to.stack == stack.name && m.to.logical_id == id);
        (stack.name.as_str(), without(&stack.template, &moves))
    });
    let new: Vec<(&str, Tree)> = without_known.collect();
    let old: Vec<_> = old.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
    let new: Vec<_> = new.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
    let diff = diff::diff(&old, &new);
    let moved = diff.resources().filter_map(|change| {
        let former = change.former.as_ref()?;
        Some(Move {
            from: Place { stack: former.stack.clone(), logical_id: former.logical_id.clone() },
            to: Place { stack: change.stack.clone(), logical_id: change.logical_id.clone() },
            resource_type: change.resource_type.clone(),
        })
    });
    moved.collect()
}

/// The template without some of its resources.
fn without(template: &Tree, is_out: &dyn Fn(&str) -> bool) -> Tree {
    let mut template = template.clone();
    if let Node::Map(map) = &mut template.node
        && let Some(Node::Map(resources)) = map.get_mut("Resources").map(|resources| &mut resources.node)
    {
        let kept = std::mem::take(resources).into_iter().filter(|entry| !is_out(&entry.key));
        *resources = kept.collect::<Map>();
    }
    template
}

fn is_given_up(place: &Place, given_up: &[String]) -> bool {
    let full = format!("{}.{}", place.stack, place.logical_id);
    given_up.iter().any(|given| *given == place.logical_id || *given == full)
}

fn type_of(resource: &Tree) -> &str {
    resource.get("Type").and_then(Tree::as_str).unwrap_or_default()
}
