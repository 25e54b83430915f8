#![expect(clippy::needless_pass_by_value, reason = "`json!(…)` reads better than `&json!(…)`")]

use serde_json::{Value, json};

use super::{found, found_in, harmless, kinds, one_way, told};
use crate::Gate;

fn role(properties: Value) -> Value {
    let mut role = json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]}}});
    for (key, value) in properties.as_object().unwrap() {
        role["Properties"][key] = value.clone();
    }
    role
}

fn statement(actions: Value, resource: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

fn inline(statements: Value) -> Value {
    json!({"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}]})
}

fn policy(statements: Value) -> Value {
    json!({"Type": "AWS::IAM::Policy", "Properties": {
        "PolicyName": "p", "Roles": [{"Ref": "Worker"}], "PolicyDocument": {"Statement": statements}
    }})
}

#[test]
fn a_role_that_may_do_more_is_reported_in_words() {
    let objects = json!({"Fn::Sub": "${Sources.Arn}/*"});
    let old = json!({
        "Sources": {"Type": "AWS::S3::Bucket"},
        "Worker": role(inline(json!([statement(json!("s3:GetObject"), objects.clone())]))),
    });
    let mut new = old.clone();
    new["Worker"] = role(inline(json!([statement(json!(["s3:GetObject", "s3:DeleteObject"]), objects)])));
    one_way(Gate::Broadening, &old, &new, "iam-allowed");
    let findings = found(&old, &new);
    assert_eq!(
        findings[0].message,
        "the role Worker may now s3:DeleteObject on every object of Sources; before only s3:GetObject"
    );
    assert_eq!(findings[0].path.to_string(), "Properties/Policies/[0]/PolicyDocument/Statement/[0]");
    assert_eq!(findings[0].resource, "Worker");
}

#[test]
fn statements_may_move_between_policies_and_stacks() {
    let get = || statement(json!("s3:GetObject"), json!("*"));
    let put = || statement(json!("s3:PutObject"), json!("*"));
    let together = json!({"Worker": role(inline(json!([get(), put()])))});
    let apart = json!({"Worker": role(inline(json!([put()]))), "Reads": policy(json!([get()]))});
    harmless(&together, &apart);
    let managed = json!({
        "Worker": role(json!({"ManagedPolicyArns": [{"Ref": "Both"}]})),
        "Both": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [put(), get()]}}},
    });
    harmless(&together, &managed);
    let identity = json!({
        "Resources": {"Worker": role(json!({}))},
        "Outputs": {"WorkerRole": {"Value": {"Ref": "Worker"}}},
    });
    let other = json!({
        "Parameters": {"IdentityWorkerRole": {"Type": "String", "Description": "Output WorkerRole of stack identity"}},
        "Resources": {"Reads": {"Type": "AWS::IAM::Policy", "Properties": {
            "PolicyName": "p", "Roles": [{"Ref": "IdentityWorkerRole"}],
            "PolicyDocument": {"Statement": [get(), put()]},
        }}},
    });
    let apart = [("identity", identity), ("storage", other)];
    let together = [("identity", together)];
    assert_eq!(found_in(&together, &apart), []);
    assert_eq!(kinds(Gate::Broadening, &found_in(&apart, &together)), Vec::<&str>::new());
}

#[test]
fn managed_policies_are_permissions() {
    let with = |arns: Value| json!({"Worker": role(json!({"ManagedPolicyArns": arns}))});
    let read_only = json!({"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"});
    let admin = json!("arn:aws:iam::aws:policy/AdministratorAccess");
    one_way(Gate::Broadening, &with(json!([])), &with(json!([read_only.clone()])), "iam-allowed");
    one_way(Gate::Broadening, &with(json!([read_only.clone()])), &with(json!([admin.clone()])), "iam-allowed");
    let findings = found(&with(json!([])), &with(json!([read_only])));
    assert_eq!(
        findings[0].message,
        "the role Worker may now do whatever the managed policy ReadOnlyAccess allows; before it was not attached"
    );
}

#[test]
fn boundaries_bound() {
    let arn = |name: &str| json!(format!("arn:aws:iam::111111111111:policy/{name}"));
    let bounded = json!({"Worker": role(json!({"PermissionsBoundary": arn("Bound")}))});
    one_way(Gate::Broadening, &bounded, &json!({"Worker": role(json!({}))}), "iam-boundary-removed");
    let other = json!({"Worker": role(json!({"PermissionsBoundary": arn("Other")}))});
    assert_eq!(kinds(Gate::Broadening, &found(&bounded, &other)), ["iam-boundary-changed"]);
}

#[test]
fn trust_is_compared_by_whom_it_lets_in() {
    let trusting =
        |statement: Value| json!({"Worker": role(json!({"AssumeRolePolicyDocument": {"Statement": statement}}))});
    let github = |subject: Value| {
        trusting(json!([{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
            "Condition": {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": subject},
            },
        }]))
    };
    let main = github(json!("repo:o/r:ref:refs/heads/main"));
    one_way(Gate::Broadening, &main, &github(json!("repo:o/r:*")), "trust-allowed");
    let service = |service: Value| {
        trusting(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}))
    };
    let old = service(json!("ec2.amazonaws.com"));
    let new = service(json!(["ec2.amazonaws.com", "lambda.amazonaws.com"]));
    one_way(Gate::Broadening, &old, &new, "trust-allowed");
    assert_eq!(
        found(&old, &new)[0].message,
        "the service lambda.amazonaws.com may now assume the role Worker; before only the service ec2.amazonaws.com"
    );
}

#[test]
fn a_resource_is_opened_by_its_policy_or_by_the_loss_of_it() {
    let bucket = |statements: Value| {
        json!({
            "Sources": {"Type": "AWS::S3::Bucket"},
            "SourcesPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {
                "Bucket": {"Ref": "Sources"}, "PolicyDocument": {"Statement": statements},
            }},
        })
    };
    let tls = json!({
        "Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    let reads = json!({
        "Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:GetObject", "Resource": "*",
    });
    one_way(Gate::Broadening, &bucket(json!([tls])), &bucket(json!([])), "policy-deny-lifted");
    one_way(Gate::Broadening, &bucket(json!([tls])), &bucket(json!([tls, reads])), "policy-allowed");
    let without = json!({"Sources": {"Type": "AWS::S3::Bucket"}});
    one_way(Gate::Broadening, &bucket(json!([tls])), &without, "policy-deny-lifted");
    assert_eq!(
        told(Gate::Broadening, &bucket(json!([tls])), &without),
        "anybody is no longer denied s3:GetObject and s3:PutObject on the bucket Sources if aws:SecureTransport is false"
    );
    // A bucket that goes takes its policy with it.
    let gone = found(&bucket(json!([tls])), &json!({}));
    assert_eq!(kinds(Gate::Broadening, &gone), Vec::<&str>::new());
}

#[test]
fn endpoints_without_a_policy_let_everything_pass() {
    let endpoint = |properties: Value| json!({"S3": {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}});
    let limited = endpoint(json!({"PolicyDocument": {"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    ]}}));
    one_way(Gate::Broadening, &limited, &endpoint(json!({})), "policy-allowed");
}

#[test]
fn functions_are_called_by_whom_their_permissions_name() {
    let permission = |properties: Value| {
        let mut all =
            json!({"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"});
        for (key, value) in properties.as_object().unwrap() {
            all[key] = value.clone();
        }
        json!({"F": {"Type": "AWS::Lambda::Function"}, "P": {"Type": "AWS::Lambda::Permission", "Properties": all}})
    };
    let bounded = permission(json!({"SourceArn": "arn:aws:sns:eu-west-1:111111111111:t"}));
    one_way(Gate::Broadening, &bounded, &permission(json!({})), "policy-allowed");
}

#[test]
fn new_roles_may_do_what_nobody_might() {
    let new = json!({"Worker": role(inline(json!([statement(json!("s3:GetObject"), json!("*"))])))});
    one_way(Gate::Broadening, &json!({}), &new, "iam-allowed");
    assert_eq!(
        found(&json!({}), &new)[0].message,
        "the new role Worker may now s3:GetObject on everything; before not at all"
    );
}

#[test]
fn a_narrowing_is_not_a_broadening() {
    let with = |statements: Value| json!({"Worker": role(inline(statements))});
    let narrow = with(json!([statement(json!("ssm:SendCommand"), json!("*"))]));
    one_way(Gate::Broadening, &narrow, &with(json!([statement(json!("ssm:*"), json!("*"))])), "iam-allowed");
}

#[test]
fn a_policy_that_is_detached_gives_nobody_anything() {
    let policy = |roles: Value| {
        json!({
            "Worker": role(json!({})),
            "Reads": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
                "Roles": roles, "PolicyDocument": {"Statement": [statement(json!("s3:GetObject"), json!("*"))]},
            }},
        })
    };
    one_way(Gate::Broadening, &policy(json!([])), &policy(json!([{"Ref": "Worker"}])), "iam-allowed");
}

#[test]
fn a_condition_that_is_defined_otherwise_is_another_one() {
    let with = |value: &str| {
        json!({
            "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, value]}},
            "Resources": {
                "Worker": role(json!({})),
                "Reads": {"Type": "AWS::IAM::Policy", "Condition": "IsProd", "Properties": {
                    "PolicyName": "p", "Roles": [{"Ref": "Worker"}],
                    "PolicyDocument": {"Statement": [statement(json!("s3:GetObject"), json!("*"))]},
                }},
            },
        })
    };
    let (old, new) = (with("a"), with("b"));
    assert_eq!(
        told(Gate::Broadening, &old, &new),
        "the role Worker may now s3:GetObject on everything if the template's condition IsProd (as it is defined now) \
         holds; before only if the template's condition IsProd holds"
    );
}

#[test]
fn many_actions_are_told_by_their_pattern() {
    let with = |actions: Value| json!({"Worker": role(inline(json!([statement(actions, json!("*"))])))});
    let message = told(Gate::Broadening, &with(json!("sqs:SendMessage")), &with(json!("sqs:*")));
    assert!(message.starts_with("the role Worker may now sqs:* ("), "{message}");
    assert!(message.ends_with(") on everything; before only sqs:SendMessage"), "{message}");
    assert_eq!(
        told(Gate::Broadening, &with(json!("sqs:SendMessage")), &with(json!("*"))),
        "the role Worker may now do everything (*) on everything; before only sqs:SendMessage"
    );
    harmless(&with(json!("sqs:ReceiveMess*")), &with(json!("sqs:ReceiveMessage")));
}

/// What is no policy is no reason to stop.
#[test]
fn odd_policies_are_let_pass() {
    let odd = [
        json!(null),
        json!(7),
        json!("not json"),
        json!("{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\"}}"),
        json!({"Statement": null}),
        json!({"Statement": [null, 7, [], {}, {"Effect": 7}, {"Effect": "Allow", "Action": {"x": []}}]}),
        json!({"Statement": {"Effect": "Allow", "Action": ["", "*", ":", "a:", ":a", "?"], "Resource": [[], {}]}}),
        json!({"Statement": [{"Effect": "Allow", "NotAction": [], "NotResource": [], "NotPrincipal": []}]}),
        json!({"Statement": [{"Effect": "Deny", "Action": "*", "Condition": {"": {"": []}, "Null": 7, "Bool": {"a": null}}}]}),
        json!({"Statement": {"Fn::If": ["A", {"Fn::If": ["B", [], {"Ref": "AWS::NoValue"}]}, {"Fn::If": []}]}}),
        json!({"Statement": [{"Effect": "Allow", "Action": "a:b", "Condition": {
            "IpAddress": {"a": ["0.0.0.0/0", "::/0", "x", "1.2.3.4/99"]},
            "NumericLessThan": {"b": ["NaN", "inf", "1e999", ""]},
            "DateGreaterThan": {"c": "2026-13-99T99:99:99Z"},
            "ForAllValues:StringNotLikeIfExists": {"d": ["*", "?", "${", "${}", "${*}"]},
        }}]}),
        json!({"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": {"Fn::Sub": ["${", 7]}},
            {"Effect": "Allow", "Action": "a:b", "Resource": {"Fn::Sub": "${Worker.}${.}${!}${"}}]}),
    ];
    let with = |document: &Value| {
        json!({
            "Worker": role(json!({"Policies": [{"PolicyDocument": document}], "AssumeRolePolicyDocument": document})),
            "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": document}},
        })
    };
    for old in &odd {
        for new in &odd {
            found(&with(old), &with(new));
        }
    }
}

#[test]
fn what_refers_to_a_resource_means_the_same_when_its_name_changes() {
    let with = |name: Option<&str>| {
        let bucket = name.map_or(json!({}), |name| json!({ "BucketName": name }));
        let objects = json!({"Fn::Sub": "${Sources.Arn}/*"});
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": objects, "Condition": {
            "Bool": {"aws:SecureTransport": "false"}
        }});
        let policy = json!({"Bucket": {"Ref": "Sources"}, "PolicyDocument": {"Statement": [deny]}});
        json!({
            "Sources": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": bucket},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": policy},
            "Worker": role(inline(json!([statement(json!("s3:GetObject"), objects)]))),
        })
    };
    harmless(&with(None), &with(Some("a")));
    harmless(&with(Some("a")), &with(Some("b")));
    let mut wider = with(Some("b"));
    wider["Worker"] = role(inline(json!([statement(json!("s3:*"), json!({"Fn::Sub": "${Sources.Arn}/*"}))])));
    assert_eq!(kinds(Gate::Broadening, &found(&with(Some("a")), &wider)), ["iam-allowed"]);
}

#[test]
fn a_new_role_that_anybody_may_take_is_told() {
    let with = |principal: Value| {
        json!({"Door": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        ]}}}})
    };
    one_way(Gate::Broadening, &json!({}), &with(json!("*")), "trust-allowed");
    harmless(&json!({}), &with(json!({"Service": "lambda.amazonaws.com"})));
}

#[test]
fn what_was_allowed_of_other_services_is_not_told() {
    let with = |actions: Value| json!({"Worker": role(inline(json!([statement(actions, json!("*"))])))});
    assert_eq!(
        told(Gate::Broadening, &with(json!("sqs:SendMessage")), &with(json!(["sqs:SendMessage", "sns:Publish"]))),
        "the role Worker may now sns:Publish on everything; before not at all"
    );
}

#[test]
fn a_new_role_that_strangers_may_take_is_told() {
    let with = |principal: Value, condition: Value| {
        json!({"Door": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
        ]}}}})
    };
    let told_of =
        |principal: Value| one_way(Gate::Broadening, &json!({}), &with(principal, json!({})), "trust-allowed");
    let fine = |principal: Value, condition: Value| harmless(&json!({}), &with(principal, condition));
    let own = json!({"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}});
    let external = json!({"StringEquals": {"sts:ExternalId": "x"}});
    told_of(json!({"AWS": "222222222222"}));
    told_of(json!({"AWS": "arn:aws:iam::222222222222:role/r"}));
    told_of(json!({"AWS": {"Fn::Sub": "arn:aws:iam::${Other}:root"}}));
    fine(own, json!({}));
    fine(json!({"AWS": {"Ref": "AWS::AccountId"}}), json!({}));
    fine(json!({"AWS": "222222222222"}), external);
    assert_eq!(
        told(
            Gate::Broadening,
            &json!({}),
            &with(json!({"AWS": "222222222222", "Service": "ec2.amazonaws.com"}), json!({}))
        ),
        "the account 222222222222 may now assume the new role Door; before nobody, by this policy"
    );
    let github = || json!({"Federated": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"});
    let claim =
        |name: &str, value: &str| json!({"StringLike": {format!("token.actions.githubusercontent.com:{name}"): value}});
    told_of(github());
    for open in [claim("aud", "sts.amazonaws.com"), claim("sub", "*")] {
        one_way(Gate::Broadening, &json!({}), &with(github(), open), "trust-allowed");
    }
    fine(github(), claim("sub", "repo:o/r:*"));
    let saml = json!({"Federated": "arn:aws:iam::111111111111:saml-provider/p"});
    fine(saml, json!({"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}));
}

#[test]
fn a_new_key_that_anybody_may_use_is_told() {
    let with = |principal: Value, condition: Value| {
        json!({"Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Delete", "Properties": {"KeyPolicy": {"Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*", "Condition": condition}
        ]}}}})
    };
    one_way(Gate::Broadening, &json!({}), &with(json!("*"), json!({})), "policy-allowed");
    one_way(Gate::Broadening, &json!({}), &with(json!({"AWS": "*"}), json!({})), "policy-allowed");
    harmless(&json!({}), &with(json!("*"), json!({"StringEquals": {"kms:CallerAccount": "111111111111"}})));
    harmless(&json!({}), &with(json!({"AWS": "222222222222"}), json!({})));
}

#[test]
fn actions_on_what_they_do_not_act_on_allow_nothing() {
    let with = |actions: Value| {
        json!({
            "F": {"Type": "AWS::Lambda::Function"},
            "Worker": role(inline(json!([statement(actions, json!({"Fn::GetAtt": ["F", "Arn"]}))]))),
        })
    };
    let invoke = || with(json!("lambda:InvokeFunction"));
    harmless(&invoke(), &with(json!(["lambda:InvokeFunction", "lambda:GetEventSourceMapping"])));
    let updates = with(json!(["lambda:InvokeFunction", "lambda:UpdateFunctionCode", "lambda:ListFunctions"]));
    one_way(Gate::Broadening, &invoke(), &updates, "iam-allowed");
    assert_eq!(
        told(Gate::Broadening, &invoke(), &updates),
        "the role Worker may now lambda:UpdateFunctionCode on F; before only lambda:InvokeFunction"
    );
}
