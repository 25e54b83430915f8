//! Statements of policies, read into one spelling.

use std::collections::BTreeMap;

use tree::{Map, Node, Origin, Tree};

use super::condition::{Clause, Operator};
use super::pattern::{FIRST_HOLE, matches};
use super::text::Reader;
use crate::Path;
use crate::gates::branches::{Branches, worlds};
use crate::gates::side::{Place, Resource, Side};

/// One statement of a policy. What is equal in effect is equal here as far as spelling goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    pub deny: bool,
    pub principals: Principals,
    /// In small letters: IAM does not tell them from capitals.
    pub actions: Matcher,
    pub resources: Matcher,
    pub clauses: Vec<Clause>,
}

/// A rule, where it is written, and how its actions are.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub rule: Rule,
    pub place: Place,
    pub written: BTreeMap<String, String>,
}

/// Some patterns, or everything but some patterns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Matcher {
    pub not: bool,
    pub patterns: Vec<String>,
}

/// Whom a statement is about, or everybody but some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Principals {
    pub not: bool,
    pub list: Vec<Principal>,
}

/// Somebody who makes a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    Anybody,
    /// Everybody in an account.
    Account(String),
    Arn(String),
    /// A service, an identity provider or another kind, with its name.
    Other(String, String),
}

/// Stands at the start of an action that means all that a managed policy allows, whose text is not at hand.
pub(crate) const WHOLE_POLICY: char = '\u{E003}';

impl Matcher {
    pub fn some(mut patterns: Vec<String>) -> Self {
        patterns.sort();
        patterns.dedup();
        Self { not: false, patterns }
    }

    pub fn everything() -> Self {
        Self { not: false, patterns: vec!["*".to_owned()] }
    }

    pub fn matches(&self, text: &str) -> bool {
        // It is not known which actions a managed policy allows, so not that they are other ones.
        if self.not && text.starts_with(WHOLE_POLICY) {
            return false;
        }
        self.patterns.iter().any(|pattern| matches(pattern, text)) != self.not
    }
}

impl Principals {
    pub fn anybody() -> Self {
        Self { not: false, list: vec![Principal::Anybody] }
    }

    pub fn matches(&self, who: &Principal) -> bool {
        self.list.iter().any(|principal| principal.covers(who)) != self.not
    }
}

impl Principal {
    fn covers(&self, who: &Self) -> bool {
        match (self, who) {
            (Self::Anybody, _) => true,
            (Self::Account(account), Self::Arn(arn)) => account_of(arn) == Some(account),
            _ => self == who,
        }
    }
}

/// Returns the account in an ARN.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
}

/// Reads the statements of a policy document.
pub(crate) fn read(
    reader: &mut Reader<'_, '_>,
    resource: &Resource<'_>,
    path: &Path,
    document: &Tree,
) -> Vec<Statement> {
    let parsed;
    let document = match document.as_str().map(serde_json::from_str::<serde_json::Value>) {
        Some(Ok(value)) => {
            parsed = Tree::from_json(value, document.origin);
            &parsed
        }
        _ => document,
    };
    let mut statements = Vec::new();
    for (branches, document) in worlds(document) {
        let Some(list) = document.get("Statement") else { continue };
        let path = path.key("Statement");
        let items: Vec<(Path, &Tree)> = match list.as_list() {
            Some(items) => items.iter().enumerate().map(|(index, item)| (path.index(index), item)).collect(),
            None => vec![(path, list)],
        };
        for (path, item) in items {
            statements.extend(statement(reader, resource, path, item, &branches));
        }
    }
    statements
}

fn statement(
    reader: &mut Reader<'_, '_>,
    resource: &Resource<'_>,
    path: Path,
    tree: &Tree,
    branches: &Branches,
) -> Option<Statement> {
    let map = tree.as_map()?;
    let stack = resource.stack;
    let deny = map.get("Effect").and_then(Tree::as_str) == Some("Deny");
    let mut written = BTreeMap::new();
    let mut actions = matcher(reader, stack, map, ["Action", "NotAction"])?;
    for action in &mut actions.patterns {
        let small = action.to_ascii_lowercase();
        written.insert(small.clone(), std::mem::replace(action, small));
    }
    actions.patterns.sort();
    actions.patterns.dedup();
    let resources = matcher(reader, stack, map, ["Resource", "NotResource"]).unwrap_or_else(Matcher::everything);
    let principals = match (map.get("Principal"), map.get("NotPrincipal")) {
        (Some(tree), _) => Principals { not: false, list: principals(reader, stack, tree) },
        (None, Some(tree)) => Principals { not: true, list: principals(reader, stack, tree) },
        (None, None) => Principals::anybody(),
    };
    let mut clauses = guards(reader.side, resource, branches);
    for operator in map.get("Condition").and_then(Tree::as_map).into_iter().flatten() {
        for test in operator.value.as_map().into_iter().flatten() {
            let values = reader.texts(stack, &test.value);
            written.insert(test.key.to_ascii_lowercase(), test.key.clone());
            clauses.push(Clause::new(&operator.key, &test.key, values));
        }
    }
    clauses.sort();
    clauses.dedup();
    let place = resource.place(path, tree.origin);
    Some(Statement { rule: Rule { deny, principals, actions, resources, clauses }, place, written })
}

/// The conditions of the template under which a statement is there are conditions like any other: they hold or not.
pub(crate) fn guards(side: &Side<'_>, resource: &Resource<'_>, branches: &Branches) -> Vec<Clause> {
    let own = resource.condition().map(|condition| (condition.to_owned(), true));
    let all = branches.iter().map(|(condition, value)| (condition.clone(), *value)).chain(own);
    all.map(|(condition, value)| Clause {
        operator: Operator::Guard,
        key: if side.is_redefined(resource.stack, &condition) {
            format!("{}/{condition} (as it is defined now)", resource.id.stack)
        } else {
            format!("{}/{condition}", resource.id.stack)
        },
        values: vec![value.to_string()],
        ..Clause::default()
    })
    .collect()
}

fn matcher(reader: &mut Reader<'_, '_>, stack: &str, map: &Map, [some, all_but]: [&str; 2]) -> Option<Matcher> {
    let (not, tree) = match (map.get(some), map.get(all_but)) {
        (Some(tree), _) => (false, tree),
        (None, Some(tree)) => (true, tree),
        (None, None) => return None,
    };
    Some(Matcher { not, ..Matcher::some(reader.texts(stack, tree)) })
}

fn principals(reader: &mut Reader<'_, '_>, stack: &str, tree: &Tree) -> Vec<Principal> {
    let mut list = Vec::new();
    match &tree.node {
        Node::Map(map) if !tree.as_single().is_some_and(|(key, _)| key == "Ref" || key.starts_with("Fn::")) => {
            for kind in map {
                for name in reader.texts(stack, &kind.value) {
                    list.push(principal(&kind.key, name));
                }
            }
        }
        _ => list.extend(reader.texts(stack, tree).into_iter().map(|name| principal("AWS", name))),
    }
    list.sort();
    list.dedup();
    list
}

pub(crate) fn principal(kind: &str, name: String) -> Principal {
    if name == "*" {
        return Principal::Anybody;
    }
    if kind != "AWS" {
        return Principal::Other(kind.to_owned(), name);
    }
    let is_number = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_value = name.chars().count() == 1 && name.chars().all(|character| character >= FIRST_HOLE);
    match name.strip_suffix(":root").and_then(account_of) {
        Some(account) => Principal::Account(account.to_owned()),
        None if is_number || is_value => Principal::Account(name),
        None => Principal::Arn(name),
    }
}

/// Makes a statement that no document has, such as that of a Lambda permission.
pub(crate) fn made(rule: Rule, resource: &Resource<'_>, path: Path, origin: Origin) -> Statement {
    let written = rule.actions.patterns.iter().map(|action| (action.to_ascii_lowercase(), action.clone())).collect();
    let mut rule = rule;
    for action in &mut rule.actions.patterns {
        action.make_ascii_lowercase();
    }
    Statement { rule, place: resource.place(path, origin), written }
}
