//! Subnets, one of a kind in each zone, and the ways out of them.
//!
//! The network's addresses are cut into 16: public subnets take the first of them, private ones begin with the ninth, so
//! that another way out moves no subnet.

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

/// The first of the sixteenths of each kind of subnet.
const FIRST_PUBLIC: u32 = 0;
const FIRST_PRIVATE: u32 = 8;

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
    for ((index, zone), public) in (0..).zip(&network.zones).zip(&public) {
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
        subnets.push(place.subnet(stack, "Private", FIRST_PRIVATE + index, zone, false, &table).id());
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
    let zones = (FIRST_PRIVATE..).zip(&network.zones);
    let subnets = zones.map(|(index, zone)| place.subnet(stack, "Private", index, zone, false, &table).id()).collect();
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

        let zones = (FIRST_PUBLIC..).zip(&self.network.zones);
        let subnets = zones.map(|(index, zone)| self.subnet(stack, "Public", index, zone, give_addresses, &table));
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
        kind: &str,
        index: u32,
        zone: &Zone,
        give_addresses: bool,
        table: &RouteTableRef,
    ) -> SubnetRef {
        let letter = capital(zone);
        let subnet = Subnet::new(self.vpc)
            .availability_zone(sub!("{}{}", aws::region(), zone.as_str()))
            .cidr_block(self.network.addresses.sixteenth(index))
            .map_public_ip_on_launch(give_addresses)
            .tags([named(self.environment, &format!("{}-{zone}", kind.to_lowercase()))]);
        let subnet = stack.add(&format!("{kind}Subnet{letter}"), subnet);
        let routes = SubnetRouteTableAssociation::new(subnet.id(), table.id());
        stack.add(&format!("{kind}Subnet{letter}Routes"), routes);
        subnet
    }
}

fn capital(zone: &Zone) -> String {
    zone.as_str().to_ascii_uppercase()
}
