#![expect(clippy::needless_pass_by_value, reason = "`json!` borrows what the tests make on the spot")]

use serde_json::json;

use super::*;
use crate::{Known, Link, Surroundings};

/// Looks at the resource `It` of a template, in every combination of conditions.
fn look(template: serde_json::Value, rules: impl FnMut(&Resource<'_>, &mut Vec<Finding>)) -> Vec<Finding> {
    let tree = Tree::from_json(template, Origin::Unknown);
    let outlines = [Outline::read("example", &tree)];
    let value = Known { template: "example", name: "AWS::StackName", value: "app-prod" };
    let scope = Scope::new(&outlines, &Surroundings { values: vec![value], ..Surroundings::default() });
    let mut findings = Vec::new();
    each_resource(&scope, &outlines[0], &mut findings, rules);
    findings
}

fn it(properties: serde_json::Value) -> serde_json::Value {
    json!({
        "Parameters": {"Stage": {"Type": "String"}, "Name": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Mappings": {"Sizes": {"prod": {"Cpu": 4}}},
        "Resources": {"It": {"Type": "AWS::SQS::Queue", "Properties": properties}}
    })
}

static RULE: Rule =
    Rule { id: "example/rule", severity: tree::Severity::Warning, statement: "", why: "", page: "", bad: "", good: "" };

#[test]
fn absent_unknown_and_known_are_told_apart() {
    let seen = look(
        it(
            json!({"A": {"B": [1, {"C": "2"}]}, "D": {"Ref": "Name"}, "E": {"Ref": "AWS::NoValue"}, "F": "{{resolve:ssm:x}}"}),
        ),
        |it, _| {
            let elements: Vec<_> = it.at("A/B").items().map(View::integer).collect();
            assert_eq!(elements, [Some(1), None]);
            assert_eq!(it.properties.select("A/B/*/C").iter().filter_map(|view| view.integer()).sum::<i64>(), 2);
            assert!(it.at("D").is_unknown() && it.at("D/Below").is_unknown());
            assert!(it.at("E").is_absent() && it.at("E/Below").is_absent());
            assert!(it.at("F").is_unknown() && it.at("F").text().is_none());
        },
    );
    assert_eq!(seen, []);
}

#[test]
fn each_combination_of_conditions_is_looked_at_once() {
    let properties =
        json!({"A": [{"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, 2], "B": {"Fn::If": ["IsProd", 10, 3]}});
    let mut seen = Vec::new();
    let findings = look(it(properties), |it, findings| {
        let elements: Vec<_> = it.at("A").items().filter_map(View::integer).collect();
        seen.push((elements, it.at("B").integer()));
        if it.at("B").integer() == Some(10) {
            findings.push(it.at("B").finding(&RULE, "10 is too much"));
        }
    });
    assert_eq!(seen, [(vec![2], Some(3)), (vec![1, 2], Some(10))]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].message, "10 is too much, when `IsProd` is true");
    assert_eq!(findings[0].path.to_string(), "Resources/It/Properties/B/Fn::If/1");
}

#[test]
fn constants_are_worked_out_and_nothing_else_is() {
    let properties = json!({
        "Join": {"Fn::Join": ["-", ["a", 1, {"Fn::Sub": ["${x}${!y}", {"x": "b"}]}]]},
        "Stack": {"Fn::Sub": "${AWS::StackName}-queue"},
        "Map": {"Fn::FindInMap": ["Sizes", "prod", "Cpu"]},
        "Select": {"Fn::Select": [1, {"Fn::Split": ["/", "a/b/c"]}]},
        "Open": {"Fn::Sub": "${Name}-queue"}
    });
    look(it(properties), |it, _| {
        assert_eq!(it.at("Join").text().as_deref(), Some("a-1-b${y}"));
        assert_eq!(it.at("Stack").text().as_deref(), Some("app-prod-queue"));
        assert_eq!(it.at("Map").integer(), Some(4));
        assert_eq!(it.at("Select").text().as_deref(), Some("b"));
        assert_eq!(it.at("Open").text(), None);
        assert_eq!(shortest(&it.at("Open").parts()), "-queue".len());
    });
}

#[test]
fn documents_read_alike_as_objects_and_as_text_with_holes() {
    let text = json!({"Fn::Sub": "{\"StartAt\": \"A\", \"Seconds\": ${Name}, \"Arn\": \"${It.Arn}\", \"Key\": \"x/${Name}\"}"});
    let object = json!({"StartAt": "A", "Seconds": {"Ref": "Name"}, "Arn": {"Fn::GetAtt": ["It", "Arn"]}, "Key": {"Fn::Sub": "x/${Name}"}});
    for document in [text, object] {
        look(it(json!({"Document": document})), |it, _| {
            let document = it.at("Document").document().unwrap_or_else(|_| panic!("unreadable"));
            let view = document.view();
            assert!(view.get("StartAt").is("A"));
            assert!(view.get("Seconds").is_unknown());
            assert_eq!(
                view.get("Arn").target().map(|target| (target.resource.id, target.attribute)),
                Some(("It", Some("Arn")))
            );
            assert!(view.get("Key").is_unknown() && view.get("Key").parts().len() == 2);
            let (path, _) = view.get("Next").place();
            assert_eq!(path.to_string(), "Resources/It/Properties/Document/Next");
        });
    }
}

#[test]
fn substitutions_fill_documents() {
    let properties = json!({
        "Document": {"Arn": "${Queue}", "Url": "https://${Host}/x", "Own": "${Other}"},
        "Substitutions": {"Queue": {"Ref": "It"}, "Host": "example"}
    });
    look(it(properties), |it, _| {
        let document = it.at("Document").document_with(it.at("Substitutions")).unwrap_or_else(|_| panic!("unreadable"));
        assert_eq!(document.view().get("Arn").target().map(|target| target.resource.id), Some("It"));
        assert!(document.view().get("Url").is("https://example/x"));
        assert!(document.view().get("Own").is("${Other}"));
    });
}

#[test]
fn mistakes_in_documents_are_certain_only_if_no_hole_can_mend_them() {
    let cases = [
        (json!("{\"a\": }"), true),
        (json!({"Fn::Sub": "{\"a\": ${Name}"}), false),
        (json!({"Fn::Sub": "{\"a\": \"${Name}\""}), true),
        (json!({"Ref": "Name"}), false),
    ];
    for (document, is_mistake) in cases {
        look(it(json!({"Document": document})), |it, _| {
            let read = it.at("Document").document();
            assert_eq!(matches!(read, Err(Unreadable::Mistake(_))), is_mistake);
            assert!(read.is_err());
        });
    }
}

#[test]
fn references_lead_from_template_to_template() {
    let producer = Tree::from_json(
        json!({
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}}},
            "Outputs": {
                "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}},
                "Url": {"Value": {"Ref": "Queue"}, "Export": {"Name": "queue-url"}}
            }
        }),
        Origin::Unknown,
    );
    let consumer = Tree::from_json(
        json!({
            "Parameters": {"QueueArn": {"Type": "String"}},
            "Resources": {"It": {"Type": "AWS::SQS::Queue", "Properties": {
                "Weak": {"Ref": "QueueArn"},
                "Name": {"Fn::Select": [5, {"Fn::Split": [":", {"Ref": "QueueArn"}]}]},
                "Strong": {"Fn::ImportValue": "queue-url"},
                "Part": {"Fn::Sub": "${QueueArn}/*"}
            }}}
        }),
        Origin::Unknown,
    );
    let outlines = [Outline::read("producer", &producer), Outline::read("consumer", &consumer)];
    let link = Link { template: "consumer", parameter: "QueueArn", from: "producer", output: "Arn" };
    let scope = Scope::new(&outlines, &Surroundings { links: vec![link], ..Surroundings::default() });
    let mut findings = Vec::new();
    each_resource(&scope, &outlines[1], &mut findings, |it, _| {
        for key in ["Weak", "Strong"] {
            let target = it.at(key).target().map(|target| target.resource);
            assert_eq!(target.map(|queue| (queue.id, queue.at("DelaySeconds").integer())), Some(("Queue", Some(5))));
        }
        for key in ["Name", "Part"] {
            assert!(it.at(key).target().is_none());
            assert_eq!(it.at(key).mentioned().map(|target| target.resource.id), Some("Queue"));
        }
    });
}

#[test]
fn bytes_are_counted_as_they_are_written() {
    let tree = Tree::from_json(
        json!({"a": [1, -2.5, true, false, null, "q\"\\ \n\t\u{1}é"], "b": {}, "c": [], "d\"": [{"e": 1}, 2]}),
        Origin::Unknown,
    );
    assert_eq!(json_bytes(&tree), tree.to_json_compact().len());
}
