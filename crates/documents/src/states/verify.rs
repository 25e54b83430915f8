//! What no type can forbid: that states fit together.

use std::collections::BTreeSet;

use template::Expression;
use tree::Origin;

use super::flow::{Flow, Named};
use super::state::{State, Transition};
use super::syntax;

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
        match named.state.kind {
            "Choice" => mistakes.extend(incomplete_choice(flow, index)),
            "Parallel" if named.state.flows.is_empty() => {
                let message = format!("parallel state `{}` has no branch", named.name);
                let mistake = Expression::invalid(message, "give it flows to run");
                mistakes.push((named.name.clone(), mistake.at(named.origin)));
            }
            "Task" => mistakes.extend(without_token(named)),
            _ => {}
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
        let hint = match likest(target, flow.states.iter().map(|other| other.name.as_str())) {
            Some(other) => format!("did you mean `{other}`?"),
            None => "add the state; nothing goes into a map or a branch from outside, nor out of it".to_owned(),
        };
        mistakes.push((named.name.clone(), Expression::invalid(message, hint).at(origin)));
    }
    mistakes
}

/// The name that was probably meant.
fn likest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = known.map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(likeness, _)| *likeness > 0.8);
    scored.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, known)| known)
}

/// A task that waits for its token, which nobody gets, would wait until it times out.
fn without_token(named: &Named) -> Option<(String, Expression)> {
    let waits = |(text, _): &(String, Origin)| text.ends_with(".waitForTaskToken");
    let waits = named.state.fields.iter().any(|(name, value)| *name == "Resource" && value.texts().iter().any(waits));
    let hands_on = |(text, _): &(String, Origin)| text.contains("$states.context.Task.Token");
    let hands_on = named.state.handed_on().any(|value| value.texts().iter().any(hands_on));
    (waits && !hands_on).then(|| {
        let message = format!("task `{}` waits for its token, but its arguments hand the token to nobody", named.name);
        let mistake = Expression::invalid(message, "put `task_token()` into the arguments");
        (named.name.clone(), mistake.at(named.origin))
    })
}

/// The variables that the states of a flow can read: its own, and those of the flows around it.
pub(super) fn assigned(flow: &Flow, outer: &BTreeSet<String>) -> BTreeSet<String> {
    let states = flow.states.iter().map(|named| &named.state);
    let names = states.flat_map(|state| {
        let caught = state.catchers.iter().flat_map(|catcher| &catcher.assign);
        state.assign.iter().chain(caught).map(|(name, _)| name.clone())
    });
    outer.iter().cloned().chain(names).collect()
}

/// Looks over the JSONata of a flow's states: brackets and quotes, and variables that nothing assigns.
pub(super) fn expressions(flow: &Flow, variables: &BTreeSet<String>) -> Vec<(String, Expression)> {
    let mut mistakes = Vec::new();
    for named in &flow.states {
        for (text, origin) in texts(&named.state) {
            let Some(expression) = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) else { continue };
            let mistake = mistake_in(expression.trim(), &named.name, variables);
            mistakes.extend(mistake.map(|mistake| (named.name.clone(), mistake.at(origin).at(named.origin))));
        }
    }
    mistakes
}

fn mistake_in(expression: &str, state: &str, variables: &BTreeSet<String>) -> Option<Expression> {
    if expression.starts_with("{%") {
        let message = format!("the JSONata expression `{expression}` has its delimiters inside");
        return Some(Expression::invalid(message, "write the expression alone; they are added"));
    }
    let free = match syntax::free_variables(expression) {
        Ok(free) => free,
        Err(message) => {
            let message = format!("{message} in the JSONata expression `{expression}`");
            return Some(Expression::invalid(message, "see https://docs.jsonata.org for its syntax"));
        }
    };
    let name = free.into_iter().find(|name| !variables.contains(*name))?;
    let message = format!("nothing assigns the variable `${name}`, which state `{state}` reads");
    let hint = match likest(name, variables.iter().map(String::as_str).chain(syntax::FUNCTIONS)) {
        Some(known) => format!("did you mean `${known}`?"),
        None => format!("set it with `.assign(\"{name}\", …)` in a state that comes before"),
    };
    Some(Expression::invalid(message, hint))
}

fn texts(state: &State) -> Vec<(String, Origin)> {
    let fields = state.fields.iter().map(|(_, value)| value);
    let arguments = state.handed_on().chain(state.assign.iter().map(|(_, value)| value));
    let rules = state.rules.iter().map(|rule| &rule.condition);
    let caught = state
        .catchers
        .iter()
        .flat_map(|catcher| catcher.assign.iter().map(|(_, value)| value).chain(std::iter::once(&catcher.output)));
    fields.chain(arguments).chain(rules).chain(caught).flat_map(Expression::texts).collect()
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
    // Whoever leads to one that ends, ends too.
    let mut ends: Vec<bool> = (0..flow.states.len()).map(|index| is_end(flow, index)).collect();
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

/// Whether a state ends the flow, or seems to because of a mistake that is reported by itself.
fn is_end(flow: &Flow, index: usize) -> bool {
    let named = &flow.states[index];
    let ends = match named.state.transition {
        Transition::Never | Transition::End => true,
        Transition::Following => index + 1 == flow.states.len(),
        Transition::To(..) => false,
    };
    ends || targets(named).any(|(target, _)| flow.states.iter().all(|other| other.name != target))
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
