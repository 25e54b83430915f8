use tree::{Finding, Severity};

use crate::place::Place;
use crate::words::similar;
use crate::{domain, references, schema, security, structure, suppressions, text};

/// What a template must fulfil.
#[derive(Debug)]
pub struct Rule {
    /// The id, by which a finding names its rule: a group and a name, such as `reference/unknown`.
    pub id: &'static str,
    /// How much a violation matters.
    pub severity: Severity,
    /// The rule in one sentence.
    pub statement: &'static str,
    /// What happens to those who do not follow it.
    pub why: &'static str,
    /// The page of AWS's documentation that it comes from.
    pub page: &'static str,
    /// A template that violates the rule, as JSON or YAML.
    pub bad: &'static str,
    /// The same template as it should be.
    pub good: &'static str,
}

/// Lists all rules in order of their ids.
pub fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<_> = all().collect();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// Finds a rule by its id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().chain(domain::RULES).flat_map(|group| group.iter().copied())
}

/// Finds the rule whose id is most like this one, if one is close enough.
pub fn similar_rule(id: &str) -> Option<&'static Rule> {
    let ids = rules().into_iter().map(|rule| rule.id);
    // People remember how an id begins, which is far from a slip of the pen: `security/tls` is `security/tls-only`.
    let begun = || {
        rules()
            .into_iter()
            .filter(|rule| id.contains('/') && !id.ends_with('/') && rule.id.starts_with(id))
            .min_by_key(|rule| rule.id.len())
    };
    // Also by its name alone: people remember `unknown` and forget the group.
    let named = || rules().into_iter().find(|rule| rule.id.rsplit('/').next() == Some(id));
    begun().or_else(|| similar(id, ids).and_then(rule)).or_else(named)
}

/// Each rule stands beside the code that applies it, and is listed in its group. To add a rule, write it there, with a
/// template that violates it and one that does not: the tests check both templates.
static GROUPS: [&[&Rule]; 6] =
    [references::RULES, schema::RULES, security::RULES, structure::RULES, suppressions::RULES, text::RULES];

/// Tells whether this is a rule whose findings may be accepted: not what CloudFormation refuses.
pub(crate) fn is_suppressible(id: &str) -> bool {
    domain::RULES.iter().chain([&security::RULES]).any(|group| group.iter().any(|rule| rule.id == id))
}

impl Rule {
    /// Makes a finding of this rule.
    pub(crate) fn at(&'static self, place: &Place<'_>, message: impl Into<String>) -> Finding {
        Finding {
            severity: self.severity,
            ..Finding::error(self.id, place.template, place.path(), place.origin, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_more_like_it_than_another_id() {
        for (given, meant) in [
            ("security/tls", Some("security/tls-only")),
            ("security/function", Some("security/function-url")),
            ("reference/unkown", Some("reference/unknown")),
            ("tls-only", Some("security/tls-only")),
            ("nothing/at-all-like-it", None),
        ] {
            assert_eq!(similar_rule(given).map(|rule| rule.id), meant, "{given}");
        }
    }
}
