//! Says who works here: the role of the instances and the role of the workflow.
//!
//! Trust and baseline only. The stack that makes a resource grants its use, by [`let_worker`] and [`let_workflow`], so
//! no stack has to guess another's names.

use documents::iam as policy;
use resources::{iam, kind};
use template::{Arn, Assume, Declare, IdentityPolicy, IntoValue, Name, Stack, TrustPolicy, Value, aws, sub};

use crate::deployer::Bounds;
use crate::environment::{Environment, Ownership};
use crate::keys::{Keys, Service};
use crate::network;

/// What later stacks use of it.
#[derive(Debug)]
pub struct Identity {
    /// The role of the instances.
    pub worker_role: Role,
    /// The profile that gives instances that role.
    pub instance_profile: iam::InstanceProfileRef,
    /// The role of the state machines.
    pub workflow_role: Role,
    /// The role by which MediaConvert reads and writes.
    pub packaging_role: Role,
}

/// A role, be it made here or there already.
#[derive(Clone, Debug)]
pub struct Role {
    name: Value<Name<kind::iam::Role>>,
    arn: Value<Arn<kind::iam::Role>>,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, keys: &Keys, bounds: &Bounds) -> Identity {
    stack.description("Roles of the instances, of the workflow and of MediaConvert");
    let settings = &environment.identity;
    let worker_role = worker_role(stack, environment, bounds);
    let instance_profile = stack.add("WorkerProfile", iam::InstanceProfile::new([worker_role.name()]));
    let mut role = |logical_id: &str, ownership, name: &Option<String>, service: &str| -> Role {
        if let (Ownership::Existing, Some(name)) = (ownership, name) {
            return Role::existing(name);
        }
        let role = bounds.role(trusted_service(service)).role_name(name.as_deref());
        stack.add(logical_id, role).into()
    };
    let (workflow, packaging) = (&settings.workflow_role_name, &settings.packaging_role_name);
    let workflow_role = role("WorkflowRole", settings.workflow_role, workflow, "states.amazonaws.com");
    let packaging_role = role("PackagingRole", settings.packaging_role, packaging, "mediaconvert.amazonaws.com");

    keys.let_use(stack, &worker_role.name, "WorkerUsesKeys", [Service::DynamoDb, Service::S3, Service::Sqs]);
    keys.let_use(stack, &workflow_role.name, "WorkflowUsesKeys", [Service::DynamoDb, Service::Sns, Service::Sqs]);
    keys.let_use(stack, &packaging_role.name, "PackagingUsesKeys", [Service::S3]);
    Identity { worker_role, instance_profile, workflow_role, packaging_role }
}

impl Role {
    /// Takes a role that is there.
    fn existing(name: &str) -> Self {
        let arn = sub!("arn:{}:iam::{}:role/{}", aws::partition(), aws::account_id(), name);
        Self { name: name.assume(), arn: arn.assume() }
    }

    /// Returns the role's name.
    pub fn name(&self) -> Value<Name<kind::iam::Role>> {
        self.name.clone()
    }

    /// Returns the role's ARN.
    pub fn arn(&self) -> Value<Arn<kind::iam::Role>> {
        self.arn.clone()
    }
}

impl From<iam::RoleRef> for Role {
    fn from(role: iam::RoleRef) -> Self {
        Self { name: role.name(), arn: role.arn() }
    }
}

/// Makes the role of the instances unless it is there already, and attaches what every instance may do.
fn worker_role(stack: &mut Stack, environment: &Environment, bounds: &Bounds) -> Role {
    let settings = &environment.identity;
    let name = &settings.worker_role_name;
    // A role that is there may have a policy of this name, which is not ours to overwrite.
    let (role, policy_name) = match settings.worker_role {
        Ownership::Existing => (Role::existing(name), sub!("{}-WorkerPolicy", aws::stack_name())),
        Ownership::Create => {
            let managed_by_ssm = sub!("arn:{}:iam::aws:policy/AmazonSSMManagedInstanceCore", aws::partition());
            let role = bounds
                .role(policy::trust(policy::service("ec2.amazonaws.com")))
                .role_name(name)
                .managed_policy_arns([managed_by_ssm]);
            let role = role.accept(
                "security/iam-managed-policy",
                "It is what the SSM agent needs, and AWS changes it together with the agent",
            );
            (stack.add("WorkerRole", role).into(), settings.worker_policy_name.as_str().into_value())
        }
    };
    let policy = iam::Policy::new(policy_name, worker_baseline(environment)).roles([role.name()]);
    stack.add("WorkerPolicy", policy);
    role
}

/// Says what every instance may do: have this environment's own instances enhance videos, follow that, write metrics of workers, and be kept up to date.
///
/// The seed's EC2-SSM-POLICY allows `ssm:SendCommand` on everything: whoever takes over one instance with it runs any
/// command, as root, on every instance that Systems Manager manages in the account. Here the instance must be this
/// environment's, and so must the document, which is one that enhances: one that installs an agent would run any program.
fn worker_baseline(environment: &Environment) -> [policy::Statement; 5] {
    let send = ["ssm:SendCommand"];
    [
        policy::allow(send).on([enhancing_documents(environment)]),
        policy::allow(send)
            .on([sub!("arn:{}:ec2:{}:{}:instance/*", aws::partition(), aws::region(), aws::account_id())])
            .when(policy::string_equals("ssm:resourceTag/app", [environment.app.as_str()]))
            .when(policy::string_equals("ssm:resourceTag/environment", [environment.name.as_str()])),
        // These two know no resources.
        policy::allow(["ssm:ListCommands", "ssm:ListCommandInvocations"]).on_any(),
        policy::allow(["cloudwatch:PutMetricData"])
            .on_any()
            .when(policy::string_equals("cloudwatch:namespace", [job::metrics::NAMESPACE])),
        policy::allow(["s3:GetObject"]).on(network::agent_buckets()),
    ]
}

/// Returns the ARN of all Systems Manager documents of an environment that enhance, by what their names begin with.
fn enhancing_documents(environment: &Environment) -> Value<String> {
    let (app, name) = (environment.app.as_str(), environment.name.as_str());
    sub!("arn:{}:ssm:{}:{}:document/{}-{}-enhance-*", aws::partition(), aws::region(), aws::account_id(), app, name)
}

/// Lets a service take the role, on behalf of this account only. Not every service says for whom it asks.
pub fn trusted_service(service: &str) -> policy::Statement<TrustPolicy> {
    policy::trust(policy::service(service)).when(policy::string_equals("aws:SourceAccount", [aws::account_id()]))
}

/// Grants something to the workers.
#[track_caller]
pub fn let_worker(stack: &mut Stack, identity: &Identity, logical_id: &str, document: impl IntoValue<IdentityPolicy>) {
    grant(stack, &identity.worker_role.name, logical_id, document);
}

/// Grants something to the workflow.
#[track_caller]
pub fn let_workflow(
    stack: &mut Stack,
    identity: &Identity,
    logical_id: &str,
    document: impl IntoValue<IdentityPolicy>,
) {
    grant(stack, &identity.workflow_role.name, logical_id, document);
}

/// Grants something to a role: an inline policy, named as it is called in the stack.
#[track_caller]
pub fn grant(
    stack: &mut Stack,
    role: &Value<Name<kind::iam::Role>>,
    logical_id: &str,
    document: impl IntoValue<IdentityPolicy>,
) -> iam::PolicyRef {
    let name = sub!("{}-{}", aws::stack_name(), logical_id);
    stack.add(logical_id, iam::Policy::new(name, document.into_value()).roles([role]))
}
