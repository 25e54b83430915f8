#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use serde_json::{Value, json};

use super::{found, harmless, kinds, one_way, told};
use crate::Gate;

/// A resource with these properties, and with others.
fn pair(kind: &str, old: Value, new: Value) -> (Value, Value) {
    let one = |properties: Value| json!({"It": {"Type": kind, "Properties": properties}});
    (one(old), one(new))
}

/// Each row: a type, its properties before and after, and what that is called.
#[test]
fn safeguards_that_are_weakened_are_told() {
    let all = json!({"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true});
    let some = json!({"BlockPublicAcls": true, "BlockPublicPolicy": false, "IgnorePublicAcls": true, "RestrictPublicBuckets": true});
    let sse = |rule: Value| json!({"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": rule}]}});
    let kms = sse(json!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}));
    let tokens = |value: &str| json!({"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": value}}});
    let volume = |value: bool| json!({"LaunchTemplateData": {"BlockDeviceMappings": [{"DeviceName": "a", "Ebs": {"Encrypted": value}}]}});
    let viewers =
        |version: &str| json!({"DistributionConfig": {"ViewerCertificate": {"MinimumProtocolVersion": version}}});
    let bucket = "AWS::S3::Bucket";
    let rows = [
        (bucket, json!({"PublicAccessBlockConfiguration": all}), json!({}), "public-access-unblocked"),
        (
            bucket,
            json!({"PublicAccessBlockConfiguration": all}),
            json!({"PublicAccessBlockConfiguration": some}),
            "public-access-unblocked",
        ),
        (bucket, json!({}), json!({"AccessControl": "PublicRead"}), "public-acl"),
        (bucket, kms.clone(), sse(json!({"SSEAlgorithm": "AES256"})), "encryption-weakened"),
        (bucket, kms.clone(), sse(json!({"SSEAlgorithm": "aws:kms"})), "encryption-weakened"),
        (bucket, kms, json!({}), "encryption-weakened"),
        (bucket, json!({"LoggingConfiguration": {"LogFilePrefix": "x"}}), json!({}), "access-logging-off"),
        ("AWS::EC2::LaunchTemplate", tokens("required"), tokens("optional"), "imds-v1"),
        ("AWS::EC2::LaunchTemplate", tokens("required"), json!({"LaunchTemplateData": {}}), "imds-v1"),
        ("AWS::EC2::LaunchTemplate", volume(true), volume(false), "encryption-weakened"),
        ("AWS::EC2::Subnet", json!({}), json!({"MapPublicIpOnLaunch": true}), "public-address"),
        (
            "AWS::SQS::Queue",
            json!({"KmsMasterKeyId": "k", "SqsManagedSseEnabled": false}),
            json!({"SqsManagedSseEnabled": true}),
            "encryption-weakened",
        ),
        ("AWS::SQS::Queue", json!({}), json!({"SqsManagedSseEnabled": "false"}), "encryption-weakened"),
        ("AWS::SNS::Topic", json!({"KmsMasterKeyId": "k"}), json!({}), "encryption-weakened"),
        ("AWS::Logs::LogGroup", json!({"KmsKeyId": "k"}), json!({}), "own-key-dropped"),
        ("AWS::KMS::Key", json!({"EnableKeyRotation": true}), json!({}), "key-rotation-off"),
        ("AWS::Lambda::Url", json!({"AuthType": "AWS_IAM"}), json!({"AuthType": "NONE"}), "function-url-open"),
        ("AWS::CloudFront::Distribution", viewers("TLSv1.2_2021"), viewers("TLSv1.1_2016"), "tls-weakened"),
        (
            "AWS::StepFunctions::StateMachine",
            json!({"LoggingConfiguration": {"Level": "ALL"}}),
            json!({}),
            "logging-weakened",
        ),
        ("AWS::CloudTrail::Trail", json!({"IsLogging": true}), json!({"IsLogging": false}), "trail-weakened"),
        (
            "AWS::Cognito::UserPool",
            json!({"MfaConfiguration": "ON"}),
            json!({"MfaConfiguration": "OPTIONAL"}),
            "mfa-weakened",
        ),
        (
            "AWS::RDS::DBInstance",
            json!({"PubliclyAccessible": false}),
            json!({"PubliclyAccessible": true}),
            "public-endpoint",
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({"LoadBalancerAttributes": [{"Key": "access_logs.s3.enabled", "Value": "true"}]}),
            json!({}),
            "access-logging-off",
        ),
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            json!({"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}),
            json!({"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-2016-08"}),
            "tls-weakened",
        ),
    ];
    for (kind, old, new, name) in rows {
        let (old, new) = pair(kind, old, new);
        one_way(Gate::Broadening, &old, &new, name);
    }
}

#[test]
fn a_weakened_safeguard_is_told_in_words() {
    let tokens = |value: Value| json!({"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": value}}});
    let (old, new) = pair("AWS::EC2::LaunchTemplate", tokens(json!("required")), tokens(json!("optional")));
    assert_eq!(
        told(Gate::Broadening, &old, &new),
        "It: instances give their role's credentials without a session token (IMDSv1), so that a request forged through \
         an application reaches them; before a token was required"
    );
    assert_eq!(found(&old, &new)[0].path.to_string(), "Properties/LaunchTemplateData/MetadataOptions/HttpTokens");
}

#[test]
fn safeguards_are_compared_under_the_same_conditions() {
    let tokens = |value: Value| json!({"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": value}}});
    let branch = json!({"Fn::If": ["IsProd", "required", "optional"]});
    let other = json!({"Fn::If": ["IsProd", "optional", "required"]});
    let (old, new) = pair("AWS::EC2::LaunchTemplate", tokens(branch.clone()), tokens(json!("required")));
    assert_eq!(kinds(Gate::Broadening, &found(&old, &new)), Vec::<&str>::new());
    assert_eq!(kinds(Gate::Broadening, &found(&new, &old)), ["imds-v1"]);
    let (old, new) = pair("AWS::EC2::LaunchTemplate", tokens(branch), tokens(other));
    assert_eq!(kinds(Gate::Broadening, &found(&old, &new)), ["imds-v1"]);
}

fn group(ingress: Value, egress: Value) -> Value {
    let properties = json!({"GroupDescription": "g", "SecurityGroupIngress": ingress, "SecurityGroupEgress": egress});
    json!({"Workers": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}})
}

fn tcp(first: u16, last: u16, range: &str) -> Value {
    json!({"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "CidrIp": range})
}

#[test]
fn security_groups_are_compared_by_traffic() {
    let out = || json!([tcp(443, 443, "10.0.0.0/8")]);
    let within = |ingress: Value| group(ingress, out());
    let one = |old: Value, new: Value| one_way(Gate::Broadening, &within(old), &within(new), "ingress-opened");
    one(json!([]), json!([tcp(22, 22, "10.0.0.0/16")]));
    one(json!([tcp(22, 22, "10.0.0.0/16")]), json!([tcp(22, 22, "10.0.0.0/8")]));
    one(json!([tcp(80, 80, "10.0.0.0/8")]), json!([tcp(80, 81, "10.0.0.0/8")]));
    one(json!([tcp(80, 80, "10.0.0.0/8")]), json!([{"IpProtocol": -1, "CidrIp": "10.0.0.0/8"}]));
    harmless(
        &within(json!([tcp(80, 90, "10.0.0.0/8")])),
        &within(json!([tcp(80, 85, "10.0.0.0/8"), tcp(86, 90, "10.0.0.0/9"), tcp(86, 90, "10.128.0.0/9")])),
    );
    assert_eq!(
        told(Gate::Broadening, &within(json!([])), &within(json!([tcp(22, 22, "0.0.0.0/0")]))),
        "TCP 22 from any IPv4 address may now reach what is in the security group Workers; before nothing"
    );
}

#[test]
fn a_group_without_rules_out_lets_everything_out() {
    let bounded = group(json!([]), json!([tcp(443, 443, "10.0.0.0/8")]));
    let open = kinds(Gate::Broadening, &found(&bounded, &group(json!([]), json!([]))));
    assert_eq!(open, ["egress-opened", "egress-opened"]);
    assert!(found(&group(json!([]), json!([])), &bounded).is_empty());
}

#[test]
fn rules_may_be_resources_of_their_own() {
    let mut apart = group(json!([]), json!([tcp(443, 443, "10.0.0.0/8")]));
    let together = group(json!([tcp(22, 22, "10.0.0.0/8")]), json!([tcp(443, 443, "10.0.0.0/8")]));
    let mut rule = tcp(22, 22, "10.0.0.0/8");
    rule["GroupId"] = json!({"Fn::GetAtt": ["Workers", "GroupId"]});
    apart["FromInside"] = json!({"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule});
    harmless(&together, &apart);
    apart["FromInside"]["Properties"]["CidrIp"] = json!("0.0.0.0/0");
    assert_eq!(kinds(Gate::Broadening, &found(&together, &apart)), ["ingress-opened"]);
}

#[test]
fn what_is_made_open_and_guards_that_go_are_told() {
    let url = |auth: &str| json!({"Call": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": auth}}});
    one_way(Gate::Broadening, &json!({}), &url("NONE"), "function-url-open");
    harmless(&json!({}), &url("AWS_IAM"));
    let log = json!({"Log": {"Type": "AWS::EC2::FlowLog"}});
    one_way(Gate::Broadening, &log, &json!({}), "flow-log-removed");
    let public = group(json!([tcp(443, 443, "0.0.0.0/0")]), json!([]));
    one_way(Gate::Broadening, &json!({}), &public, "ingress-opened");
    harmless(&json!({}), &group(json!([tcp(443, 443, "10.0.0.0/8")]), json!([])));
}

#[test]
fn a_parameter_that_is_shown_is_told() {
    let parameter =
        |hidden: Value| json!({"Resources": {}, "Parameters": {"Password": {"Type": "String", "NoEcho": hidden}}});
    one_way(Gate::Broadening, &parameter(json!(true)), &parameter(json!(false)), "parameter-shown");
}
