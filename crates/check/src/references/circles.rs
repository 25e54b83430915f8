//! Circular dependencies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tree::{Finding, Origin, Severity};

use crate::conditions::Scenario;
use crate::outline::Outline;
use crate::place::Place;
use crate::rule::Rule;
use crate::words::all_of;

/// One resource needs another.
pub(crate) struct Edge<'t> {
    pub from: &'t str,
    pub to: &'t str,
    /// The property that refers to the other one, or `DependsOn`.
    pub property: &'t str,
    pub origin: Origin,
    /// What the conditions are where the reference counts.
    pub assumed: Vec<(&'t str, bool)>,
}

/// Reports each group of resources that need one another.
pub(crate) fn check(outline: &Outline<'_>, edges: &[Edge<'_>], place: &Place<'_>, findings: &mut Vec<Finding>) {
    let all: Vec<&Edge<'_>> = edges.iter().collect();
    for group in groups(&all) {
        let inside: Vec<&Edge<'_>> =
            all.iter().copied().filter(|edge| group.contains(edge.from) && group.contains(edge.to)).collect();
        let names = inside.iter().flat_map(|edge| &edge.assumed).map(|(name, _)| *name).collect();
        // What is a circle on paper is none if its parts never count at the same time.
        let real = outline.conditions.scenarios(&names).into_iter().find_map(|scenario| {
            let counting: Vec<&Edge<'_>> = inside.iter().copied().filter(|edge| counts(edge, &scenario)).collect();
            groups(&counting).into_iter().next().map(|group| report(outline, &group, &counting, place))
        });
        findings.extend(real);
    }
}

fn counts(edge: &Edge<'_>, scenario: &Scenario<'_>) -> bool {
    edge.assumed.iter().all(|(name, truth)| scenario.get(name).is_none_or(|value| value == truth))
}

fn report(outline: &Outline<'_>, group: &BTreeSet<&str>, edges: &[&Edge<'_>], place: &Place<'_>) -> Finding {
    let in_order = outline.resource_entries().map(|entry| entry.key.as_str());
    let members: Vec<&str> = in_order.filter(|name| group.contains(name)).collect();
    let circle = shortest(members.first().copied().unwrap_or_default(), edges);
    let steps: Vec<String> = circle.iter().map(|edge| format!("`{}` ({}) → ", edge.from, edge.property)).collect();
    let first = circle.first().map(|edge| edge.from).unwrap_or_default();
    let message = match members.as_slice() {
        [only] => {
            format!("`{only}` needs itself, in `{}`", circle.first().map(|edge| edge.property).unwrap_or_default())
        }
        several => format!("{} need one another: {}`{first}`", all_of(several.iter().copied()), steps.concat()),
    };
    let resources = place.key("Resources", Origin::Unknown);
    let origin = circle.first().map(|edge| edge.origin).unwrap_or_default();
    let hint = "move one of these references into a resource of its own, such as a policy, a rule or an attachment";
    CIRCULAR.at(&resources.key(first, origin), message).hint(hint)
}

/// Finds the shortest way from a resource back to itself.
fn shortest<'e, 't>(start: &str, edges: &[&'e Edge<'t>]) -> Vec<&'e Edge<'t>> {
    let mut reached: BTreeMap<&str, &'e Edge<'t>> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(name) = queue.pop_front() {
        for edge in edges.iter().filter(|edge| edge.from == name) {
            if !reached.contains_key(edge.to) {
                reached.insert(edge.to, edge);
                queue.push_back(edge.to);
            }
        }
    }
    let mut circle: Vec<&'e Edge<'t>> = Vec::new();
    let mut name = start;
    while let Some(edge) = reached.get(name) {
        circle.push(edge);
        name = edge.from;
        if name == start {
            break;
        }
    }
    circle.reverse();
    circle
}

/// Lists the groups of resources each of which reaches every other one of its group, after Tarjan.
fn groups<'t>(edges: &[&Edge<'t>]) -> Vec<BTreeSet<&'t str>> {
    let mut graph: BTreeMap<&'t str, BTreeSet<&'t str>> = BTreeMap::new();
    for edge in edges {
        graph.entry(edge.from).or_default().insert(edge.to);
    }
    let mut search = Search::new(&graph);
    for name in graph.keys() {
        if !search.numbers.contains_key(name) {
            search.visit(name);
        }
    }
    search.groups
}

struct Search<'g, 't> {
    graph: &'g BTreeMap<&'t str, BTreeSet<&'t str>>,
    /// The order of the first visits.
    numbers: BTreeMap<&'t str, usize>,
    stack: Vec<&'t str>,
    groups: Vec<BTreeSet<&'t str>>,
}

impl<'g, 't> Search<'g, 't> {
    fn new(graph: &'g BTreeMap<&'t str, BTreeSet<&'t str>>) -> Self {
        Self { graph, numbers: BTreeMap::new(), stack: Vec::new(), groups: Vec::new() }
    }

    fn visit(&mut self, name: &'t str) -> usize {
        let number = self.numbers.len();
        self.numbers.insert(name, number);
        self.stack.push(name);
        let mut lowest = number;
        let graph = self.graph;
        for next in graph.get(name).into_iter().flatten() {
            lowest = match self.numbers.get(next) {
                None => lowest.min(self.visit(next)),
                Some(other) if self.stack.contains(next) => lowest.min(*other),
                Some(_) => lowest,
            };
        }
        if lowest == number {
            let start = self.stack.iter().rposition(|other| *other == name).unwrap_or_default();
            let group: BTreeSet<&'t str> = self.stack.drain(start..).collect();
            let needs_itself = graph.get(name).is_some_and(|next| next.contains(name));
            if group.len() > 1 || needs_itself {
                self.groups.push(group);
            }
        }
        lowest
    }
}

pub(crate) static CIRCULAR: Rule = Rule {
    id: "reference/circular",
    severity: Severity::Error,
    statement: "no resource needs itself, directly or through others",
    why: "CloudFormation does not know which one to make first, and refuses the template",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html",
    bad: r#"{"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Queue", "Arn"]}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Topic", "TopicName"]}}}}}"#,
    good: r#"{"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Topic", "TopicName"]}}}}}"#,
};
