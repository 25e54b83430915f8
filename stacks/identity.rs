//! Says who works here: the role of the instances and the role of the workflow.
//!
//! Trust and baseline only. The stack that makes a resource grants its use, by [`let_worker`] and [`let_workflow`], so
//! no stack has to guess another's names.

use documents::iam as policy;
use resources::{iam, kind};
use template::{Assume, IdentityPolicy, IntoValue, Name, Stack, TrustPolicy, Value, aws, sub};

use crate::environment::{Environment, Ownership};

/// What later stacks use of it.
#[derive(Debug)]
pub struct Identity {
    /// The name of the role of the instances.
    pub worker_role: Value<Name<kind::iam::Role>>,
    /// The profile that gives instances that role.
    pub instance_profile: iam::InstanceProfileRef,
    /// The role of the state machines.
    pub workflow_role: iam::RoleRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment) -> Identity {
    stack.description("Roles of the instances and of the workflow");
    let worker_role = worker_role(stack, environment);
    // A role that is there may have a policy of this name, which is not ours to overwrite.
    let policy_name = match environment.identity.worker_role {
        Ownership::Create => environment.identity.worker_policy_name.as_str().into_value(),
        Ownership::Existing => sub!("{}-WorkerPolicy", aws::stack_name()),
    };
    stack.add("WorkerPolicy", iam::Policy::new(policy_name, worker_baseline(environment)).roles([&worker_role]));
    let instance_profile = stack.add("WorkerProfile", iam::InstanceProfile::new([&worker_role]));
    let workflow_role = stack.add("WorkflowRole", iam::Role::new(trusted_service("states.amazonaws.com")));
    Identity { worker_role, instance_profile, workflow_role }
}

/// Returns the name of the role of the instances, and makes the role unless it is there already.
fn worker_role(stack: &mut Stack, environment: &Environment) -> Value<Name<kind::iam::Role>> {
    let name = &environment.identity.worker_role_name;
    match environment.identity.worker_role {
        Ownership::Existing => name.assume(),
        Ownership::Create => {
            let managed_by_ssm = sub!("arn:{}:iam::aws:policy/AmazonSSMManagedInstanceCore", aws::partition());
            let role = iam::Role::new(policy::trust(policy::service("ec2.amazonaws.com")))
                .role_name(name)
                .managed_policy_arns([managed_by_ssm]);
            stack.add("WorkerRole", role).name()
        }
    }
}

/// Says what every instance may do: run this environment's own documents on this environment's own instances, follow
/// them, and write the metrics of workers.
fn worker_baseline(environment: &Environment) -> [policy::Statement; 4] {
    let here = |service: &str, resource: String| {
        sub!("arn:{}:{}:{}:{}:{}", aws::partition(), service, aws::region(), aws::account_id(), resource)
    };
    let documents = here("ssm", format!("document/{}-{}-*", environment.app, environment.name));
    let instances = here("ec2", "instance/*".to_owned());
    let ours = |tag: &str, value: &str| policy::string_equals(format!("aws:ResourceTag/{tag}"), [value]);
    [
        policy::allow(["ssm:SendCommand"]).on([documents]),
        policy::allow(["ssm:SendCommand"])
            .on([instances])
            .when(ours("app", environment.app.as_str()))
            .when(ours("environment", &environment.name)),
        // These two know no resources.
        policy::allow(["ssm:ListCommands", "ssm:ListCommandInvocations"]).on_any(),
        policy::allow(["cloudwatch:PutMetricData"])
            .on_any()
            .when(policy::string_equals("cloudwatch:namespace", [job::metrics::NAMESPACE])),
    ]
}

/// Lets a service take the role, on behalf of this account only. Not every service says for whom it asks.
pub fn trusted_service(service: &str) -> policy::Statement<TrustPolicy> {
    policy::trust(policy::service(service)).when(policy::string_equals("aws:SourceAccount", [aws::account_id()]))
}

/// Grants something to the workers.
#[track_caller]
pub fn let_worker(stack: &mut Stack, identity: &Identity, logical_id: &str, document: impl IntoValue<IdentityPolicy>) {
    grant(stack, &identity.worker_role, logical_id, document);
}

/// Grants something to the workflow.
#[track_caller]
pub fn let_workflow(
    stack: &mut Stack,
    identity: &Identity,
    logical_id: &str,
    document: impl IntoValue<IdentityPolicy>,
) {
    grant(stack, &identity.workflow_role.name(), logical_id, document);
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
