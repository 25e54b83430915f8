//! Synthesis: an app to its templates.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Finding, Map, Node, Origin, Path, Tree};

use crate::app::{App, References};
use crate::assembly::{Assembly, Formerly, StackTemplate, WeakReference};
use crate::lower::{Import, Lowering, export_name, list, place};
use crate::resource::{Attributes, TagProperty, TagShape};
use crate::stack::{Declared, Named, Stack};
use crate::way::Way;

pub(crate) fn synth(app: &App) -> Result<Assembly, Vec<Finding>> {
    let mut findings = Vec::new();
    check_stack_names(app, &mut findings);
    check_former_places(app, &mut findings);
    let mut lowered: Vec<Lowered> = app.stacks.iter().map(|stack| lower_stack(app, stack, &mut findings)).collect();
    let imports: Vec<Vec<Import>> = lowered.iter().map(|stack| stack.imports.clone()).collect();
    let mut weak_references = Vec::new();
    for imports in &imports {
        let mut own = Vec::new();
        for import in imports {
            if let Some(producer) = lowered.iter_mut().find(|stack| stack.name == import.stack) {
                let output = provide(app, producer, import, &mut findings);
                own.push(WeakReference { parameter: import.parameter.clone(), stack: import.stack.clone(), output });
            }
        }
        weak_references.push(own);
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let stacks = app.stacks.iter().zip(lowered).zip(weak_references);
    Ok(Assembly {
        app: app.settings.name.clone(),
        environment: app.settings.environment.clone(),
        account: app.settings.account.clone(),
        region: app.settings.region.clone(),
        stacks: stacks.map(|((stack, lowered), parameters)| stack_template(app, stack, lowered, parameters)).collect(),
    })
}

struct Lowered {
    name: String,
    parameters: Map,
    mappings: Map,
    conditions: Map,
    resources: Map,
    outputs: Map,
    imports: Vec<Import>,
    /// Stacks that must come first although no value of theirs is used.
    after: BTreeSet<String>,
}

fn check_stack_names(app: &App, findings: &mut Vec<Finding>) {
    for (index, stack) in app.stacks.iter().enumerate() {
        if let Some(first) = app.stacks[..index].iter().find(|other| other.name() == stack.name()) {
            let message = format!("stack `{}` is declared twice; first at {}", stack.name(), first.origin);
            findings.push(Finding::error("synth/duplicate-id", stack.name(), Path::root(), stack.origin, message));
        }
    }
}

fn lower_stack(app: &App, stack: &Stack, findings: &mut Vec<Finding>) -> Lowered {
    let mut lowering = Lowering::new(app, stack);
    let mut after: BTreeSet<String> = stack.after.iter().map(ToString::to_string).collect();

    let parameters = section(&mut lowering, "Parameters", &stack.parameters, Lowering::properties);
    let mappings = section(&mut lowering, "Mappings", &stack.mappings, |lowering, mapping, path, origin| {
        lowering.value(mapping, path, origin).unwrap_or_else(|| Tree::new(Node::Null, origin))
    });
    let conditions = section(&mut lowering, "Conditions", &stack.conditions, |lowering, test, path, origin| {
        place(lowering.test(test, path, origin), origin)
    });
    let resources = section(&mut lowering, "Resources", &stack.resources, |lowering, declared, path, origin| {
        resource(lowering, declared, path, origin, &mut after)
    });
    let outputs = section(&mut lowering, "Outputs", &stack.outputs, |lowering, output, path, origin| {
        let mut map = Map::default();
        if let Some(description) = &output.description {
            map.push("Description", Tree::string(description).at(origin));
        }
        match lowering.value(&output.value, &path.key("Value"), origin) {
            Some(value) => map.push("Value", value),
            None => lowering.error(
                "synth/required-absent",
                &path.key("Value"),
                origin,
                "an output needs a value, but the value given is absent (`None`)",
                "declare the output only where there is a value",
            ),
        }
        Tree::new(Node::Map(map), origin)
    });
    check_one_namespace(&mut lowering, stack);

    after.remove(stack.name());
    let Lowering { imports, findings: found, .. } = lowering;
    findings.extend(found);
    Lowered { name: stack.name().to_owned(), parameters, mappings, conditions, resources, outputs, imports, after }
}

/// Lowers a section of the template and reports names that stand twice in it.
fn section<'a, T>(
    lowering: &mut Lowering<'a>,
    title: &str,
    items: &[Named<T>],
    mut lower: impl FnMut(&mut Lowering<'a>, &T, &Way<'_>, Origin) -> Tree,
) -> Map {
    let mut map = Map::default();
    let section = Way::section(title);
    for Named { name, origin, item } in items {
        let path = section.key(name);
        if let Some(first) = map.entry(name) {
            let message = format!("`{name}` is declared twice in `{title}`; first at {}", first.origin);
            lowering.error("synth/duplicate-id", &path, *origin, message, "give one of the two another name");
            continue;
        }
        let value = lower(lowering, item, &path, *origin);
        map.push_entry(Entry { key: name.to_string(), origin: *origin, value });
    }
    map
}

/// Parameters and resources share one namespace: `Ref` could not tell them apart.
fn check_one_namespace(lowering: &mut Lowering<'_>, stack: &Stack) {
    for resource in &stack.resources {
        if let Some(parameter) = stack.parameters.iter().find(|parameter| parameter.name == resource.name) {
            let message = format!("`{}` is a parameter already, declared at {}", resource.name, parameter.origin);
            let section = Way::section("Resources");
            let hint = "give the parameter or the resource another name";
            lowering.error("synth/duplicate-id", &section.key(&resource.name), resource.origin, message, hint);
        }
    }
}

fn resource(
    lowering: &mut Lowering<'_>,
    declared: &Declared,
    path: &Way<'_>,
    origin: Origin,
    after: &mut BTreeSet<String>,
) -> Tree {
    let mut map = Map::default();
    map.push("Type", Tree::string(&*declared.type_name).at(origin));
    attributes(lowering, &declared.attributes, path, origin, &mut map, after);
    let path = path.key("Properties");
    let mut properties = lowering.properties(&declared.properties, &path, origin);
    if let Some(property) = declared.tags {
        tag(&mut properties, property, &lowering.app.settings.tags, origin);
    }
    if properties.as_map().is_some_and(|properties| !properties.is_empty()) {
        map.push("Properties", properties);
    }
    Tree::new(Node::Map(map), origin)
}

fn attributes(
    lowering: &mut Lowering<'_>,
    attributes: &Attributes,
    path: &Way<'_>,
    origin: Origin,
    map: &mut Map,
    after: &mut BTreeSet<String>,
) {
    if let Some((condition, origin)) = &attributes.condition {
        let name = lowering.condition(condition, &path.key("Condition"), *origin);
        map.push("Condition", Tree::string(name).at(*origin));
    }
    let mut depends_on = Vec::new();
    for (handle, origin) in &attributes.depends_on {
        if handle.identity.same_stack(&lowering.stack.identity) {
            depends_on.push(Tree::string(handle.logical_id()).at(*origin));
        } else if handle.identity.same_app(&lowering.stack.identity) {
            after.insert(handle.stack().to_owned());
        } else {
            let message = format!("`{}` belongs to a stack of another app", handle.logical_id());
            let hint = "declare both stacks in one app";
            lowering.error("synth/foreign-reference", &path.key("DependsOn"), *origin, message, hint);
        }
    }
    match depends_on.len() {
        0 => {}
        1 => map.push("DependsOn", depends_on.remove(0)),
        _ => map.push("DependsOn", place(list(depends_on), origin)),
    }
    if let Some((policy, origin)) = attributes.deletion_policy {
        map.push("DeletionPolicy", Tree::string(policy.name()).at(origin));
    }
    if let Some((policy, origin)) = attributes.update_replace_policy {
        map.push("UpdateReplacePolicy", Tree::string(policy.name()).at(origin));
    }
    if let Some((policy, origin)) = &attributes.creation_policy
        && let Some(tree) = lowering.value(&policy.0, &path.key("CreationPolicy"), *origin)
    {
        map.push("CreationPolicy", tree);
    }
    if let Some((policy, origin)) = &attributes.update_policy
        && let Some(tree) = lowering.value(&policy.0, &path.key("UpdatePolicy"), *origin)
    {
        map.push("UpdatePolicy", tree);
    }
    let mut metadata = Map::default();
    for (key, value, origin) in &attributes.metadata {
        metadata.push(&**key, Tree::from_json(value.clone(), *origin));
    }
    if let Some(suppress) = suppressions(&attributes.accepted) {
        metadata.push("Baleen", suppress);
    }
    if !metadata.is_empty() {
        map.push("Metadata", Tree::new(Node::Map(metadata), origin));
    }
}

/// Writes what the author accepts as the check reads it.
fn suppressions(accepted: &[(String, String, Origin)]) -> Option<Tree> {
    let entries = accepted.iter().map(|(rule, reason, origin)| {
        let mut entry = Map::default();
        entry.push("Rule", Tree::string(rule).at(*origin));
        entry.push("Reason", Tree::string(reason).at(*origin));
        Tree::new(Node::Map(entry), *origin)
    });
    let (_, _, first) = accepted.first()?;
    let list = Tree::new(Node::List(entries.collect()), *first);
    Some(Tree::single("Suppress", list).at(*first))
}

/// Adds the app's tags after the author's own; a key that the author set stays as it is.
fn tag(properties: &mut Tree, property: TagProperty, tags: &[(String, String)], origin: Origin) {
    let Node::Map(map) = &mut properties.node else { return };
    if tags.is_empty() {
        return;
    }
    if map.get(property.name).is_none() {
        let empty = if property.shape == TagShape::Map { Node::Map(Map::default()) } else { Node::List(Vec::new()) };
        map.push(property.name, Tree::new(empty, origin));
    }
    let Some(present) = map.get_mut(property.name) else {
        return;
    };
    for (key, value) in tags {
        match &mut present.node {
            Node::Map(object) if property.shape == TagShape::Map => {
                if object.get(key).is_none() {
                    object.push(&**key, Tree::string(value).at(origin));
                }
            }
            Node::List(items) if property.shape != TagShape::Map => {
                let is_set = |item: &Tree| item.get("Key").and_then(Tree::as_str) == Some(key);
                if !items.iter().any(is_set) {
                    items.push(tag_item(key, value, property.shape, origin));
                }
            }
            // An intrinsic function decides about all of the tags: the author's word stands.
            _ => return,
        }
    }
}

fn tag_item(key: &str, value: &str, shape: TagShape, origin: Origin) -> Tree {
    let mut item = Map::default();
    item.push("Key", Tree::string(key).at(origin));
    item.push("Value", Tree::string(value).at(origin));
    if shape == TagShape::AutoScaling {
        item.push("PropagateAtLaunch", Tree::new(Node::Bool(true), origin));
    }
    Tree::new(Node::Map(item), origin)
}

/// Makes a stack put out what another one uses, and returns the output's name.
fn provide(app: &App, producer: &mut Lowered, import: &Import, findings: &mut Vec<Finding>) -> String {
    let weak = app.settings.references == References::Weak;
    let same = |entry: &&Entry| entry.value.get("Value") == Some(&import.value);
    if weak && let Some(entry) = producer.outputs.iter().find(same) {
        return entry.key.clone();
    }
    let export = Tree::single("Name", Tree::string(export_name(app, &import.stack, &import.output)));
    if let Some(entry) = producer.outputs.entry(&import.output) {
        if !same(&entry) {
            let message = format!(
                "stack `{}` needs an output `{}` for the use at {}, but the author declared another one of this name",
                import.stack, import.output, import.origin
            );
            let path = Path::of(["Outputs", &import.output]);
            let finding = Finding::error("synth/duplicate-id", &producer.name, path, entry.origin, message);
            findings.push(finding.hint("rename the declared output"));
        } else if entry.value.get("Export").is_none()
            && let Some(Node::Map(output)) = producer.outputs.get_mut(&import.output).map(|output| &mut output.node)
        {
            output.push("Export", place(export, import.origin));
        }
        return import.output.clone();
    }
    let mut output = Map::default();
    output.push("Description", Tree::string("Used by other stacks").at(import.origin));
    output.push("Value", import.value.clone());
    if !weak {
        output.push("Export", export);
    }
    producer.outputs.push(&*import.output, Tree::new(Node::Map(output), import.origin));
    import.output.clone()
}

fn stack_template(app: &App, stack: &Stack, lowered: Lowered, parameters: Vec<WeakReference>) -> StackTemplate {
    let weak = app.settings.references == References::Weak;
    let depends_on: BTreeSet<&str> =
        lowered.imports.iter().map(|import| &*import.stack).chain(lowered.after.iter().map(String::as_str)).collect();
    // In the order of the app, which is an order in which they can be deployed.
    let depends_on = app.stacks.iter().map(Stack::name).filter(|name| depends_on.contains(name));
    let depends_on = depends_on.map(str::to_owned).collect();

    let mut all_parameters = lowered.parameters;
    if weak {
        for (import, reference) in lowered.imports.iter().zip(&parameters) {
            all_parameters.push(&*import.parameter, weak_parameter(import, reference));
        }
    }
    let mut template = Map::default();
    template.push("AWSTemplateFormatVersion", Tree::string("2010-09-09").at(stack.origin));
    if let Some(description) = &stack.description {
        template.push("Description", Tree::string(description).at(stack.origin));
    }
    if let Some(suppress) = suppressions(&stack.accepted) {
        template.push("Metadata", Tree::single("Baleen", suppress).at(stack.origin));
    }
    let sections = [
        ("Parameters", all_parameters),
        ("Mappings", lowered.mappings),
        ("Conditions", lowered.conditions),
        ("Resources", lowered.resources),
        ("Outputs", lowered.outputs),
    ];
    for (title, section) in sections {
        if !section.is_empty() {
            template.push(title, Tree::new(Node::Map(section), stack.origin));
        }
    }
    StackTemplate {
        name: stack.name().to_owned(),
        stack_name: format!("{}-{}-{}", app.settings.name, app.settings.environment, stack.name()),
        depends_on,
        parameters: if weak { parameters } else { Vec::new() },
        formerly: formerly(stack),
        tags: app.settings.tags.clone(),
        termination_protection: app.settings.termination_protection,
        template: Tree::new(Node::Map(template), stack.origin),
        origin: stack.origin,
    }
}

/// Lists the resources of a stack that had another place before.
fn formerly(stack: &Stack) -> Vec<Formerly> {
    let said = stack.resources.iter().filter_map(|resource| {
        let (former_stack, former, _) = resource.item.attributes.formerly.as_ref()?;
        Some(Formerly {
            logical_id: resource.name.to_string(),
            stack: former_stack.clone().unwrap_or_else(|| stack.name().to_owned()),
            former: former.clone(),
        })
    });
    said.collect()
}

/// Makes sure that what is said of former places can be: the place is free, its stack is declared, and nobody else says it.
fn check_former_places(app: &App, findings: &mut Vec<Finding>) {
    let mut said: BTreeMap<(String, String), Origin> = BTreeMap::new();
    for stack in &app.stacks {
        for resource in &stack.resources {
            let Some((former_stack, former, origin)) = &resource.item.attributes.formerly else { continue };
            let former_stack = former_stack.as_deref().unwrap_or(stack.name());
            let there = app.stacks.iter().find(|other| other.name() == former_stack);
            let first = said.insert((former_stack.to_owned(), former.clone()), *origin);
            let (message, hint) = match (there, first) {
                (None, _) => {
                    let known: Vec<&str> = app.stacks.iter().map(Stack::name).collect();
                    let message = format!("there is no stack `{former_stack}`; the stacks are {}", known.join(", "));
                    (message, "name the stack within the app, such as `storage`")
                }
                (Some(there), _) if there.resource(former).is_some() => {
                    let message = format!(
                        "`{}` was formerly `{former}` of stack `{former_stack}`, but that is still declared",
                        resource.name
                    );
                    (message, "take `formerly` away, or let the other one have that place in a later deployment")
                }
                (Some(_), Some(first)) => {
                    let message = format!(
                        "`{former}` of stack `{former_stack}` is said to be two resources now; first at {first}"
                    );
                    (message, "take one of the two away: a resource is in one place only")
                }
                (Some(_), None) => continue,
            };
            let path = Path::of(["Resources", &*resource.name]);
            findings.push(Finding::error("synth/former-place", stack.name(), path, *origin, message).hint(hint));
        }
    }
}

fn weak_parameter(import: &Import, reference: &WeakReference) -> Tree {
    let mut parameter = Map::default();
    let type_name = if import.list { "CommaDelimitedList" } else { "String" };
    parameter.push("Type", Tree::string(type_name).at(import.origin));
    let description = format!("Output {} of stack {}", reference.output, reference.stack);
    parameter.push("Description", Tree::string(description).at(import.origin));
    Tree::new(Node::Map(parameter), import.origin)
}
