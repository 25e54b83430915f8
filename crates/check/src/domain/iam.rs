//! Policies: whether IAM takes them, and whether they can ever allow what they say.

use std::collections::BTreeSet;

use tree::Finding;

use super::iam_rules::{PRINCIPAL, SIZE, STATEMENT, VERSION};
use super::{actions, policy_conditions, policy_resources};
use crate::look::{Resource, Unreadable, View, has_function, json_bytes};
use crate::words::{all_of, did_you_mean, quoted};

/// Whom a policy is attached to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A role, user or group: whoever has it is meant.
    Identity,
    /// A resource: it says who is meant.
    Resource,
    /// A repository of images: the same, but there is nothing else that it could be about.
    Repository,
    /// A role, about who may take it.
    Trust,
}

/// Where policies are: type, path, kind, and how many characters they may have.
static POLICIES: [(&str, &str, Kind, usize); 22] = [
    ("AWS::ECR::Repository", "RepositoryPolicyText", Kind::Repository, 10_240),
    ("AWS::EC2::VPCEndpoint", "PolicyDocument", Kind::Resource, 20_480),
    ("AWS::EFS::FileSystem", "FileSystemPolicy", Kind::Resource, 20_000),
    ("AWS::IAM::Group", "Policies/*/PolicyDocument", Kind::Identity, 5120),
    ("AWS::IAM::GroupPolicy", "PolicyDocument", Kind::Identity, 5120),
    ("AWS::IAM::ManagedPolicy", "PolicyDocument", Kind::Identity, 6144),
    ("AWS::IAM::Policy", "PolicyDocument", Kind::Identity, 10_240),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument", Kind::Trust, 4096),
    ("AWS::IAM::Role", "Policies/*/PolicyDocument", Kind::Identity, 10_240),
    ("AWS::IAM::RolePolicy", "PolicyDocument", Kind::Identity, 10_240),
    ("AWS::IAM::User", "Policies/*/PolicyDocument", Kind::Identity, 2048),
    ("AWS::IAM::UserPolicy", "PolicyDocument", Kind::Identity, 2048),
    ("AWS::KMS::Key", "KeyPolicy", Kind::Resource, 32_768),
    ("AWS::Logs::ResourcePolicy", "PolicyDocument", Kind::Resource, 5120),
    ("AWS::S3::AccessPoint", "Policy", Kind::Resource, 20_480),
    ("AWS::S3::BucketPolicy", "PolicyDocument", Kind::Resource, 20_480),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument", Kind::Resource, 30_720),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", Kind::Resource, 30_720),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument", Kind::Resource, 8192),
    ("AWS::SQS::QueuePolicy", "PolicyDocument", Kind::Resource, 8192),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", Kind::Resource, 20_480),
    ("AWS::SSO::PermissionSet", "InlinePolicy", Kind::Identity, 32_768),
];

/// Checks every policy of a resource.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    for (_, path, kind, most) in POLICIES.iter().filter(|(type_name, ..)| *type_name == resource.type_name) {
        for view in resource.properties.select(path) {
            match view.document() {
                Ok(document) => policy(document.view(), *kind, *most, findings),
                Err(Unreadable::Unknown) => {}
                Err(Unreadable::Mistake(error)) => {
                    findings.push(view.finding(&STATEMENT, format!("the policy is no JSON: {error}")));
                }
            }
        }
    }
}

fn policy(document: View<'_>, kind: Kind, most: usize, findings: &mut Vec<Finding>) {
    // An empty object stands for what somebody has still to write.
    if document.known().and_then(tree::Tree::as_map).is_none_or(tree::Map::is_empty) {
        return;
    }
    version(document, findings);
    let bytes = document.tree().map_or(0, json_bytes);
    // Functions are written longer than what they give, so only a policy without any is measured.
    if bytes > most && !document.tree().is_some_and(has_function) {
        let message = format!("the policy has {bytes} characters, but at most {most} are allowed");
        findings.push(document.finding(&SIZE, message).hint("split it, or name several resources by a pattern"));
    }
    let statements = document.get("Statement");
    if statements.is_absent() && document.is_closed() {
        findings.push(document.finding(&STATEMENT, "the policy has no `Statement`"));
    }
    let mut seen = BTreeSet::new();
    for statement in statements.one_or_more() {
        if !statement.is_known() {
            continue;
        }
        one(statement, kind, findings);
        let sid = statement.get("Sid");
        let Some(text) = sid.text() else { continue };
        if !text.is_empty() && !seen.insert(text.to_string()) {
            findings.push(sid.finding(&STATEMENT, format!("two statements have the `Sid` {}", quoted(&text))));
        }
        if kind == Kind::Identity && !text.chars().all(|character| character.is_ascii_alphanumeric()) {
            let message = format!("`Sid` is {}, but may have letters and digits only", quoted(&text));
            findings.push(sid.finding(&STATEMENT, message));
        }
    }
}

fn version(document: View<'_>, findings: &mut Vec<Finding>) {
    let version = document.get("Version");
    let own = version.text();
    match own.as_deref() {
        Some("2012-10-17") => {}
        Some("2008-10-17") | None if version.is_unknown() => {}
        Some("2008-10-17") | None => {
            let text = document.tree().map(tree::Tree::to_json_compact).unwrap_or_default();
            let variables = ["${aws:", "${s3:", "${iam:", "${!aws:", "${saml:", "${cognito-identity"];
            if variables.iter().any(|variable| text.contains(variable)) {
                let message = "policy variables are plain text in a policy without `\"Version\": \"2012-10-17\"`";
                findings.push(version.finding(&VERSION, message).hint("add it"));
            }
        }
        Some(text) => {
            let message = format!("`Version` is {}, but must be `2012-10-17`", quoted(text));
            findings.push(version.finding(&VERSION, message));
        }
    }
}

static KEYS: [&str; 9] =
    ["Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"];

fn one(statement: View<'_>, kind: Kind, findings: &mut Vec<Finding>) {
    for (key, value) in statement.entries().filter(|(key, _)| !KEYS.contains(key)) {
        let mut finding = value.finding(&STATEMENT, format!("a statement has no {}", quoted(key)));
        finding.hint = did_you_mean(key, KEYS);
        findings.push(finding);
    }
    let effect = statement.get("Effect");
    if let Some(text) = effect.text().filter(|text| !["Allow", "Deny"].contains(&text.as_ref())) {
        findings
            .push(effect.finding(&STATEMENT, format!("`Effect` is {}, but must be `Allow` or `Deny`", quoted(&text))));
    }
    if statement.is_closed() {
        let pairs: &[(&str, &str)] = match kind {
            Kind::Repository | Kind::Trust => &[("Action", "NotAction"), ("Principal", "NotPrincipal")],
            Kind::Identity => &[("Action", "NotAction"), ("Resource", "NotResource")],
            Kind::Resource => &[("Action", "NotAction"), ("Principal", "NotPrincipal"), ("Resource", "NotResource")],
        };
        if effect.is_absent() {
            findings.push(statement.finding(&STATEMENT, "a statement has no `Effect`").hint("`Allow` or `Deny`"));
        }
        for (key, not) in pairs {
            let present = [key, not].map(|key| !statement.get(key).is_absent());
            let rule = if *key == "Principal" { &PRINCIPAL } else { &STATEMENT };
            match present {
                [true, true] => {
                    let message = format!("a statement has both `{key}` and `{not}`");
                    findings.push(statement.get(not).finding(rule, message).hint("keep one of the two"));
                }
                [false, false] => findings.push(statement.finding(rule, format!("a statement has no `{key}`"))),
                _ => {}
            }
        }
    }
    forbidden(statement, kind, findings);
    principals(statement.get("Principal"), findings);
    policy_conditions::check(statement, findings);
    actions::check(statement, findings);
    if kind == Kind::Trust {
        taking(statement, findings);
    } else {
        policy_resources::check(statement, findings);
    }
}

/// Reports what a policy of this kind cannot have.
fn forbidden(statement: View<'_>, kind: Kind, findings: &mut Vec<Finding>) {
    let keys: &[&str] = match kind {
        Kind::Identity => &["Principal", "NotPrincipal"],
        Kind::Trust => &["Resource", "NotResource"],
        Kind::Repository | Kind::Resource => &[],
    };
    for key in keys {
        let view = statement.get(key);
        if !view.is_absent() {
            let whose = if kind == Kind::Trust { "a trust policy" } else { "the policy of an identity" };
            let rule = if kind == Kind::Trust { &STATEMENT } else { &PRINCIPAL };
            findings.push(view.finding(rule, format!("{whose} has no `{key}`")).hint("leave it out"));
        }
    }
}

fn principals(principal: View<'_>, findings: &mut Vec<Finding>) {
    let kinds = ["AWS", "CanonicalUser", "Federated", "Service"];
    if let Some(text) = principal.literal().filter(|text| *text != "*") {
        let message = format!("`Principal` is {}, but must be `*` or an object", quoted(text));
        findings.push(principal.finding(&PRINCIPAL, message).hint("such as `{\"Service\": \"ec2.amazonaws.com\"}`"));
    }
    for (key, value) in principal.entries() {
        if !kinds.contains(&key) {
            let mut finding = value.finding(&PRINCIPAL, format!("there is no kind of principal {}", quoted(key)));
            finding.hint = did_you_mean(key, kinds).or_else(|| Some(format!("the kinds are {}", all_of(kinds))));
            findings.push(finding);
        }
        for one in value.one_or_more().into_iter().filter(|_| key == "Service") {
            let Some(text) = one.text() else { continue };
            // Some services have names in other domains, such as `ops.apigateway.amazonaws.com` or `delivery.logs.…`.
            let is_service = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal", ".api.aws"]
                .iter()
                .any(|end| text.ends_with(end));
            if !is_service && text != "*" {
                let message = format!("there is no service {}", quoted(&text));
                findings.push(one.finding(&PRINCIPAL, message).hint("services are called as in `ec2.amazonaws.com`"));
            } else if let Some(name) = text.strip_suffix(".amazon.com").filter(|name| MISWRITTEN.contains(name)) {
                let message = format!("there is no service {}", quoted(&text));
                findings.push(one.finding(&PRINCIPAL, message).hint(format!("write `{name}.amazonaws.com`")));
            }
        }
    }
}

/// Services that are never called with `amazon.com`.
static MISWRITTEN: [&str; 8] = ["ec2", "ecs-tasks", "events", "lambda", "s3", "scheduler", "sns", "states"];

/// Reports what a trust policy allows beside taking the role.
fn taking(statement: View<'_>, findings: &mut Vec<Finding>) {
    for action in statement.get("Action").one_or_more() {
        if let Some(text) = action.text().filter(|text| !text.to_ascii_lowercase().starts_with("sts:") && text != "*") {
            let message = format!("a trust policy allows actions that assume the role, not {}", quoted(&text));
            findings.push(action.finding(&STATEMENT, message).hint("write `sts:AssumeRole`"));
        }
    }
}
