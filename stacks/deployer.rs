//! Lets GitHub's workflows review and deploy the environment, by tokens that live minutes: no key is stored anywhere.
//!
//! Three roles, each with as little as it takes. The *reader* is for pull requests, and sees what is deployed. The *deployer*
//! drives CloudFormation and touches nothing else: it hands stacks the *execution* role, whose rights are those that this
//! environment's resources need, and who can give no role more than the [`Bounds`] allow.
//!
//! None of the three can change this stack; people deploy it.

mod boundary;
mod execution;

use std::collections::BTreeSet;

use documents::iam as policy;
use resources::{iam, kind};
use template::{Arn, Assume, Declare, DeletionPolicy, IntoValue, Stack, TrustPolicy, Value, aws, sub};

use crate::bootstrap::Bootstrap;
use crate::environment::{self, Environment, Ownership, References};
use crate::outputs;

pub use execution::{LEFT_OUT, taken};

/// Whom GitHub's tokens are from, and for whom they are asked.
const ISSUER: &str = "token.actions.githubusercontent.com";
const AUDIENCE: &str = "sts.amazonaws.com";

/// The names of the roles, after the environment's.
const READER: &str = "reader";
const DEPLOYER: &str = "deployer";
const EXECUTION: &str = "execution";

/// The most that the roles of the other stacks may do. Where nobody but people deploys, nothing bounds them.
#[derive(Debug, Default)]
pub struct Bounds(Option<iam::ManagedPolicyRef>);

impl Bounds {
    /// Starts a role within the bounds.
    pub fn role(&self, trust: impl IntoValue<TrustPolicy>) -> iam::Role {
        iam::Role::new(trust).permissions_boundary(self.0.as_ref().map(iam::ManagedPolicyRef::arn))
    }
}

/// Declares the stack; the execution role may do what is `taken` for the other stacks.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    settings: &environment::Deployer,
    bootstrap: &Bootstrap,
    taken: &BTreeSet<String>,
) -> Bounds {
    stack.description("Who deploys this environment, and the most that its roles may do");
    stack.accept(
        "security/iam-action-wildcard",
        "Handlers of CloudFormation call dozens of actions. Where all of one name are wanted they are cut short, so that the \
         policies stay within IAM's limit of characters",
    );
    let bounds = iam::ManagedPolicy::new(boundary::statements(environment))
        .description("The most that a role of the environment may do");
    let bounds = stack.add("Boundary", bounds);
    let provider = provider(stack, settings);
    let from = |subjects: Vec<String>| {
        policy::trust_web_identity(policy::federated(&provider))
            .when(policy::string_equals(format!("{ISSUER}:aud"), [AUDIENCE]))
            .when(policy::string_equals(format!("{ISSUER}:sub"), subjects))
    };
    let repository = &settings.repository;

    let execution = execution(stack, environment, &bounds, taken);
    let reader = from(vec![
        format!("repo:{repository}:pull_request"),
        format!("repo:{repository}:ref:refs/heads/{}", settings.branch),
    ]);
    let reader = role(stack, environment, "Reader", READER, reader, look(environment));
    // Who may use GitHub's environment of this name, and after whose approval, is said there.
    let deployer = from(vec![format!("repo:{repository}:environment:{}", environment.name)]);
    let drive = drive(environment, bootstrap, &execution);
    let deployer = role(stack, environment, "Deployer", DEPLOYER, deployer, drive);

    stack.output(outputs::READER_ROLE.name, reader.arn());
    stack.output(outputs::DEPLOYER_ROLE.name, deployer.arn());
    stack.output(outputs::EXECUTION_ROLE.name, execution.arn());
    Bounds(Some(bounds))
}

/// Returns what a role or a stack is called.
fn name(environment: &Environment, what: &str) -> String {
    format!("{}-{}-{what}", environment.app, environment.name)
}

/// Has AWS believe GitHub's tokens; returns the ARN of what does. The account has one, also for others, so it stays.
fn provider(stack: &mut Stack, settings: &environment::Deployer) -> Value<Arn<kind::iam::OIDCProvider>> {
    match settings.provider {
        Ownership::Existing => {
            sub!("arn:{}:iam::{}:oidc-provider/{}", aws::partition(), aws::account_id(), ISSUER).assume()
        }
        Ownership::Create => {
            let provider = iam::OIDCProvider::new().url(format!("https://{ISSUER}")).client_id_list([AUDIENCE]);
            stack.add("GitHub", provider.on_removal(DeletionPolicy::Retain)).arn()
        }
    }
}

/// Adds a role of this stack, which has a name of its own, because the workflows know it by that.
fn role(
    stack: &mut Stack,
    environment: &Environment,
    logical_id: &str,
    what: &str,
    trust: policy::Statement<TrustPolicy>,
    statements: Vec<policy::Statement>,
) -> iam::RoleRef {
    let role = stack.add(logical_id, iam::Role::new(trust).role_name(name(environment, what)));
    stack.add(&format!("{logical_id}Rights"), iam::Policy::new(what, statements).roles([role.name()]));
    role
}

/// Returns the ARN of the environment's stacks, or of one of them.
fn stacks(environment: &Environment, which: &str) -> Value<String> {
    let name = name(environment, which);
    sub!("arn:{}:cloudformation:{}:{}:stack/{}/*", aws::partition(), aws::region(), aws::account_id(), name)
}

/// Says what it takes to compare the environment with what is deployed.
fn look(environment: &Environment) -> Vec<policy::Statement> {
    let look = ["DescribeStacks", "GetTemplate", "ListStackResources"].map(|action| format!("cloudformation:{action}"));
    vec![policy::allow(look).on([stacks(environment, "*")])]
}

/// Says what it takes to deploy the environment's stacks by the execution role, this one aside.
fn drive(environment: &Environment, bootstrap: &Bootstrap, execution: &iam::RoleRef) -> Vec<policy::Statement> {
    let follow = [
        "DescribeChangeSet",
        "DescribeEvents",
        "DescribeStackEvents",
        "DescribeStackRefactor",
        "DescribeStacks",
        "GetStackPolicy",
        "GetTemplate",
        "ListStackResources",
    ];
    let change = [
        "CancelUpdateStack",
        "ContinueUpdateRollback",
        "CreateStackRefactor",
        "DeleteChangeSet",
        "ExecuteChangeSet",
        "ExecuteStackRefactor",
        "RollbackStack",
        "SetStackPolicy",
        "UpdateTerminationProtection",
    ];
    let cloud_formation = |action| format!("cloudformation:{action}");
    let mut statements = vec![
        policy::allow(follow.map(cloud_formation)).on([stacks(environment, "*")]),
        policy::allow(["cloudformation:CreateChangeSet"])
            .on([stacks(environment, "*")])
            .when(policy::arn_equals("cloudformation:RoleArn", [execution.arn()])),
        policy::allow(change.map(cloud_formation)).on([stacks(environment, "*")]),
        policy::deny(
            ["CreateChangeSet", "CreateStackRefactor", "ExecuteChangeSet", "ExecuteStackRefactor"].map(cloud_formation),
        )
        .on([stacks(environment, DEPLOYER)]),
        policy::allow(["iam:PassRole"])
            .on([execution.arn()])
            .when(policy::string_equals("iam:PassedToService", ["cloudformation.amazonaws.com"])),
        // Templates that are too large to be sent along.
        policy::allow(["s3:GetObject", "s3:PutObject"]).on([sub!("{}/*", bootstrap.artifacts.arn())]),
        // The lock of the environment.
        policy::allow(["dynamodb:GetItem", "dynamodb:UpdateItem"]).on([bootstrap.locks.arn()]),
    ];
    if environment.references == References::Exports {
        // Who imports what is dropped or changed: the action knows no resources.
        statements.push(policy::allow(["cloudformation:ListImports"]).on_any());
    }
    statements
}

/// Adds the role by which CloudFormation makes and changes this environment's resources.
fn execution(
    stack: &mut Stack,
    environment: &Environment,
    bounds: &iam::ManagedPolicyRef,
    taken: &BTreeSet<String>,
) -> iam::RoleRef {
    let rights = execution::rights(environment, bounds, taken).into_iter().map(|(what, statements)| {
        stack.add(&format!("Makes{}", title(what)), iam::ManagedPolicy::new(statements)).arn()
    });
    let trust = policy::trust(policy::service("cloudformation.amazonaws.com"));
    let role =
        iam::Role::new(trust).role_name(name(environment, EXECUTION)).managed_policy_arns(rights.collect::<Vec<_>>());
    stack.add("Execution", role)
}

/// Writes a word as a part of a logical id.
fn title(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    [&first.to_uppercase(), rest].concat()
}
