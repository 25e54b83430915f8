//! The log of the network's traffic.

use documents::iam as policy;
use resources::ec2::{FlowLog, FlowLogDestinationType, FlowLogResourceType, FlowLogTrafficType};
use resources::kind;
use template::{Id, Stack, Value};

use crate::deployer::Bounds;
use crate::environment::{Environment, OwnNetwork};
use crate::identity::{self, trusted_service};
use crate::keys::Keys;
use crate::logs;

/// Over how many seconds the packets of a connection are counted together: the longest, which is the cheapest.
const AGGREGATION_SECONDS: u32 = 600;

/// Adds the log, and lets the network write it.
pub(super) fn add(
    stack: &mut Stack,
    environment: &Environment,
    network: &OwnNetwork,
    vpc: &Value<Id<kind::ec2::VPC>>,
    keys: &Keys,
    bounds: &Bounds,
) {
    let name = format!("/{}/{}/network", environment.app, environment.name);
    let log = logs::add(stack, keys, "TrafficLog", Some(name), network.flow_log_retention_days);
    let role = stack.add("TrafficLogRole", bounds.role(trusted_service("vpc-flow-logs.amazonaws.com")));
    let write = policy::allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]).on([log.arn()]);
    identity::grant(stack, &role.name(), "TrafficIsLogged", write);
    let traffic = FlowLog::new(vpc, FlowLogResourceType::Vpc)
        .traffic_type(FlowLogTrafficType::All)
        .log_destination_type(FlowLogDestinationType::CloudWatchLogs)
        .log_group_name(log.name())
        .deliver_logs_permission_arn(role.arn())
        .max_aggregation_interval(AGGREGATION_SECONDS);
    stack.add("Traffic", traffic);
}
