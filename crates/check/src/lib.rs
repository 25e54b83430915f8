//! Validation of CloudFormation templates: structure, references, and each resource against its provider schema.
//!
//! [`check`] takes any templates, synthesized or parsed, and gives findings that name the place, the author's line,
//! the value given, what is allowed and what to do. Several templates are checked together, so that a finding about
//! one can point to another.
//!
//! What is not known until a stack is made (what `Ref` of a parameter will be, what a macro adds) is let pass. Each
//! combination of conditions that can happen is checked.
//!
//! A rule stands beside the code that applies it, with a template that violates it and one that does not;
//! [`rules`] lists them.
//!
//! Pure: no I/O, no clock, no environment; the same templates always give the same findings in the same order.

use std::collections::BTreeMap;

use tree::{Finding, Node, Path, Remark, Segment, Tree};

use look::Scope;
use outline::Outline;
use place::Place;
use schema::Patterns;

mod attributes;
mod conditions;
mod domain;
mod kinds;
mod look;
mod outline;
mod place;
mod references;
mod rule;
mod schema;
mod security;
mod shell;
mod structure;
mod suppressions;
mod text;
mod words;

pub use rule::{Rule, rule, rules, similar_rule};
pub use suppressions::Suppressed;
pub use text::syntax;

/// A template to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Template<'t> {
    /// The stack's name, or the path of the template's file; findings repeat it.
    pub name: &'t str,
    /// The template itself.
    pub tree: &'t Tree,
}

/// What is known of templates beyond what stands in them.
#[derive(Clone, Debug, Default)]
pub struct Surroundings<'t> {
    /// The parameters that are filled with outputs of other templates.
    pub links: Vec<Link<'t>>,
    /// What parameters and pseudo parameters are known to be.
    pub values: Vec<Known<'t>>,
    /// What was remarked upon while templates were read from text, by the template's name.
    pub remarks: Vec<(&'t str, &'t [Remark])>,
}

/// A parameter that is filled with an output of another template.
#[derive(Clone, Copy, Debug)]
pub struct Link<'t> {
    /// The name of the template with the parameter.
    pub template: &'t str,
    /// The parameter's name.
    pub parameter: &'t str,
    /// The name of the template with the output.
    pub from: &'t str,
    /// The output's name.
    pub output: &'t str,
}

/// What `Ref` of a parameter or pseudo parameter gives in a template.
#[derive(Clone, Copy, Debug)]
pub struct Known<'t> {
    /// The template's name.
    pub template: &'t str,
    /// The name, such as `AWS::StackName`.
    pub name: &'t str,
    /// The value.
    pub value: &'t str,
}

/// What was found in templates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The findings, in the order of the templates and of the places in them.
    pub findings: Vec<Finding>,
    /// What was found and is accepted by the templates' author, in the same order.
    pub suppressed: Vec<Suppressed>,
}

/// Checks templates, and gives the findings in the order of the templates and of the places in them.
pub fn check(templates: &[Template<'_>]) -> Vec<Finding> {
    check_within(templates, &Surroundings::default())
}

/// Checks templates of which more is known than what stands in them.
pub fn check_within(templates: &[Template<'_>], surroundings: &Surroundings<'_>) -> Vec<Finding> {
    report(templates, surroundings).findings
}

/// Checks templates, and tells also what their author has suppressed, and why.
pub fn report(templates: &[Template<'_>], surroundings: &Surroundings<'_>) -> Report {
    let outlines: Vec<Outline<'_>> =
        templates.iter().map(|template| Outline::read(template.name, template.tree)).collect();
    let scope = Scope::new(&outlines, surroundings);
    let patterns = Patterns::default();
    let shared = domain::Shared::new(&scope, &patterns);
    let others = security::Others::read(&scope);
    let mut report = Report::default();
    for outline in &outlines {
        let place = Place::root(outline.name, outline.tree);
        let mut own = Vec::new();
        structure::check(outline, &place, &mut own);
        references::check(outline, &outlines, &place, &mut own);
        schema::check(outline, &patterns, &place, &mut own);
        domain::check(&shared, outline, &mut own);
        security::check(&scope, outline, &others, &mut own);
        let remarks = surroundings.remarks.iter().filter(|(template, _)| *template == outline.name);
        let remarks = remarks.flat_map(|(template, remarks)| {
            remarks.iter().filter_map(|one| text::finding(template, one, outline.transformed))
        });
        own.extend(remarks);
        let mut order = Order::default();
        let mut place = |finding: &Finding| (order.position(outline.tree, &finding.path), finding.rule);
        own.sort_by_cached_key(&mut place);
        own.dedup();
        let (mut own, suppressed) = suppressions::apply(outline, own);
        // There may be findings about the suppressions themselves.
        own.sort_by_cached_key(place);
        report.findings.extend(own);
        report.suppressed.extend(suppressed);
    }
    report
}

/// The positions of keys in the objects that were asked for: some have as many keys as the template has resources.
#[derive(Default)]
struct Order<'t> {
    positions: BTreeMap<*const tree::Map, BTreeMap<&'t str, usize>>,
}

impl<'t> Order<'t> {
    /// Tells where a path is among all paths of the tree, in the order of the template.
    fn position(&mut self, tree: &'t Tree, path: &Path) -> Vec<usize> {
        let mut positions = Vec::new();
        let mut tree = Some(tree);
        for segment in path.segments() {
            let (index, next) = match (tree.map(|tree| &tree.node), segment) {
                (Some(Node::Map(map)), Segment::Key(key)) => match self.of_key(map, key) {
                    Some((index, value)) => (index + 1, Some(value)),
                    None => (0, None),
                },
                (Some(Node::List(list)), Segment::Index(index)) => (index + 1, list.get(*index)),
                _ => (0, None),
            };
            positions.push(index);
            tree = next;
        }
        positions
    }

    fn of_key(&mut self, map: &'t tree::Map, key: &str) -> Option<(usize, &'t Tree)> {
        let positions = self.positions.entry(std::ptr::from_ref(map)).or_insert_with(|| {
            // Of two entries with the same key the first one counts.
            map.iter().enumerate().rev().map(|(index, entry)| (entry.key.as_str(), index)).collect()
        });
        let index = *positions.get(key)?;
        map.iter().nth(index).map(|entry| (index, &entry.value))
    }
}
