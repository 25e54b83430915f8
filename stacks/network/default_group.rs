//! Closes the default security group, which every VPC comes with: whatever is in it by mistake reaches nothing.
//!
//! `CloudFormation` makes the group together with the VPC and has no way to change its rules, so a function does it once.

use documents::iam as policy;
use resources::ec2;
use resources::lambda::{Code, Function, FunctionArchitecture, FunctionRuntime, LoggingConfig};
use template::{Declare, Raw, Stack, aws, sub};

use crate::deployer::Bounds;
use crate::environment::OwnNetwork;
use crate::identity;
use crate::keys::Keys;
use crate::logs;

/// How long closing the group may take, in seconds: its role's policy may take a moment to take effect.
const CLOSING_SECONDS: u32 = 120;

/// Adds the function, and has it called when the network is made.
pub(super) fn close(stack: &mut Stack, network: &OwnNetwork, vpc: &ec2::VPCRef, keys: &Keys, bounds: &Bounds) {
    let log = logs::add(stack, keys, "DefaultGroupLog", None, network.flow_log_retention_days);
    let role = bounds.role(policy::trust(policy::service("lambda.amazonaws.com")));
    let role = stack.add("DefaultGroupRole", role);
    let group = vpc.default_security_group();
    let (partition, region, account) = (aws::partition(), aws::region(), aws::account_id());
    let arn = sub!("arn:{}:ec2:{}:{}:security-group/{}", partition, region, account, &group);
    let revoke = policy::allow(["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]).on([arn]);
    // This one knows no resources.
    let look = policy::allow(["ec2:DescribeSecurityGroupRules"]).on_any();
    let write = policy::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on([log.arn()]);
    let grant = identity::grant(stack, &role.name(), "DefaultGroupIsClosed", [revoke, look, write]);

    let code = Code::new().zip_file(include_str!("../../assets/close_default_group.py"));
    let function = Function::new(role.arn(), code)
        .description("Takes all rules from the default security group")
        .runtime(FunctionRuntime::Python3_14)
        .architectures([FunctionArchitecture::Arm64])
        .handler("index.handler")
        .timeout(CLOSING_SECONDS)
        .logging_config(LoggingConfig::new().log_group(log.name()));
    let function = function.accept(
        "security/concurrency",
        "CloudFormation calls it once for each deployment that changes it; what is reserved is taken from the account's others",
    );
    let function = stack.add("DefaultGroupFunction", function);
    let closed = Raw::new("Custom::ClosedSecurityGroup")
        .value("ServiceToken", function.arn())
        .property("ServiceTimeout", CLOSING_SECONDS + 60)
        .value("GroupId", group);
    stack.add("DefaultGroup", closed.depends_on(&grant));
}
