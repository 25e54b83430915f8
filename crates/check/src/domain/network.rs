//! Networks: addresses, endpoints and routes.

use std::net::Ipv4Addr;

use tree::{Finding, Tree};

use super::Shared;
use super::network_rules::{CIDR, ENDPOINT, GATEWAY, OVERLAP, PORTS, PRIVATE_DNS, ROUTE};
use crate::look::{Hole, Part, Resource, Target, View};
use crate::words::quoted;

/// A block of addresses.
#[derive(Clone, Copy)]
struct Block {
    first: u32,
    bits: u32,
}

impl Block {
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
        let address: Ipv4Addr = address.parse().ok()?;
        Some(Self { first: u32::from(address) & mask(bits), bits })
    }

    fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && other.first & mask(self.bits) == self.first
    }

    fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

/// Checks a network's own block.
pub(super) fn vpc(vpc: &Resource<'_>, findings: &mut Vec<Finding>) {
    size(vpc.at("CidrBlock"), findings);
}

/// Reads a block, and reports one that is none or has another size than networks and subnets may have.
fn size(view: View<'_>, findings: &mut Vec<Finding>) -> Option<Block> {
    let text = view.text()?;
    let Some(block) = Block::read(&text) else {
        let message = format!("{} is no block of IPv4 addresses", quoted(&text));
        findings.push(
            view.finding(&CIDR, message).hint("write an address and the number of its fixed bits: `10.0.0.0/16`"),
        );
        return None;
    };
    if !(16..=28).contains(&block.bits) {
        let message = format!("the block is {}, but must be from /16 to /28", quoted(&text));
        findings.push(view.finding(&CIDR, message));
    }
    Some(block)
}

/// Checks a subnet, its place in the network and its neighbours.
pub(super) fn subnet(shared: &Shared<'_>, subnet: &Resource<'_>, findings: &mut Vec<Finding>) {
    let view = subnet.at("CidrBlock");
    let Some(block) = size(view, findings) else { return };
    let Some(Target { resource: vpc, .. }) = subnet.at("VpcId").target() else { return };
    let whole = vpc.at("CidrBlock").text().and_then(|text| Block::read(&text));
    let has_more = shared.of_type(subnet, "AWS::EC2::VPCCidrBlock").next().is_some();
    if let Some(whole) = whole.filter(|whole| !whole.contains(block) && !has_more) {
        let outside = Ipv4Addr::from(whole.first);
        let message = format!(
            "{} is not within {outside}/{}, the block of `{}`",
            quoted(&view.text().unwrap_or_default()),
            whole.bits,
            vpc.id
        );
        findings.push(view.finding(&CIDR, message));
    }
    // Each pair is told of once: at the second subnet of the template.
    for other in shared.of_type(subnet, "AWS::EC2::Subnet").take_while(|other| !std::ptr::eq(other.id, subnet.id)) {
        let is_sibling = other.at("VpcId").target().is_some_and(|target| target.is_same(&vpc));
        let theirs = other.at("CidrBlock").text().and_then(|text| Block::read(&text));
        let is_certain = other.view.get("Condition").is_absent();
        if is_sibling && is_certain && theirs.is_some_and(|theirs| theirs.overlaps(block)) {
            let message = format!(
                "{} overlaps with {} of subnet `{}`",
                quoted(&view.text().unwrap_or_default()),
                quoted(&other.at("CidrBlock").text().unwrap_or_default()),
                other.id
            );
            findings.push(view.finding(&OVERLAP, message));
        }
    }
}

/// Returns the last words of an endpoint's service, such as `s3` or `ecr.api`, if that is known.
fn service(endpoint: &Resource<'_>) -> Option<String> {
    let mut text = String::new();
    for part in endpoint.at("ServiceName").parts() {
        match part {
            Part::Text(part) => text.push_str(&part),
            Part::Hole(Hole::Ref("AWS::Region")) => text.push_str("<region>"),
            Part::Hole(_) => return None,
        }
    }
    let rest = text.strip_prefix("com.amazonaws.")?;
    rest.split_once('.').map(|(_, service)| service.to_owned())
}

/// Checks an endpoint.
pub(super) fn endpoint(shared: &Shared<'_>, endpoint: &Resource<'_>, findings: &mut Vec<Finding>) {
    let kind = endpoint.at("VpcEndpointType");
    let is_gateway = kind.is_absent() || kind.is("Gateway");
    let name = service(endpoint);
    let place = endpoint.at("ServiceName");
    if !kind.is_unknown() && is_gateway {
        if let Some(name) = name.as_ref().filter(|name| !["dynamodb", "s3"].contains(&name.as_str())) {
            let message = format!("there is no gateway to {}, only to S3 and DynamoDB", quoted(name));
            findings.push(place.finding(&ENDPOINT, message).hint("set `\"VpcEndpointType\": \"Interface\"`"));
        }
        for key in ["PrivateDnsEnabled", "SecurityGroupIds", "SubnetIds"] {
            let view = endpoint.at(key);
            if !view.is_absent() && view.flag() != Some(false) {
                let message = format!("a gateway takes no `{key}`");
                findings.push(view.finding(&ENDPOINT, message).hint("leave it out, or make the endpoint an interface"));
            }
        }
        if endpoint.properties.is_closed() && endpoint.at("RouteTableIds").is_absent() {
            let message = "the gateway is in no route table, so nothing goes through it";
            findings.push(
                endpoint.finding(&ENDPOINT, message).hint("name the route tables of the subnets in `RouteTableIds`"),
            );
        }
        return;
    }
    if !kind.is("Interface") {
        return;
    }
    if endpoint.properties.is_closed() && endpoint.at("SubnetIds").is_absent() {
        let message = "the interface is in no subnet, so nobody reaches it";
        findings.push(endpoint.finding(&ENDPOINT, message).hint("name a subnet of each zone in `SubnetIds`"));
    }
    if endpoint.at("PrivateDnsEnabled").flag() == Some(true) {
        private_dns(shared, endpoint, name.as_deref(), findings);
    }
}

fn private_dns(shared: &Shared<'_>, endpoint: &Resource<'_>, name: Option<&str>, findings: &mut Vec<Finding>) {
    let place = endpoint.at("PrivateDnsEnabled");
    let Some(Target { resource: vpc, .. }) = endpoint.at("VpcId").target() else { return };
    if vpc.type_name != "AWS::EC2::VPC" {
        return;
    }
    // Support is on if nothing is said, names are off.
    for (key, fallback) in [("EnableDnsSupport", true), ("EnableDnsHostnames", false)] {
        let view = vpc.at(key);
        let flag = if view.is_absent() { Some(fallback) } else { view.flag() };
        if flag == Some(false) && vpc.properties.is_closed() {
            let message = format!("`PrivateDnsEnabled` is `true`, but needs `{key}` of VPC `{}`, which is off", vpc.id);
            findings.push(place.finding(&PRIVATE_DNS, message).hint(format!("set `\"{key}\": true` there")));
        }
    }
    let Some(name) = name else { return };
    for other in
        shared.of_type(endpoint, "AWS::EC2::VPCEndpoint").take_while(|other| !std::ptr::eq(other.id, endpoint.id))
    {
        let is_sibling = other.at("VpcId").target().is_some_and(|target| target.is_same(&vpc));
        let is_private = other.at("PrivateDnsEnabled").flag() == Some(true) && other.view.get("Condition").is_absent();
        if is_sibling && is_private && service(&other).as_deref() == Some(name) {
            let message = format!(
                "`PrivateDnsEnabled` is `true`, but endpoint `{}` has the private DNS names of {} in this VPC already",
                other.id,
                quoted(name)
            );
            findings.push(
                place
                    .finding(&PRIVATE_DNS, message)
                    .hint("leave `PrivateDnsEnabled` on at one endpoint of a service in a VPC"),
            );
        }
    }
}

/// The ways by which a route may lead somewhere.
static WAYS: [&str; 9] = [
    "CarrierGatewayId",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
];

/// Checks a route.
pub(super) fn route(shared: &Shared<'_>, route: &Resource<'_>, findings: &mut Vec<Finding>) {
    let ways: Vec<&str> = WAYS.into_iter().filter(|way| !route.at(way).is_absent()).collect();
    if ways.len() > 1 {
        let message = format!("the route leads two ways: `{}` and `{}`", ways[0], ways[1]);
        findings.push(route.at(ways[1]).finding(&ROUTE, message).hint("keep one of them"));
    }
    let table = route.at("RouteTableId").target().map(|target| target.resource);
    let destination = ["DestinationCidrBlock", "DestinationIpv6CidrBlock"].map(|key| route.at(key));
    let Some(text) = destination.iter().find_map(|view| view.text()) else { return };
    if let Some(table) = table {
        for other in shared.of_type(route, "AWS::EC2::Route").take_while(|other| !std::ptr::eq(other.id, route.id)) {
            let is_same_table = other.at("RouteTableId").target().is_some_and(|target| target.is_same(&table));
            let is_same =
                ["DestinationCidrBlock", "DestinationIpv6CidrBlock"].iter().any(|key| other.at(key).is(&text));
            if is_same_table && is_same && [&other, route].iter().all(|one| one.view.get("Condition").is_absent()) {
                let message = format!("table `{}` has a route to {} already: `{}`", table.id, quoted(&text), other.id);
                findings.push(route.finding(&ROUTE, message));
            }
        }
    }
    gateway(shared, route, findings);
}

/// Reports a route that may be made before its gateway belongs to the network.
fn gateway(shared: &Shared<'_>, route: &Resource<'_>, findings: &mut Vec<Finding>) {
    let place = route.at("GatewayId");
    let Some(Target { resource: gateway, .. }) = place.target() else { return };
    if gateway.type_name != "AWS::EC2::InternetGateway" {
        return;
    }
    let mut attachments = shared
        .of_type(route, "AWS::EC2::VPCGatewayAttachment")
        .filter(|one| one.at("InternetGatewayId").target().is_some_and(|target| target.is_same(&gateway)));
    let Some(attachment) = attachments.next() else { return };
    let waits = route.view.get("DependsOn").one_or_more();
    if !waits.iter().any(|view| view.literal() == Some(attachment.id)) {
        let message =
            format!("the route may be made before `{}` attaches `{}` to the network", attachment.id, gateway.id);
        findings.push(
            place.finding(&GATEWAY, message).hint(format!("add `\"DependsOn\": \"{}\"` to the route", attachment.id)),
        );
    }
}

/// Checks the rules of a security group.
pub(super) fn security_group(group: &Resource<'_>, findings: &mut Vec<Finding>) {
    for key in ["SecurityGroupEgress", "SecurityGroupIngress"] {
        for rule in group.at(key).items() {
            ports(rule, findings);
        }
    }
}

/// Checks a rule of its own.
pub(super) fn security_rule(rule: &Resource<'_>, findings: &mut Vec<Finding>) {
    ports(rule.properties, findings);
}

fn ports(rule: View<'_>, findings: &mut Vec<Finding>) {
    let (from, to) = (rule.get("FromPort"), rule.get("ToPort"));
    let is_of_ports =
        rule.get("IpProtocol").text().is_some_and(|text| ["tcp", "udp", "6", "17"].contains(&text.as_ref()));
    if !is_of_ports {
        return;
    }
    if let (Some(first), Some(last)) = (from.integer(), to.integer())
        && first > last
    {
        findings.push(from.finding(&PORTS, format!("`FromPort` is {first}, but `ToPort` is {last}")));
    }
    if rule.is_closed() && (from.is_absent() || to.is_absent()) {
        let key = if from.is_absent() { "FromPort" } else { "ToPort" };
        let protocol = rule.known().and_then(|tree| tree.get("IpProtocol")).and_then(Tree::as_str).unwrap_or("tcp");
        let message = format!("a rule about {} has no `{key}`", quoted(protocol));
        findings.push(rule.finding(&PORTS, message).hint("say from which port to which"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_contain_and_overlap() {
        let block = |text| Block::read(text).unwrap();
        assert!(block("10.0.0.0/16").contains(block("10.0.255.0/24")));
        assert!(!block("10.0.0.0/16").contains(block("10.1.0.0/24")));
        assert!(block("10.0.0.0/20").overlaps(block("10.0.15.0/24")));
        assert!(!block("10.0.0.0/20").overlaps(block("10.0.16.0/20")));
        assert!(block("0.0.0.0/0").contains(block("192.168.0.0/16")));
        assert!(Block::read("10.0.0.0/33").is_none());
    }
}
