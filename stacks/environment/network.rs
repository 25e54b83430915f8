//! The network of the fleets.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::{Problem, log_retention};
use super::text::{AddressBlock, SecurityGroupId, SubnetId, VpcId, Zone};

/// The network of the fleets: one of their own, or one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// The stacks make it.
    Create(OwnNetwork),
    /// It is there, and stays as it is.
    Existing(ExistingNetwork),
}

/// A network that the stacks make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnNetwork {
    /// Its addresses: a private block, such as `10.20.0.0/16`, of a size from `/16` to `/24`, or `/22` with endpoints. A
    /// sixteenth of it goes to each subnet. A change replaces the network.
    pub addresses: AddressBlock,
    /// The Availability Zones with a subnet each, by their last letters: two or three that offer the instance types,
    /// from a to h.
    #[schemars(length(min = 2, max = 3))]
    pub zones: Vec<Zone>,
    /// How the instances reach AWS and the rest of the world. Nothing reaches them in any case.
    pub egress: Egress,
    /// How long the log of the network's traffic lives, in days, out of those that CloudWatch Logs offers.
    #[serde(default = "a_month")]
    pub flow_log_retention_days: u32,
}

/// How instances reach AWS and the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// By public addresses of their own, and an internet gateway: costs nothing while nothing runs.
    Public,
    /// From private subnets, by one NAT gateway in each zone: costs by the hour and by the byte.
    Nat,
    /// By endpoints of the services that they call, and in no other way: costs by the hour for each service and zone.
    Endpoints,
}

/// A network that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistingNetwork {
    /// The VPC.
    pub vpc: VpcId,
    /// The subnets, in two Availability Zones or more. Instances must reach the services that they call from there.
    #[schemars(length(min = 1, max = 32))]
    pub subnets: Vec<SubnetId>,
    /// The security groups of the instances, which need no inbound rule; one is made where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub security_groups: Vec<SecurityGroupId>,
}

impl Network {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        match self {
            Self::Create(network) => network.problems(problems),
            Self::Existing(network) => network.problems(problems),
        }
    }
}

impl OwnNetwork {
    fn problems(&self, problems: &mut Vec<Problem>) {
        let key = "network.create.addresses";
        let (first, length) = self.addresses.first_and_length();
        if !(16..=24).contains(&length) {
            let message = format!("{key} is `{}`; allowed: blocks from /16 to /24", self.addresses);
            problems.push(Problem { keys: vec![key], message, hint: None });
        }
        // Of what is left of a subnet of /28, each of the endpoints takes an address: nothing would be left for instances.
        if self.egress == Egress::Endpoints && length > 22 {
            let message = format!("{key} is `{}`; with endpoints, allowed: blocks from /16 to /22", self.addresses);
            problems.push(Problem { keys: vec![key, "network.create.egress"], message, hint: None });
        }
        // 100.64.0.0/10 is for networks like these too: "VPC CIDR blocks" in the VPC user guide.
        let shared = first.octets()[0] == 100 && (64..128).contains(&first.octets()[1]);
        if !first.is_private() && !shared {
            let message = format!("{key} is `{}`, which belongs to someone on the internet", self.addresses);
            let hint = Some("take a block out of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10".into());
            problems.push(Problem { keys: vec![key], message, hint });
        }
        let distinct: BTreeSet<_> = self.zones.iter().collect();
        if distinct.len() != self.zones.len() || !(2..=3).contains(&distinct.len()) {
            let message = "network.create.zones must name two or three zones, each once".into();
            problems.push(Problem { keys: vec!["network.create.zones"], message, hint: None });
        }
        log_retention(problems, "network.create.flow_log_retention_days", self.flow_log_retention_days);
    }
}

impl ExistingNetwork {
    fn problems(&self, problems: &mut Vec<Problem>) {
        let subnets: BTreeSet<_> = self.subnets.iter().collect();
        let groups: BTreeSet<_> = self.security_groups.iter().collect();
        let lists = [
            ("network.existing.subnets", self.subnets.len(), subnets.len(), 1..=32),
            ("network.existing.security_groups", self.security_groups.len(), groups.len(), 0..=16),
        ];
        for (key, length, distinct, allowed) in lists {
            if !allowed.contains(&length) || length != distinct {
                let (fewest, most) = (allowed.start(), allowed.end());
                let message = format!("{key} has {length} entries; allowed: {fewest} to {most}, each once");
                problems.push(Problem { keys: vec![key], message, hint: None });
            }
        }
    }

    /// Holds a network to several subnets, for fleets that look for instances in each.
    pub(super) fn must_span_zones(&self, problems: &mut Vec<Problem>) {
        if self.subnets.len() < 2 {
            let key = "network.existing.subnets";
            let message = format!("{key} has {} entries; a fleet of several instances needs two", self.subnets.len());
            let hint = Some("name one in each of two Availability Zones: one alone may have no instance left".into());
            problems.push(Problem { keys: vec![key], message, hint });
        }
    }
}

fn a_month() -> u32 {
    30
}
