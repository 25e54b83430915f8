//! What a widening is, in plain words.

use std::collections::{BTreeMap, BTreeSet};

use schemas::actions::Access;

use super::condition::{Clause, Operator, Quantifier};
use super::pattern::is_open;
use super::statement::{Matcher, Principal, Rule, Statement, WHOLE_POLICY};
use super::text::{Holes, Names};
use super::widen::{Before, Grant, Kind, Widening};

/// More names than this are counted.
const MOST: usize = 4;

/// How a managed policy whose text is not at hand is spoken of.
const WHATEVER: &str = "do whatever the managed policy";

/// Whom and what the permissions are about.
#[derive(Clone, Copy)]
pub(crate) enum About<'a> {
    /// What somebody may do.
    Identity(&'a str),
    /// What may be done with something.
    Resource(&'a str),
    /// Who may be a role.
    Trust(&'a str),
}

/// Writes texts for people.
#[derive(Clone, Copy)]
pub(crate) struct Words<'w> {
    pub holes: &'w Holes,
    pub names: &'w Names,
}

/// A widening in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub message: String,
    pub was: String,
    pub now: String,
}

impl Words<'_> {
    /// Says what is possible now, and what was possible before.
    pub fn sentence(
        &self,
        about: About<'_>,
        widening: &Widening,
        statement: &Statement,
        old: &[Statement],
    ) -> Sentence {
        let groups = groups(&widening.grants);
        let when = self.when(&statement.rule.clauses, &statement.written);
        let may =
            if widening.certain { "may now" } else { "may now, depending on a condition that is not understood here," };
        let mut parts = Vec::new();
        for (grants, actions) in groups.iter().take(2) {
            parts.push(self.part(about, widening.kind, may, grants, actions, statement));
        }
        if groups.len() > 2 {
            parts.push(format!("and so on for {} more", groups.len() - 2));
        }
        let now = format!("{}{when}", parts.join("; "));
        let was = match groups.first().and_then(|(grants, _)| grants.first()) {
            Some(grant) => self.before(about, grant, old),
            None => String::new(),
        };
        let message = if widening.kind == Kind::Permitted { now.clone() } else { format!("{now}; before {was}") };
        Sentence { message, was, now }
    }

    fn part(
        &self,
        about: About<'_>,
        kind: Kind,
        may: &str,
        grants: &[&Grant],
        actions: &[String],
        statement: &Statement,
    ) -> String {
        let actions = self.actions(actions, statement);
        let resources: BTreeSet<&str> = grants.iter().map(|grant| grant.resource.as_str()).collect();
        let who: BTreeSet<&Principal> = grants.iter().map(|grant| &grant.principal).collect();
        let who = some(who.into_iter().map(|who| self.principal(who)), "and");
        let on = self.resources(resources.into_iter());
        let lifted = kind == Kind::Permitted;
        match about {
            About::Identity(name) if lifted => format!("{name} is no longer denied {actions} on {on}"),
            About::Identity(name) if actions.starts_with(WHATEVER) => format!("{name} {may} {actions}"),
            About::Identity(name) => format!("{name} {may} {actions} on {on}"),
            About::Resource(name) if lifted => format!("{who} {} no longer denied {actions} on {name}", are(&who)),
            About::Resource(name) => format!("{who} {may} {actions} on {name}"),
            About::Trust(name) if lifted => format!("{who} {} no longer denied {actions} of {name}", are(&who)),
            About::Trust(name) if actions.starts_with("sts:AssumeRole") => format!("{who} {may} assume {name}"),
            About::Trust(name) => format!("{who} {may} {actions} for {name}"),
        }
    }

    fn before(&self, about: About<'_>, grant: &Grant, old: &[Statement]) -> String {
        let at = |index: usize| old.get(index);
        let told = match grant.before {
            Before::If(index) => at(index).map(|old| format!("only{}", self.when(&old.rule.clauses, &old.written))),
            Before::Denied(index) => {
                at(index).map(|old| format!("that was denied{}", self.when(&old.rule.clauses, &old.written)))
            }
            Before::On(index) => at(index)
                .filter(|_| !matches!(about, About::Trust(_)))
                .map(|old| format!("only on {}", self.other_resources(&old.rule.resources, &grant.resource))),
            Before::Only(index) => at(index).map(|old| format!("only {}", self.own_actions(&old.rule, old))),
            Before::Nothing => None,
        };
        let whole = grant.actions.iter().any(|action| action.starts_with(WHOLE_POLICY));
        if whole && matches!(about, About::Identity(_)) {
            return "it was not attached".to_owned();
        }
        told.unwrap_or_else(|| match about {
            About::Identity(_) => "not at all".to_owned(),
            About::Resource(_) | About::Trust(_) => {
                let allowed = old.iter().filter(|old| !old.rule.deny).flat_map(|old| &old.rule.principals.list);
                let allowed: BTreeSet<&Principal> = allowed.collect();
                match allowed.len() {
                    0 => "nobody, by this policy".to_owned(),
                    _ => format!("only {}", some(allowed.into_iter().map(|who| self.principal(who)), "and")),
                }
            }
        })
    }

    /// Names actions one by one, or by the pattern that covers them where they are many.
    fn actions(&self, actions: &[String], statement: &Statement) -> String {
        let actions: Vec<String> = actions.iter().map(|action| self.action(action)).collect();
        if actions.iter().any(|action| action == "*") {
            return "do everything (*)".to_owned();
        }
        if actions.len() <= MOST {
            return some(actions.into_iter(), "and");
        }
        let small: Vec<String> = actions.iter().map(|action| action.to_ascii_lowercase()).collect();
        let patterns: Vec<String> = statement
            .rule
            .actions
            .patterns
            .iter()
            .filter(|pattern| !statement.rule.actions.not && is_open(pattern))
            .filter(|pattern| small.iter().any(|action| super::pattern::matches(pattern, action)))
            .map(|pattern| statement.written.get(pattern).unwrap_or(pattern).clone())
            .collect();
        let mut known: Vec<&String> = actions.iter().filter(|action| !is_open(action)).collect();
        known.sort_by_cached_key(|action| gravity(action));
        let examples = known.iter().take(3).map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
        if patterns.is_empty() {
            return format!("{examples} and {} other actions", actions.len().saturating_sub(3));
        }
        let patterns = some(patterns.into_iter(), "and");
        match known.len() {
            0..=MOST => patterns,
            count => format!("{patterns} ({count} actions, such as {examples})"),
        }
    }

    pub fn action(&self, action: &str) -> String {
        match action.strip_prefix(WHOLE_POLICY) {
            Some(arn) => {
                let shown = self.holes.show(arn);
                let name = shown.rsplit_once(":policy/").map_or(shown.as_str(), |(_, name)| name);
                format!("{WHATEVER} {name} allows")
            }
            None if action.contains(super::pattern::FRESH) => "everything".to_owned(),
            None => self.holes.show(action),
        }
    }

    fn own_actions(&self, rule: &Rule, statement: &Statement) -> String {
        let written = rule.actions.patterns.iter().map(|action| statement.written.get(action).unwrap_or(action));
        let list = some(written.map(|action| self.action(action)), "and");
        if rule.actions.not { format!("everything but {list}") } else { list }
    }

    fn matcher(&self, resources: &Matcher) -> String {
        let list = self.resources(resources.patterns.iter().map(String::as_str));
        if resources.not { format!("everything but {list}") } else { list }
    }

    /// Names resources so that they can be told from another one: a resource whose name has changed is two.
    fn other_resources(&self, resources: &Matcher, than: &str) -> String {
        let shown = self.matcher(resources);
        let mistaken = resources.patterns.iter().any(|own| own != than && self.resource(own) == self.resource(than));
        if !mistaken || resources.not {
            return shown;
        }
        some(resources.patterns.iter().map(|own| self.holes.show(own)), "and")
    }

    fn resources<'r>(&self, resources: impl Iterator<Item = &'r str>) -> String {
        some(resources.map(|resource| self.resource(resource)), "and")
    }

    pub fn resource(&self, text: &str) -> String {
        if text == "*" {
            return "everything".to_owned();
        }
        if let Some(id) = self.names.get(text) {
            return id.logical.clone();
        }
        let inside = text.strip_suffix("/*").and_then(|whole| Some((whole, self.names.get(whole)?)));
        match inside {
            Some((whole, id)) if whole.starts_with("arn:aws:s3:::") => format!("every object of {}", id.logical),
            Some((_, id)) => format!("everything in {}", id.logical),
            None => self.holes.show(text),
        }
    }

    pub fn principal(&self, who: &Principal) -> String {
        match who {
            Principal::Anybody => "anybody".to_owned(),
            Principal::Account(account) => format!("the account {}", self.holes.show(account)),
            Principal::Arn(arn) => match self.names.get(arn) {
                Some(id) => id.logical.clone(),
                None => self.holes.show(arn),
            },
            Principal::Other(kind, name) if kind == "Service" => format!("the service {}", self.holes.show(name)),
            Principal::Other(kind, name) if kind == "Federated" => {
                format!("users of the identity provider {}", self.holes.show(name))
            }
            Principal::Other(kind, name) => format!("{kind} {}", self.holes.show(name)),
        }
    }

    pub fn when(&self, clauses: &[Clause], written: &BTreeMap<String, String>) -> String {
        if clauses.is_empty() {
            return String::new();
        }
        let clauses: Vec<String> = clauses.iter().map(|clause| self.clause(clause, written)).collect();
        format!(" if {}", clauses.join(" and "))
    }

    fn clause(&self, clause: &Clause, written: &BTreeMap<String, String>) -> String {
        let key = written.get(&clause.key).unwrap_or(&clause.key);
        let values = some(clause.values.iter().map(|value| self.value(value)), "or");
        let first = clause.values.first().map(String::as_str);
        let not = if clause.negated { "not " } else { "" };
        let comparison = match &clause.operator {
            Operator::Null if first == Some("true") => return format!("there is no {key}"),
            Operator::Null => return format!("there is a {key}"),
            Operator::Guard => {
                let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
                let holds = if first == Some("true") { "holds" } else { "does not hold" };
                return format!("the template's condition {name} {holds}");
            }
            Operator::Unknown(words) => return format!("{words} holds"),
            Operator::Like => format!("is {not}like {values}"),
            Operator::Address => format!("is {not}in {values}"),
            Operator::Order([below, equal, _]) => {
                let order = match (below, equal) {
                    (true, true) => "at most",
                    (true, false) => "below",
                    (false, true) if clause.operator == Operator::Order([false, true, false]) => "",
                    (false, true) => "at least",
                    (false, false) => "above",
                };
                format!("is {not}{order} {values}").replace("  ", " ")
            }
            Operator::Equals | Operator::EqualsIgnoreCase => format!("is {not}{values}"),
        };
        let each = match clause.quantifier {
            Quantifier::One => "",
            Quantifier::All => "every ",
            Quantifier::Any => "some ",
        };
        let there = if clause.if_exists { " (where there is one)" } else { "" };
        format!("{each}{key} {comparison}{there}")
    }

    fn value(&self, value: &str) -> String {
        self.names.get(value).map_or_else(|| self.holes.show(value), |id| id.logical.clone())
    }
}

/// Ranks actions for examples: first those that change who may do what, then those that change anything.
fn gravity(action: &str) -> u8 {
    let access: Vec<Access> =
        schemas::actions::action(action).map(|action| action.access().collect()).unwrap_or_default();
    match access.iter().max() {
        Some(Access::PermissionsManagement) => 0,
        Some(Access::Write) => 1,
        Some(Access::Tagging) => 3,
        Some(Access::Read | Access::List) => 4,
        None => 2,
    }
}

fn are(who: &str) -> &'static str {
    if who.contains(" and ") { "are" } else { "is" }
}

/// Joins grants that are about the same resources and principals, with all their actions.
fn groups(grants: &[Grant]) -> Vec<(Vec<&Grant>, Vec<String>)> {
    let mut by_actions: BTreeMap<&[String], Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        by_actions.entry(&grant.actions).or_default().push(grant);
    }
    let mut groups: Vec<(Vec<&Grant>, Vec<String>)> = Vec::new();
    for (actions, grants) in by_actions {
        let same = |other: &[&Grant]| {
            other.len() == grants.len()
                && other.iter().zip(&grants).all(|(a, b)| a.resource == b.resource && a.principal == b.principal)
        };
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, all)) => all.extend(actions.iter().cloned()),
            None => groups.push((grants, actions.to_vec())),
        }
    }
    groups
}

/// Lists some names, and counts the rest.
fn some(names: impl Iterator<Item = String>, word: &str) -> String {
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(MOST);
    if more > 1 {
        names.truncate(MOST);
        return format!("{} {word} {more} more", names.join(", "));
    }
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} {word} {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}
