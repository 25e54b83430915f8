//! Commands of Systems Manager, settings of MediaConvert, and the roles of services that act for many accounts.

use tree::{Finding, Severity};

use super::edge::HTTPS;
use super::policy::each_allow;
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::quoted;

/// Checks documents and roles.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::SSM::Document" => {
            if let Ok(document) = resource.at("Content").document() {
                command(document.view(), findings);
            }
        }
        "AWS::MediaConvert::JobTemplate" => {
            for input in resource.properties.select("SettingsJson/Inputs/*/FileInput") {
                if input.text().is_some_and(|address| address.starts_with("http://")) {
                    let message = "`FileInput` is an `http://` address: MediaConvert fetches the input without TLS";
                    findings.push(input.finding(&HTTPS, message).hint("use `https://` or `s3://`"));
                }
            }
        }
        "AWS::IAM::Role" => {
            each_allow(resource.at("AssumeRolePolicyDocument"), |statement| {
                if !statement.is_limited() {
                    deputy(statement.view, findings);
                }
            });
        }
        _ => {}
    }
}

/// Checks a document that runs scripts.
fn command(document: View<'_>, findings: &mut Vec<Finding>) {
    let steps: Vec<View<'_>> = document.get("mainSteps").items().filter(|step| runs_script(*step)).collect();
    let version = document.get("schemaVersion");
    let is_old = version.text().is_some_and(|version| ["1.0", "1.2", "2.0"].contains(&version.as_ref()));
    if is_old && (document.get("runtimeConfig").is_known() || !steps.is_empty()) {
        let given = version.text().map(|version| quoted(&version)).unwrap_or_default();
        let message = format!(
            "`schemaVersion` is {given}, but must be `2.2`: older ones have no preconditions, and pass parameters as \
             text only"
        );
        findings.push(version.finding(&SCHEMA, message).hint("use `2.2`"));
    }
    if steps.is_empty() {
        return;
    }
    for (name, parameter) in document.get("parameters").entries().filter(|(_, parameter)| parameter.is_known()) {
        let is_text = ["String", "StringList"].iter().any(|kind| parameter.get("type").is(kind));
        let is_bounded = ["allowedPattern", "allowedValues"].iter().any(|bound| !parameter.get(bound).is_absent());
        if !is_text || is_bounded {
            continue;
        }
        let pattern = parameter.get("allowedPattern");
        let message = format!(
            "parameter {} has neither `allowedPattern` nor `allowedValues`: any text can become part of the script",
            quoted(name)
        );
        findings.push(pattern.finding(&PARAMETERS, message).hint("set `allowedPattern` or `allowedValues`"));
    }
}

fn runs_script(step: View<'_>) -> bool {
    ["aws:runShellScript", "aws:runPowerShellScript"].iter().any(|action| step.get("action").is(action))
}

/// Services that can be made to act on behalf of another account, and say for whom they do ("The confused deputy problem").
const DEPUTIES: [&str; 7] = [
    "bedrock.amazonaws.com",
    "mediaconvert.amazonaws.com",
    "pipes.amazonaws.com",
    "scheduler.amazonaws.com",
    "ssm.amazonaws.com",
    "states.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
];

fn deputy(statement: View<'_>, findings: &mut Vec<Finding>) {
    for service in statement.at("Principal/Service").one_or_more() {
        if let Some(name) = DEPUTIES.into_iter().find(|name| service.is(name)) {
            let message = format!(
                "the trust policy has no condition on `aws:SourceAccount` or `aws:SourceArn`: `{name}` may assume \
                 the role on behalf of any account (confused deputy)"
            );
            let hint = "add a condition on `aws:SourceAccount` or `aws:SourceArn`";
            findings.push(service.finding(&DEPUTY, message).hint(hint));
        }
    }
}

pub(crate) static SCHEMA: Rule = Rule {
    id: "security/command-schema",
    severity: Severity::Warning,
    statement: "documents that run scripts have schema version 2.2",
    why: "older ones can pass parameters only as text in the script, where they can be commands",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html",
    bad: r#"{"Resources": {"Report": {"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Command", "Content": {
        "schemaVersion": "1.2", "description": "Reports.",
        "runtimeConfig": {"aws:runShellScript": {"properties": [{"id": "0", "runCommand": ["uptime"]}]}}}}}}}"#,
    good: r#"{"Resources": {"Report": {"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Command", "Content": {
        "schemaVersion": "2.2", "description": "Reports.", "mainSteps": [{"action": "aws:runShellScript", "name": "report",
            "inputs": {"runCommand": ["set -euo pipefail", "uptime"]}}]}}}}}"#,
};

pub(crate) static PARAMETERS: Rule = Rule {
    id: "security/command-parameters",
    severity: Severity::Info,
    statement: "parameters of documents that run scripts say which values are allowed",
    why: "what comes from outside is then refused before it reaches a machine",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html",
    bad: r#"{"Resources": {"Enhance": {"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Command", "Content": {
        "schemaVersion": "2.2", "parameters": {"key": {"type": "String", "interpolationType": "ENV_VAR"}},
        "mainSteps": [{"action": "aws:runShellScript", "name": "enhance",
            "inputs": {"runCommand": ["set -euo pipefail", "enhance \"$SSM_key\""]}}]}}}}}"#,
    good: r#"{"Resources": {"Enhance": {"Type": "AWS::SSM::Document", "Properties": {"DocumentType": "Command", "Content": {
        "schemaVersion": "2.2", "parameters": {"key": {"type": "String", "interpolationType": "ENV_VAR",
            "allowedPattern": "^[A-Za-z0-9_-]+$"}},
        "mainSteps": [{"action": "aws:runShellScript", "name": "enhance",
            "inputs": {"runCommand": ["set -euo pipefail", "enhance \"$SSM_key\""]}}]}}}}}"#,
};

pub(crate) static DEPUTY: Rule = Rule {
    id: "security/trust-source",
    severity: Severity::Info,
    statement: "the trust policy of a service that acts for many accounts limits the source account",
    why: "somebody else's workflow could otherwise name your role, and the service would use it for them",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    bad: r#"{"Resources": {"Convert": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "mediaconvert.amazonaws.com"},
            "Action": "sts:AssumeRole"}]}}}}}"#,
    good: r#"{"Resources": {"Convert": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "mediaconvert.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}]}}}}}"#,
};
