//! How changes spread: what refers to something that changes, changes as well.
//!
//! A replaced resource gets another physical id and other attributes; whatever refers to it is updated, and is itself
//! replaced if it cannot be updated there; and so on, through outputs, imports and weak references into other stacks, to
//! a fixpoint. Changed defaults, mappings and conditions spread in the same way.

use std::collections::{BTreeMap, VecDeque};

use tree::{Entry, Tree};

use crate::known::Known;
use crate::references::{Owner, Target, User, Users, section, users};
use crate::resources::{affected, replaced, type_of};
use crate::truth::truth;
use crate::{
    Action, Cause, EntryChange, Fate, Impact, ResourceChange, StackAction, StackChange, Step, Template, ValueChange,
    impact,
};

/// Attributes that are others after each update of their resource in place: versions and revisions.
const REVISIONS: &[(&str, &str)] = &[
    ("AWS::AmazonMQ::Configuration", "Revision"),
    ("AWS::CodePipeline::Pipeline", "Version"),
    ("AWS::EC2::LaunchTemplate", "LatestVersionNumber"),
    ("AWS::MSK::Configuration", "LatestRevision.Revision"),
    ("AWS::StepFunctions::StateMachine", "StateMachineRevisionId"),
];

/// Something that has another value than before.
#[derive(Clone, Debug)]
struct Event<'t> {
    what: What<'t>,
    /// Whether it is known to change.
    certain: bool,
    cause: Cause,
}

/// Which value is another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct What<'t> {
    target: Target<'t>,
    /// Only this attribute of the target.
    attribute: Option<&'static str>,
    /// Only what these keys of a mapping give.
    keys: Option<(String, Option<String>)>,
}

struct Spread<'t, 'c> {
    new: &'c [Template<'t>],
    users: Users<'t>,
    /// The old resources by stack and logical id.
    old: BTreeMap<(usize, &'t str), &'t Entry>,
    /// The parameters that are filled from an output, by the output's stack and name.
    links: BTreeMap<(&'t str, &'t str), Vec<(usize, &'t str)>>,
    /// The changes by stack and logical id.
    changes: BTreeMap<(usize, &'t str), ResourceChange>,
    known: BTreeMap<(usize, &'t str), Known>,
    events: VecDeque<Event<'t>>,
    /// What was spread already, and whether as certain.
    done: BTreeMap<What<'t>, bool>,
}

/// Adds to a comparison what its changes do elsewhere.
pub(crate) fn spread(old: &[Template<'_>], new: &[Template<'_>], stacks: &mut Vec<StackChange>) {
    let first = first_events(old, new, stacks);
    if first.is_empty() {
        return;
    }
    let mut spread = Spread {
        new,
        users: users(new),
        old: old_resources(old, new, stacks),
        links: links(new),
        changes: take_changes(new, stacks),
        known: BTreeMap::new(),
        events: first.into(),
        done: BTreeMap::new(),
    };
    while let Some(event) = spread.events.pop_front() {
        spread.spread(&event);
    }
    put_back(new, spread.changes, stacks);
}

impl<'t> Spread<'t, '_> {
    fn spread(&mut self, event: &Event<'t>) {
        let What { target, attribute, keys } = &event.what;
        // Once as possible, and once more if it turns out to be certain.
        if self.done.get(&event.what).is_some_and(|certain| *certain || !event.certain) {
            return;
        }
        self.done.insert(event.what.clone(), event.certain);
        // Taken out and put back: what is reached adds no users.
        let users = self.users.remove(target).unwrap_or_default();
        for user in &users {
            let is_other = attribute.is_some() && user.attribute.as_deref() != *attribute;
            let hit = keys.as_ref().map_or(Some(event.certain), |keys| hits(keys, user.keys));
            if let (false, Some(certain)) = (is_other, hit) {
                self.reach(event, user, certain && event.certain);
            }
        }
        self.users.insert(target.clone(), users);
    }

    fn reach(&mut self, event: &Event<'t>, user: &User<'t>, certain: bool) {
        match user.owner {
            Owner::Resource(entry) => self.reach_resource(event, user, entry, certain),
            Owner::Output(entry) => self.reach_output(user.stack, entry, certain),
            Owner::Condition(name) => self.events.push_back(Event {
                what: What { target: Target::Condition(user.stack, name), attribute: None, keys: None },
                certain: false,
                cause: Cause::Condition { name: name.to_owned() },
            }),
        }
    }

    /// The value of an output is another one: so are the parameters and imports that take it.
    fn reach_output(&mut self, stack: usize, entry: &'t Entry, certain: bool) {
        let name = self.new[stack].name;
        let cause = Cause::Output { stack: name.to_owned(), name: entry.key.clone() };
        self.events.extend(consumers(&self.links, name, entry, certain, &cause));
    }

    fn reach_resource(&mut self, event: &Event<'t>, user: &User<'t>, entry: &'t Entry, certain: bool) {
        let (stack, id) = (user.stack, entry.key.as_str());
        let before = self.old.get(&(stack, id)).copied();
        let name = self.new[stack].name;
        let change = self.changes.entry((stack, id)).or_insert_with(|| affected(name, before.unwrap_or(entry), entry));
        let known = self.known.entry((stack, id)).or_insert_with(|| Known::of(change));
        if matches!(change.action, Action::Add | Action::Remove) || !known.is_new(&user.path, certain) {
            return;
        }
        let mut value = ValueChange {
            path: user.path.clone(),
            old: Some(user.value.clone()),
            new: Some(user.value.clone()),
            impact: Impact::None,
            detail: None,
            cause: Some(event.cause.clone()),
        };
        let own = if user.path.first_key() == Some("Condition") {
            Impact::MayDelete
        } else {
            impact::of_change(&entry.value, &value)
        };
        value.impact = if certain { own } else { own.perhaps() };
        change.impact = change.impact.max(value.impact);
        if known.causes.insert(event.cause.clone()) {
            change.causes.push(event.cause.clone());
        }
        known.put(change, value, certain);
        if change.impact.is_destructive() && change.fate.is_none() {
            change.fate = Some(before.map_or(Fate::Deleted, |old| replaced(&old.value, &entry.value)));
        }
        self.events.extend(events_of(stack, id, change));
    }
}

/// What a changed resource means to those that refer to it.
fn events_of<'t>(stack: usize, id: &'t str, change: &ResourceChange) -> Vec<Event<'t>> {
    let (of_stack, logical_id) = (change.stack.clone(), change.logical_id.clone());
    let event = |attribute, certain, cause| {
        let what = What { target: Target::Name(stack, id), attribute, keys: None };
        Event { what, certain, cause }
    };
    // A moved one has another name: whoever refers to it is written otherwise, unless the whole stack has another name.
    let in_place = matches!(change.action, Action::Modify | Action::Affected);
    match change.impact {
        Impact::Replace | Impact::MayReplace if in_place => {
            let cause = Cause::Resource { stack: of_stack, logical_id };
            vec![event(None, change.impact == Impact::Replace, cause)]
        }
        Impact::Update | Impact::MayUpdate => {
            let revisions = REVISIONS.iter().filter(|(name, _)| *name == change.resource_type);
            let cause = |attribute: &str| Cause::Attribute {
                stack: of_stack.clone(),
                logical_id: logical_id.clone(),
                attribute: attribute.to_owned(),
            };
            let certain = change.impact == Impact::Update;
            revisions.map(|(_, attribute)| event(Some(*attribute), certain, cause(attribute))).collect()
        }
        _ => Vec::new(),
    }
}

/// What the differences of the templates themselves mean to those that refer to what differs.
fn first_events<'t>(old: &[Template<'_>], new: &[Template<'t>], stacks: &[StackChange]) -> Vec<Event<'t>> {
    let links = links(new);
    let mut events = Vec::new();
    for change in stacks.iter().filter(|change| change.action == StackAction::Modify) {
        let Some(stack) = new.iter().position(|template| template.name == change.name) else { continue };
        let tree = new[stack].tree;
        let old = old.iter().find(|template| template.name == change.name).map(|template| template.tree);
        let resources: BTreeMap<&str, &'t str> =
            section(tree, "Resources").map(|entry| (entry.key.as_str(), entry.key.as_str())).collect();
        for resource in &change.resources {
            if let Some(id) = resources.get(resource.logical_id.as_str()) {
                events.extend(events_of(stack, id, resource));
            }
        }
        for entry in change.entries.iter().filter(|entry| entry.action == Action::Modify) {
            let name = entry.name.as_deref().unwrap_or_default();
            let own = tree.get(&entry.section).and_then(|section| section.as_map()?.entry(name));
            let Some(own) = own else { continue };
            events.extend(entry_events(stack, entry, own, (old, tree)));
            if entry.section == "Outputs" && entry.changes.iter().any(|change| change.path.first_key() == Some("Value"))
            {
                let stack = new[stack].name;
                let cause = Cause::Output { stack: stack.to_owned(), name: name.to_owned() };
                events.extend(consumers(&links, stack, own, true, &cause));
            }
        }
    }
    events
}

/// What a changed parameter, mapping or condition means to those that refer to it.
fn entry_events<'t>(
    stack: usize,
    change: &EntryChange,
    own: &'t Entry,
    (old, new): (Option<&Tree>, &Tree),
) -> Vec<Event<'t>> {
    let name = own.key.as_str();
    let owned = || name.to_owned();
    let event = |target, keys, certain, cause| Event { what: What { target, attribute: None, keys }, certain, cause };
    let touches = |key: &str| change.changes.iter().any(|change| change.path.first_key() == Some(key));
    match change.section.as_str() {
        "Parameters" if touches("Default") || touches("Type") => {
            vec![event(Target::Name(stack, name), None, false, Cause::Parameter { name: owned() })]
        }
        "Mappings" => {
            let keys = change.changes.iter().filter_map(|change| {
                let key = |at: usize| match change.path.steps().get(at) {
                    Some(Step::Key(key)) => Some(key.clone()),
                    _ => None,
                };
                Some((key(0)?, key(1)))
            });
            let of_keys =
                |keys| event(Target::Mapping(stack, name), Some(keys), true, Cause::Mapping { name: owned() });
            keys.map(of_keys).collect()
        }
        "Conditions" => {
            let of = |tree: Option<&Tree>| truth(tree.and_then(|tree| tree.get("Conditions")), name);
            let (was, now) = (of(old), of(Some(new)));
            if was.is_some() && was == now {
                return Vec::new();
            }
            let certain = was.is_some() && now.is_some();
            vec![event(Target::Condition(stack, name), None, certain, Cause::Condition { name: owned() })]
        }
        _ => Vec::new(),
    }
}

/// What takes the value of an output: parameters of other stacks, and imports.
fn consumers<'t>(
    links: &BTreeMap<(&'t str, &'t str), Vec<(usize, &'t str)>>,
    stack: &str,
    output: &'t Entry,
    certain: bool,
    cause: &Cause,
) -> Vec<Event<'t>> {
    let event = |target| Event { what: What { target, attribute: None, keys: None }, certain, cause: cause.clone() };
    let parameters = links.get(&(stack, output.key.as_str())).into_iter().flatten();
    let mut events: Vec<_> = parameters.map(|(stack, name)| event(Target::Name(*stack, name))).collect();
    let export = output.value.find(["Export", "Name"]).and_then(crate::values::text::text);
    events.extend(export.map(|name| event(Target::Export(name))));
    events
}

/// Tells whether a use of a mapping gets the value below these keys: nothing if not, else whether that is certain.
fn hits((first, second): &(String, Option<String>), used: [Option<&str>; 2]) -> Option<bool> {
    let same = |changed: Option<&String>, used: Option<&str>| match (changed, used) {
        (None, _) => Some(true),
        (Some(changed), Some(used)) => (changed == used).then_some(true),
        (Some(_), None) => Some(false),
    };
    Some(same(Some(first), used[0])? & same(second.as_ref(), used[1])?)
}

/// Finds the parameters that are filled from outputs of other stacks.
///
/// Synthesis says so in the description of such a parameter; there is no other trace of it in a template.
fn links<'t>(templates: &[Template<'t>]) -> BTreeMap<(&'t str, &'t str), Vec<(usize, &'t str)>> {
    let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (stack, template) in templates.iter().enumerate() {
        for parameter in section(template.tree, "Parameters") {
            let description = parameter.value.get("Description").and_then(Tree::as_str);
            let named = description.and_then(|text| text.strip_prefix("Output ")?.split_once(" of stack "));
            if let Some((output, producer)) = named {
                links.entry((producer, output)).or_default().push((stack, parameter.key.as_str()));
            }
        }
    }
    links
}

fn old_resources<'t>(
    old: &[Template<'t>],
    new: &[Template<'t>],
    stacks: &[StackChange],
) -> BTreeMap<(usize, &'t str), &'t Entry> {
    let former: BTreeMap<&str, &str> =
        stacks.iter().filter_map(|stack| Some((stack.name.as_str(), stack.former_name.as_deref()?))).collect();
    let old: BTreeMap<&str, &'t Tree> = old.iter().map(|template| (template.name, template.tree)).collect();
    let mut found = BTreeMap::new();
    for (stack, template) in new.iter().enumerate() {
        let name = former.get(template.name).copied().unwrap_or(template.name);
        for entry in old.get(name).into_iter().flat_map(|tree| section(tree, "Resources")) {
            found.insert((stack, entry.key.as_str()), entry);
        }
    }
    found
}

/// Takes the changes of resources that are in the new templates out of the stacks.
fn take_changes<'t>(new: &[Template<'t>], stacks: &mut [StackChange]) -> BTreeMap<(usize, &'t str), ResourceChange> {
    let mut taken = BTreeMap::new();
    for (stack, template) in new.iter().enumerate() {
        let Some(change) = stacks.iter_mut().find(|change| change.name == template.name) else { continue };
        let mut own: BTreeMap<String, ResourceChange> = BTreeMap::new();
        let all = std::mem::take(&mut change.resources);
        for resource in all {
            if resource.action == Action::Remove {
                change.resources.push(resource);
            } else {
                own.insert(resource.logical_id.clone(), resource);
            }
        }
        for entry in section(template.tree, "Resources") {
            if let Some(resource) = own.remove(&entry.key) {
                taken.insert((stack, entry.key.as_str()), resource);
            }
        }
    }
    taken
}

/// Puts the changes into the stacks, in the order of the new templates.
fn put_back<'t>(
    new: &[Template<'t>],
    mut changes: BTreeMap<(usize, &'t str), ResourceChange>,
    stacks: &mut Vec<StackChange>,
) {
    let mut known: BTreeMap<String, StackChange> = BTreeMap::new();
    let mut gone = Vec::new();
    for change in std::mem::take(stacks) {
        if change.action == StackAction::Remove {
            gone.push(change);
        } else {
            known.insert(change.name.clone(), change);
        }
    }
    for (stack, template) in new.iter().enumerate() {
        let resources = section(template.tree, "Resources").filter_map(|entry| {
            let change = changes.remove(&(stack, entry.key.as_str()))?;
            // Reached by something that turned out to be known already.
            (change.action != Action::Affected || !change.changes.is_empty()).then_some(change)
        });
        let mut resources: Vec<_> = resources.collect();
        let own = known.remove(template.name);
        if own.is_none() && resources.is_empty() {
            continue;
        }
        let mut change = own.unwrap_or_else(|| StackChange {
            name: template.name.to_owned(),
            former_name: None,
            action: StackAction::Modify,
            entries: Vec::new(),
            resources: Vec::new(),
        });
        resources.append(&mut change.resources);
        change.resources = resources;
        stacks.push(change);
    }
    stacks.append(&mut gone);
}

/// Notes what hinders a replacement: a resource whose name is given, and stays the same, cannot be made a second time.
pub(crate) fn note_names(new: &[Template<'_>], stacks: &mut [StackChange]) {
    for stack in stacks {
        let Some(template) = new.iter().find(|template| template.name == stack.name) else { continue };
        let replaced = stack.resources.iter_mut().filter(|change| {
            matches!(change.action, Action::Modify | Action::Affected) && change.impact == Impact::Replace
        });
        let mut replaced: BTreeMap<String, &mut ResourceChange> =
            replaced.map(|change| (change.logical_id.clone(), change)).collect();
        if replaced.is_empty() {
            continue;
        }
        for entry in section(template.tree, "Resources") {
            if let Some(change) = replaced.get_mut(&entry.key) {
                change.notes.extend(hindrance(&entry.value, change));
            }
        }
    }
}

fn hindrance(resource: &Tree, change: &ResourceChange) -> Option<String> {
    let resource_type = type_of(resource);
    let schema = schemas::schema(resource_type)?;
    let mut identifiers = schema.primary_identifier();
    let (name, None) = (identifiers.next()?, identifiers.next()) else { return None };
    let is_settable = schema.read_only().all(|path| path != name);
    let given = resource.find(["Properties", name]).filter(|value| value.as_str().is_some())?;
    let stays = change.changes.iter().all(|own| !own.path.starts_with(&["Properties", name]));
    let text = given.as_str().unwrap_or_default();
    (is_settable && stays).then(|| {
        format!(
            "CloudFormation cannot make a second {resource_type} with the {name} {text}: give it another one, or none"
        )
    })
}
