//! Lets the instances of fleets reach what they call, and nothing reach them.

mod default_group;
mod endpoints;
mod flow_log;
mod subnets;

pub use endpoints::agent_buckets;
use resources::ec2::{Egress as Outbound, SecurityGroup, SecurityGroupRef, VPC};
use resources::{Tag, kind};
use template::{Assume, Id, Stack, Value};

use crate::deployer::Bounds;
use crate::environment::{Egress, Environment, ExistingNetwork, FleetKind, Network as Settings, OwnNetwork};
use crate::keys::Keys;

/// Where the instances of fleets are.
#[derive(Clone, Debug)]
pub struct Network {
    /// The subnets, in several Availability Zones.
    pub subnets: Vec<Value<Id<kind::ec2::Subnet>>>,
    /// The security groups of the instances.
    pub security_groups: Vec<Value<Id<kind::ec2::SecurityGroup>>>,
    /// Whether instances need public addresses; where absent, that is the subnets' own affair.
    pub public_addresses: Option<bool>,
}

/// Takes a network that is there and lacks nothing, for which there is no stack.
pub fn existing(settings: &Settings) -> Option<Network> {
    match settings {
        Settings::Existing(network) if !network.security_groups.is_empty() => Some(network.as_it_is()),
        _ => None,
    }
}

/// Declares the stack.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    settings: &Settings,
    keys: &Keys,
    bounds: &Bounds,
) -> Network {
    match settings {
        Settings::Create(network) => create(stack, environment, network, keys, bounds),
        Settings::Existing(network) => {
            stack.description("The security group of the instances");
            let group = workers(stack, network.vpc.as_str().assume(), &[HTTPS, HTTP]);
            Network { security_groups: vec![group.id()], ..network.as_it_is() }
        }
    }
}

impl ExistingNetwork {
    fn as_it_is(&self) -> Network {
        Network {
            subnets: self.subnets.iter().map(|id| id.as_str().assume()).collect(),
            security_groups: self.security_groups.iter().map(|id| id.as_str().assume()).collect(),
            public_addresses: None,
        }
    }
}

fn create(stack: &mut Stack, environment: &Environment, network: &OwnNetwork, keys: &Keys, bounds: &Bounds) -> Network {
    stack.description("The network of the instances");
    let vpc = VPC::new()
        .cidr_block(network.addresses.as_str())
        .enable_dns_support(true)
        .enable_dns_hostnames(true)
        .tags([named(environment, "")]);
    let vpc = stack.add("Network", vpc);
    default_group::close(stack, network, &vpc, keys, bounds);
    let vpc = vpc.id();
    flow_log::add(stack, environment, network, &vpc, keys, bounds);

    let (subnets, tables) = match network.egress {
        Egress::Public => subnets::public(stack, environment, network, &vpc),
        Egress::Nat => subnets::behind_nat(stack, environment, network, &vpc),
        Egress::Endpoints => subnets::isolated(stack, environment, network, &vpc),
    };
    endpoints::add_gateways(stack, &vpc, &tables);
    let group = match network.egress {
        // S3 and DynamoDB have no security group, so the rule names no destination; the routes leave no other.
        Egress::Endpoints => {
            let workers = workers(stack, vpc.clone(), &[HTTPS]);
            endpoints::add_interfaces(stack, environment, &vpc, &subnets, &workers);
            workers
        }
        Egress::Public | Egress::Nat => workers(stack, vpc, &[HTTPS, HTTP]),
    };
    Network { subnets, security_groups: vec![group.id()], public_addresses: Some(network.egress == Egress::Public) }
}

/// A port that instances may call, and what for.
type Port = (u32, &'static str);

const HTTPS: Port = (443, "AWS and package repositories, by HTTPS");
/// Packages are signed; the mirrors of Ubuntu know nothing else.
const HTTP: Port = (80, "Mirrors of package repositories, by HTTP");

/// Adds the security group of the instances, which nothing may enter.
fn workers(stack: &mut Stack, vpc: Value<Id<kind::ec2::VPC>>, ports: &[Port]) -> SecurityGroupRef {
    let outbound = ports.iter().map(|(port, description)| {
        Outbound::new("tcp").from_port(*port).to_port(*port).cidr_ip("0.0.0.0/0").description(*description)
    });
    let group = SecurityGroup::new("Instances of the fleets: nothing comes in, HTTP goes out")
        .vpc_id(vpc)
        .security_group_egress(outbound.collect::<Vec<_>>());
    stack.add("Workers", group)
}

/// Names a part of the network as consoles show it.
fn named(environment: &Environment, part: &str) -> Tag {
    let separator = if part.is_empty() { "" } else { "-" };
    Tag::new("Name", format!("{}-{}{separator}{part}", environment.app, environment.name))
}

/// Whether subnets give public addresses to what starts in them. An Auto Scaling group's launch template does so itself;
/// a Spot Fleet ignores what a launch template says of network interfaces where it chooses among subnets.
fn subnets_give_addresses(environment: &Environment, network: &OwnNetwork) -> bool {
    network.egress == Egress::Public && environment.fleet.kind == FleetKind::SpotFleet
}
