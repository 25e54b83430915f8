//! IAM policies, as many as their quota makes necessary.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The longest managed policy, in characters without white space (IAM quotas).
const LONGEST: usize = 6_144;

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    /// The statements.
    pub statement: Vec<Statement>,
}

/// A statement that allows something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    effect: &'static str,
    /// The actions.
    pub action: Vec<String>,
    /// The resources, as ARNs with wildcards.
    pub resource: Vec<String>,
    /// The conditions: operator, key, values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Statement {
    pub(super) fn allow(actions: BTreeSet<String>) -> Self {
        let action = actions.into_iter().collect();
        Self { effect: "Allow", action, resource: Vec::new(), condition: BTreeMap::new() }
    }

    pub(super) fn on(mut self, resources: Vec<String>) -> Self {
        self.resource = resources;
        self
    }

    pub(super) fn when(mut self, operator: &str, key: &str, values: Vec<String>) -> Self {
        self.condition.entry(operator.to_owned()).or_default().insert(key.to_owned(), values);
        self
    }

    fn length(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len() + 1)
    }
}

/// Puts statements into as few policies as their order allows; a statement that is too long is split by its actions.
pub(super) fn split(statements: Vec<Statement>) -> Vec<Policy> {
    let frame = Policy { version: "2012-10-17", statement: Vec::new() };
    let room = LONGEST - serde_json::to_string(&frame).map_or(0, |text| text.len());
    let mut policies: Vec<Policy> = Vec::new();
    let mut left = 0;
    for statement in statements.into_iter().flat_map(|statement| cut(statement, room)) {
        let length = statement.length();
        if let Some(policy) = policies.last_mut().filter(|_| length <= left) {
            policy.statement.push(statement);
        } else {
            policies.push(Policy { statement: vec![statement], ..frame.clone() });
            left = room;
        }
        left = left.saturating_sub(length);
    }
    policies
}

/// Halves a statement until its parts fit.
fn cut(statement: Statement, room: usize) -> Vec<Statement> {
    if statement.length() <= room || statement.action.len() < 2 {
        return vec![statement];
    }
    let mut second = statement.clone();
    let mut first = statement;
    second.action = first.action.split_off(first.action.len() / 2);
    [first, second].into_iter().flat_map(|part| cut(part, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_one_policy_goes_into_the_next() {
        let statement = |index: usize| {
            let actions = (0..40).map(|action| format!("service{index}:DoSomething{action}")).collect();
            Statement::allow(actions).on(vec!["*".to_owned()])
        };
        let policies = split((0..12).map(statement).collect());
        assert!(policies.len() > 1);
        for policy in &policies {
            assert!(serde_json::to_string(policy).expect("JSON").len() <= LONGEST);
        }
        let statements: usize = policies.iter().map(|policy| policy.statement.len()).sum();
        assert_eq!(statements, 12, "nothing is lost");
    }

    #[test]
    fn a_statement_that_fits_no_policy_is_cut() {
        let actions: BTreeSet<_> = (0..400).map(|action| format!("service:DoSomething{action}")).collect();
        let policies = split(vec![Statement::allow(actions.clone()).on(vec!["*".to_owned()])]);
        let all: BTreeSet<_> =
            policies.iter().flat_map(|policy| &policy.statement).flat_map(|part| part.action.clone()).collect();
        assert_eq!(all, actions);
        assert!(policies.iter().all(|policy| serde_json::to_string(policy).expect("JSON").len() <= LONGEST));
    }
}
