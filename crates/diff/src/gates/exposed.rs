//! What is exposed as it is made: databases, and entries of network access control lists.

use tree::{Node, Tree};

use super::branches::worlds;
use super::cidr::Range;
use super::finding::Finding;
use super::permissions::text::{Holes, Names, Reader};
use super::side::{Resource, Side};
use crate::Path;

/// Lists databases that are public or not encrypted from the start.
pub(crate) fn databases(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resource in new.resources.iter().filter(|resource| old.same(&resource.id).is_none()) {
        if !matches!(resource.kind, "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster") {
            continue;
        }
        for (property, value, kind, words) in [
            (
                "PubliclyAccessible",
                true,
                "public-endpoint",
                "it has a public address; its security groups alone decide who reaches it",
            ),
            ("StorageEncrypted", false, "storage-not-encrypted", "its data is not encrypted at rest"),
        ] {
            let Some(tree) = resource.property([property]) else { continue };
            if worlds(tree).iter().any(|(_, tree)| is(tree, value)) {
                let place = resource.place(Path::of(["Properties", property]), tree.origin);
                findings.push(Finding::new(kind, place, format!("the new database {}: {words}", resource.id.logical)));
            }
        }
    }
    findings
}

fn is(tree: &Tree, value: bool) -> bool {
    match &tree.node {
        Node::Bool(own) => *own == value,
        Node::String(own) => own.eq_ignore_ascii_case(if value { "true" } else { "false" }),
        _ => false,
    }
}

/// An entry of a network access control list that lets in every address.
struct Entry {
    list: String,
    /// `-1` is every protocol.
    protocol: String,
    /// First and last port; nothing for every port.
    ports: Option<(i64, i64)>,
}

impl Entry {
    fn covers(&self, other: &Self) -> bool {
        let ports = match (self.ports, other.ports) {
            (None, _) => true,
            (Some(own), Some(ports)) => own.0 <= ports.0 && ports.1 <= own.1,
            (Some(_), None) => false,
        };
        let protocol = self.protocol == "-1" || self.protocol == other.protocol;
        self.list == other.list && protocol && ports
    }
}

/// Lists entries of network access control lists that let in every address, where none did before.
///
/// Entries that deny are left out of account: which one decides depends on all their numbers.
pub(crate) fn network_lists(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    let holes = Holes::default();
    let (mut old_names, mut new_names) = (Names::new(), Names::new());
    let mut was = Reader::new(old, &holes, &mut old_names);
    let known: Vec<Entry> = old.resources.iter().filter_map(|resource| entry(&mut was, resource)).collect();
    let mut is = Reader::new(new, &holes, &mut new_names);
    let mut findings = Vec::new();
    for resource in &new.resources {
        let Some(own) = entry(&mut is, resource) else { continue };
        if known.iter().any(|known| known.covers(&own)) {
            continue;
        }
        let list = is.names.get(&own.list).map_or_else(|| holes.show(&own.list), |id| id.logical.clone());
        let message = format!(
            "{}: traffic from every address may enter the subnets of the network access control list {list}, as far as \
             security groups let it; before no entry of the list let it in",
            resource.id.logical
        );
        let place = resource.place(Path::of(["Properties"]), resource.origin);
        findings.push(Finding::new("network-acl-opened", place, message));
    }
    findings
}

fn entry(reader: &mut Reader<'_, '_>, resource: &Resource<'_>) -> Option<Entry> {
    if resource.kind != "AWS::EC2::NetworkAclEntry" {
        return None;
    }
    let mut text = |keys: &[&str]| {
        resource.property(keys.iter().copied()).map(|tree| reader.text(resource.stack, tree)).unwrap_or_default()
    };
    let allows = text(&["RuleAction"]).eq_ignore_ascii_case("allow");
    let leaves = text(&["Egress"]).eq_ignore_ascii_case("true");
    let ranges = [text(&["CidrBlock"]), text(&["Ipv6CidrBlock"])];
    let is_everybody = |range: &String| Range::parse(range).is_some_and(|range| range == Range::everything(range.v6));
    if !allows || leaves || !ranges.iter().any(is_everybody) {
        return None;
    }
    let port = |text: String| text.parse::<i64>().ok();
    let ports = port(text(&["PortRange", "From"])).zip(port(text(&["PortRange", "To"])));
    Some(Entry { list: text(&["NetworkAclId"]), protocol: text(&["Protocol"]), ports })
}
