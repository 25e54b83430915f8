//! Whether the role of a function may do what the code in the template does.
//!
//! Only what is certain is judged: a call of a client that is known by its name, of an operation whose action IAM has under
//! that name or one that is listed, by a role all of whose policies are known.

use std::collections::BTreeSet;

use tree::{Finding, Severity};

use super::Shared;
use crate::look::{Resource, Target};
use crate::rule::Rule;

mod api;
mod javascript;
mod python;
mod tokens;

/// An operation of a service that code calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call<'c> {
    /// The service, as the SDK names it.
    service: &'c str,
    /// What it is called on, if that is no client but one of boto3's resources.
    kind: Option<&'c str>,
    /// The method or command.
    method: &'c str,
    /// The line of the code, from 1.
    line: usize,
}

/// The languages whose calls are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    JavaScript,
}

/// Checks what code calls.
pub(super) fn check(
    shared: &Shared<'_>,
    function: &Resource<'_>,
    language: Language,
    code: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(Target { resource: role, .. }) = function.at("Role").target() else { return };
    if role.type_name != "AWS::IAM::Role" {
        return;
    }
    let calls = match language {
        Language::Python => python::calls(code),
        Language::JavaScript => javascript::calls(code),
    };
    let mut told = BTreeSet::new();
    for call in calls {
        let Some(action) = api::action(&call) else { continue };
        if told.contains(&action) || !shared.lacks(&role, &action, None) || shared.may_be_admitted(&action) {
            continue;
        }
        let message = format!(
            "line {} of the code calls `{}` of {}, but role `{}` is not allowed `{action}`",
            call.line, call.method, call.service, role.id
        );
        let hint = format!("allow it in a policy of `{}`", role.id);
        findings.push(function.at("Code/ZipFile").finding(&PERMISSION, message).hint(hint));
        told.insert(action);
    }
}

pub(super) static PERMISSION: Rule = Rule {
    id: "lambda/code-permission",
    severity: Severity::Error,
    statement: "the role of a function allows what the code in the template calls",
    why: "the function deploys, and every such call is denied",
    page: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    bad: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}, "Policies": [{"PolicyName": "queue",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["sqs:GetQueueUrl"], "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}]}}]}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13", "Handler": "index.handler", "Environment": {"Variables": {"QUEUE": {"Ref": "Queue"}}},
        "Code": {"ZipFile": "import os\nimport boto3\n\nqueue = boto3.client(\"sqs\")\n\ndef handler(event, context):\n    queue.send_message(QueueUrl=os.environ[\"QUEUE\"], MessageBody=event[\"key\"])\n"}}}}}"#,
    good: r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Role": {"Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}, "Policies": [{"PolicyName": "queue",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["sqs:SendMessage"], "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}]}}]}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Runtime": "python3.13", "Handler": "index.handler", "Environment": {"Variables": {"QUEUE": {"Ref": "Queue"}}},
        "Code": {"ZipFile": "import os\nimport boto3\n\nqueue = boto3.client(\"sqs\")\n\ndef handler(event, context):\n    queue.send_message(QueueUrl=os.environ[\"QUEUE\"], MessageBody=event[\"key\"])\n"}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&PERMISSION];

#[cfg(test)]
mod tests;
