//! State machines: whether every way leads somewhere, and whether what is called can be called.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tree::Finding;

use super::Shared;
use crate::look::{Resource, Unreadable, View, json_bytes};
use crate::words::{did_you_mean, quoted};

mod errors;
mod fields;
mod integration;
mod permissions;
mod rules;
mod text;

pub(super) use rules::RULES;
use rules::{DEFAULT, DEFINITION, END, LIMIT, TARGET, UNREACHABLE};

/// How large a definition may be, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How long a state's name may be, in characters.
const LONGEST: usize = 80;
/// How long an execution of an Express workflow may take, in seconds.
const EXPRESS_SECONDS: i64 = 300;
/// Maps within maps deeper than this are not followed.
const DEEPEST: usize = 32;

/// Which language the expressions of a state are written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    JsonPath,
    Jsonata,
}

/// A state machine at large, as its states need to know it.
struct Machine<'m, 'a> {
    resource: &'m Resource<'a>,
    is_express: bool,
    /// Whether the machine as a whole ends after some time.
    is_bounded: bool,
    language: Language,
}

/// One state, and where it stands.
#[derive(Clone, Copy)]
struct State<'v> {
    name: &'v str,
    view: View<'v>,
    language: Language,
}

/// Checks a state machine.
pub(super) fn check(shared: &Shared<'_>, resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    let text = resource.at("DefinitionString");
    let definition = if text.is_absent() { resource.at("Definition") } else { text };
    let read = match definition.document_with(resource.at("DefinitionSubstitutions")) {
        Ok(read) => read,
        Err(Unreadable::Unknown) => return,
        Err(Unreadable::Mistake(error)) => {
            findings.push(definition.finding(&DEFINITION, format!("the definition is no JSON: {error}")));
            return;
        }
    };
    let root = read.view();
    let bytes = if read.bytes > 0 { read.bytes } else { root.tree().map_or(0, json_bytes) };
    if bytes > LARGEST {
        let message = format!("the definition has {bytes} bytes, but at most {LARGEST} are allowed");
        findings.push(definition.finding(&LIMIT, message).hint("move parts of it into machines of their own"));
    }
    let timeout = root.get("TimeoutSeconds");
    let machine = Machine {
        resource,
        is_express: resource.at("StateMachineType").is("EXPRESS"),
        is_bounded: !timeout.is_absent(),
        language: language(root, Language::JsonPath),
    };
    if let Some(seconds) = timeout.integer().filter(|seconds| machine.is_express && *seconds > EXPRESS_SECONDS) {
        let message = format!("`TimeoutSeconds` is {seconds}, but an Express workflow ends after {EXPRESS_SECONDS}");
        findings.push(timeout.finding(&LIMIT, message));
    }
    permissions::of_machine(shared, &machine, findings);
    let mut names = BTreeMap::new();
    let mut scopes = vec![(root, 0)];
    while let Some((view, depth)) = scopes.pop() {
        let states: Vec<State<'_>> = view
            .get("States")
            .entries()
            .map(|(name, view)| State { name, view, language: language(view, machine.language) })
            .collect();
        scope(view, &states, findings);
        for state in states {
            one(shared, &machine, state, findings);
            if *names.entry(state.name).or_insert(depth) != depth {
                let message = format!("two states of the machine are called {}", quoted(state.name));
                findings.push(state.view.finding(&DEFINITION, message).hint("give one of them another name"));
            }
            if depth < DEEPEST {
                let inner = ["ItemProcessor", "Iterator"].map(|key| state.view.get(key)).into_iter();
                let inner = inner.chain(state.view.get("Branches").items()).filter(|view| view.is_known());
                scopes.extend(inner.map(|view| (view, depth + 1)));
            }
        }
    }
}

fn language(view: View<'_>, inherited: Language) -> Language {
    match view.get("QueryLanguage").text().as_deref() {
        Some("JSONata") => Language::Jsonata,
        Some("JSONPath") => Language::JsonPath,
        _ => inherited,
    }
}

/// Lists where a state may lead.
fn transitions<'v>(state: &State<'v>) -> Vec<View<'v>> {
    let view = state.view;
    let single = [view.get("Next"), view.get("Default")].into_iter();
    let several =
        ["Choices", "Catch"].into_iter().flat_map(move |key| view.get(key).items().map(|one| one.get("Next")));
    single.chain(several).filter(|next| !next.is_absent()).collect()
}

/// Checks the ways from state to state within a machine, a branch or a map.
fn scope(view: View<'_>, states: &[State<'_>], findings: &mut Vec<Finding>) {
    let (start, all) = (view.get("StartAt"), view.get("States"));
    if view.is_closed() {
        for (key, place) in [("StartAt", start), ("States", all)] {
            if place.is_absent() {
                findings.push(place.finding(&DEFINITION, format!("there is no `{key}`")));
            }
        }
    }
    if !all.is_known() || !all.is_closed() {
        return;
    }
    let names: BTreeSet<&str> = states.iter().map(|state| state.name).collect();
    let mut lead: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut is_certain = start.text().is_some();
    for (from, next) in states.iter().flat_map(|state| transitions(state).into_iter().map(|next| (state.name, next))) {
        match next.text() {
            Some(to) => lead.entry(from).or_default().push(to.into_owned()),
            None => is_certain = false,
        }
        target(next, &names, findings);
    }
    target(start, &names, findings);
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<String> = start.text().map(Cow::into_owned).into_iter().collect();
    while let Some(name) = waiting.pop() {
        if reached.insert(name.clone()) {
            waiting.extend(lead.get(name.as_str()).into_iter().flatten().cloned());
        }
    }
    for state in states.iter().filter(|state| is_certain && !reached.contains(state.name)) {
        let message = format!("no way leads to state {}", quoted(state.name));
        findings.push(state.view.finding(&UNREACHABLE, message).hint("let a state lead there, or take it out"));
    }
}

fn target(next: View<'_>, names: &BTreeSet<&str>, findings: &mut Vec<Finding>) {
    let Some(text) = next.text() else { return };
    if !names.contains(text.as_ref()) {
        let mut finding = next.finding(&TARGET, format!("there is no state {} here", quoted(&text)));
        finding.hint = did_you_mean(&text, names.iter().copied());
        findings.push(finding);
    }
}

/// Checks one state.
fn one(shared: &Shared<'_>, machine: &Machine<'_, '_>, state: State<'_>, findings: &mut Vec<Finding>) {
    if state.name.chars().count() > LONGEST {
        let message = format!("a state is called {}, but names have at most {LONGEST} characters", quoted(state.name));
        findings.push(state.view.finding(&LIMIT, message));
    }
    if !state.view.is_known() {
        return;
    }
    let Some(kind) = fields::check(state, findings) else { return };
    if ["Map", "Parallel", "Pass", "Task", "Wait"].contains(&kind) {
        ends(state, kind, findings);
    }
    errors::check(state, findings);
    text::check(state, findings);
    match kind {
        "Choice" => choice(state, findings),
        "Task" => {
            integration::check(machine, state, findings);
            permissions::of_task(shared, machine, state, findings);
        }
        "Map" => permissions::of_map(shared, machine, state, findings),
        _ => {}
    }
}

fn ends(state: State<'_>, kind: &str, findings: &mut Vec<Finding>) {
    let (next, end) = (state.view.get("Next"), state.view.get("End"));
    let is_end = end.flag() == Some(true);
    if next.is_absent() && (end.is_absent() || end.flag() == Some(false)) && state.view.is_closed() {
        let message = format!("{kind} {} has neither `Next` nor `End`", quoted(state.name));
        findings.push(state.view.finding(&END, message).hint("add `Next`, or `\"End\": true`"));
    } else if !next.is_absent() && is_end {
        let message = format!("{kind} {} has both `Next` and `End`", quoted(state.name));
        findings.push(end.finding(&END, message).hint("keep one of the two"));
    }
}

fn choice(state: State<'_>, findings: &mut Vec<Finding>) {
    let choices = state.view.get("Choices");
    if state.view.is_closed() && state.view.get("Default").is_absent() {
        let message = format!("Choice {} has no `Default`", quoted(state.name));
        let hint = "say where to go when nothing matches, be it to a `Fail` that says so";
        findings.push(state.view.finding(&DEFAULT, message).hint(hint));
    }
    for one in choices.items().filter(|one| one.is_known() && one.is_closed()) {
        if one.get("Next").is_absent() {
            findings.push(one.finding(&END, "a choice has no `Next`"));
        }
    }
}
