//! States to the fields that the language wants.

use std::collections::BTreeSet;

use template::Expression;
use tree::Origin;

use super::error::{catchers, retriers};
use super::flow::{Flow, Named};
use super::state::{State, Transition};
use super::verify;

/// Lowers a flow; `seen` has the states of the machine so far, whose names must not come again, and `outer` the
/// variables of the flows around this one.
pub(super) fn flow(
    flow: Flow,
    seen: &mut Vec<(String, Origin)>,
    outer: &BTreeSet<String>,
) -> [(&'static str, Expression); 2] {
    let variables = verify::assigned(&flow, outer);
    let mut mistakes = verify::flow(&flow, seen);
    mistakes.extend(verify::expressions(&flow, &variables));
    let start_at = flow.states.first().map_or_else(Expression::absent, |first| Expression::string(&first.name));
    let names: Vec<String> = flow.states.iter().skip(1).map(|named| named.name.clone()).collect();
    let mut following = names.into_iter();
    let mut states = Vec::new();
    for Named { name, origin, state } in flow.states {
        let lowered = lower(state, following.next(), seen, &variables).at(origin);
        states.push((name, lowered));
    }
    states.extend(mistakes);
    [("StartAt", start_at), ("States", Expression::map(states))]
}

fn lower(
    state: State,
    following: Option<String>,
    seen: &mut Vec<(String, Origin)>,
    outer: &BTreeSet<String>,
) -> Expression {
    let mut fields = vec![("Type", Expression::string(state.kind))];
    // The comment first, the output last: the order in which a reader wants to know.
    let (output, others): (Vec<_>, Vec<_>) = state.fields.into_iter().partition(|(name, _)| *name == "Output");
    let (comment, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|(name, _)| *name == "Comment");
    fields.extend(comment);
    fields.extend(others);
    fields.push(("Arguments", arguments(state.request, state.arguments)));
    let mut inner = state.flows.into_iter().map(|inner| Expression::map(flow(inner, seen, outer)));
    match state.kind {
        "Parallel" => fields.push(("Branches", Expression::list(inner))),
        _ => fields.extend(inner.next().map(|processor| ("ItemProcessor", processor))),
    }
    fields.push(("Assign", variables(state.assign)));
    fields.extend(output);
    fields.push(("Retry", retriers(state.retriers)));
    fields.push(("Catch", catchers(state.catchers)));
    if state.kind == "Choice" {
        let rules = state.rules.into_iter().map(|rule| {
            Expression::map([("Condition", rule.condition), ("Next", Expression::string(rule.next))]).at(rule.origin)
        });
        fields.push(("Choices", Expression::list(rules)));
    }
    let next = if state.kind == "Choice" { "Default" } else { "Next" };
    match (state.transition, following) {
        (Transition::To(name, origin), _) => fields.push((next, Expression::string(name).at(origin))),
        (Transition::Following, Some(name)) => fields.push((next, Expression::string(name))),
        (Transition::Following, None) | (Transition::End, _) => fields.push(("End", Expression::bool(true))),
        (Transition::Never, _) => {}
    }
    Expression::map(fields)
}

/// Lowers the arguments of a task, which are given as one request or one by one.
fn arguments(request: Option<Expression>, arguments: Vec<(String, Expression)>) -> Expression {
    match (request, arguments.first()) {
        (None, _) => object(arguments, "argument"),
        (Some(request), None) => request,
        (Some(_), Some((name, value))) => {
            let message = format!("argument `{name}` is set beside a whole request");
            Expression::invalid(message, "set it in the request, or give all arguments one by one").at(value.origin())
        }
    }
}

/// Lowers variables, whose names have rules.
pub(super) fn variables(variables: Vec<(String, Expression)>) -> Expression {
    let checked = variables.into_iter().map(|(name, value)| {
        let mistake = verify::variable(&name).map(|mistake| mistake.at(value.origin()));
        (name, mistake.unwrap_or(value))
    });
    object(checked.collect(), "variable")
}

/// Makes an object of entries that come one by one; nothing of none.
fn object(entries: Vec<(String, Expression)>, what: &str) -> Expression {
    if entries.is_empty() {
        return Expression::absent();
    }
    let mut object: Vec<(String, Expression)> = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let is_set = object.iter().any(|(known, _)| *known == name);
        object.push(if is_set {
            let message = format!("{what} `{name}` is set twice in one state");
            (name, Expression::invalid(message, "keep one of the two").at(value.origin()))
        } else {
            (name, value)
        });
    }
    Expression::map(object)
}
