//! What no type can forbid: that states fit together.

use template::Expression;
use tree::Origin;

use super::flow::{Flow, Named};
use super::state::Transition;

/// The longest name of a state, in characters. See "State machine structure" in the Step Functions developer guide.
const LONGEST_NAME: usize = 80;

/// Lists what is wrong with the states of one flow, each with the name of its state.
pub(super) fn flow(flow: &Flow, seen: &mut Vec<(String, Origin)>) -> Vec<(String, Expression)> {
    let mut mistakes = Vec::new();
    for Named { name, origin, .. } in &flow.states {
        let mut report = |message: String, hint: &str| {
            mistakes.push((name.clone(), Expression::invalid(message, hint).at(*origin)));
        };
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            report(format!("the name of state `{name}` is not 1 to {LONGEST_NAME} characters long"), "shorten it");
        }
        if let Some((_, first)) = seen.iter().find(|(known, _)| known == name) {
            let message = format!("state `{name}` stands twice in the state machine; first at {first}");
            report(message, "give one of the two another name");
        }
        seen.push((name.clone(), *origin));
    }
    for (index, named) in flow.states.iter().enumerate() {
        mistakes.extend(missing_targets(flow, named));
        if named.state.kind == "Choice" {
            mistakes.extend(incomplete_choice(flow, index));
        }
    }
    mistakes.extend(astray(flow));
    mistakes
}

/// Checks the name of a variable, which is given without its `$`.
pub(super) fn variable(name: &str) -> Option<Expression> {
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
    let is_name = starts_well && characters.all(|character| character.is_alphanumeric() || character == '_');
    if is_name && name != "states" && name.chars().count() <= LONGEST_NAME {
        return None;
    }
    let message = format!("`{name}` is no name for a variable");
    let hint = "take letters, digits and `_`, at most 80, the first no digit, without `$`; `states` is reserved";
    Some(Expression::invalid(message, hint))
}

/// Every state that is named as the next one, and where.
fn targets(named: &Named) -> impl Iterator<Item = (&str, Origin)> {
    let next = match &named.state.transition {
        Transition::To(name, origin) => Some((name.as_str(), *origin)),
        _ => None,
    };
    let rules = named.state.rules.iter().map(|rule| (rule.next.as_str(), rule.origin));
    let catchers = named.state.catchers.iter().map(|catcher| (catcher.next.as_str(), catcher.origin));
    next.into_iter().chain(rules).chain(catchers)
}

fn missing_targets(flow: &Flow, named: &Named) -> Vec<(String, Expression)> {
    let mut mistakes = Vec::new();
    for (target, origin) in targets(named) {
        if flow.states.iter().any(|other| other.name == target) {
            continue;
        }
        let message = format!("state `{}` goes on to `{target}`, which is no state beside it", named.name);
        let likeness = |other: &&Named| (strsim::jaro_winkler(&other.name, target) * 1000.0).round() as u32;
        let hint = match flow.states.iter().max_by_key(likeness) {
            Some(other) if likeness(&other) > 800 => format!("did you mean `{}`?", other.name),
            _ => "add the state; what is inside a map or a branch cannot be reached from outside, nor leave it"
                .to_owned(),
        };
        mistakes.push((named.name.clone(), Expression::invalid(message, hint).at(origin)));
    }
    mistakes
}

fn incomplete_choice(flow: &Flow, index: usize) -> Option<(String, Expression)> {
    let named = &flow.states[index];
    let is_last = index + 1 == flow.states.len();
    let (message, hint) = if named.state.rules.is_empty() {
        (format!("choice `{}` has nothing to choose from", named.name), "add a rule with `when`")
    } else if is_last && matches!(named.state.transition, Transition::Following) {
        let message = format!("choice `{}` stands last and says not what comes if no rule holds", named.name);
        (message, "add `otherwise`, or a state after it")
    } else {
        return None;
    };
    Some((named.name.clone(), Expression::invalid(message, hint).at(named.origin)))
}

/// Reports states that nothing leads to, and states that lead to no end.
fn astray(flow: &Flow) -> Vec<(String, Expression)> {
    let successors: Vec<Vec<usize>> = (0..flow.states.len()).map(|index| successors(flow, index)).collect();
    let mut reached = vec![false; flow.states.len()];
    let mut waiting = vec![0];
    while let Some(index) = waiting.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            waiting.extend(&successors[index]);
        }
    }
    // An end is a state without successors; whoever leads to such a one ends, too.
    let mut ends: Vec<bool> = successors.iter().map(Vec::is_empty).collect();
    loop {
        let more = |index: &usize| !ends[*index] && successors[*index].iter().any(|next| ends[*next]);
        let Some(index) = (0..ends.len()).find(more) else { break };
        ends[index] = true;
    }
    let mut mistakes = Vec::new();
    for (index, named) in flow.states.iter().enumerate() {
        let (message, hint) = if !reached[index] {
            (format!("nothing leads to state `{}`", named.name), "go on to it from another state, or remove it")
        } else if !ends[index] {
            (format!("state `{}` leads to no end", named.name), "add a way out of the loop")
        } else {
            continue;
        };
        mistakes.push((named.name.clone(), Expression::invalid(message, hint).at(named.origin)));
    }
    mistakes
}

fn successors(flow: &Flow, index: usize) -> Vec<usize> {
    let named = &flow.states[index];
    let position = |(name, _): (&str, Origin)| flow.states.iter().position(|other| other.name == name);
    let mut successors: Vec<usize> = targets(named).filter_map(position).collect();
    if matches!(named.state.transition, Transition::Following) && index + 1 < flow.states.len() {
        successors.push(index + 1);
    }
    successors
}
