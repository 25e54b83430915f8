//! What is deployed before: templates of which nobody says any more how they belong together.

use std::collections::{BTreeMap, BTreeSet};

use template::{Assembly, StackTemplate, WeakReference};
use tree::{Node, Origin, Tree};

use crate::templates::Named;

/// Makes an assembly of older templates: parameters without a default are outputs of other stacks by their names, and
/// names and tags are those that the stacks have now.
pub fn assembly(now: &Assembly, before: &[Named]) -> Assembly {
    let mut outputs = BTreeMap::new();
    let mut exports = BTreeMap::new();
    for named in before {
        for entry in named.tree.get("Outputs").and_then(Tree::as_map).into_iter().flatten() {
            let stack = pascal_case(&named.name);
            let place = (named.name.clone(), entry.key.clone());
            // A parameter is named after what it is worth, also where the author has given the output another name.
            if let Some(worth) = entry.value.get("Value").and_then(worth) {
                outputs.entry(format!("{stack}{worth}")).or_insert_with(|| place.clone());
            }
            outputs.insert(format!("{stack}{}", entry.key), place);
            if let Some(name) = entry.value.find(["Export", "Name"]).and_then(Tree::as_str) {
                exports.insert(name.to_owned(), named.name.clone());
            }
        }
    }
    let stacks = before.iter().map(|named| stack(now, named, &outputs, &exports)).collect();
    Assembly { stacks: ordered(stacks), ..now.clone() }
}

fn stack(
    now: &Assembly,
    named: &Named,
    outputs: &BTreeMap<String, (String, String)>,
    exports: &BTreeMap<String, String>,
) -> StackTemplate {
    let parameters = named.tree.get("Parameters").and_then(Tree::as_map).into_iter().flatten();
    let open = parameters.filter(|entry| entry.value.get("Default").is_none());
    let filled = open.filter_map(|entry| {
        let (stack, output) = outputs.get(&entry.key)?;
        let parameter = entry.key.clone();
        Some(WeakReference { parameter, stack: stack.clone(), output: output.clone() })
    });
    let parameters: Vec<_> = filled.collect();
    let mut needed: BTreeSet<String> = parameters.iter().map(|reference| reference.stack.clone()).collect();
    needed.extend(imported(&named.tree).iter().filter_map(|name| exports.get(name)).cloned());
    let same = now.stack(&named.name);
    StackTemplate {
        name: named.name.clone(),
        stack_name: same
            .map_or_else(|| format!("{}-{}-{}", now.app, now.environment, named.name), |same| same.stack_name.clone()),
        depends_on: needed.into_iter().collect(),
        parameters,
        tags: same.or(now.stacks.first()).map(|stack| stack.tags.clone()).unwrap_or_default(),
        termination_protection: same.is_some_and(|same| same.termination_protection),
        formerly: Vec::default(),
        template: (*named.tree).clone(),
        origin: Origin::Unknown,
    }
}

/// Names the resource, and the attribute, that a value stands for.
fn worth(value: &Tree) -> Option<String> {
    match value.as_single()? {
        ("Ref", name) => name.as_str().map(str::to_owned),
        ("Fn::GetAtt", parts) => match parts.as_list()? {
            [name, attribute] => Some(format!("{}{}", name.as_str()?, attribute.as_str()?.replace('.', ""))),
            _ => None,
        },
        _ => None,
    }
}

/// Lists the names that a template imports.
fn imported(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut waiting = vec![tree];
    while let Some(tree) = waiting.pop() {
        if let Some(("Fn::ImportValue", name)) = tree.as_single() {
            names.extend(name.as_str().map(str::to_owned));
        }
        match &tree.node {
            Node::List(list) => waiting.extend(list),
            Node::Map(map) => waiting.extend(map.iter().map(|entry| &entry.value)),
            _ => {}
        }
    }
    names
}

/// Orders stacks so that each comes after what it needs.
fn ordered(mut stacks: Vec<StackTemplate>) -> Vec<StackTemplate> {
    let mut ordered: Vec<StackTemplate> = Vec::new();
    while !stacks.is_empty() {
        let done: BTreeSet<_> = ordered.iter().map(|stack| stack.name.clone()).collect();
        let (mut ready, waiting): (Vec<_>, Vec<_>) =
            stacks.into_iter().partition(|stack| stack.depends_on.iter().all(|name| done.contains(name)));
        if ready.is_empty() {
            // They wait for each other: that is said when they are deployed.
            ordered.extend(waiting);
            break;
        }
        ordered.append(&mut ready);
        stacks = waiting;
    }
    ordered
}

/// `fleet-blue` as parameters have it: `FleetBlue`.
fn pascal_case(name: &str) -> String {
    let parts = name.split(['-', '_']).map(|part| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    });
    parts.collect()
}
