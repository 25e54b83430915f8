use serde_json::{Value, json};

use super::{found, kinds, told};
use crate::Gate;

fn table(name: &str, policy: &str) -> Value {
    json!({"Jobs": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": policy, "UpdateReplacePolicy": policy, "Properties": {"TableName": name}}})
}

#[test]
fn what_is_replaced_or_deleted_is_told_with_what_is_lost() {
    assert_eq!(
        told(Gate::Destructive, &table("a", "Delete"), &table("b", "Delete")),
        "Jobs (AWS::DynamoDB::Table) is replaced, because TableName can be set only when it is made; items of it are lost"
    );
    assert_eq!(
        told(Gate::Destructive, &table("a", "Retain"), &table("b", "Retain")),
        "Jobs (AWS::DynamoDB::Table) is replaced, because TableName can be set only when it is made; \
         the old one is kept outside of the stack, with items, and the new one starts empty"
    );
    assert_eq!(
        told(Gate::Destructive, &table("a", "Delete"), &json!({})),
        "Jobs (AWS::DynamoDB::Table) is deleted; items of it are lost"
    );
    let findings = found(&table("a", "Delete"), &table("b", "Delete"));
    assert_eq!(findings[0].path.to_string(), "Properties/TableName");
    assert!(findings[0].stateful);
}

#[test]
fn what_is_kept_when_it_leaves_its_stack_is_not_destroyed() {
    assert_eq!(kinds(Gate::Destructive, &found(&table("a", "Retain"), &json!({}))), Vec::<&str>::new());
}

#[test]
fn what_may_be_replaced_is_named_apart() {
    let instance = |kind: &str| json!({"One": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": kind}}});
    assert_eq!(kinds(Gate::Destructive, &found(&instance("a"), &instance("b"))), ["may-be-replaced"]);
}

#[test]
fn what_may_be_lost_is_not_called_lost_and_properties_are_named_by_dots() {
    let volume = |groups: Value| json!({"One": {"Type": "AWS::EC2::Instance", "Properties": {"NetworkInterfaces": [{"DeviceIndex": "0", "GroupSet": groups}]}}});
    let message = told(Gate::Destructive, &volume(json!(["a"])), &volume(json!(["b"])));
    assert!(message.contains("because NetworkInterfaces[0]"), "{message}");
    assert!(!message.contains("lost"), "{message}");
    let database = |zone: &str| {
        json!({"One": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
            "Properties": {"AvailabilityZone": zone}}})
    };
    let message = told(Gate::Destructive, &database("a"), &database("b"));
    assert!(message.starts_with("One (AWS::RDS::DBInstance) may be replaced"), "{message}");
    assert!(message.ends_with(" would be lost"), "{message}");
}
