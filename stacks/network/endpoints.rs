//! Endpoints: ways to AWS's services that do not leave the network.
//!
//! Which ones follows from what an instance calls:
//!
//! | who calls | what | endpoint |
//! | --- | --- | --- |
//! | agent | sources, results, itself | S3 |
//! | agent | the job table | DynamoDB |
//! | agent | receives, renews and deletes tasks | SQS |
//! | agent | answers the workflow | Step Functions |
//! | agent | protects its instance while it works, ends lifecycle hooks | Auto Scaling |
//! | agent, CloudWatch agent | metrics | CloudWatch |
//! | SSM agent | registers, receives commands, opens sessions | SSM, SSM messages |
//! | SSM agent | output of commands | CloudWatch Logs |
//! | scripts | who they are (`aws sts get-caller-identity`) | STS |
//!
//! EC2 is not among them: the agents read the instance's metadata, which is on the instance, and tags are not asked for.
//! Nor is KMS: S3, DynamoDB, SQS and EBS call it themselves. Nor is EC2 messages, which SSM agents do without from 3.3.40 on;
//! commands need a newer one.

use documents::iam as policy;
use resources::ec2::{
    Ingress, RouteTableRef, SecurityGroup, SecurityGroupRef, VPCEndpoint, VPCEndpointVpcEndpointType,
};
use resources::kind;
use template::{Id, ResourcePolicy, Stack, Value, aws, sub};

use crate::environment::{Environment, Executor, FleetKind};

/// A service that has an endpoint with an address in each subnet.
struct Interface {
    logical_id: &'static str,
    /// The last part of the endpoint service's name.
    service: &'static str,
    /// What the service's actions begin with.
    actions: &'static str,
}

const fn interface(logical_id: &'static str, service: &'static str, actions: &'static str) -> Interface {
    Interface { logical_id, service, actions }
}

/// Lists the services that the instances of an environment call, S3 and DynamoDB aside.
fn interfaces(environment: &Environment) -> Vec<Interface> {
    let mut interfaces = vec![
        interface("Ssm", "ssm", "ssm"),
        interface("SsmMessages", "ssmmessages", "ssmmessages"),
        interface("Logs", "logs", "logs"),
        interface("CloudWatch", "monitoring", "cloudwatch"),
        interface("Sts", "sts", "sts"),
    ];
    if environment.jobs.executor == Executor::Agent {
        interfaces.push(interface("Sqs", "sqs", "sqs"));
        interfaces.push(interface("StepFunctions", "states", "states"));
        if environment.fleet.kind == FleetKind::AutoScaling {
            interfaces.push(interface("AutoScaling", "autoscaling", "autoscaling"));
        }
    }
    interfaces
}

/// Adds the endpoints of S3 and DynamoDB, which are routes and cost nothing.
///
/// They let this account's principals use this account's buckets and tables; AWS's own buckets with the SSM agent and the
/// CloudWatch agent may be read by anyone.
pub(super) fn add_gateways(stack: &mut Stack, vpc: &Value<Id<kind::ec2::VPC>>, tables: &[RouteTableRef]) {
    let tables: Vec<_> = tables.iter().map(RouteTableRef::id).collect();
    let mut gateway = |logical_id: &str, service: &str, statements: Vec<policy::Statement<ResourcePolicy>>| {
        let endpoint = VPCEndpoint::new(vpc)
            .vpc_endpoint_type(VPCEndpointVpcEndpointType::Gateway)
            .service_name(sub!("com.amazonaws.{}.{}", aws::region(), service))
            .route_table_ids(&tables)
            .policy_document(statements);
        stack.add(logical_id, endpoint);
    };
    let own = |actions: &str| {
        let its_own = policy::string_equals("aws:ResourceAccount", [aws::account_id()]);
        by_this_account(actions).when(its_own)
    };
    let agents = policy::allow(["s3:GetObject"]).on(agent_buckets()).principal(policy::anyone());
    gateway("S3Endpoint", "s3", vec![own("s3:*"), agents]);
    gateway("DynamoDbEndpoint", "dynamodb", vec![own("dynamodb:*")]);
}

/// Lists the objects of AWS's own buckets that agents are installed and updated from.
///
/// See "SSM Agent communications with AWS managed S3 buckets" in the Systems Manager user guide, and "Download the
/// CloudWatch agent package" in the CloudWatch user guide.
pub fn agent_buckets() -> [Value<String>; 3] {
    ["amazon-ssm", "aws-ssm", "amazoncloudwatch-agent"]
        .map(|bucket| sub!("arn:{}:s3:::{}-{}/*", aws::partition(), bucket, aws::region()))
}

/// Adds the endpoints that have an address in each subnet, which cost by the hour.
pub(super) fn add_interfaces(
    stack: &mut Stack,
    environment: &Environment,
    vpc: &Value<Id<kind::ec2::VPC>>,
    subnets: &[Value<Id<kind::ec2::Subnet>>],
    workers: &SecurityGroupRef,
) {
    let from_workers = Ingress::new("tcp")
        .from_port(443)
        .to_port(443)
        .source_security_group_id(workers.id())
        .description("Calls of the instances");
    // Endpoints call nobody. Without any rule of our own, the group would let everything out.
    let group = SecurityGroup::new("Endpoints of AWS services: the instances come in, nothing goes out")
        .vpc_id(vpc)
        .security_group_ingress([from_workers])
        .security_group_egress([nowhere()]);
    let group = stack.add("Endpoints", group);
    for Interface { logical_id, service, actions } in interfaces(environment) {
        let endpoint = VPCEndpoint::new(vpc)
            .vpc_endpoint_type(VPCEndpointVpcEndpointType::Interface)
            .service_name(sub!("com.amazonaws.{}.{}", aws::region(), service))
            .private_dns_enabled(true)
            .subnet_ids(subnets)
            .security_group_ids([group.id()])
            .policy_document([by_this_account(&format!("{actions}:*"))]);
        stack.add(&format!("{logical_id}Endpoint"), endpoint);
    }
}

/// Lets whoever belongs to this account do what IAM lets them do.
fn by_this_account(actions: &str) -> policy::Statement<ResourcePolicy> {
    policy::allow([actions])
        .on_any()
        .principal(policy::anyone())
        .when(policy::string_equals("aws:PrincipalAccount", [aws::account_id()]))
}

/// An outbound rule that leads nowhere.
fn nowhere() -> resources::ec2::Egress {
    resources::ec2::Egress::new("icmp").from_port(252).to_port(86).cidr_ip("255.255.255.255/32").description("Nowhere")
}
