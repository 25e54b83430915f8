use tree::{Finding, Severity};

use crate::place::Place;
use crate::{references, schema, structure};

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
    /// A template that violates the rule.
    pub bad: &'static str,
    /// The same template as it should be.
    pub good: &'static str,
}

/// Lists all rules in order of their ids.
pub fn rules() -> &'static [&'static Rule] {
    &RULES
}

/// Each rule stands beside the code that applies it; this is their only list. To add a rule, write it there, with a
/// template that violates it and one that does not, and list it here: the tests check both templates.
static RULES: [&Rule; 51] = [
    &references::functions::ALONE,
    &references::functions::ARGUMENTS,
    &references::conditions::TEST,
    &references::functions::CONTEXT,
    &references::functions::EXTENSION,
    &references::functions::UNKNOWN_FUNCTION,
    &references::ATTRIBUTE,
    &references::circles::CIRCULAR,
    &references::CONDITION,
    &references::CONDITIONAL,
    &references::functions::FORBIDDEN,
    &references::functions::MAPPING,
    &references::sub::UNFILLED,
    &references::UNKNOWN,
    &references::sub::UNUSED_VARIABLE,
    &schema::ENUM,
    &schema::EXCLUSIVE,
    &schema::CHOICE,
    &schema::IDENTIFIER,
    &schema::ITEMS,
    &schema::LENGTH,
    &schema::ONE_OF,
    &schema::PATTERN,
    &schema::RANGE,
    &schema::READ_ONLY,
    &schema::REQUIRED,
    &schema::RESOURCE_TYPE,
    &schema::TOGETHER,
    &schema::TYPE,
    &schema::UNIQUE,
    &schema::UNKNOWN_PROPERTY,
    &structure::resources::CREATION_POLICY,
    &structure::resources::DELETION_POLICY,
    &structure::DESCRIPTION,
    &structure::DUPLICATE_KEY,
    &structure::LIMIT,
    &structure::LOGICAL_ID,
    &structure::mappings::MAPPING,
    &structure::NULL,
    &structure::outputs::OUTPUT,
    &structure::parameters::PARAMETER,
    &structure::parameters::DEFAULT,
    &structure::parameters::TYPE,
    &structure::resources::RESOURCE,
    &structure::RESOURCES,
    &structure::RULE,
    &structure::SECTION,
    &structure::SHAPE,
    &structure::TRANSFORM,
    &structure::resources::UPDATE_POLICY,
    &structure::VERSION,
];

impl Rule {
    /// Makes a finding of this rule.
    pub(crate) fn at(&'static self, place: &Place<'_>, message: impl Into<String>) -> Finding {
        Finding {
            severity: self.severity,
            ..Finding::error(self.id, place.template, place.path(), place.origin, message)
        }
    }
}
