//! What it takes to deploy an assembly: the least IAM policy, by the provider schemas.
//!
//! A provider schema lists the actions that CloudFormation calls to create, read, update and delete a resource, with the
//! permissions of whoever deploys. They are bound here to the names that the assembly gives its resources, as far as
//! the actions can be bound to resources at all.

mod names;
mod needs;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use schemas::{actions, handlers};
use serde::Serialize;
use template::Assembly;
use tree::Tree;

use names::Names;
pub use needs::{Need, NeedTarget, Part, needs};
pub use policy::{Policy, Statement};

/// What the commands call on stacks, or check the right to by a call on stacks.
const STACK_ACTIONS: [&str; 26] = [
    // Drift is detected by the caller's rights: besides these two, it reads each resource as its handler does.
    "BatchDescribeTypeConfigurations",
    "DetectStackResourceDrift",
    "CancelUpdateStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "CreateStackRefactor",
    "DeleteChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeEvents",
    "DescribeStackDriftDetectionStatus",
    "DescribeStackEvents",
    "DescribeStackRefactor",
    "DescribeStackResourceDrifts",
    "DescribeStacks",
    "DetectStackDrift",
    "ExecuteChangeSet",
    "ExecuteStackRefactor",
    "GetStackPolicy",
    "GetTemplate",
    "ListChangeSets",
    "ListStackResources",
    "RollbackStack",
    "SetStackPolicy",
    "TagResource",
    "UpdateTerminationProtection",
];

/// An action on more kinds of resources than this would fill a policy by itself; it is bound to the region instead.
const MOST_RESOURCES: usize = 12;

/// Services whose actions are called in one region whatever the environment's region is.
const GLOBAL: [&str; 6] = ["budgets", "cloudfront", "iam", "organizations", "route53", "sts"];

/// The permissions that a deployment needs.
#[derive(Clone, Debug, Serialize)]
pub struct Permissions {
    /// The policies: as few as fit the quota of a managed policy.
    pub policies: Vec<Policy>,
    /// Each action with the resource types that need it, or what else it is for.
    pub actions: BTreeMap<String, BTreeSet<String>>,
}

/// Finds the least permissions with which an assembly can be deployed and deleted, and which meet the other `needs`.
pub fn permissions(assembly: &Assembly, needs: &[Need]) -> Permissions {
    let names = Names::of(assembly);
    let mut actions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for stack in &assembly.stacks {
        for (resource_type, properties) in resources(&stack.template) {
            let has = |path: &str| properties.and_then(|tree| tree.find(path.split('/'))).is_some();
            // Before a bucket goes, `destroy` looks into it.
            let looks = (resource_type == "AWS::S3::Bucket").then(|| "s3:ListBucketVersions".to_owned());
            for action in handlers::called(resource_type, has).into_iter().chain(looks) {
                actions.entry(action).or_default().insert(resource_type.to_owned());
            }
        }
    }
    for action in STACK_ACTIONS {
        actions.entry(format!("cloudformation:{action}")).or_default().insert("AWS::CloudFormation::Stack".to_owned());
    }
    if has_exports(assembly) {
        actions.entry("cloudformation:ListImports".to_owned()).or_default().insert("exports".to_owned());
    }
    let passed = passed_to(assembly);
    let mut statements: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for (action, types) in actions.iter().filter(|(action, _)| *action != "iam:PassRole") {
        statements.entry(scope(assembly, &names, action, types)).or_default().insert(action.clone());
    }
    let mut statements: Vec<_> =
        statements.into_iter().flat_map(|(resources, actions)| allow(assembly, resources, actions)).collect();
    if actions.contains_key("iam:PassRole") {
        statements.push(pass_roles(assembly, &names, passed));
    }
    for need in needs {
        let Some(statement) = needs::statement(assembly, need) else { continue };
        for action in &statement.action {
            actions.entry(action.clone()).or_default().insert(need.purpose.to_owned());
        }
        statements.push(statement);
    }
    Permissions { policies: policy::split(statements), actions }
}

/// Tells whether stacks refer to each other by exports.
fn has_exports(assembly: &Assembly) -> bool {
    let outputs = assembly.stacks.iter().filter_map(|stack| stack.template.get("Outputs")?.as_map());
    outputs.flatten().any(|output| output.value.get("Export").is_some())
}

fn resources(template: &Tree) -> impl Iterator<Item = (&str, Option<&Tree>)> {
    let entries = template.get("Resources").and_then(Tree::as_map).into_iter().flatten();
    entries.filter_map(|entry| Some((entry.value.get("Type")?.as_str()?, entry.value.get("Properties"))))
}

/// Says on which resources an action is allowed that resources of these types need.
fn scope(assembly: &Assembly, names: &Names, action: &str, types: &BTreeSet<String>) -> Vec<String> {
    let targets: Vec<_> = actions::action(action).into_iter().flat_map(actions::Action::targets).collect();
    let is_own =
        |target: &&actions::Target| target.is_required() || types.iter().any(|own| is_kind(target.name(), own));
    let mut own: Vec<_> = targets.iter().filter(is_own).collect();
    if own.is_empty() {
        own = targets.iter().collect();
    }
    let kinds = own.into_iter().filter_map(|target| target.resource_type());
    let mut scope: Vec<_> = kinds.flat_map(|kind| names.fill(assembly, types, kind.arn())).collect();
    scope.sort();
    scope.dedup();
    if scope.is_empty() || scope.len() > MOST_RESOURCES { vec!["*".to_owned()] } else { scope }
}

/// Tells whether what a service calls `vpc-flow-log` may be an `AWS::EC2::FlowLog`.
fn is_kind(kind: &str, resource_type: &str) -> bool {
    let own = resource_type.rsplit("::").next().unwrap_or_default().to_ascii_lowercase();
    let kind = kind.replace('-', "").to_ascii_lowercase();
    kind.contains(&own) || own.ends_with(&kind)
}

/// Makes the statements for actions on the same resources: those without resources are bound to the region.
fn allow(assembly: &Assembly, resources: Vec<String>, actions: BTreeSet<String>) -> Vec<Statement> {
    if resources != ["*"] {
        return vec![Statement::allow(actions).on(resources)];
    }
    let is_global = |action: &String| GLOBAL.iter().any(|service| action.split(':').next() == Some(service));
    let (global, regional): (BTreeSet<_>, BTreeSet<_>) = actions.into_iter().partition(is_global);
    let mut statements = Vec::new();
    if !global.is_empty() {
        statements.push(Statement::allow(global).on(resources.clone()));
    }
    if !regional.is_empty() {
        let region = Statement::allow(regional).on(resources);
        statements.push(region.when("StringEquals", "aws:RequestedRegion", vec![assembly.region.clone()]));
    }
    statements
}

/// The form of a role's ARN.
const ROLE: &str = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";

/// Roles are handed to the services that the roles themselves trust, and to no others.
fn pass_roles(assembly: &Assembly, names: &Names, services: BTreeSet<String>) -> Statement {
    let roles = names.fill(assembly, &BTreeSet::from(["AWS::IAM::Role".to_owned()]), ROLE);
    let statement = Statement::allow(BTreeSet::from(["iam:PassRole".to_owned()])).on(roles);
    statement.when("StringEquals", "iam:PassedToService", services.into_iter().collect())
}

/// Lists the services that the roles of an assembly trust.
fn passed_to(assembly: &Assembly) -> BTreeSet<String> {
    let mut services = BTreeSet::new();
    let roles = assembly.stacks.iter().flat_map(|stack| resources(&stack.template));
    for (_, properties) in roles.filter(|(resource_type, _)| *resource_type == "AWS::IAM::Role") {
        let statements = properties.and_then(|role| role.find(["AssumeRolePolicyDocument", "Statement"]));
        for statement in statements.and_then(Tree::as_list).unwrap_or_default() {
            let service = statement.find(["Principal", "Service"]);
            let list = service.and_then(Tree::as_list);
            let one = service.filter(|_| list.is_none());
            services
                .extend(one.into_iter().chain(list.into_iter().flatten()).filter_map(Tree::as_str).map(str::to_owned));
        }
    }
    services
}
