#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use serde_json::{Value, json};

use super::{harmless, one_way};
use crate::Gate;

fn one(kind: &str, properties: Value) -> Value {
    json!({"It": {"Type": kind, "Properties": properties}})
}

#[test]
fn interfaces_that_ask_for_public_addresses_are_told() {
    let interfaces =
        |value: Value| json!({"NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": value}]});
    let instance = |properties: Value| one("AWS::EC2::Instance", properties);
    let template = |properties: Value| one("AWS::EC2::LaunchTemplate", json!({"LaunchTemplateData": properties}));
    let public = || interfaces(json!(true));
    for without in [json!({}), interfaces(json!(false))] {
        one_way(Gate::Broadening, &template(without.clone()), &template(public()), "public-address");
        one_way(Gate::Broadening, &instance(without), &instance(public()), "public-address");
    }
    harmless(&template(json!({})), &template(interfaces(json!(false))));
}

#[test]
fn new_databases_that_are_public_or_not_encrypted_are_told() {
    let database = |properties: Value| one("AWS::RDS::DBInstance", properties);
    let told = |properties: Value, kind: &str| one_way(Gate::Broadening, &json!({}), &database(properties), kind);
    told(json!({"PubliclyAccessible": true}), "public-endpoint");
    told(json!({"PubliclyAccessible": {"Fn::If": ["IsTest", "true", false]}}), "public-endpoint");
    told(json!({"StorageEncrypted": false}), "storage-not-encrypted");
}

#[test]
fn new_databases_that_are_guarded_are_not_told() {
    let database = one("AWS::RDS::DBInstance", json!({"PubliclyAccessible": false, "StorageEncrypted": true}));
    assert!(super::found(&json!({}), &database).is_empty());
}

#[test]
fn layers_that_everybody_may_use_are_told() {
    let layer = json!({"Type": "AWS::Lambda::LayerVersion"});
    let permission = |properties: Value| {
        let mut own =
            json!({"LayerVersionArn": {"Ref": "Layer"}, "Action": "lambda:GetLayerVersion", "Principal": "*"});
        for (key, value) in properties.as_object().unwrap() {
            own[key] = value.clone();
        }
        json!({"Layer": layer, "It": {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": own}})
    };
    let without = json!({ "Layer": layer });
    let open = permission(json!({}));
    one_way(Gate::Broadening, &without, &open, "policy-allowed");
    one_way(Gate::Broadening, &permission(json!({"Principal": "222222222222"})), &open, "policy-allowed");
    harmless(&without, &permission(json!({"OrganizationId": "o-1234567890"})));
}

#[test]
fn entries_that_let_in_every_address_are_told() {
    let entry = |range: &str, last: u16, egress: bool| {
        one(
            "AWS::EC2::NetworkAclEntry",
            json!({
                "NetworkAclId": {"Ref": "List"}, "Protocol": 6, "RuleAction": "allow", "RuleNumber": 100, "Egress": egress,
                "CidrBlock": range, "PortRange": {"From": 443, "To": last},
            }),
        )
    };
    let open = |last: u16| entry("0.0.0.0/0", last, false);
    let told = |old: Value| one_way(Gate::Broadening, &old, &open(444), "network-acl-opened");
    told(json!({}));
    told(entry("10.0.0.0/8", 444, false));
    told(open(443));
    harmless(&json!({}), &entry("0.0.0.0/0", 444, true));
}

#[test]
fn origins_of_a_function_url_are_compared() {
    let url =
        |origins: Value| one("AWS::Lambda::Url", json!({"AuthType": "AWS_IAM", "Cors": {"AllowOrigins": origins}}));
    one_way(Gate::Broadening, &url(json!(["https://example.org"])), &url(json!(["*"])), "cors-open");
    let without = one("AWS::Lambda::Url", json!({"AuthType": "AWS_IAM"}));
    one_way(Gate::Broadening, &without, &url(json!(["*"])), "cors-open");
    harmless(&without, &url(json!(["https://example.org"])));
}
