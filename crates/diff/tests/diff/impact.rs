//! What a change does to the resource, by its provider schema.

use diff::{Action, Fate, Impact};
use serde_json::json;

use crate::{diff_of, diff_of_properties, lines};

#[test]
fn a_property_that_is_set_at_creation_replaces() {
    let diff = diff_of_properties(
        "AWS::S3::Bucket",
        &json!({"BucketName": "a", "Tags": [{"Key": "k", "Value": "v"}]}),
        &json!({"BucketName": "b", "Tags": [{"Key": "k", "Value": "w"}]}),
    );
    let wanted =
        [r#"It/Properties/BucketName: "a" → "b" (Replace)"#, r#"It/Properties/Tags/[k]/Value: "v" → "w" (Update)"#];
    assert_eq!(lines(&diff), wanted);
    let bucket = diff.resources().next().unwrap();
    assert_eq!((bucket.impact, bucket.fate, bucket.stateful), (Impact::Replace, Some(Fate::Deleted), true));
}

#[test]
fn what_is_said_of_a_resource_besides_its_properties_does_nothing_to_it() {
    let resource = |policy| json!({"Resources": {"It": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy}}});
    let diff = diff_of(&resource("Retain"), &resource("Delete"));
    assert_eq!(lines(&diff), [r#"It/DeletionPolicy: "Retain" → "Delete" (None)"#]);
}

#[test]
fn resources_come_and_go() {
    let bucket = json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"});
    let queue = json!({"Type": "AWS::SQS::Queue"});
    let diff = diff_of(
        &json!({"Resources": {"A": bucket, "B": queue}}),
        &json!({"Resources": {"C": {"Type": "AWS::SNS::Topic"}}}),
    );
    let found: Vec<_> =
        diff.resources().map(|change| (change.logical_id.as_str(), change.action, change.impact)).collect();
    let wanted = [
        ("C", Action::Add, Impact::Create),
        ("A", Action::Remove, Impact::Retain),
        ("B", Action::Remove, Impact::Delete),
    ];
    assert_eq!(found, wanted);
}
