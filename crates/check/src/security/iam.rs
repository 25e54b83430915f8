//! What identities may do: policies of roles, users and groups.

use schemas::actions::{self, Access, Action};
use tree::{Finding, Severity};

use super::others::{Others, Use};
use super::policy::{Statement, each_allow, of_identity, shown};
use crate::look::{Resource, View};
use crate::rule::Rule;
use crate::words::{all_of, quoted};

/// Checks every policy of an identity.
pub(super) fn check(resource: &Resource<'_>, others: &Others<'_>, findings: &mut Vec<Finding>) {
    if is_boundary(resource, others) {
        return;
    }
    for document in of_identity(resource) {
        each_allow(document, |statement| allowed(statement, findings));
    }
    managed(resource, findings);
}

/// Tells whether a managed policy is the boundary of what others allow, and so allows nothing itself.
fn is_boundary(policy: &Resource<'_>, others: &Others<'_>) -> bool {
    let is_attached = ["Groups", "Roles", "Users"].iter().any(|list| !policy.at(list).is_absent());
    policy.type_name == "AWS::IAM::ManagedPolicy" && !is_attached && others.has(Use::Boundary, policy)
}

fn allowed(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    for (key, noun) in [("NotAction", "action"), ("NotResource", "resource")] {
        let except = statement.view.get(key);
        if !except.is_absent() {
            let message = format!(
                "an Allow statement has `{key}`: every {noun} but these is allowed, also those that AWS adds later"
            );
            findings.push(except.finding(&ALLOW_EXCEPT, message).hint("name what is allowed"));
        }
    }
    let every_action = statement.actions().into_iter().find(|action| action.is("*") || action.is("*:*"));
    let every_resource = statement.every_resource();
    if let (Some(action), Some(_), false) = (every_action, every_resource, statement.is_conditional()) {
        let message = "`Action` and `Resource` are `*`: whoever gets these credentials has full access to the account";
        findings.push(action.finding(&EVERYTHING, message).hint("name the actions and the resources that are needed"));
        return;
    }
    for action in statement.actions() {
        wildcard(action, findings);
    }
    pass_role(statement, findings);
    run_command(statement, findings);
    if let Some(everything) = every_resource.filter(|_| !statement.is_conditional()) {
        any_resource(statement, everything, findings);
    }
}

/// Reports actions with wildcards.
fn wildcard(action: View<'_>, findings: &mut Vec<Finding>) {
    let Some(text) = action.text().filter(|text| text.contains('*')) else { return };
    let is_whole = text == "*" || text.split_once(':').is_some_and(|(_, name)| name.chars().all(|one| one == '*'));
    let (rule, message) = if is_whole {
        (&SERVICE_WILDCARD, format!("`Action` is {}, which allows every action of the service", quoted(&text)))
    } else {
        (
            &ACTION_WILDCARD,
            format!(
                "`Action` is {}, a wildcard: it allows all actions that match, also those that AWS adds later",
                quoted(&text)
            ),
        )
    };
    findings.push(action.finding(rule, message).hint("name the actions that are needed"));
}

/// Reports roles that can be handed to a service without saying which roles, or which service.
fn pass_role(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let Some(action) = statement.covers("iam:PassRole") else { return };
    let is_every = |resource: &View<'_>| resource.is("*") || shown(*resource).ends_with(":role/*");
    if let Some(every) = statement.resources().into_iter().find(is_every) {
        let message = "`iam:PassRole` is allowed on every role: its holder can start an instance or function with \
             the most powerful one (privilege escalation)";
        findings.push(every.finding(&PASS_ROLE, message).hint("name the roles that are passed on"));
    }
    let keys = statement.conditions();
    if statement.view.get("Condition").is_unknown() || keys.iter().any(|(_, key, _)| key == "iam:passedtoservice") {
        return;
    }
    let message = "`iam:PassRole` has no condition on `iam:PassedToService`: the role can be passed to any service";
    let hint = "add `\"Condition\": {\"StringEquals\": {\"iam:PassedToService\": \"…\"}}`";
    findings.push(action.finding(&PASS_ROLE_SERVICE, message).hint(hint));
}

/// Reports commands and sessions on every managed instance of the account.
fn run_command(statement: &Statement<'_>, findings: &mut Vec<Finding>) {
    let action = ["ssm:SendCommand", "ssm:StartSession"].into_iter().find(|action| statement.covers(action).is_some());
    let Some(action) = action else { return };
    if statement.is_conditional() {
        return;
    }
    let is_every = |resource: &View<'_>| {
        let text = shown(*resource);
        text == "*" || text.ends_with(":instance/*") || text.ends_with(":managed-instance/*")
    };
    if let Some(every) = statement.resources().into_iter().find(is_every) {
        let message = format!(
            "`{action}` is allowed on every instance: whoever has these credentials is root on each managed instance"
        );
        let hint = "name the instances, or add a condition on `ssm:resourceTag/…`";
        findings.push(every.finding(&RUN_COMMAND, message).hint(hint));
    }
}

/// Reports `*` as the resource of actions that can be limited to resources.
fn any_resource(statement: &Statement<'_>, everything: View<'_>, findings: &mut Vec<Finding>) {
    let mut bounded: Vec<String> = statement
        .actions()
        .into_iter()
        .filter_map(View::text)
        .filter(|action| is_bounded(action))
        .map(std::borrow::Cow::into_owned)
        .collect();
    bounded.sort_unstable();
    bounded.dedup();
    if bounded.is_empty() {
        return;
    }
    let names = all_of(bounded.iter().map(String::as_str));
    let message = format!("`Resource` is `*`, but {names} can be limited to resources");
    findings.push(everything.finding(&ANY_RESOURCE, message).hint("name the resources, or add a condition on them"));
}

/// Actions that may be about a resource, but mostly are about none that a policy could name: metrics outside of data sets, and
/// subscriptions.
const OPTIONAL: [&str; 4] = ["GetSubscriptionAttributes", "PutMetricData", "SetSubscriptionAttributes", "Unsubscribe"];

/// Tells whether an action, or one of a pattern, can be limited to resources. What only lists or describes is left out: it
/// gives no data away, and most of it cannot be limited.
fn is_bounded(action: &str) -> bool {
    let Some((prefix, name)) = action.split_once(':') else { return action == "*" };
    let Some(service) = actions::service(prefix) else { return false };
    let is_listing = |action: &Action| action.name().starts_with("Describe") || action.is(Access::List);
    let is_optional = |action: &Action| OPTIONAL.contains(&action.name());
    let is_bounded = |action: &Action| !is_listing(action) && !is_optional(action) && action.targets().next().is_some();
    if name.contains(['*', '?']) {
        return service.matching(name).any(|action| is_bounded(&action));
    }
    service.action(name).is_some_and(|action| is_bounded(&action))
}

/// Managed policies of AWS that give the whole account away.
const ADMINISTRATORS: [&str; 3] = ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];

fn managed(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    if !matches!(resource.type_name, "AWS::IAM::Group" | "AWS::IAM::Role" | "AWS::IAM::User") {
        return;
    }
    for policy in resource.at("ManagedPolicyArns").items() {
        let text = shown(policy);
        let Some((_, path)) = text.split_once(":iam::aws:policy/") else { continue };
        let name = path.rsplit('/').next().unwrap_or(path);
        if ADMINISTRATORS.contains(&name) {
            let message = format!(
                "the AWS managed policy `{name}` is attached: whoever gets these credentials can take over the account"
            );
            findings.push(policy.finding(&EVERYTHING, message).hint("allow the actions that are needed"));
        } else {
            let message = format!(
                "the AWS managed policy `{name}` is attached: it is not limited to the resources used here, and AWS \
                 changes it"
            );
            findings.push(policy.finding(&MANAGED_POLICY, message).hint("write a policy about the resources at hand"));
        }
    }
}

const LEAST: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html";

pub(crate) static ACTION_WILDCARD: Rule = Rule {
    id: "security/iam-action-wildcard",
    severity: Severity::Info,
    statement: "policies name actions without wildcards",
    why: "`s3:Put*` is also `s3:PutBucketPolicy`, and whatever AWS adds",
    page: LEAST,
    bad: r#"{"Resources": {"Write": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "write", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:Put*", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: r#"{"Resources": {"Write": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "write", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};

pub(crate) static ALLOW_EXCEPT: Rule = Rule {
    id: "security/iam-allow-except",
    severity: Severity::Warning,
    statement: "Allow statements have neither `NotAction` nor `NotResource`",
    why: "`NotAction` and `NotResource` with Allow give everything else away, also what does not exist yet",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    bad: r#"{"Resources": {"Most": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "most", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "NotAction": "iam:DeleteRole", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
};

pub(crate) static ANY_RESOURCE: Rule = Rule {
    id: "security/iam-any-resource",
    severity: Severity::Warning,
    statement: "actions that can be limited to resources are not allowed on `*`",
    why: "credentials that leak then reach the data, keys and roles of everything else in the account",
    page: LEAST,
    bad: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}]}}}}}"#,
    good: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::videos/*"},
            {"Effect": "Allow", "Action": ["cloudwatch:PutMetricData", "ec2:DescribeInstances"], "Resource": "*"}]}}}}}"#,
};

pub(crate) static EVERYTHING: Rule = Rule {
    id: "security/iam-everything",
    severity: Severity::Error,
    statement: "no identity has full access to the account",
    why: "one leaked credential, one exploited program, and the account is somebody else's",
    page: LEAST,
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "Policies": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}]}}}}"#,
};

pub(crate) static MANAGED_POLICY: Rule = Rule {
    id: "security/iam-managed-policy",
    severity: Severity::Info,
    statement: "roles have policies of their own rather than AWS's",
    why: "AWS's policies name no resources of yours, so they allow more than any one role needs",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "Policies": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}]}}]}}}}"#,
};

pub(crate) static PASS_ROLE: Rule = Rule {
    id: "security/iam-pass-role",
    severity: Severity::Error,
    statement: "`iam:PassRole` names roles",
    why: "on `*` it lets its holder start an instance or a function with any role, the administrator's included",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    bad: r#"{"Resources": {"Start": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "start", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole",
            "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}]}}}}}"#,
    good: r#"{"Resources": {"Start": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "start", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole",
            "Resource": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/fleet"},
            "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}]}}}}}"#,
};

pub(crate) static PASS_ROLE_SERVICE: Rule = Rule {
    id: "security/iam-pass-role-service",
    severity: Severity::Warning,
    statement: "`iam:PassRole` names the service that gets the role",
    why: "a role that is meant for one service can otherwise be handed to another that runs code",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
    bad: r#"{"Resources": {"Start": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "start", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole",
            "Resource": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/fleet"}}]}}}}}"#,
    good: PASS_ROLE.good,
};

pub(crate) static RUN_COMMAND: Rule = Rule {
    id: "security/iam-run-command",
    severity: Severity::Error,
    statement: "commands and sessions are allowed on chosen instances only",
    why: "the SSM agent runs them as root, so on `*` each instance of the account obeys the weakest one",
    page: "https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html",
    bad: r#"{"Resources": {"Run": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "run", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": "*"}]}}}}}"#,
    good: r#"{"Resources": {"Run": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "run", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ssm:SendCommand",
             "Resource": {"Fn::Sub": "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:instance/*"},
             "Condition": {"StringEquals": {"ssm:resourceTag/environment": "dev"}}}]}}}}}"#,
};

pub(crate) static SERVICE_WILDCARD: Rule = Rule {
    id: "security/iam-service-wildcard",
    severity: Severity::Warning,
    statement: "policies do not allow every action of a service",
    why: "`s3:*` deletes buckets and opens them to the world; nobody who reads objects needs that",
    page: LEAST,
    bad: r#"{"Resources": {"Read": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "read", "Roles": ["worker"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::videos/*"}]}}}}}"#,
    good: ALLOW_EXCEPT.good,
};
