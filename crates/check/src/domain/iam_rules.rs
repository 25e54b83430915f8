//! The rules about policies.

use tree::Severity;

use crate::rule::Rule;

pub(super) static VERSION: Rule = Rule {
    id: "iam/version",
    severity: Severity::Error,
    statement: "the version of a policy is 2012-10-17",
    why: "IAM refuses other versions, and takes policy variables for plain text without it",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-18", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};

pub(super) static STATEMENT: Rule = Rule {
    id: "iam/statement",
    severity: Severity::Error,
    statement: "a statement has an effect, actions and what else its kind of policy needs, and nothing else",
    why: "IAM refuses the policy: MalformedPolicyDocument",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject"}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};

pub(super) static PRINCIPAL: Rule = Rule {
    id: "iam/principal",
    severity: Severity::Error,
    statement: "policies of resources and trust say who, by names that there are; policies of identities do not",
    why: "IAM refuses the policy, or the service cannot take the role",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    bad: r#"{"Resources": {"Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazon.com"},
        "Action": "sts:AssumeRole"}]}}}}}"#,
    good: r#"{"Resources": {"Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}}}"#,
};

pub(super) static CONDITION: Rule = Rule {
    id: "iam/condition",
    severity: Severity::Error,
    statement: "a condition has an operator that there is, and a key that there is",
    why: "IAM refuses the operator; a key that no request has makes the condition never true",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*",
        "Condition": {"StringEquals": {"aws:SourceAcount": "111111111111"}}}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}]}}}}}"#,
};

pub(super) static RESOURCE_NAME: Rule = Rule {
    id: "iam/resource-name",
    severity: Severity::Error,
    statement: "a statement names resources by ARN, not by what `Ref` gives",
    why: "IAM refuses the policy: a resource must be in ARN format or `*`",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": {"Ref": "Videos"}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket"}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Videos.Arn}/*"}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket"}}}"#,
};

pub(super) static ARN: Rule = Rule {
    id: "iam/arn",
    severity: Severity::Error,
    statement: "an ARN has six parts, and no region or account where there is none",
    why: "IAM refuses the policy, or it is about nothing that there is",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:videos/*"}}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};

pub(super) static LEVEL: Rule = Rule {
    id: "iam/level",
    severity: Severity::Error,
    statement: "actions on objects name objects, and actions on buckets name buckets",
    why: "the policy is taken, and allows nothing: access is denied at run time",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": {"Fn::GetAtt": ["Videos", "Arn"]}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket"}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": ["workers"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Videos.Arn}/*"}}]}}},
        "Videos": {"Type": "AWS::S3::Bucket"}}}"#,
};

pub(super) static SIZE: Rule = Rule {
    id: "iam/size",
    severity: Severity::Error,
    statement: "a policy has as many characters as its kind allows",
    why: "IAM refuses the policy",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    bad: LARGE,
    good: GOOD,
};

pub(super) static TRUST: Rule = Rule {
    id: "iam/trust",
    severity: Severity::Error,
    statement: "whoever is given a role may take it",
    why: "Lambda, Step Functions and others try it when they are made, and the stack rolls back; others fail when they work",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html",
    bad: r#"{"Resources": {"Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}, "Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Runtime": "python3.13",
        "Handler": "worker.run", "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}}}}}"#,
    good: r#"{"Resources": {"Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}, "Function": {"Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Runtime": "python3.13",
        "Handler": "worker.run", "Code": {"S3Bucket": "code", "S3Key": "worker.zip"}}}}}"#,
};

pub(super) static ESCALATION: Rule = Rule {
    id: "iam/escalation",
    severity: Severity::Warning,
    statement: "a role may not change its own permissions",
    why: "whoever gets hold of the role can give it everything",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": [{"Ref": "Workers"}], "PolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:PutRolePolicy",
        "Resource": {"Fn::GetAtt": ["Workers", "Arn"]}}]}}}, "Workers": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}, "Guests": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "work",
        "Roles": [{"Ref": "Workers"}], "PolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iam:PutRolePolicy",
        "Resource": {"Fn::GetAtt": ["Guests", "Arn"]}}]}}}, "Workers": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}, "Guests": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}}}}}"#,
};

const LARGE: &str = r#"{"Resources": {"Policy": {"Type": "AWS::IAM::UserPolicy", "Properties": {"PolicyName": "work",
        "UserName": "guest", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": ["arn:aws:s3:::videos/a-rather-long-prefix-of-keys-00-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-01-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-02-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-03-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-04-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-05-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-06-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-07-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-08-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-09-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-10-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-11-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-12-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-13-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-14-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-15-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-16-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-17-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-18-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-19-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-20-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-21-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-22-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-23-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-24-that-is-written-out-again-and-again/*",
        "arn:aws:s3:::videos/a-rather-long-prefix-of-keys-25-that-is-written-out-again-and-again/*"]}]}}}}}"#;

const GOOD: &str = r#"{"Resources": {"Policy": {"Type": "AWS::IAM::UserPolicy", "Properties": {"PolicyName": "work",
        "UserName": "guest", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::videos/a-rather-long-prefix-of-keys-*"]}]}}}}}"#;

/// The rules of this file.
pub(super) static RULES: &[&Rule] =
    &[&VERSION, &STATEMENT, &PRINCIPAL, &CONDITION, &RESOURCE_NAME, &ARN, &LEVEL, &SIZE, &TRUST, &ESCALATION];
