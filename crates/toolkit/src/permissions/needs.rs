//! What the program itself calls, besides what CloudFormation calls for it.

use std::collections::BTreeSet;

use template::Assembly;
use tree::Tree;

use super::policy::Statement;
use crate::{Artifacts, LockTable};

/// Actions that somebody needs who works with an environment.
#[derive(Clone, Debug)]
pub struct Need {
    /// What for, in a few words.
    pub purpose: &'static str,
    /// The actions, as IAM writes them.
    pub actions: &'static [&'static str],
    /// What they act on.
    pub target: NeedTarget,
}

/// What an action of a [`Need`] acts on.
#[derive(Clone, Debug)]
pub enum NeedTarget {
    /// The service knows no resources for it, or they are nobody's: images, quotas.
    Any,
    /// The keys of the environment, by way of the services that keep data.
    Keys,
    /// What the output of a stack names; nothing where there is no such output.
    Output {
        /// The stack's name within the app.
        stack: String,
        /// The output's name.
        output: String,
        /// Which part of it.
        part: Part,
    },
}

/// A part of what an output names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The bucket, the table or the state machine.
    Itself,
    /// The objects of a bucket, or the executions of a state machine.
    Contents,
}

/// Lists what deploying, looking, and clearing up call: on the artifact bucket, on the table of locks, and around them.
///
/// `destroy --empty-buckets` needs more, on data; it is left out.
pub fn needs(artifacts: &Artifacts, locks: &LockTable) -> Vec<Need> {
    let bucket = |part| NeedTarget::Output { stack: artifacts.stack.clone(), output: artifacts.output.clone(), part };
    let table = NeedTarget::Output { stack: locks.stack.clone(), output: locks.output.clone(), part: Part::Itself };
    let need = |purpose, actions, target| Need { purpose, actions, target };
    vec![
        need("templates and what instances install", &["s3:GetObject", "s3:PutObject"], bucket(Part::Contents)),
        need("pruning artifacts", &["s3:DeleteObject"], bucket(Part::Contents)),
        need("templates and what instances install", &["s3:ListBucket"], bucket(Part::Itself)),
        need("the lock of the environment", &["dynamodb:GetItem", "dynamodb:UpdateItem"], table),
        // Without it, a denial is shown as encoded as AWS sends it.
        need("reading denials (optional)", &["sts:DecodeAuthorizationMessage"], NeedTarget::Any),
        need("alarms, before and during a swap", &["cloudwatch:DescribeAlarms"], NeedTarget::Any),
        need("capacity, before and during a swap", &["autoscaling:DescribeAutoScalingGroups"], NeedTarget::Any),
        need(
            "checking what a fleet needs",
            &[
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypeOfferings",
                "servicequotas:GetServiceQuota",
                "ssm:GetParameter",
            ],
            NeedTarget::Any,
        ),
        need("finding stacks by their names", &["cloudformation:DescribeStacks"], NeedTarget::Any),
    ]
}

/// The statements that a need makes; `None` where the environment has no such thing.
pub(super) fn statement(assembly: &Assembly, need: &Need) -> Option<Statement> {
    let allow = Statement::allow(need.actions.iter().map(|action| (*action).to_owned()).collect::<BTreeSet<_>>());
    let region = || vec![assembly.region.clone()];
    match &need.target {
        NeedTarget::Any if need.actions.iter().all(|action| action.starts_with("sts:")) => {
            Some(allow.on(vec!["*".to_owned()]))
        }
        NeedTarget::Any => Some(allow.on(vec!["*".to_owned()]).when("StringEquals", "aws:RequestedRegion", region())),
        NeedTarget::Keys => {
            let mut types = assembly.stacks.iter().flat_map(|stack| super::resources(&stack.template));
            types.find(|(resource_type, _)| *resource_type == "AWS::KMS::Key")?;
            let services = ["dynamodb", "s3"].map(|service| format!("{service}.{}.amazonaws.com", assembly.region));
            let keys = arn(assembly, "kms", "key/*");
            Some(allow.on(vec![keys]).when("StringEquals", "kms:ViaService", services.into()))
        }
        NeedTarget::Output { stack, output, part } => {
            named(assembly, stack, output, *part).map(|named| allow.on(vec![named]))
        }
    }
}

/// Writes the ARN of what an output names.
fn named(assembly: &Assembly, stack: &str, output: &str, part: Part) -> Option<String> {
    let stack = assembly.stack(stack)?;
    let Some(("Ref", id)) = stack.template.find(["Outputs", output, "Value"])?.as_single() else { return None };
    let id = id.as_str()?;
    let resource = stack.template.find(["Resources", id])?;
    let given = |property: &str| resource.find(["Properties", property]).and_then(Tree::as_str).map(str::to_owned);
    let name = |property: &str| given(property).unwrap_or_else(|| format!("{}-{id}-*", stack.stack_name));
    match (resource.get("Type")?.as_str()?, part) {
        ("AWS::S3::Bucket", part) => {
            // CloudFormation names buckets in lower case.
            let name = name("BucketName").to_ascii_lowercase();
            let contents = if part == Part::Contents { "/*" } else { "" };
            Some(format!("arn:{}:s3:::{name}{contents}", partition(assembly)))
        }
        ("AWS::DynamoDB::Table", Part::Itself) => {
            Some(arn(assembly, "dynamodb", &format!("table/{}", name("TableName"))))
        }
        ("AWS::StepFunctions::StateMachine", part) => {
            // What CloudFormation names begins with the logical id.
            let name = given("StateMachineName").unwrap_or_else(|| format!("{id}-*"));
            let what =
                if part == Part::Contents { format!("execution:{name}:*") } else { format!("stateMachine:{name}") };
            Some(arn(assembly, "states", &what))
        }
        _ => None,
    }
}

fn arn(assembly: &Assembly, service: &str, resource: &str) -> String {
    let Assembly { region, account, .. } = assembly;
    format!("arn:{}:{service}:{region}:{account}:{resource}", partition(assembly))
}

fn partition(assembly: &Assembly) -> &'static str {
    if assembly.region.starts_with("cn-") { "aws-cn" } else { "aws" }
}
