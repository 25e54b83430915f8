//! Where findings say they are, and in which order they come.

use check::Template;
use serde_json::json;
use tree::{Entry, Map, Node, Origin, Tree};

use super::check;

/// Gives every node an origin of its own: its number in the order of the template.
fn numbered(tree: Tree, next: &mut u32) -> Tree {
    *next += 1;
    let origin = Origin::Text { line: *next, column: 1 };
    let node = match tree.node {
        Node::List(list) => Node::List(list.into_iter().map(|item| numbered(item, next)).collect()),
        Node::Map(map) => Node::Map(
            map.into_iter()
                .map(|entry| {
                    *next += 1;
                    let origin = Origin::Text { line: *next, column: 1 };
                    Entry { key: entry.key, origin, value: numbered(entry.value, next) }
                })
                .collect::<Map>(),
        ),
        other => other,
    };
    Tree { node, origin }
}

fn faulty() -> Tree {
    let template = json!({
        "Resources": {
            "Late": {"Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": "soon",
                "Colour": "blue",
                "QueueName": {"Ref": "Nobody"}
            }},
            "Early": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/videos"}}
        },
        "Description": ["no"]
    });
    numbered(Tree::from_json(template, Origin::Unknown), &mut 0)
}

#[test]
fn findings_come_in_the_order_of_the_template_whichever_rule_made_them() {
    let tree = faulty();
    let found = check(&[Template { name: "one", tree: &tree }]);
    let places: Vec<String> = found.iter().map(|finding| format!("{} {}", finding.rule, finding.path)).collect();
    let expected = [
        "schema/type Resources/Late/Properties/VisibilityTimeout",
        "schema/unknown-property Resources/Late/Properties/Colour",
        "reference/unknown Resources/Late/Properties/QueueName/Ref",
        "schema/required Resources/Early/Properties",
        "structure/description Description",
    ];
    assert_eq!(places, expected);
    let lines: Vec<u32> = found.iter().filter_map(|finding| finding.origin.position()).map(|(line, _)| line).collect();
    assert!(lines.is_sorted() && lines.len() == found.len(), "{lines:?}");
}

#[test]
fn a_finding_has_the_origin_of_what_is_wrong() {
    let tree = faulty();
    let found = check(&[Template { name: "one", tree: &tree }]);
    let origin = |rule: &str| found.iter().find(|finding| finding.rule == rule).map(|finding| finding.origin);
    let properties = tree.find(["Resources", "Late", "Properties"]).expect("it is in the template");
    let entry = |key| properties.as_map().and_then(|map| map.entry(key)).expect("it is in the template");
    assert_eq!(origin("schema/type"), Some(entry("VisibilityTimeout").value.origin), "a wrong value");
    assert_eq!(origin("schema/unknown-property"), Some(entry("Colour").origin), "a wrong key");
    let name = entry("QueueName").value.get("Ref").expect("it is in the template");
    assert_eq!(origin("reference/unknown"), Some(name.origin), "a wrong reference");
}

#[test]
fn what_has_no_origin_of_its_own_takes_the_nearest_one() {
    let mut tree = Tree::from_json(json!({"Resources": {"It": {"Type": "AWS::SQS::Queue"}}}), Origin::Unknown);
    let line = Origin::caller();
    let nothing = || Tree::new(Node::Map(Map::default()), Origin::Unknown);
    let mut resources = Map::default();
    let mut properties = Map::default();
    properties.push("Colour", nothing());
    let mut queue = Map::default();
    queue.push("Type", Tree::string("AWS::SQS::Queue"));
    queue.push("Properties", Tree::new(Node::Map(properties), Origin::Unknown));
    resources.push("It", Tree::new(Node::Map(queue), line));
    tree = Tree::single("Resources", Tree::new(Node::Map(resources), tree.origin));
    let found = check(&[Template { name: "one", tree: &tree }]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].origin, line);
}

#[test]
fn templates_are_checked_in_their_order_and_named() {
    let tree = faulty();
    let found = check(&[Template { name: "one", tree: &tree }, Template { name: "two", tree: &tree }]);
    let names: Vec<&str> = found.iter().map(|finding| finding.template.as_str()).collect();
    assert!(names.is_sorted() && names.contains(&"one") && names.contains(&"two"), "{names:?}");
    assert_eq!(found.iter().filter_map(|finding| finding.resource.as_deref()).filter(|id| *id == "Late").count(), 6);
}
