use serde_json::json;
use template::{
    Arn, Assume, IdentityPolicy, IntoValue, PolicyDocument, Raw, ResourcePolicy, Stack, TrustPolicy, aws, sub,
};

use super::*;
use crate::synthesis;

fn json<D: IntoValue<PolicyDocument>>(document: impl FnOnce(&mut Stack) -> D) -> serde_json::Value {
    synthesis::json::<PolicyDocument, D>(document)
}

/// From "Example IAM policies" of the IAM user guide, with references.
#[test]
fn identity_policy() {
    let policy = json(|stack| {
        let bucket = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
        let arn = bucket.attribute::<Arn<()>>("Arn");
        (
            allow(["s3:ListBucket"]).on([&arn]).sid("List").when(string_like("s3:prefix", ["incoming/*"])),
            allow(["s3:GetObject", "s3:GetObjectVersion"]).on((&arn, sub!("{}/*", &arn))),
            allow(["ec2:DescribeInstances"]).on_any(),
        )
    });
    assert_eq!(
        policy,
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "List",
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket"],
                    "Resource": [{ "Fn::GetAtt": ["Sources", "Arn"] }],
                    "Condition": { "StringLike": { "s3:prefix": ["incoming/*"] } },
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                    "Resource": [{ "Fn::GetAtt": ["Sources", "Arn"] }, { "Fn::Sub": "${Sources.Arn}/*" }],
                },
                { "Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*" },
            ],
        })
    );
}

#[test]
fn resource_policy() {
    let policy = json(|stack| {
        let key_administrators = allow(["kms:*"]).on_any().principal(account(aws::account_id()));
        let queue = stack.add("Queue", Raw::new("AWS::SQS::Queue"));
        let everyone = deny(["sqs:*"])
            .on([queue.attribute::<String>("Arn")])
            .principal(anyone())
            .when(bool("aws:SecureTransport", false));
        [key_administrators, everyone]
    });
    assert_eq!(
        policy,
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": { "AWS": { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" } },
                    "Action": ["kms:*"],
                    "Resource": "*",
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["sqs:*"],
                    "Resource": [{ "Fn::GetAtt": ["Queue", "Arn"] }],
                    "Condition": { "Bool": { "aws:SecureTransport": "false" } },
                },
            ],
        })
    );
}

#[test]
fn trust_policy() {
    let services = service("ec2.amazonaws.com").and(service("ssm.amazonaws.com")).and(aws("arn:aws:iam::1:role/r"));
    let policy = json(|_| {
        trust(services)
            .when(string_equals("aws:SourceAccount", [aws::account_id()]))
            .when(arn_like("aws:SourceArn", ["arn:aws:ssm:*:*:*"]))
            .when(string_equals("aws:PrincipalOrgID", ["o-a1b2c3d4e5"]))
    });
    assert_eq!(
        policy,
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {
                    "Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"],
                    "AWS": "arn:aws:iam::1:role/r",
                },
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": [{ "Ref": "AWS::AccountId" }],
                        "aws:PrincipalOrgID": ["o-a1b2c3d4e5"],
                    },
                    "ArnLike": { "aws:SourceArn": ["arn:aws:ssm:*:*:*"] },
                },
            }],
        })
    );
}

#[test]
fn the_rarer_elements() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let statements = json(|_| {
        vec![
            deny_all_but(["iam:*"])
                .on_all_but(["arn:aws:s3:::open/*"])
                .when(string_not_equals("aws:RequestedRegion", ["ap-northeast-2"]).if_exists()),
            allow_all_but(["iam:*"])
                .on_any()
                .when(numeric_less_than("s3:TlsVersion", 1.2))
                .when(null("aws:TokenIssueTime", true)),
            allow(vec!["s3:PutObject".to_owned()])
                .on_any()
                .when(string_like("aws:PrincipalOrgPaths", ["o-a/*"]).for_any_value())
                .when(string_equals("aws:TagKeys", ["job"]).for_all_values().if_exists())
                .when(numeric_less_than_equals("s3:max-keys", 10)),
        ]
    });
    assert_eq!(
        statements["Statement"],
        json!([
            {
                "Effect": "Deny",
                "NotAction": ["iam:*"],
                "NotResource": ["arn:aws:s3:::open/*"],
                "Condition": { "StringNotEqualsIfExists": { "aws:RequestedRegion": ["ap-northeast-2"] } },
            },
            {
                "Effect": "Allow",
                "NotAction": ["iam:*"],
                "Resource": "*",
                "Condition": { "NumericLessThan": { "s3:TlsVersion": 1.2 }, "Null": { "aws:TokenIssueTime": "true" } },
            },
            {
                "Effect": "Allow",
                "Action": ["s3:PutObject"],
                "Resource": "*",
                "Condition": {
                    "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": ["o-a/*"] },
                    "ForAllValues:StringEqualsIfExists": { "aws:TagKeys": ["job"] },
                    "NumericLessThanEquals": { "s3:max-keys": 10 },
                },
            },
        ])
    );
    let web = json(|_| trust_web_identity(federated(provider)));
    assert_eq!(web["Statement"][0]["Action"], json!("sts:AssumeRoleWithWebIdentity"));
    assert_eq!(web["Statement"][0]["Principal"], json!({ "Federated": provider }));
}

#[test]
fn everyone_includes_everybody() {
    let statement = json(|_| trust(service("ec2.amazonaws.com").and(anyone())));
    assert_eq!(statement["Statement"][0]["Principal"], json!("*"));
}

#[test]
fn a_condition_that_stands_twice_is_reported() {
    let found = synthesis::mistakes::<PolicyDocument, _>(|_| {
        let queue = "arn:aws:sqs:ap-northeast-2:111122223333:tasks".assume::<String>();
        allow(["sqs:SendMessage"])
            .on([queue])
            .when(string_equals("aws:SourceAccount", ["111122223333"]))
            .when(string_equals("AWS:sourceaccount", ["444455556666"]))
    });
    assert_eq!(
        found,
        [
            "Statement/0/Condition/StringEquals/AWS:sourceaccount: condition `StringEquals` on `AWS:sourceaccount` stands \
             twice in one statement; give all values to one condition: one of them must match"
        ]
    );
}

#[test]
fn statements_stand_where_their_kind_is_wanted() {
    let identity = synthesis::json::<IdentityPolicy, _>(|_| allow(["s3:GetObject"]).on(["arn:aws:s3:::a/*"]));
    let resource = synthesis::json::<ResourcePolicy, _>(|_| [allow(["sqs:*"]).on_any().principal(anyone())]);
    let trust = synthesis::json::<TrustPolicy, _>(|_| (trust(service("ec2.amazonaws.com")),));
    for (policy, element) in [(identity, "Resource"), (resource, "Principal"), (trust, "Principal")] {
        assert!(policy["Statement"][0].get(element).is_some(), "{policy}");
    }
}
