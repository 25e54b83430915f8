//! Resources that are a protection themselves, and what is open from the moment it is made.

use std::collections::BTreeMap;

use tree::Tree;

use super::finding::Finding;
use super::side::{Id, Place, Resource, Side, section};
use crate::{Path, Template};

/// What is lost with a resource of these types.
const GUARDS: &[(&str, &str, &str)] = &[
    ("AWS::AccessAnalyzer::Analyzer", "analyzer-removed", "nobody looks for what is open to other accounts"),
    ("AWS::CloudTrail::Trail", "trail-removed", "what is done in the account is not recorded by it any more"),
    ("AWS::Config::ConfigRule", "rule-removed", "resources are not judged by it any more"),
    ("AWS::Config::ConfigurationRecorder", "recorder-removed", "changes of resources are not recorded any more"),
    ("AWS::EC2::FlowLog", "flow-log-removed", "traffic of its network is not recorded any more"),
    ("AWS::GuardDuty::Detector", "detector-removed", "nobody looks for intruders"),
    ("AWS::Macie::Session", "detector-removed", "nobody looks for sensitive data in buckets"),
    ("AWS::SecretsManager::RotationSchedule", "rotation-removed", "the secret stays the same"),
    ("AWS::SecurityHub::Hub", "hub-removed", "findings are not collected any more"),
    ("AWS::WAFv2::WebACLAssociation", "firewall-removed", "no web application firewall looks at requests any more"),
];

/// What goes with a resource of these types, of data.
const BACKUPS: &[(&str, &str, &str)] = &[
    ("AWS::Backup::BackupPlan", "backups-removed", "no backups are made by it any more"),
    ("AWS::Backup::BackupSelection", "backups-removed", "what it selected is not backed up any more"),
    ("AWS::DLM::LifecyclePolicy", "backups-removed", "no snapshots are made by it any more"),
];

/// Lists guards against intruders that are gone.
pub(crate) fn guards_removed(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    removed(GUARDS, old, new)
}

/// Lists guards against loss that are gone.
pub(crate) fn backups_removed(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    removed(BACKUPS, old, new)
}

fn removed(table: &[(&str, &'static str, &str)], old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    let (before, now) = (counts(table, old), counts(table, new));
    let gone = old.resources.iter().filter(|resource| new.same(&resource.id).is_none());
    gone.filter_map(|resource| {
        let (_, kind, words) = table.iter().find(|(name, ..)| *name == resource.kind)?;
        // Another one of the type in its place is as good, as far as can be told.
        if now.get(resource.kind) >= before.get(resource.kind) {
            return None;
        }
        let message = format!("{} is gone: {words}", resource.id.logical);
        Some(Finding::new(kind, resource.place(Path::root(), resource.origin), message))
    })
    .collect()
}

fn counts<'t>(table: &[(&str, &str, &str)], side: &Side<'t>) -> BTreeMap<&'t str, usize> {
    let mut counts = BTreeMap::new();
    let listed = |kind: &str| table.iter().any(|(name, ..)| *name == kind);
    for resource in side.resources.iter().filter(|resource| listed(resource.kind)) {
        *counts.entry(resource.kind).or_default() += 1;
    }
    counts
}

/// Lists what is open from the moment it is made.
pub(crate) fn made_open(old: &Side<'_>, new: &Side<'_>) -> Vec<Finding> {
    let made = new.resources.iter().filter(|resource| old.same(&resource.id).is_none());
    made.filter_map(|resource| {
        let name = &resource.id.logical;
        let (kind, path, message) = match resource.kind {
            "AWS::Lambda::Url" if text(resource.property(["AuthType"])) == "NONE" => {
                let message =
                    format!("{name}: anybody on the internet may call the function; before nobody by an address");
                ("function-url-open", "AuthType", message)
            }
            "AWS::EC2::Route" if leads_out(resource, new) && was_there(resource, old) => {
                let message = format!(
                    "{name}: what has a public address in the subnets of this route table can be reached from the internet; \
                     before no route of its own led there"
                );
                ("internet-route", "GatewayId", message)
            }
            "AWS::IAM::AccessKey" => (
                "access-key-made",
                "UserName",
                format!("{name}: a key that does not expire lets whoever has it be the user"),
            ),
            _ => return None,
        };
        Some(Finding::new(kind, resource.place(Path::of(["Properties", path]), resource.origin), message))
    })
    .collect()
}

/// Tells whether a route leads to the internet and, for what has a public address, back.
fn leads_out(route: &Resource<'_>, side: &Side<'_>) -> bool {
    let everywhere = ["0.0.0.0/0", "::/0"];
    let to = ["DestinationCidrBlock", "DestinationIpv6CidrBlock"].map(|property| text(route.property([property])));
    let gateway = text(route.property(["GatewayId", "Ref"]));
    let gateway = side.resource(route.stack, gateway).is_some_and(|own| own.kind == "AWS::EC2::InternetGateway");
    gateway && to.iter().any(|to| everywhere.contains(to))
}

/// Tells whether the route table of a route is not as new as the route.
fn was_there(route: &Resource<'_>, old: &Side<'_>) -> bool {
    let logical = text(route.property(["RouteTableId", "Ref"])).to_owned();
    old.same(&Id { stack: route.id.stack.clone(), logical }).is_some()
}

fn text(tree: Option<&Tree>) -> &str {
    tree.and_then(Tree::as_str).unwrap_or_default()
}

/// Lists parameters whose values were hidden and are shown now.
pub(crate) fn parameters_shown(old: &[Template<'_>], new: &[Template<'_>]) -> Vec<Finding> {
    let hidden = |tree: &Tree| {
        tree.get("NoEcho").is_some_and(|flag| flag.node == tree::Node::Bool(true) || flag.as_str() == Some("true"))
    };
    let mut findings = Vec::new();
    for template in new {
        let Some(before) = old.iter().find(|before| before.name == template.name) else { continue };
        for parameter in section(template.tree, "Parameters").filter(|parameter| !hidden(&parameter.value)) {
            if before.tree.find(["Parameters", &parameter.key]).is_none_or(|was| !hidden(was)) {
                continue;
            }
            let message = format!(
                "everybody who may look at the stack sees the parameter {}; before it was hidden",
                parameter.key
            );
            let place = Place {
                stack: template.name.to_owned(),
                resource: parameter.key.clone(),
                kind: "Parameter".to_owned(),
                path: Path::of(["NoEcho"]),
                origin: parameter.value.origin.or(parameter.origin),
            };
            findings.push(Finding::new("parameter-shown", place, message));
        }
    }
    findings
}
