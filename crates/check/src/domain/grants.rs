//! What the roles of the templates are allowed, wherever the permission stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::look::{Part, Resource, Scope, Target, View};
use schemas::actions::fits;

/// What each role is allowed.
pub(super) struct Grants<'a> {
    /// By template and logical id.
    roles: BTreeMap<(&'a str, &'a str), Held<'a>>,
}

#[derive(Default)]
struct Held<'a> {
    statements: Vec<View<'a>>,
    /// Patterns of actions that policies of AWS allow, on whatever.
    managed: Vec<&'static [&'static str]>,
    /// Whether more may be allowed than the templates say.
    is_open: bool,
}

/// What policies of AWS allow that are common here, from "AWS managed policy reference".
static MANAGED: [(&str, &[&str]); 8] = [
    ("AWSXRayDaemonWriteAccess", &["xray:*"]),
    (
        "CloudWatchAgentServerPolicy",
        &[
            "cloudwatch:PutMetricData",
            "ec2:DescribeTags",
            "ec2:DescribeVolumes",
            "logs:*",
            "ssm:GetParameter",
            "xray:*",
        ],
    ),
    ("CloudWatchLambdaInsightsExecutionRolePolicy", LOGS),
    ("service-role/AWSLambdaBasicExecutionRole", LOGS),
    (
        "service-role/AWSLambdaDynamoDBExecutionRole",
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            "logs:*",
        ],
    ),
    (
        "service-role/AWSLambdaKinesisExecutionRole",
        &["kinesis:Describe*", "kinesis:Get*", "kinesis:List*", "kinesis:SubscribeToShard", "logs:*"],
    ),
    (
        "service-role/AWSLambdaSQSQueueExecutionRole",
        &["logs:*", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    ),
    (
        "service-role/AWSLambdaVPCAccessExecutionRole",
        &[
            "ec2:*NetworkInterface*",
            "ec2:*PrivateIpAddresses",
            "ec2:Describe*",
            "ec2:GetSecurityGroupsForVpc",
            "logs:*",
        ],
    ),
];

/// Writing logs, and some of what goes with it.
static LOGS: &[&str] = &["logs:*"];

/// Roles with more statements than this are not looked through: they may be allowed anything.
const MOST: usize = 1000;

impl<'a> Grants<'a> {
    pub fn read(scope: &'a Scope<'a>) -> Self {
        let mut roles: BTreeMap<(&str, &str), Held<'_>> = BTreeMap::new();
        let mut homeless = BTreeSet::new();
        let mut is_named = false;
        let given_out = if scope.is_whole() { BTreeSet::new() } else { scope.given_out() };
        for resource in scope.resources() {
            match resource.type_name {
                "AWS::IAM::Role" => {
                    let held = roles.entry(resource.key()).or_default();
                    held.is_open |= given_out.contains(&resource.key());
                    own(&resource, held);
                }
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                    let document = resource.at("PolicyDocument");
                    for role in resource.at("Roles").one_or_more() {
                        if let Some(Target { resource: role, .. }) = role.target() {
                            add(document, roles.entry(role.key()).or_default());
                        } else {
                            homeless.insert(resource.view.outline.name);
                            is_named |= role.text().is_some();
                        }
                    }
                }
                "AWS::IAM::RolePolicy" => match resource.at("RoleName").target() {
                    Some(Target { resource: role, .. }) => {
                        add(resource.at("PolicyDocument"), roles.entry(role.key()).or_default());
                    }
                    None => {
                        homeless.insert(resource.view.outline.name);
                    }
                },
                _ => {}
            }
        }
        // A role that nobody can tell may be any role of another template, and a role of this one by its name.
        for ((template, _), held) in &mut roles {
            let elsewhere = homeless.len() > usize::from(homeless.contains(template));
            held.is_open |= is_named || elsewhere || held.statements.len() > MOST || held.managed.len() > MOST;
        }
        Self { roles }
    }

    /// Tells whether a role is certainly not allowed an action on a resource of the templates.
    pub fn lacks_on(&self, role: &Resource<'_>, action: &str, on: Option<&Resource<'_>>) -> bool {
        let Some(held) = self.roles.get(&role.key()).filter(|held| !held.is_open) else {
            return false;
        };
        !held.managed.iter().copied().flatten().any(|pattern| fits(pattern, action))
            && !held.statements.iter().any(|statement| may_allow(*statement, action, on))
    }
}

/// Reads what a role says of itself.
fn own<'a>(role: &Resource<'a>, held: &mut Held<'a>) {
    let policies = role.at("Policies");
    held.is_open |= policies.is_unknown() || !policies.is_closed();
    for policy in policies.items() {
        add(policy.get("PolicyDocument"), held);
    }
    let managed = role.at("ManagedPolicyArns");
    held.is_open |= managed.is_unknown() || !managed.is_closed();
    for policy in managed.items() {
        match policy.target() {
            Some(Target { resource, .. }) if resource.type_name == "AWS::IAM::ManagedPolicy" => {
                add(resource.at("PolicyDocument"), held);
            }
            _ => match allowed(policy) {
                Some(patterns) => held.managed.push(patterns),
                None => held.is_open = true,
            },
        }
    }
}

/// Returns what a policy of AWS allows, if it is one that is known.
fn allowed(policy: View<'_>) -> Option<&'static [&'static str]> {
    let parts = policy.parts();
    let Some(Part::Text(last)) = parts.last() else { return None };
    let (_, name) = last.rsplit_once(":policy/")?;
    MANAGED.iter().find(|(own, _)| *own == name).map(|(_, patterns)| *patterns)
}

fn add<'a>(document: View<'a>, held: &mut Held<'a>) {
    let statements = document.get("Statement");
    let statements = statements.one_or_more();
    held.is_open |= document.is_unknown()
        || document.literal().is_some()
        || statements.iter().any(|statement| statement.is_unknown() || !statement.is_closed());
    held.statements.extend(statements);
}

/// Tells whether a statement may allow an action on a resource: what is not known may.
fn may_allow(statement: View<'_>, action: &str, on: Option<&Resource<'_>>) -> bool {
    if statement.get("Effect").is("Deny") {
        return false;
    }
    let reaches = |key| {
        let patterns: Vec<View<'_>> = statement.get(key).one_or_more();
        (!patterns.is_empty()).then(|| {
            patterns.iter().map(|pattern| pattern.text()).any(|text| text.is_none_or(|text| fits(&text, action)))
        })
    };
    let is_meant = match (reaches("Action"), reaches("NotAction")) {
        (Some(fits), _) => fits,
        (None, Some(fits)) => !fits,
        (None, None) => false,
    };
    is_meant && on.is_none_or(|on| may_be_about(statement, on))
}

/// Tells whether a statement may be about a resource: it is not if all it names are other resources of the templates.
fn may_be_about(statement: View<'_>, on: &Resource<'_>) -> bool {
    let named = statement.get("Resource").one_or_more();
    let is_other = |view: &View<'_>| view.mentioned().is_some_and(|target| !target.is_same(on));
    named.is_empty() || !named.iter().all(is_other)
}
