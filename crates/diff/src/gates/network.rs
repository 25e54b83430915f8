//! Which traffic security groups let through, by arithmetic on addresses and ports.

use std::collections::{BTreeMap, BTreeSet};

use tree::Tree;

use super::branches::worlds;
use super::cidr::{Range, uncovered};
use super::finding::Finding;
use super::permissions::text::{Holes, Names, Reader};
use super::side::{Place, Resource, Side};
use crate::Path;

/// One rule of a security group.
#[derive(Clone, Debug)]
struct Rule {
    inbound: bool,
    /// In small letters; `-1` is every protocol.
    protocol: String,
    /// First and last port, or type and code of ICMP.
    ports: (i64, i64),
    peer: Peer,
    place: Place,
}

/// Who is on the other side.
#[derive(Clone, Debug, PartialEq)]
enum Peer {
    Addresses(Range),
    /// Another group, a prefix list, or addresses that are not known before deployment.
    Named(String),
}

/// The rules of a security group.
#[derive(Debug, Default)]
struct Group {
    name: String,
    rules: Vec<Rule>,
    declared: Option<Place>,
}

/// A group with more rules than this is compared rule by rule: the quota is 60, and 1,000 at most.
const MOST: usize = 500;

const EVERY_PORT: (i64, i64) = (-1, 65_535);

/// Lists traffic that is let through now and was not before.
pub(crate) fn opened(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    let holes = Holes::default();
    let before = groups(old, &holes);
    let now = groups(new, &holes);
    let mut findings = Vec::new();
    for (key, group) in &now {
        let is_new = !before.contains_key(key) && group.declared.is_some();
        let known: &[Rule] = before.get(key).map(|group| group.rules.as_slice()).unwrap_or_default();
        let same: BTreeSet<String> = known.iter().map(Rule::identity).collect();
        for rule in &group.rules {
            if same.contains(&rule.identity()) {
                continue;
            }
            // A new group opens nothing that was there, unless it lets in everybody.
            let from_anywhere = matches!(&rule.peer, Peer::Addresses(range) if *range == Range::everything(range.v6));
            if is_new && !(rule.inbound && from_anywhere) {
                continue;
            }
            let known = if known.len() > MOST { &[] } else { known };
            if let Some(opening) = rule.beyond(known) {
                findings.push(finding(&group.name, rule, &opening, known, &holes));
            }
        }
    }
    findings
}

fn finding(group: &str, rule: &Rule, opening: &Peer, known: &[Rule], holes: &Holes) -> Finding {
    let (what, ports) = (rule.traffic(), opening.show(holes));
    let message = if rule.inbound {
        format!("{what} from {ports} may now reach what is in the security group {group}")
    } else {
        format!("what is in the security group {group} may now send {what} to {ports}")
    };
    let same_way = || known.iter().filter(|old| old.inbound == rule.inbound);
    let before: Vec<String> =
        same_way().take(4).map(|old| format!("{} of {}", old.traffic(), old.peer.show(holes))).collect();
    let was = if before.is_empty() { "nothing".to_owned() } else { before.join(", ") };
    let kind = if rule.inbound { "ingress-opened" } else { "egress-opened" };
    let now = format!("{what} of {}", rule.peer.show(holes));
    Finding {
        was: Some(was.clone()),
        now: Some(now),
        ..Finding::new(kind, rule.place.clone(), format!("{message}; before {was}"))
    }
}

impl Rule {
    /// Gives a part of what this rule lets through that none of the others does.
    fn beyond(&self, known: &[Self]) -> Option<Peer> {
        let near: Vec<&Self> =
            known.iter().filter(|old| old.inbound == self.inbound && old.covers_protocol(self)).collect();
        // Between these ports all rules say the same.
        let mut cuts: Vec<i64> = near.iter().flat_map(|old| [old.ports.0, old.ports.1 + 1]).collect();
        cuts.push(self.ports.0);
        cuts.retain(|port| (self.ports.0..=self.ports.1).contains(port));
        cuts.sort_unstable();
        cuts.dedup();
        cuts.into_iter().find_map(|port| {
            let here = || near.iter().filter(|old| (old.ports.0..=old.ports.1).contains(&port));
            match &self.peer {
                Peer::Named(_) => here().all(|old| old.peer != self.peer).then(|| self.peer.clone()),
                Peer::Addresses(range) => {
                    let ranges: Vec<Range> = here()
                        .filter_map(|old| match old.peer {
                            Peer::Addresses(range) => Some(range),
                            Peer::Named(_) => None,
                        })
                        .collect();
                    (!uncovered(*range, &ranges).is_empty()).then(|| self.peer.clone())
                }
            }
        })
    }

    fn identity(&self) -> String {
        format!("{} {} {:?} {:?}", self.inbound, self.protocol, self.ports, self.peer)
    }

    fn covers_protocol(&self, other: &Self) -> bool {
        self.protocol == "-1" || self.protocol == other.protocol
    }

    fn traffic(&self) -> String {
        let protocol = match self.protocol.as_str() {
            "-1" => return "all traffic".to_owned(),
            "6" => "TCP".to_owned(),
            "17" => "UDP".to_owned(),
            "1" => "ICMP".to_owned(),
            other => format!("protocol {other}"),
        };
        match self.ports {
            EVERY_PORT => protocol,
            (first, last) if first == last => format!("{protocol} {first}"),
            (first, last) => format!("{protocol} {first}–{last}"),
        }
    }
}

impl Peer {
    fn show(&self, holes: &Holes) -> String {
        match self {
            Self::Addresses(range) if *range == Range::everything(range.v6) => {
                if range.v6 { "any IPv6 address" } else { "any IPv4 address" }.to_owned()
            }
            Self::Addresses(range) => range.to_string(),
            Self::Named(name) => holes.show(name),
        }
    }
}

fn groups(side: &Side<'_>, holes: &Holes) -> BTreeMap<String, Group> {
    let mut names = Names::new();
    let mut reader = Reader::new(side, holes, &mut names);
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let declared = || side.resources.iter().filter(|resource| resource.kind == "AWS::EC2::SecurityGroup");
    for resource in declared() {
        let group = groups.entry(key(resource)).or_default();
        group.name.clone_from(&resource.id.logical);
        group.declared = Some(resource.place(Path::of(["Properties"]), resource.origin));
        let mut rules = inline(&mut reader, resource, "SecurityGroupIngress", true);
        rules.extend(inline(&mut reader, resource, "SecurityGroupEgress", false));
        group.rules = rules;
    }
    for resource in &side.resources {
        let inbound = match resource.kind {
            "AWS::EC2::SecurityGroupIngress" => true,
            "AWS::EC2::SecurityGroupEgress" => false,
            _ => continue,
        };
        let Some(properties) = resource.tree.get("Properties") else { continue };
        let group = ["GroupId", "GroupName"].into_iter().find_map(|name| properties.get(name));
        let Some(group) = group.map(|group| reader.text(resource.stack, group)) else { continue };
        let key = reader.names.get(&group).map_or_else(|| group.clone(), |id| format!("{}/{}", id.stack, id.logical));
        let path = Path::of(["Properties"]);
        let rules = rules(&mut reader, resource, properties, &path, inbound);
        let entry = groups.entry(key).or_default();
        if entry.name.is_empty() {
            entry.name = reader.holes.show(&group);
        }
        entry.rules.extend(rules);
    }
    for group in groups.values_mut() {
        // A group that says nothing of what leaves it lets everything out.
        if let Some(place) = &group.declared
            && group.rules.iter().all(|rule| rule.inbound)
        {
            for v6 in [false, true] {
                let (protocol, peer) = ("-1".to_owned(), Peer::Addresses(Range::everything(v6)));
                group.rules.push(Rule { inbound: false, protocol, ports: EVERY_PORT, peer, place: place.clone() });
            }
        }
    }
    groups
}

fn key(resource: &Resource<'_>) -> String {
    format!("{}/{}", resource.id.stack, resource.id.logical)
}

fn inline(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, property: &str, inbound: bool) -> Vec<Rule> {
    let mut all = Vec::new();
    for (_, list) in resource.property([property]).map(worlds).unwrap_or_default() {
        for (index, item) in list.as_list().unwrap_or_default().iter().enumerate() {
            let path = Path::of(["Properties", property]).index(index);
            all.extend(rules(reader, resource, item, &path, inbound));
        }
    }
    all
}

fn rules(reader: &mut Reader<'_, '_>, resource: &Resource<'_>, tree: &Tree, path: &Path, inbound: bool) -> Vec<Rule> {
    let mut text = |name: &str| tree.get(name).map(|value| reader.text(resource.stack, value));
    let protocol = match text("IpProtocol").unwrap_or_else(|| "-1".to_owned()).to_ascii_lowercase().as_str() {
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmp" => "1".to_owned(),
        "icmpv6" => "58".to_owned(),
        other => other.to_owned(),
    };
    let mut port = |name: &str| text(name).and_then(|port| port.parse::<i64>().ok()).map(|port| port.clamp(-1, 65_535));
    let ports = match (port("FromPort"), port("ToPort")) {
        _ if protocol == "-1" => EVERY_PORT,
        (Some(-1), _) | (None, None) => EVERY_PORT,
        (Some(first), last) => (first, last.filter(|last| *last >= first).unwrap_or(first)),
        (None, Some(last)) => (-1, last),
    };
    let peers = [
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "SourcePrefixListId",
        "DestinationSecurityGroupId",
        "DestinationPrefixListId",
    ];
    let place = resource.place(path.clone(), tree.origin);
    peers
        .into_iter()
        .filter_map(text)
        .map(|peer| {
            let peer = Range::parse(&peer).map_or(Peer::Named(peer), Peer::Addresses);
            Rule { inbound, protocol: protocol.clone(), ports, peer, place: place.clone() }
        })
        .collect()
}
