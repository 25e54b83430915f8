//! Who may be somebody: trust policies, users and their keys.

use tree::{Finding, Severity};

use super::others::{Others, Use};
use super::policy::{each_allow, shown};
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::all_of;

/// Checks roles, users and access keys.
pub(super) fn check(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::IAM::Role" => {
            each_allow(resource.at("AssumeRolePolicyDocument"), |statement| {
                if !statement.is_conditional() {
                    accounts(statement.view, findings);
                }
            });
            instances(resource, others, findings);
        }
        "AWS::IAM::AccessKey" => {
            let message = "a static access key is made: it never expires, and its secret can be read wherever an \
                 output or a program has it";
            findings
                .push(resource.finding(&ACCESS_KEY, message).hint("let instances and functions have a role instead"));
        }
        "AWS::IAM::User" => {
            let policies = resource.at("Policies");
            let managed = resource.at("ManagedPolicyArns");
            if let Some(own) = [policies, managed].into_iter().find(|list| list.items().next().is_some()) {
                let message = format!("policies are attached to the user itself (`{}`)", own.name());
                findings.push(own.finding(&USER_POLICY, message).hint(GROUPS));
            }
        }
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
            let users = resource.at("Users");
            if users.items().next().is_some() {
                let message = "the policy is attached to users (`Users`) instead of groups or roles";
                findings.push(users.finding(&USER_POLICY, message).hint(GROUPS));
            }
        }
        "AWS::IAM::UserPolicy" => {
            let message = "the policy is attached to a user instead of a group or role";
            findings.push(resource.finding(&USER_POLICY, message).hint(GROUPS));
        }
        _ => {}
    }
}

const GROUPS: &str = "attach policies to groups or, better, to roles that people assume";

/// Reports whole accounts that may assume a role without a further condition.
fn accounts(statement: View<'_>, findings: &mut Vec<Finding>) {
    for principal in statement.get("Principal").get("AWS").one_or_more() {
        let text = shown(principal);
        let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_root = text.strip_suffix(":root").is_some_and(|arn| arn.ends_with(|last: char| last.is_ascii_digit()));
        if is_number || is_root {
            let message = format!(
                "the trust policy names the whole account `{text}` without a condition: everybody there who may \
                 assume roles may assume this one"
            );
            let hint =
                "name the role that assumes it, or ask for `sts:ExternalId` or `aws:PrincipalArn` in a condition";
            findings.push(principal.finding(&TRUST_ACCOUNT, message).hint(hint));
        }
    }
}

/// Reports a role of instances that other services may assume, too.
fn instances(role: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    if !others.has(Use::InstanceProfile, role) {
        return;
    }
    each_allow(role.at("AssumeRolePolicyDocument"), |statement| {
        let services = statement.view.at("Principal/Service").one_or_more();
        let is_other = |service: &String| !service.starts_with("ec2.amazonaws.com") && !service.is_empty();
        let other: Vec<String> =
            services.iter().filter_map(|view| view.text()).map(String::from).filter(is_other).collect();
        if !other.is_empty() {
            let message = format!(
                "the trust policy of a role for EC2 instances also names {}",
                all_of(other.iter().map(String::as_str))
            );
            let hint = "give each service a role of its own";
            findings.push(statement.view.at("Principal/Service").finding(&INSTANCE_ROLE, message).hint(hint));
        }
    });
}

pub(crate) static ACCESS_KEY: Rule = Rule {
    id: "security/access-key",
    severity: Severity::Error,
    statement: "there are no static access keys",
    why: "they are copied, committed and forgotten; most thefts of accounts begin with one",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    bad: r#"{"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "worker"}}}}"#,
    good: r#"{"Resources": {"Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": ["worker"]}}}}"#,
};

pub(crate) static INSTANCE_ROLE: Rule = Rule {
    id: "security/instance-role-trust",
    severity: Severity::Info,
    statement: "the role of instances is trusted to EC2 only",
    why: "a role that several services assume has what any of them needs, and each of them has all of it",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
    bad: r#"{"Resources": {
        "Worker": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole"}]}}},
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Worker"}]}}}}"#,
    good: r#"{"Resources": {
        "Worker": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Worker"}]}}}}"#,
};

pub(crate) static TRUST_ACCOUNT: Rule = Rule {
    id: "security/trust-account",
    severity: Severity::Warning,
    statement: "a role is not trusted to a whole account without a condition",
    why: "whoever may assume roles there may assume this one; who that is, the other account decides",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    bad: r#"{"Resources": {"Reader": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "sts:AssumeRole"}]}}}}}"#,
    good: r#"{"Resources": {"Reader": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "videos"}}}]}}}}}"#,
};

pub(crate) static USER_POLICY: Rule = Rule {
    id: "security/user-policy",
    severity: Severity::Warning,
    statement: "policies are attached to roles and groups, not to users",
    why: "permissions of single users are forgotten when people change what they do",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    bad: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Users": ["ann"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Groups": ["editors"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};
