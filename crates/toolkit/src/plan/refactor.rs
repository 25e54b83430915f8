//! The templates of a stack refactoring: those that are deployed, with nothing but the move.
//!
//! CloudFormation moves resources between stacks, and renames them, without touching them, if the templates say nothing
//! else than before: no property changes, no resource comes or goes, and neither does a parameter. References across the
//! new border become exports and imports, which the updates that follow take away again where the author's templates have
//! none (AWS page "Stack refactoring").

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cloud::cloud_formation::StackDescription;
use tree::{Entry, Map, Node, Origin, Tree};

use super::exports::{Before, Exported};
use super::keep::entry;
use super::moves::{Immovable, ImmovableReason, Move, Place};
use super::references::{Used, entries, used, used_by_resource, with_references};

/// So many stacks take part in one refactoring at most (AWS page "Stack refactoring").
const MOST_STACKS: usize = 5;

/// Resources that move together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refactoring {
    /// The moves.
    pub moves: Vec<Move>,
    /// The templates of the stacks that take part, after the moves.
    pub templates: BTreeMap<String, Tree>,
    /// The stacks among them that do not exist yet.
    pub creates: Vec<String>,
}

/// What is known of the stacks that take part.
pub(crate) struct Ground<'a> {
    /// The first part of the names of exports: app and environment.
    pub prefix: String,
    /// The stacks as they stand.
    pub before: &'a BTreeMap<String, Before>,
    /// The same, as CloudFormation describes them.
    pub descriptions: &'a BTreeMap<String, &'a StackDescription>,
}

/// Lists the exports that a move takes away from its stack, because what they export goes to another one.
pub(crate) fn uprooted(moves: &[Move], before: &BTreeMap<String, Before>) -> Vec<(String, Exported)> {
    let mut uprooted = Vec::new();
    for (stack, before) in before {
        let leaves = |used: &Used<'_>| matches!(used, Used::Name { name, .. } if leaves(moves, stack, name));
        for (output, export) in &before.exports {
            let value = before.template.find(["Outputs", output, "Value"]);
            if value.is_some_and(|value| used(value).iter().any(leaves)) {
                uprooted.push((stack.clone(), export.clone()));
            }
        }
    }
    uprooted
}

fn leaves(moves: &[Move], stack: &str, logical_id: &str) -> bool {
    target(moves, stack, logical_id).is_some_and(|to| to.stack != stack)
}

fn target<'m>(moves: &'m [Move], stack: &str, logical_id: &str) -> Option<&'m Place> {
    moves.iter().find(|one| one.from.stack == stack && one.from.logical_id == logical_id).map(|one| &one.to)
}

/// Makes the refactorings of moves: one for those that share stacks.
pub(crate) fn refactorings(moves: &[Move], ground: &Ground<'_>) -> Result<Vec<Refactoring>, Vec<Immovable>> {
    let (mut refactorings, mut immovable) = (Vec::new(), Vec::new());
    for (stacks, moves) in groups(moves) {
        let block = |one: &Move, reason| Immovable {
            from: one.from.clone(),
            to: one.to.clone(),
            resource_type: one.resource_type.clone(),
            reason,
        };
        if stacks.len() > MOST_STACKS {
            immovable.extend(moves.first().map(|one| block(one, ImmovableReason::TooManyStacks(stacks.len()))));
            continue;
        }
        let rewriting = Rewriting { ground, moves: &moves, offered: RefCell::default(), borders: RefCell::default() };
        let before = immovable.len();
        for one in &moves {
            immovable.extend(rewriting.obstacle(one).map(|reason| block(one, reason)));
        }
        if immovable.len() > before {
            continue;
        }
        let templates = rewriting.templates(&stacks);
        for one in &moves {
            if templates[&one.from.stack].get("Resources").and_then(Tree::as_map).is_none_or(Map::is_empty) {
                immovable.push(block(one, ImmovableReason::Empties));
            } else if rewriting.is_circular(one) {
                immovable.push(block(one, ImmovableReason::Circle));
            }
        }
        let creates = stacks.iter().filter(|stack| !ground.before.contains_key(**stack));
        let creates = creates.map(|stack| (*stack).to_owned()).collect();
        refactorings.push(Refactoring { templates, creates, moves: moves.clone() });
    }
    if immovable.is_empty() { Ok(refactorings) } else { Err(immovable) }
}

/// Groups moves that share a stack, with the stacks that take part.
fn groups(moves: &[Move]) -> Vec<(BTreeSet<&str>, Vec<Move>)> {
    let mut groups: Vec<(BTreeSet<&str>, Vec<Move>)> = Vec::new();
    for one in moves {
        let mut own = (BTreeSet::from([one.from.stack.as_str(), one.to.stack.as_str()]), vec![one.clone()]);
        let (touching, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(stacks, _)| !stacks.is_disjoint(&own.0));
        for (stacks, moves) in touching.into_iter().rev() {
            own.0.extend(stacks);
            own.1.splice(0..0, moves);
        }
        groups = apart;
        groups.push(own);
    }
    groups
}

struct Rewriting<'a> {
    ground: &'a Ground<'a>,
    moves: &'a [Move],
    /// What must be exported so that references across the new borders work: by stack, logical id and attribute.
    offered: RefCell<BTreeSet<(String, String, String)>>,
    /// Which stack now imports from which other one.
    borders: RefCell<BTreeSet<(String, String)>>,
}

impl Rewriting<'_> {
    /// Says what of the old stack a resource uses that cannot go along.
    fn obstacle(&self, one: &Move) -> Option<ImmovableReason> {
        if one.from.stack == one.to.stack {
            return None;
        }
        let old = &self.ground.before.get(&one.from.stack)?.template;
        let new = self.ground.before.get(&one.to.stack).map(|before| &before.template);
        let resource = &entry(old, "Resources", &one.from.logical_id)?.value;
        let is_there = |section, name: &str| {
            new.and_then(|new| entry(new, section, name)).map(|entry| &entry.value)
                == entry(old, section, name).map(|entry| &entry.value)
        };
        used_by_resource(resource)
            .into_iter()
            .find_map(|used| match used {
                Used::Condition(name) if !is_there("Conditions", name) => Some(format!("condition `{name}`")),
                Used::Mapping(name) if !is_there("Mappings", name) => Some(format!("mapping `{name}`")),
                Used::Name { name, .. } if entry(old, "Parameters", name).is_some() => {
                    let value = self.ground.descriptions.get(&one.from.stack)?.parameters.get(name);
                    let is_hidden = value.is_none_or(|value| value.chars().all(|character| character == '*'));
                    is_hidden.then(|| format!("parameter `{name}`, whose value nobody sees"))
                }
                _ => None,
            })
            .map(ImmovableReason::Uses)
    }

    fn templates(&self, stacks: &BTreeSet<&str>) -> BTreeMap<String, Tree> {
        let made = stacks.iter().map(|stack| ((*stack).to_owned(), self.template(stack)));
        let mut templates: BTreeMap<String, Tree> = made.collect();
        for (stack, logical_id, attribute) in self.offered.borrow().iter() {
            if let Some(template) = templates.get_mut(stack) {
                self.offer(template, stack, logical_id, attribute);
            }
        }
        templates
    }

    /// Whether the two stacks of a move would import from each other.
    fn is_circular(&self, one: &Move) -> bool {
        let (from, to) = (one.from.stack.clone(), one.to.stack.clone());
        let borders = self.borders.borrow();
        let imports = |consumer: &str, producer: &str| {
            let exports = self.ground.before.get(producer).map(|before| &before.exports);
            let names = || exports.into_iter().flat_map(BTreeMap::values).map(|export| export.name.as_str());
            let already = self.ground.before.get(consumer).is_some_and(|before| {
                used(&before.template)
                    .iter()
                    .any(|used| matches!(used, Used::Import(name) if names().any(|own| own == *name)))
            });
            borders.contains(&(consumer.to_owned(), producer.to_owned())) || already
        };
        from != to && imports(&from, &to) && imports(&to, &from)
    }

    /// The template of a stack after the moves.
    fn template(&self, stack: &str) -> Tree {
        let empty = Tree::single("AWSTemplateFormatVersion", Tree::string("2010-09-09"));
        let old = self.ground.before.get(stack).map_or(&empty, |before| &before.template);
        let stays = |entry: &&Entry| target(self.moves, stack, &entry.key).is_none();
        let mut resources: Map = entries(old.get("Resources"))
            .filter(stays)
            .map(|entry| Entry { value: self.resource(stack, stack, &entry.value), ..entry.clone() })
            .collect();
        for one in self.moves.iter().filter(|one| one.to.stack == stack) {
            let from = self.ground.before.get(&one.from.stack);
            if let Some(body) = from.and_then(|from| entry(&from.template, "Resources", &one.from.logical_id)) {
                resources.push(&*one.to.logical_id, self.resource(&one.from.stack, stack, &body.value));
            }
        }
        let leaves = |used: &Used<'_>| matches!(used, Used::Name { name, .. } if leaves(self.moves, stack, name));
        let outputs: Map = entries(old.get("Outputs"))
            .filter(|output| !output.value.get("Value").is_some_and(|value| used(value).iter().any(leaves)))
            .map(|output| Entry { value: self.value(stack, stack, &output.value), ..output.clone() })
            .collect();
        let others = entries(Some(old)).filter(|entry| !matches!(entry.key.as_str(), "Resources" | "Outputs"));
        let mut template: Map = others.cloned().collect();
        template.push("Resources", Tree::new(Node::Map(resources), Origin::Unknown));
        if !outputs.is_empty() {
            template.push("Outputs", Tree::new(Node::Map(outputs), Origin::Unknown));
        }
        Tree::new(Node::Map(template), old.origin)
    }

    /// A resource that was declared in the stack `was` and now is in `now`.
    fn resource(&self, was: &str, now: &str, resource: &Tree) -> Tree {
        let Some(map) = resource.as_map() else { return resource.clone() };
        let mut rewritten = Map::default();
        for entry in map {
            if entry.key != "DependsOn" {
                rewritten.push_entry(Entry { value: self.value(was, now, &entry.value), ..entry.clone() });
                continue;
            }
            let depends = used_by_resource(resource).into_iter().filter_map(|used| match used {
                Used::Dependency(name) => self.place(was, name),
                _ => None,
            });
            let mut here: Vec<Tree> =
                depends.filter(|place| place.stack == now).map(|place| Tree::string(place.logical_id)).collect();
            match (here.len(), entry.value.as_list()) {
                (0, _) => {}
                (1, None) => rewritten.push("DependsOn", here.remove(0)),
                _ => rewritten.push("DependsOn", Tree::new(Node::List(here), Origin::Unknown)),
            }
        }
        Tree::new(Node::Map(rewritten), resource.origin)
    }

    /// Where a resource of a stack is after the moves; nothing for what is no resource.
    fn place(&self, was: &str, logical_id: &str) -> Option<Place> {
        entry(&self.ground.before.get(was)?.template, "Resources", logical_id)?;
        let stays = || Place { stack: was.to_owned(), logical_id: logical_id.to_owned() };
        Some(target(self.moves, was, logical_id).cloned().unwrap_or_else(stays))
    }

    /// A value that was written in the stack `was` and now is in `now`.
    fn value(&self, was: &str, now: &str, value: &Tree) -> Tree {
        with_references(value, &|used| match used {
            Used::Name { name, attribute } => match self.place(was, name) {
                Some(place) if place.stack != now => Some(self.import(now, &place, attribute)),
                Some(place) if place.logical_id != name => Some(reference(&place.logical_id, attribute)),
                Some(place) if was != now => Some(reference(&place.logical_id, attribute)),
                Some(_) => None,
                None if was == now => None,
                None => self.literal(was, name),
            },
            Used::Import(export) => self.own_export(now, export),
            _ => None,
        })
    }

    fn import(&self, now: &str, place: &Place, attribute: Option<&str>) -> Tree {
        let attribute = attribute.unwrap_or_default();
        self.borders.borrow_mut().insert((now.to_owned(), place.stack.clone()));
        self.offered.borrow_mut().insert((place.stack.clone(), place.logical_id.clone(), attribute.to_owned()));
        Tree::single("Fn::ImportValue", Tree::string(self.export_name(place, attribute)))
    }

    /// An export that is there already, or the name that synthesis would give to it.
    fn export_name(&self, place: &Place, attribute: &str) -> String {
        let own = self.ground.before.get(&place.stack).filter(|_| self.moves.iter().all(|one| one.to != *place));
        let value = reference(&place.logical_id, Some(attribute).filter(|attribute| !attribute.is_empty()));
        let present = own.and_then(|own| {
            let same = |(output, _): &(&String, _)| own.template.find(["Outputs", output, "Value"]) == Some(&value);
            own.exports.iter().find(same).map(|(_, export)| export.name.clone())
        });
        let output = format!("{}{}", place.logical_id, attribute.replace('.', ""));
        present.unwrap_or_else(|| format!("{}-{}-{output}", self.ground.prefix, place.stack))
    }

    /// The value that a parameter or a pseudo parameter has in the old stack.
    fn literal(&self, was: &str, name: &str) -> Option<Tree> {
        let description = self.ground.descriptions.get(was)?;
        match name {
            "AWS::StackName" => return Some(Tree::string(&description.name)),
            "AWS::StackId" => return Some(Tree::string(&description.id)),
            _ => {}
        }
        let value = Tree::string(description.parameters.get(name)?);
        let declared = &entry(&self.ground.before.get(was)?.template, "Parameters", name)?.value;
        let is_list = declared.get("Type").and_then(Tree::as_str).is_some_and(|name| name.contains("List"));
        let split =
            |value| Tree::single("Fn::Split", Tree::new(Node::List(vec![Tree::string(","), value]), Origin::Unknown));
        Some(if is_list { split(value) } else { value })
    }

    /// What a stack exports, in the stack itself: it cannot import from itself.
    fn own_export(&self, now: &str, export: &str) -> Option<Tree> {
        let before = self.ground.before.get(now)?;
        let (output, _) = before.exports.iter().find(|(_, own)| own.name == export)?;
        Some(self.value(now, now, before.template.find(["Outputs", output, "Value"])?))
    }

    /// Makes a stack export what others now import from it.
    fn offer(&self, template: &mut Tree, stack: &str, logical_id: &str, attribute: &str) {
        let place = Place { stack: stack.to_owned(), logical_id: logical_id.to_owned() };
        let name = self.export_name(&place, attribute);
        let has = |output: &Entry| output.value.find(["Export", "Name"]).and_then(Tree::as_str) == Some(&name);
        if entries(template.get("Outputs")).any(has) {
            return;
        }
        let mut output = Map::default();
        output.push("Description", Tree::string("Used by other stacks since resources moved"));
        output.push("Value", reference(logical_id, Some(attribute).filter(|attribute| !attribute.is_empty())));
        output.push("Export", Tree::single("Name", Tree::string(&name)));
        let Node::Map(map) = &mut template.node else { return };
        if map.get("Outputs").is_none() {
            map.push("Outputs", Tree::new(Node::Map(Map::default()), Origin::Unknown));
        }
        let Some(Node::Map(outputs)) = map.get_mut("Outputs").map(|outputs| &mut outputs.node) else { return };
        let mut key = format!("{logical_id}{}", attribute.replace('.', ""));
        while outputs.get(&key).is_some() {
            key.push_str("Moved");
        }
        outputs.push(key, Tree::new(Node::Map(output), Origin::Unknown));
    }
}

fn reference(logical_id: &str, attribute: Option<&str>) -> Tree {
    match attribute {
        None => Tree::single("Ref", Tree::string(logical_id)),
        Some(attribute) => {
            let path = [logical_id, attribute].map(Tree::string);
            Tree::single("Fn::GetAtt", Tree::new(Node::List(path.into()), Origin::Unknown))
        }
    }
}

/// The stacks as they stand after a refactoring.
pub(crate) fn after(refactoring: &Refactoring, before: &BTreeMap<String, Before>) -> BTreeMap<String, Before> {
    let mut after = before.clone();
    for (stack, template) in &refactoring.templates {
        let was = before.get(stack);
        let values: BTreeMap<&str, &Option<String>> = was
            .into_iter()
            .flat_map(|was| was.exports.values())
            .map(|export| (export.name.as_str(), &export.value))
            .collect();
        let exports = entries(template.get("Outputs")).filter_map(|output| {
            let name = output.value.find(["Export", "Name"])?.as_str()?.to_owned();
            let value = values.get(name.as_str()).copied().cloned().flatten();
            Some((output.key.clone(), Exported { name, value }))
        });
        after.insert(stack.clone(), Before { exports: exports.collect(), template: template.clone() });
    }
    after
}
