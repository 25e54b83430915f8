//! What holds of all templates.

use diff::{Template, apply, diff};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tree::{Origin, Tree};

/// Keys that comparison knows something about, and some that it does not.
const KEYS: &[&str] = &[
    "Id",
    "Name",
    "Key",
    "Value",
    "Sid",
    "Effect",
    "Action",
    "Resource",
    "Principal",
    "Condition",
    "Statement",
    "PolicyDocument",
    "Tags",
    "EventPattern",
    "runCommand",
    "UserData",
    "DefinitionString",
    "SecurityGroupIds",
    "x",
    "y",
];

const TYPES: &[&str] = &[
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::IAM::Policy",
    "AWS::EC2::SecurityGroup",
    "AWS::SSM::Document",
    "AWS::Lambda::Function",
    "Custom::Thing",
    "No::Such::Type",
];

fn scalar() -> impl Strategy<Value = Value> {
    let text =
        prop::sample::select(vec!["a", "b", "Allow", "s3:*", "line\nother\nmore", "${A}", "{\"a\": [1, 2]}", ""]);
    prop_oneof![
        text.prop_map(Value::from),
        (0..3).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec!["A", "B", "P", "AWS::NoValue"]).prop_map(|name| json!({ "Ref": name })),
        prop::sample::select(vec!["A", "B"]).prop_map(|name| json!({"Fn::GetAtt": [name, "Arn"]})),
        prop::sample::select(vec!["${A}/x", "{\"a\": \"${B.Arn}\"}", "${!a}"])
            .prop_map(|text| json!({ "Fn::Sub": text })),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner.clone()),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({"Fn::If": ["C", one, other]})),
            inner.clone().prop_map(|inner| json!({ "Fn::Base64": inner })),
            vec(object(inner), 0..4).prop_map(Value::from),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((prop::sample::select(KEYS), inner), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

fn resource() -> impl Strategy<Value = Value> {
    (prop::sample::select(TYPES), object(value()), any::<bool>()).prop_map(|(name, properties, retain)| {
        let mut resource = json!({"Type": name, "Properties": properties});
        if retain {
            resource["DeletionPolicy"] = "Retain".into();
        }
        resource
    })
}

fn template() -> impl Strategy<Value = Value> {
    let resources = vec((prop::sample::select(vec!["A", "B", "C", "D"]), resource()), 0..4);
    let outputs = vec((prop::sample::select(vec!["O", "Q"]), value()), 0..2);
    (resources, outputs, prop::option::of("[ab]")).prop_map(|(resources, outputs, description)| {
        let resources: Map<_, _> = resources.into_iter().map(|(id, resource)| (id.to_owned(), resource)).collect();
        let outputs: Map<_, _> =
            outputs.into_iter().map(|(id, value)| (id.to_owned(), json!({ "Value": value }))).collect();
        let mut template =
            json!({"Resources": resources, "Outputs": outputs, "Conditions": {"C": {"Fn::Equals": ["a", "b"]}}});
        if let Some(description) = description {
            template["Description"] = description.into();
        }
        template
    })
}

/// Some stacks of an app.
fn stacks() -> impl Strategy<Value = Vec<(String, Tree)>> {
    vec((prop::sample::select(vec!["one", "two", "three"]), template()), 1..3).prop_map(|stacks| {
        let stacks: std::collections::BTreeMap<_, _> = stacks.into_iter().collect();
        stacks.into_iter().map(|(name, value)| (name.to_owned(), Tree::from_json(value, Origin::Unknown))).collect()
    })
}

/// A change somewhere in a template: where, what kind of change, and a value for it.
type Edit = (prop::sample::Index, u8, Value);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    vec((any::<prop::sample::Index>(), 0..6_u8, value()), 1..5)
}

/// Lists the JSON pointers of a value's parts, below its resources and outputs.
fn pointers(value: &Value, prefix: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.replace('/', "~1"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        let pointer = format!("{prefix}/{key}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

/// Changes stacks here and there, as authors do between two versions.
fn edited(stacks: &[(String, Tree)], edits: &[Edit]) -> Vec<(String, Tree)> {
    let all = stacks.iter().map(|(name, tree)| (name.clone(), tree.to_json()));
    let mut value = Value::Object(all.collect());
    for (place, kind, new) in edits {
        let mut found = Vec::new();
        pointers(&value, "", &mut found);
        let Some(pointer) = (!found.is_empty()).then(|| place.get(&found).clone()) else { continue };
        let (parent, key) = pointer.rsplit_once('/').expect("a slash");
        let key = key.replace("~1", "/");
        match (kind, value.pointer_mut(parent).expect("it is there")) {
            (0, Value::Object(object)) => drop(object.remove(&key)),
            (0, Value::Array(list)) => drop(list.remove(key.parse().expect("a position"))),
            (1, Value::Array(list)) => list.insert(key.parse().expect("a position"), new.clone()),
            (2, Value::Array(list)) => list.reverse(),
            // A rename, as of a logical id.
            (3, Value::Object(object)) => {
                let value = object.remove(&key).expect("it is there");
                object.insert(format!("{key}x"), value);
            }
            (4, Value::Array(list)) => list.push(new.clone()),
            (_, parent) => match parent {
                Value::Object(object) => drop(object.insert(key, new.clone())),
                Value::Array(list) => list[key.parse::<usize>().expect("a position")] = new.clone(),
                _ => {}
            },
        }
    }
    let Value::Object(object) = value else { return Vec::new() };
    object.into_iter().map(|(name, value)| (name, Tree::from_json(value, Origin::Unknown))).collect()
}

fn views(stacks: &[(String, Tree)]) -> Vec<Template<'_>> {
    stacks.iter().map(|(name, tree)| Template { name, tree }).collect()
}

/// The same JSON with the keys of all objects in another order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(object) => object.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect(),
        Value::Array(list) => list.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn nothing_differs_from_itself(stacks in stacks()) {
        prop_assert!(diff(&views(&stacks), &views(&stacks)).is_empty());
    }

    #[test]
    fn the_order_of_keys_and_stacks_makes_no_difference(stacks in stacks()) {
        let other: Vec<_> = stacks.iter().rev()
            .map(|(name, tree)| (name.clone(), Tree::from_json(reversed(&tree.to_json()), Origin::Unknown))).collect();
        let found = diff(&views(&stacks), &views(&other));
        prop_assert!(found.is_empty(), "{:#?}", crate::lines(&found));
    }

    #[test]
    fn a_diff_says_everything(old in stacks(), new in stacks()) {
        let found = diff(&views(&old), &views(&new));
        let made = apply(&views(&old), &found);
        let rest = diff(&views(&made), &views(&new));
        prop_assert!(rest.is_empty(), "{:#?}\nis left of\n{:#?}", crate::lines(&rest), crate::lines(&found));
    }

    #[test]
    fn a_diff_of_edits_says_everything(old in stacks(), edits in edits()) {
        let new = edited(&old, &edits);
        let found = diff(&views(&old), &views(&new));
        let made = apply(&views(&old), &found);
        let rest = diff(&views(&made), &views(&new));
        prop_assert!(rest.is_empty(), "{:#?}\nis left of\n{:#?}", crate::lines(&rest), crate::lines(&found));
    }

    #[test]
    fn what_is_the_same_is_so_from_both_sides(old in stacks(), new in stacks()) {
        let (there, back) = (diff(&views(&old), &views(&new)), diff(&views(&new), &views(&old)));
        prop_assert_eq!(there.is_empty(), back.is_empty());
    }
}
