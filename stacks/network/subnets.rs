//! Subnets, one of a kind in each zone, and the ways out of them.
//!
//! The network's addresses are cut into 16: the first eight are of the public subnets of zones a to h, the others of the
//! private ones. So neither another way out nor another zone moves a subnet.

use resources::ec2::{
    EIP, InternetGateway, InternetGatewayRef, NatGateway, Route, RouteTable, RouteTableRef, Subnet, SubnetRef,
    SubnetRouteTableAssociation, VPCGatewayAttachment, VPCGatewayAttachmentRef,
};
use resources::kind;
use template::{Declare, Id, Stack, Value, aws, sub};

use super::{named, subnets_give_addresses};
use crate::environment::{Environment, OwnNetwork, Zone};

/// Everywhere that no other route leads to.
const ANYWHERE: &str = "0.0.0.0/0";

/// A kind of subnet, and which of the sixteenths is that of zone a.
struct Kind {
    name: &'static str,
    first: u32,
}

const PUBLIC: Kind = Kind { name: "Public", first: 0 };
const PRIVATE: Kind = Kind { name: "Private", first: 8 };

/// The subnets of the instances, and the route tables of these.
type Subnets = (Vec<Value<Id<kind::ec2::Subnet>>>, Vec<RouteTableRef>);

/// What all of it belongs to.
struct Place<'a> {
    environment: &'a Environment,
    network: &'a OwnNetwork,
    vpc: &'a Value<Id<kind::ec2::VPC>>,
}

/// Adds subnets with a way to the internet, for instances with public addresses.
pub(super) fn public(
    stack: &mut Stack,
    environment: &Environment,
    network: &OwnNetwork,
    vpc: &Value<Id<kind::ec2::VPC>>,
) -> Subnets {
    let place = Place { environment, network, vpc };
    let (subnets, table, _) = place.public(stack, subnets_give_addresses(environment, network));
    (subnets.iter().map(SubnetRef::id).collect(), vec![table])
}

/// Adds private subnets, and in each zone a NAT gateway by which they reach the internet: a zone needs no other one.
pub(super) fn behind_nat(
    stack: &mut Stack,
    environment: &Environment,
    network: &OwnNetwork,
    vpc: &Value<Id<kind::ec2::VPC>>,
) -> Subnets {
    let place = Place { environment, network, vpc };
    let (public, _, attachment) = place.public(stack, false);
    let mut subnets = Vec::new();
    let mut tables = Vec::new();
    for (zone, public) in network.zones.iter().zip(&public) {
        let letter = capital(zone);
        // The address is of no use without the gateway to the internet.
        let address = EIP::new().domain("vpc").tags([named(environment, &format!("nat-{zone}"))]);
        let address = stack.add(&format!("NatAddress{letter}"), address.depends_on(&attachment));
        let gateway = NatGateway::new()
            .allocation_id(address.allocation_id())
            .subnet_id(public.id())
            .tags([named(environment, &format!("nat-{zone}"))]);
        let gateway = stack.add(&format!("NatGateway{letter}"), gateway);

        let table = place.table(stack, &format!("PrivateRoutes{letter}"), &format!("private-{zone}"));
        let out = Route::new(table.id()).destination_cidr_block(ANYWHERE).nat_gateway_id(gateway.id());
        stack.add(&format!("PrivateWayOut{letter}"), out);
        subnets.push(place.subnet(stack, &PRIVATE, zone, false, &table).id());
        tables.push(table);
    }
    (subnets, tables)
}

/// Adds private subnets with no way out.
pub(super) fn isolated(
    stack: &mut Stack,
    environment: &Environment,
    network: &OwnNetwork,
    vpc: &Value<Id<kind::ec2::VPC>>,
) -> Subnets {
    let place = Place { environment, network, vpc };
    let table = place.table(stack, "PrivateRoutes", "private");
    let zones = network.zones.iter();
    let subnets = zones.map(|zone| place.subnet(stack, &PRIVATE, zone, false, &table).id()).collect();
    (subnets, vec![table])
}

impl Place<'_> {
    /// Adds the gateway to the internet and the subnets with a way to it.
    fn public(
        &self,
        stack: &mut Stack,
        give_addresses: bool,
    ) -> (Vec<SubnetRef>, RouteTableRef, VPCGatewayAttachmentRef) {
        let internet = InternetGateway::new().tags([named(self.environment, "")]);
        let internet: InternetGatewayRef = stack.add("Internet", internet);
        let attachment = VPCGatewayAttachment::new(self.vpc).internet_gateway_id(internet.id());
        let attachment = stack.add("InternetAttachment", attachment);
        let table = self.table(stack, "PublicRoutes", "public");
        let out = Route::new(table.id()).destination_cidr_block(ANYWHERE).gateway_id(internet.id());
        stack.add("PublicWayOut", out.depends_on(&attachment));

        let zones = self.network.zones.iter();
        let subnets = zones.map(|zone| self.subnet(stack, &PUBLIC, zone, give_addresses, &table));
        let subnets = subnets.collect();
        (subnets, table, attachment)
    }

    fn table(&self, stack: &mut Stack, logical_id: &str, name: &str) -> RouteTableRef {
        stack.add(logical_id, RouteTable::new(self.vpc).tags([named(self.environment, name)]))
    }

    /// Adds a subnet of a kind in a zone, with its routes.
    fn subnet(
        &self,
        stack: &mut Stack,
        kind: &Kind,
        zone: &Zone,
        give_addresses: bool,
        table: &RouteTableRef,
    ) -> SubnetRef {
        let letter = capital(zone);
        let Kind { name, first } = kind;
        let subnet = Subnet::new(self.vpc)
            .availability_zone(sub!("{}{}", aws::region(), zone.as_str()))
            .cidr_block(self.network.addresses.sixteenth(first + zone.index()))
            .map_public_ip_on_launch(give_addresses)
            .tags([named(self.environment, &format!("{}-{zone}", name.to_lowercase()))]);
        let subnet = stack.add(&format!("{name}Subnet{letter}"), subnet);
        let routes = SubnetRouteTableAssociation::new(subnet.id(), table.id());
        stack.add(&format!("{name}Subnet{letter}Routes"), routes);
        subnet
    }
}

fn capital(zone: &Zone) -> String {
    zone.as_str().to_ascii_uppercase()
}
