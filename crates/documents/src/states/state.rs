use template::Expression;
use tree::Origin;

use super::error::{Catcher, Retrier};
use super::flow::Flow;

/// A state of any kind.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) kind: &'static str,
    /// What has no rules of its own, in the order in which it is written.
    pub(super) fields: Vec<(&'static str, Expression)>,
    pub(super) arguments: Vec<(String, Expression)>,
    /// All arguments at once, where they are one value.
    pub(super) request: Option<Expression>,
    pub(super) assign: Vec<(String, Expression)>,
    pub(super) retriers: Vec<Retrier>,
    pub(super) catchers: Vec<Catcher>,
    pub(super) rules: Vec<Rule>,
    /// What runs inside: one flow for a map, several for a parallel state.
    pub(super) flows: Vec<Flow>,
    pub(super) transition: Transition,
}

/// A rule of a choice.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub condition: Expression,
    pub next: String,
    pub origin: Origin,
}

/// What comes after a state.
#[derive(Clone, Debug)]
pub(super) enum Transition {
    /// The state that is written after it; the end, after the last one.
    Following,
    To(String, Origin),
    End,
    /// It is an end: succeed and fail.
    Never,
}

impl State {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            fields: Vec::new(),
            arguments: Vec::new(),
            request: None,
            assign: Vec::new(),
            retriers: Vec::new(),
            catchers: Vec::new(),
            rules: Vec::new(),
            flows: Vec::new(),
            transition: Transition::Following,
        }
    }

    pub(super) fn ending(kind: &'static str) -> Self {
        Self { transition: Transition::Never, ..Self::new(kind) }
    }

    /// Everything that is handed to the service that the state calls.
    pub(super) fn handed_on(&self) -> impl Iterator<Item = &Expression> {
        self.arguments.iter().map(|(_, value)| value).chain(&self.request)
    }

    /// Says what comes next; a second word on that is reported.
    #[track_caller]
    pub(super) fn go_on(&mut self, transition: Transition) {
        if matches!(self.transition, Transition::Following) {
            self.transition = transition;
        } else {
            let mistake = Expression::invalid("the state says twice what comes next", "keep one of the two");
            self.fields.push(("Next", mistake.at(Origin::caller())));
        }
    }

    /// Sets a field; one that is set already is reported.
    #[track_caller]
    pub(super) fn set(&mut self, name: &'static str, value: Expression) {
        let is_set = self.fields.iter().any(|(known, _)| *known == name);
        let value = if is_set {
            Expression::invalid(format!("`{name}` of the state is set twice"), "keep one of the two")
        } else {
            value
        };
        self.fields.push((name, value.at(Origin::caller())));
    }
}
