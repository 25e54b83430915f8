#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use serde_json::{Value, json};

use super::{found, harmless, kinds, one_way, told};
use crate::Gate;

fn role(actions: Value) -> Value {
    json!({"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Statement": []},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"}
        ]}}],
    }})
}

/// A runner among two roles and their instance profiles.
fn with(kind: &str, properties: Value) -> Value {
    let profile = |role: &str| json!({"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": role}]}});
    json!({
        "Weak": role(json!("sqs:ReceiveMessage")),
        "Strong": role(json!(["sqs:ReceiveMessage", "s3:PutObject"])),
        "WeakProfile": profile("Weak"),
        "StrongProfile": profile("Strong"),
        "Runner": {"Type": kind, "Properties": properties},
    })
}

fn arn(role: &str) -> Value {
    json!({"Fn::GetAtt": [role, "Arn"]})
}

#[test]
fn what_runs_as_a_stronger_role_is_told() {
    let function = |role: Value| with("AWS::Lambda::Function", json!({"Role": role}));
    let machine = |role: Value| with("AWS::StepFunctions::StateMachine", json!({"RoleArn": role}));
    one_way(Gate::Broadening, &function(arn("Weak")), &function(arn("Strong")), "runs-as-other");
    one_way(Gate::Broadening, &machine(arn("Weak")), &machine(arn("Strong")), "runs-as-other");
    assert_eq!(
        told(Gate::Broadening, &function(arn("Weak")), &function(arn("Strong"))),
        "the function Runner, which runs as the role Strong and no longer as the role Weak, may now s3:PutObject on \
         everything; before not at all"
    );
    let if_prod = |other: &str| json!({"Fn::If": ["IsProd", arn("Weak"), arn(other)]});
    one_way(Gate::Broadening, &function(if_prod("Weak")), &function(if_prod("Strong")), "runs-as-other");
    harmless(&function(if_prod("Strong")), &function(json!({"Fn::If": ["IsProd", arn("Weak"), arn("Strong")]})));
    let findings = found(&function(arn("Weak")), &function(json!("arn:aws:iam::111111111111:role/other")));
    assert_eq!(kinds(Gate::Broadening, &findings), ["runs-as-other"]);
}

#[test]
fn instances_run_as_the_role_of_their_profile() {
    let instance = |profile: Value| with("AWS::EC2::Instance", json!({"IamInstanceProfile": profile}));
    let template = |profile: Value| {
        with("AWS::EC2::LaunchTemplate", json!({"LaunchTemplateData": {"IamInstanceProfile": profile}}))
    };
    let named = |profile: &str| json!({ "Ref": profile });
    one_way(Gate::Broadening, &instance(named("WeakProfile")), &instance(named("StrongProfile")), "runs-as-other");
    let by_arn = |profile: &str| template(json!({"Arn": arn(profile)}));
    one_way(Gate::Broadening, &by_arn("WeakProfile"), &by_arn("StrongProfile"), "runs-as-other");
    harmless(&by_arn("WeakProfile"), &template(json!({"Name": named("WeakProfile")})));
    let without = with("AWS::EC2::Instance", json!({}));
    one_way(Gate::Broadening, &without, &instance(named("WeakProfile")), "runs-as-other");
    // The same profile with another role is another role.
    let mut given = by_arn("WeakProfile");
    given["WeakProfile"]["Properties"]["Roles"] = json!([{"Ref": "Strong"}]);
    one_way(Gate::Broadening, &by_arn("WeakProfile"), &given, "runs-as-other");
}
