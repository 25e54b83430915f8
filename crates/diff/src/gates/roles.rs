//! What each role may do, in plain words.

use serde::Serialize;
use tree::Origin;

use super::guarded;
use super::identities;
use super::permissions::describe::Words;
use super::permissions::statement::{Matcher, Statement, WHOLE_POLICY};
use super::permissions::text::{Holes, Names};
use super::side::{Renames, Side};
use crate::Template;
use crate::json::origin;

/// A role, user or group, and all that the policies of the templates let it do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RolePermissions {
    /// The stack.
    pub stack: String,
    /// The logical id.
    pub logical_id: String,
    /// Who may take it, one sentence each; nothing for users and groups.
    pub trusted: Vec<Sentence>,
    /// What it may do and what it is denied, one sentence each.
    pub permissions: Vec<Sentence>,
    /// The policy that bounds it, if there is one.
    pub boundary: Option<String>,
}

/// A statement in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentence {
    /// The words: lowercase, no final full stop.
    pub text: String,
    /// The stack in which it is written.
    pub stack: String,
    /// The resource in which it is written.
    pub resource: String,
    /// Where it is written.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    pub origin: Origin,
}

/// Says of each role, user and group what the policies of all templates let it do.
pub fn roles(templates: &[Template<'_>]) -> Vec<RolePermissions> {
    let side = Side::new(templates, &Renames::default());
    let holes = Holes::default();
    let mut names = Names::new();
    let identities = identities::collect(&side, &holes, &mut names);
    let guarded = guarded::collect(&side, &holes, &mut names);
    let words = Words { holes: &holes, names: &names };
    let of_identity = |(key, identity): (&String, &identities::Identity)| {
        let (stack, logical_id) = key.rsplit_once('/')?;
        let trust = guarded.get(key).filter(|guarded| guarded.trust);
        let trusted = trust.map(|trust| trust.statements.iter().map(|own| trusts(&words, own)).collect());
        Some(RolePermissions {
            stack: stack.to_owned(),
            logical_id: logical_id.to_owned(),
            trusted: trusted.unwrap_or_default(),
            permissions: identity.statements.iter().map(|own| may(&words, own)).collect(),
            boundary: identity.boundary.as_ref().map(|boundary| words.resource(&boundary.policy)),
        })
    };
    identities.iter().filter(|(_, identity)| !identity.by_others).filter_map(of_identity).collect()
}

fn may(words: &Words<'_>, statement: &Statement) -> Sentence {
    let rule = &statement.rule;
    let verb = if rule.deny { "may never" } else { "may" };
    let actions = actions(words, statement);
    let when = words.when(&rule.clauses, &statement.written);
    let is_whole = rule.actions.patterns.iter().any(|action| action.starts_with(WHOLE_POLICY));
    let on = if is_whole { String::new() } else { format!(" on {}", resources(words, &rule.resources)) };
    sentence(statement, format!("{verb} {actions}{on}{when}"))
}

fn trusts(words: &Words<'_>, statement: &Statement) -> Sentence {
    let rule = &statement.rule;
    let who = rule.principals.list.iter().map(|who| words.principal(who)).collect::<Vec<_>>().join(", ");
    let who = if rule.principals.not { format!("everybody but {who}") } else { who };
    let verb = if rule.deny { "may never" } else { "may" };
    let when = words.when(&rule.clauses, &statement.written);
    sentence(statement, format!("{who} {verb} {}{when}", actions(words, statement)))
}

fn actions(words: &Words<'_>, statement: &Statement) -> String {
    let matcher = &statement.rule.actions;
    let written = matcher.patterns.iter().map(|action| statement.written.get(action).unwrap_or(action));
    let list = written.map(|action| words.action(action)).collect::<Vec<_>>().join(", ");
    if matcher.not { format!("everything but {list}") } else { list }
}

fn resources(words: &Words<'_>, matcher: &Matcher) -> String {
    let list = matcher.patterns.iter().map(|resource| words.resource(resource)).collect::<Vec<_>>().join(", ");
    if matcher.not { format!("everything but {list}") } else { list }
}

fn sentence(statement: &Statement, text: String) -> Sentence {
    let place = &statement.place;
    Sentence { text, stack: place.stack.clone(), resource: place.resource.clone(), origin: place.origin }
}
