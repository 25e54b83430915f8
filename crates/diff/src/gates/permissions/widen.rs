//! What a policy allows that another one does not.
//!
//! Policies are compared by what they do: both are evaluated on requests, as IAM does it (an explicit deny wins, then any
//! allow). The requests are chosen so that if the policies differ anywhere, they differ on one of these: for each pattern
//! a text that no narrower pattern contains, for each condition values on either side of it. So whatever is found is a
//! request that is really allowed now and was not before, and reordering, splitting and narrowing find nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::applies::acting;
use super::condition::{Clause, Context, Values, values};
use super::pattern::{FRESH, is_open, pattern_of, sample, shared};
use super::statement::{Matcher, Principal, Rule, Statement, account_of};

/// The actions of a service, such as those of `s3`: in small letters, and as they are written.
pub(crate) type Catalogue<'c> = dyn Fn(&str) -> Rc<[(String, String)]> + 'c;

/// What is allowed now and was not before, by reason of one statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Widening {
    /// The position of the statement: among the new ones if it was granted, among the old ones if it was forbidden.
    pub statement: usize,
    pub kind: Kind,
    /// Whether it depends on something that the comparison does not understand.
    pub certain: bool,
    pub grants: Vec<Grant>,
}

/// Why something is allowed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A statement allows it.
    Granted,
    /// A statement forbade it before, and none does any more.
    Permitted,
    /// The policies are too large to tell.
    Unclear,
}

/// Actions, a resource and a principal that were not allowed together before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grant {
    /// The pattern that covers them, or some of them.
    pub actions: Vec<String>,
    /// A pattern.
    pub resource: String,
    pub principal: Principal,
    pub before: Before,
}

/// What came closest among what was allowed before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Before {
    /// The same, under the conditions of this old statement.
    If(usize),
    /// The same, but this old statement forbade it.
    Denied(usize),
    /// The same actions, on the resources of this old statement.
    On(usize),
    /// This old statement's actions, on the same resource.
    Only(usize),
    Nothing,
}

/// When a statement has been looked at this often the search ends: no policies that IAM accepts need as much.
const MOST_LOOKS: usize = 20_000_000;
/// More pairs of a changed statement and another one than this are not compared: that many do not fit in policies.
const MOST_PAIRS: usize = 400_000;
/// More combinations of values of conditions than this are not tried.
const MOST_CONTEXTS: usize = 4_096;

/// What is asked of both policies.
struct Question<'q> {
    old: Vec<(usize, &'q Rule)>,
    new: Vec<(usize, &'q Rule)>,
    /// Whether requests may also be allowed by policies that are not at hand.
    elsewhere: bool,
}

/// A text and the pattern that it stands for.
type Sample = (String, String);

/// Lists what the new statements allow that the old ones do not, statement by statement.
///
/// `elsewhere` tells whether something else may allow requests too: then a prohibition that is lifted counts even where
/// no statement at hand allows what it forbade.
pub(crate) fn widenings(
    old: &[Statement],
    new: &[Statement],
    elsewhere: bool,
    catalogue: &Catalogue<'_>,
) -> Vec<Widening> {
    let known_old: BTreeSet<&Rule> = old.iter().map(|statement| &statement.rule).collect();
    let known_new: BTreeSet<&Rule> = new.iter().map(|statement| &statement.rule).collect();
    let added =
        new.iter().enumerate().filter(|(_, statement)| !statement.rule.deny && !known_old.contains(&statement.rule));
    let lifted =
        old.iter().enumerate().filter(|(_, statement)| statement.rule.deny && !known_new.contains(&statement.rule));
    let focuses: Vec<(Kind, usize, &Statement)> = added
        .map(|(index, statement)| (Kind::Granted, index, statement))
        .chain(lifted.map(|(index, statement)| (Kind::Permitted, index, statement)))
        .collect();
    if focuses.is_empty() {
        return Vec::new();
    }
    if focuses.len() * (old.len() + new.len()) > MOST_PAIRS {
        return vec![unclear(&focuses)];
    }
    let actions = actions(&focuses, old, new, catalogue);
    let touched = |statement: &&Statement| actions.iter().any(|class| statement.rule.actions.matches(&class.sample));
    let near_old: Vec<(usize, &Rule)> = indexed(old).filter(|(index, _)| touched(&&old[*index])).collect();
    let near_new: Vec<(usize, &Rule)> = indexed(new).filter(|(index, _)| touched(&&new[*index])).collect();
    let resources = resources(&focuses, &near_old, &near_new);
    let principals = principals(&near_old, &near_new);
    let question = Question { old: near_old, new: near_new, elsewhere };
    let mut budget = MOST_LOOKS;
    let mut found = Vec::new();
    for (kind, index, focus) in &focuses {
        found.extend(question.ask(*kind, *index, focus, (&actions, &resources, &principals), &mut budget));
        if budget == 0 {
            found.push(unclear(&focuses));
            break;
        }
    }
    found
}

fn indexed(statements: &[Statement]) -> impl Iterator<Item = (usize, &Rule)> {
    statements.iter().enumerate().map(|(index, statement)| (index, &statement.rule))
}

fn unclear(focuses: &[(Kind, usize, &Statement)]) -> Widening {
    let statement = focuses.first().map_or(0, |(_, index, _)| *index);
    Widening { statement, kind: Kind::Unclear, certain: false, grants: Vec::new() }
}

impl Question<'_> {
    fn ask(
        &self,
        kind: Kind,
        index: usize,
        focus: &Statement,
        (actions, resources, principals): (&[Class], &[Sample], &[Principal]),
        budget: &mut usize,
    ) -> Option<Widening> {
        let rule = &focus.rule;
        let resources: Vec<&Sample> = resources.iter().filter(|(text, _)| rule.resources.matches(text)).collect();
        let principals: Vec<&Principal> = principals.iter().filter(|who| rule.principals.matches(who)).collect();
        let (mut grants, mut certain) = (Vec::new(), true);
        for class in actions.iter().filter(|class| rule.actions.matches(&class.sample)) {
            let of_class = |side: &[(usize, &'_ Rule)]| -> Vec<usize> {
                let positions = side.iter().enumerate();
                positions.filter(|(_, (_, rule))| rule.actions.matches(&class.sample)).map(|(at, _)| at).collect()
            };
            let (old, new) = (of_class(&self.old), of_class(&self.new));
            for (resource, pattern) in &resources {
                for who in &principals {
                    *budget = budget.saturating_sub(old.len() + new.len() + 1);
                    if *budget == 0 {
                        return None;
                    }
                    let near = |side: &[(usize, &'_ Rule)], of: &[usize]| -> Vec<usize> {
                        let reaches = |at: &&usize| {
                            let rule = side[**at].1;
                            rule.resources.matches(resource) && rule.principals.matches(who)
                        };
                        of.iter().filter(reaches).copied().collect()
                    };
                    let (old_near, new_near) = (near(&self.old, &old), near(&self.new, &new));
                    let near = (old_near.as_slice(), new_near.as_slice());
                    let Some(sure) = self.differ(kind, rule, near, budget) else { continue };
                    let actions = acting(class.show(focus), pattern);
                    if actions.is_empty() {
                        continue;
                    }
                    certain &= sure;
                    let before = self.before(kind, index, (&class.sample, resource, who), &old, &old_near);
                    grants.push(Grant { actions, resource: pattern.clone(), principal: (*who).clone(), before });
                }
            }
        }
        (!grants.is_empty()).then(|| Widening { statement: index, kind, certain, grants: widest(grants) })
    }

    /// Tells whether there is a request, matched by these rules, that is allowed now and was not before; if so, whether
    /// that is certain.
    fn differ(&self, kind: Kind, focus: &Rule, (old, new): (&[usize], &[usize]), budget: &mut usize) -> Option<bool> {
        let split = |side: &[(usize, &'_ Rule)], near: &[usize], deny: bool| -> Vec<usize> {
            near.iter().copied().filter(|at| side[*at].1.deny == deny).collect()
        };
        let (old_allow, old_deny) = (split(&self.old, old, false), split(&self.old, old, true));
        let (new_allow, new_deny) = (split(&self.new, new, false), split(&self.new, new, true));
        let always = |side: &[(usize, &'_ Rule)], list: &[usize]| list.iter().any(|at| side[*at].1.clauses.is_empty());
        if always(&self.new, &new_deny) {
            return None;
        }
        if kind == Kind::Granted && old_deny.is_empty() && always(&self.old, &old_allow) {
            return None;
        }
        if kind == Kind::Permitted && !self.elsewhere && new_allow.is_empty() {
            return None;
        }
        let rules = old.iter().map(|at| self.old[*at].1).chain(new.iter().map(|at| self.new[*at].1));
        let clauses: Vec<&Clause> = rules.chain([focus]).flat_map(|rule| &rule.clauses).collect();
        let certain = !clauses.iter().any(|clause| clause.is_unknown());
        let contexts = Contexts::of(&clauses);
        let Some(contexts) = contexts else { return Some(false) };
        *budget = budget.saturating_sub(contexts.count() * (old.len() + new.len()));
        let wider = |context: &Context<'_>| {
            let holds = |rule: &Rule| {
                rule.clauses
                    .iter()
                    .all(|clause| clause.holds(context.get(clause.key.as_str()).copied().unwrap_or(&None)))
            };
            let any = |side: &[(usize, &'_ Rule)], list: &[usize]| list.iter().any(|at| holds(side[*at].1));
            holds(focus)
                && !any(&self.new, &new_deny)
                && match kind {
                    Kind::Permitted => self.elsewhere || any(&self.new, &new_allow),
                    _ => !any(&self.old, &old_allow) || any(&self.old, &old_deny),
                }
        };
        contexts.any(wider).then_some(certain)
    }

    fn before(
        &self,
        kind: Kind,
        index: usize,
        (action, resource, who): (&str, &str, &Principal),
        of_action: &[usize],
        near: &[usize],
    ) -> Before {
        if kind == Kind::Permitted {
            return Before::Denied(index);
        }
        let rule = |at: &usize| self.old[*at].1;
        let number = |at: &usize| self.old[*at].0;
        if let Some(at) = near.iter().find(|at| !rule(at).deny) {
            let denied = near.iter().find(|at| rule(at).deny);
            return denied.map_or(Before::If(number(at)), |deny| Before::Denied(number(deny)));
        }
        let by_who = |at: &&usize| !rule(at).deny && rule(at).principals.matches(who);
        if let Some(at) = of_action.iter().find(by_who) {
            return Before::On(number(at));
        }
        // What else was allowed there says something only if it is of the same service.
        let service = action.split_once(':').map_or(action, |(service, _)| service);
        let alike = |pattern: &String| pattern.split_once(':').is_some_and(|(own, _)| own == service);
        let same_resource = self.old.iter().find(|(_, rule)| {
            !rule.deny
                && rule.actions.patterns.iter().any(alike)
                && rule.resources.matches(resource)
                && rule.principals.matches(who)
        });
        same_resource.map_or(Before::Nothing, |(index, _)| Before::Only(*index))
    }
}

/// Leaves out resources that a wider one covers for the same actions and principal.
fn widest(grants: Vec<Grant>) -> Vec<Grant> {
    let covered = |grant: &Grant| {
        grants.iter().any(|other| {
            other.resource != grant.resource
                && other.actions == grant.actions
                && other.principal == grant.principal
                && super::pattern::matches(&other.resource, &sample(&grant.resource))
        })
    };
    let keep: Vec<bool> = grants.iter().map(|grant| !covered(grant)).collect();
    grants.into_iter().zip(keep).filter_map(|(grant, keep)| keep.then_some(grant)).collect()
}

/// Actions that all statements treat alike.
struct Class {
    /// One of them, in small letters.
    sample: String,
    /// All of them, as they are written.
    members: Vec<String>,
    /// Whether there are others, that are not known.
    open: bool,
}

impl Class {
    /// Names the actions in the words of a statement where these cover them, else one by one.
    fn show(&self, statement: &Statement) -> Vec<String> {
        if self.open || self.members.is_empty() {
            let rule = &statement.rule.actions;
            let own = rule.patterns.iter().filter(|pattern| super::pattern::matches(pattern, &self.sample));
            let own: Vec<String> =
                own.map(|pattern| statement.written.get(pattern).unwrap_or(pattern).clone()).collect();
            if rule.not || own.is_empty() {
                let written = |pattern: &String| statement.written.get(pattern).unwrap_or(pattern).clone();
                let all: Vec<String> = rule.patterns.iter().map(written).collect();
                return vec![format!("everything but {}", all.join(", "))];
            }
            return own;
        }
        self.members.clone()
    }
}

/// Groups the actions of all services that the statements name, and one of no service, by the patterns that match them.
fn actions(
    focuses: &[(Kind, usize, &Statement)],
    old: &[Statement],
    new: &[Statement],
    catalogue: &Catalogue<'_>,
) -> Vec<Class> {
    let statements = || old.iter().chain(new);
    let patterns: BTreeSet<&str> =
        statements().flat_map(|statement| &statement.rule.actions.patterns).map(String::as_str).collect();
    let written: BTreeMap<&str, &str> = statements()
        .flat_map(|statement| &statement.written)
        .map(|(small, written)| (small.as_str(), written.as_str()))
        .collect();
    let services: BTreeSet<&str> =
        patterns.iter().filter_map(|pattern| pattern.split_once(':')).map(|(service, _)| service).collect();
    // Each candidate with what it is called; one that stands for a whole pattern is called nothing.
    let mut candidates: BTreeMap<String, Option<String>> = BTreeMap::new();
    let wanted = |action: &str| focuses.iter().any(|(_, _, focus)| focus.rule.actions.matches(action));
    // Of services whose actions are all named one by one nothing else has to be known.
    let opened = |service: &str| {
        focuses.iter().map(|(_, _, focus)| &focus.rule.actions).any(|matcher| {
            let near = |pattern: &str| pattern.split_once(':').is_none_or(|(own, _)| own == service || is_open(own));
            matcher.not || matcher.patterns.iter().any(|pattern| is_open(pattern) && near(pattern))
        })
    };
    for service in services.iter().filter(|service| !is_open(service) && opened(service)) {
        for (small, name) in catalogue(service).iter().filter(|(small, _)| wanted(small)) {
            candidates.insert(small.clone(), Some(name.clone()));
        }
    }
    let known: Vec<String> = candidates.keys().cloned().collect();
    for pattern in &patterns {
        if !is_open(pattern) {
            let name = written.get(pattern).unwrap_or(pattern);
            candidates.insert((*pattern).to_owned(), Some((*name).to_owned()));
        } else if !known.iter().any(|action| super::pattern::matches(pattern, action)) || *pattern == "*" {
            candidates.insert(sample(pattern), None);
        }
    }
    candidates.insert(format!("{FRESH}:{FRESH}"), None);
    let open: Vec<&str> = patterns.iter().copied().filter(|pattern| is_open(pattern)).collect();
    for (index, left) in open.iter().enumerate().take(64) {
        for right in open[index + 1..].iter().take(64) {
            if let Some(text) = shared(left, right) {
                candidates.entry(text).or_insert(None);
            }
        }
    }
    let mut classes: BTreeMap<(bool, Vec<bool>), Class> = BTreeMap::new();
    for (small, name) in candidates {
        if !wanted(&small) {
            continue;
        }
        let outcome = patterns.iter().map(|pattern| super::pattern::matches(pattern, &small)).collect();
        let opaque = small.starts_with(super::statement::WHOLE_POLICY);
        let class = classes.entry((opaque, outcome)).or_insert_with(|| Class {
            sample: small,
            members: Vec::new(),
            open: false,
        });
        class.open |= name.is_none();
        class.members.extend(name);
    }
    classes.into_values().collect()
}

/// Lists texts by which all patterns of resources can be told apart.
fn resources(focuses: &[(Kind, usize, &Statement)], old: &[(usize, &Rule)], new: &[(usize, &Rule)]) -> Vec<Sample> {
    let rules = || old.iter().chain(new).map(|(_, rule)| &rule.resources);
    let patterns: BTreeSet<&str> = rules().flat_map(|matcher| &matcher.patterns).map(String::as_str).collect();
    let mut samples: BTreeMap<String, String> =
        patterns.iter().map(|pattern| (sample(pattern), (*pattern).to_owned())).collect();
    samples.entry(FRESH.to_string()).or_insert_with(|| "*".to_owned());
    let own: BTreeSet<&str> =
        focuses.iter().flat_map(|(_, _, focus)| &focus.rule.resources.patterns).map(String::as_str).collect();
    for left in own {
        for right in patterns.iter().filter(|right| **right != left) {
            if let Some(text) = shared(left, right) {
                let pattern = pattern_of(&text);
                samples.entry(text).or_insert(pattern);
            }
        }
    }
    let reached = |text: &String| focuses.iter().any(|(_, _, focus)| Matcher::matches(&focus.rule.resources, text));
    let mut seen = BTreeSet::new();
    let outcome =
        |text: &str| patterns.iter().map(|pattern| super::pattern::matches(pattern, text)).collect::<Vec<_>>();
    samples.into_iter().filter(|(text, _)| reached(text) && seen.insert(outcome(text))).collect()
}

/// Lists somebody for each principal that is named, and somebody whom nobody names.
fn principals(old: &[(usize, &Rule)], new: &[(usize, &Rule)]) -> Vec<Principal> {
    let named = old.iter().chain(new).flat_map(|(_, rule)| &rule.principals.list);
    let mut principals: BTreeSet<Principal> = named.cloned().collect();
    principals.insert(Principal::Anybody);
    principals.into_iter().collect()
}

/// All combinations of values of the keys that matter.
struct Contexts<'c> {
    keys: Vec<(&'c str, Vec<Values>)>,
}

impl<'c> Contexts<'c> {
    /// Gives nothing if there are too many.
    fn of(clauses: &[&'c Clause]) -> Option<Self> {
        let mut by_key: BTreeMap<&str, Vec<&Clause>> = BTreeMap::new();
        for clause in clauses {
            by_key.entry(&clause.key).or_default().push(clause);
        }
        let linked = by_key.contains_key(SOURCE_ARN) && by_key.contains_key(SOURCE_ACCOUNT);
        let mut keys = Vec::new();
        let mut count: usize = 1;
        for (key, mut clauses) in by_key {
            clauses.sort();
            clauses.dedup();
            let values = values(key, &clauses, linked && matches!(key, SOURCE_ARN | SOURCE_ACCOUNT));
            count = count.saturating_mul(values.len());
            keys.push((key, values));
        }
        (count <= MOST_CONTEXTS).then_some(Self { keys })
    }

    fn count(&self) -> usize {
        self.keys.iter().map(|(_, values)| values.len()).product()
    }

    fn any(&self, mut test: impl FnMut(&Context<'_>) -> bool) -> bool {
        (0..self.count()).any(|number| {
            let mut rest = number;
            let mut context = Context::new();
            for (key, values) in &self.keys {
                context.insert(key, &values[rest % values.len()]);
                rest /= values.len();
            }
            is_possible(&context) && test(&context)
        })
    }
}

const SOURCE_ARN: &str = "aws:sourcearn";
const SOURCE_ACCOUNT: &str = "aws:sourceaccount";

/// Leaves out requests on behalf of a resource of another account than the one that they name.
fn is_possible(context: &Context<'_>) -> bool {
    let one = |key| context.get(key).and_then(|values| values.as_deref()).and_then(<[String]>::first);
    let Some(account) = one(SOURCE_ARN).and_then(|arn| account_of(arn)) else { return true };
    if account.contains(FRESH) || !context.contains_key(SOURCE_ACCOUNT) {
        return true;
    }
    one(SOURCE_ACCOUNT).is_some_and(|named| named == account)
}
