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
    let circles = groups(&all);
    let order = || outline.resource_entries().enumerate().map(|(index, entry)| (entry.key.as_str(), index));
    let order: BTreeMap<&str, usize> = if circles.is_empty() { BTreeMap::new() } else { order().collect() };
    for inside in circles {
        let names = inside.iter().flat_map(|edge| &edge.assumed).map(|(name, _)| *name).collect();
        // What is a circle on paper is none if its parts never count at the same time.
        let real = outline.conditions.scenarios(&names).into_iter().find_map(|scenario| {
            let counting: Vec<&Edge<'_>> = inside.iter().copied().filter(|edge| counts(edge, &scenario)).collect();
            groups(&counting).into_iter().next().map(|group| report(&order, &group, place))
        });
        findings.extend(real);
    }
}

fn counts(edge: &Edge<'_>, scenario: &Scenario<'_>) -> bool {
    edge.assumed.iter().all(|(name, truth)| scenario.get(name).is_none_or(|value| value == truth))
}

fn report(order: &BTreeMap<&str, usize>, edges: &[&Edge<'_>], place: &Place<'_>) -> Finding {
    let group: BTreeSet<&str> = edges.iter().map(|edge| edge.from).collect();
    let mut members: Vec<&str> = group.into_iter().collect();
    members.sort_by_key(|name| order.get(name));
    let circle = shortest(members.first().copied().unwrap_or_default(), edges);
    let steps: Vec<String> =
        circle.iter().take(MOST_STEPS).map(|edge| format!("`{}` ({}) → ", edge.from, edge.property)).collect();
    let more = if circle.len() > MOST_STEPS { "… → " } else { "" };
    let first = circle.first().map(|edge| edge.from).unwrap_or_default();
    let message = match members.as_slice() {
        [only] => {
            format!("`{only}` needs itself, in `{}`", circle.first().map(|edge| edge.property).unwrap_or_default())
        }
        several => format!("{} need one another: {}{more}`{first}`", all_of(several.iter().copied()), steps.concat()),
    };
    let resources = place.key("Resources", Origin::Unknown);
    let origin = circle.first().map(|edge| edge.origin).unwrap_or_default();
    let hint = "move one of these references into a resource of its own, such as a policy, a rule or an attachment";
    CIRCULAR.at(&resources.key(first, origin), message).hint(hint)
}

/// Longer circles are cut in messages.
const MOST_STEPS: usize = 12;

/// Finds the shortest way from a resource back to itself.
fn shortest<'e, 't>(start: &str, edges: &[&'e Edge<'t>]) -> Vec<&'e Edge<'t>> {
    let mut leaving: BTreeMap<&str, Vec<&'e Edge<'t>>> = BTreeMap::new();
    for edge in edges {
        leaving.entry(edge.from).or_default().push(edge);
    }
    let mut reached: BTreeMap<&str, &'e Edge<'t>> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(name) = queue.pop_front() {
        for edge in leaving.get(name).into_iter().flatten() {
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

/// Lists the groups of resources each of which reaches every other one of its group, each as the edges inside of it.
///
/// After Tarjan, with a stack of its own: a chain of references may be as long as the template.
fn groups<'e, 't>(edges: &[&'e Edge<'t>]) -> Vec<Vec<&'e Edge<'t>>> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for edge in edges {
        for name in [edge.from, edge.to] {
            let next = numbers.len();
            numbers.entry(name).or_insert(next);
        }
    }
    let mut leaving = vec![Vec::new(); numbers.len()];
    for edge in edges {
        leaving[numbers[edge.from]].push(numbers[edge.to]);
    }
    let group_of = components(&leaving);
    let mut inside: BTreeMap<usize, Vec<&'e Edge<'t>>> = BTreeMap::new();
    for edge in edges {
        let group = group_of[numbers[edge.from]];
        if group == group_of[numbers[edge.to]] {
            inside.entry(group).or_default().push(edge);
        }
    }
    inside.into_values().collect()
}

/// Gives each node the number of its strongly connected component.
fn components(leaving: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = leaving.len();
    let (mut index, mut lowest, mut component) = (vec![UNSEEN; count], vec![0; count], vec![UNSEEN; count]);
    let (mut seen, mut found) = (0, 0);
    let mut path = Vec::new();
    for root in 0..count {
        // Each entry is a node and how many of its edges have been followed.
        let mut open = if index[root] == UNSEEN { vec![(root, 0)] } else { Vec::new() };
        while let Some((node, followed)) = open.pop() {
            if followed == 0 {
                (index[node], lowest[node]) = (seen, seen);
                seen += 1;
                path.push(node);
            } else {
                let child = leaving[node][followed - 1];
                lowest[node] = lowest[node].min(lowest[child]);
            }
            let next = (followed..leaving[node].len()).find(|edge| {
                let other = leaving[node][*edge];
                if index[other] != UNSEEN && component[other] == UNSEEN {
                    lowest[node] = lowest[node].min(index[other]);
                }
                index[other] == UNSEEN
            });
            if let Some(edge) = next {
                open.push((node, edge + 1));
                open.push((leaving[node][edge], 0));
            } else if lowest[node] == index[node] {
                while let Some(member) = path.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

pub(crate) static CIRCULAR: Rule = Rule {
    id: "reference/circular",
    severity: Severity::Error,
    statement: "no resource needs itself, directly or through others",
    why: "CloudFormation does not know which one to make first, and refuses the template",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
    bad: r#"{"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["Queue", "Arn"]}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Topic", "TopicName"]}}}}}"#,
    good: r#"{"Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Topic", "TopicName"]}}}}}"#,
};
