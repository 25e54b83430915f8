//! The conditions of statements.

use tree::Finding;

use super::iam_rules::CONDITION;
use crate::look::View;
use crate::words::{did_you_mean, quoted};

/// The operators of conditions, without `IfExists` and without quantifiers.
static OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// The keys that every request has, from "AWS global condition context keys"; some are followed by `/` and a tag.
static GLOBAL: [&str; 56] = [
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourceVpc",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag",
    "aws:PrincipalType",
    "aws:RequestTag",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:Referer",
    "aws:ViaAWSMCPService",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:userid",
    "aws:username",
    "aws:EC2InstanceSourceVPC",
    "aws:EC2InstanceSourcePrivateIPv4",
    "aws:InstanceId",
    "aws:BoundaryPolicy",
];

/// Checks the operators, keys and flags of a statement's conditions.
pub(super) fn check(statement: View<'_>, findings: &mut Vec<Finding>) {
    for (operator, keys) in statement.get("Condition").entries() {
        let plain = operator.strip_prefix("ForAllValues:").or_else(|| operator.strip_prefix("ForAnyValue:"));
        let plain = plain.unwrap_or(operator);
        let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
        if !OPERATORS.iter().any(|own| own.eq_ignore_ascii_case(plain)) {
            let mut finding = keys.finding(&CONDITION, format!("there is no operator {}", quoted(operator)));
            finding.hint = did_you_mean(plain, OPERATORS);
            findings.push(finding);
        }
        for (key, values) in keys.entries() {
            let name = key.split('/').next().unwrap_or(key);
            let is_global = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
            if is_global && !GLOBAL.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                let mut finding = values.finding(&CONDITION, format!("there is no key {}", quoted(name)));
                finding.hint = did_you_mean(name, GLOBAL);
                findings.push(finding);
            } else if !name.contains(':') {
                let message = format!("the key {} has no prefix, such as `aws:`", quoted(name));
                findings.push(values.finding(&CONDITION, message));
            }
            if ["Bool", "Null"].contains(&plain) {
                flags(plain, values, findings);
            }
        }
    }
}

fn flags(operator: &str, values: View<'_>, findings: &mut Vec<Finding>) {
    for value in values.one_or_more() {
        if let Some(text) = value.text().filter(|text| !["true", "false"].contains(&text.to_lowercase().as_str())) {
            let message = format!("`{operator}` compares with `true` or `false`, not with {}", quoted(&text));
            findings.push(value.finding(&CONDITION, message));
        }
    }
}
