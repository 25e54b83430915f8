//! What is wrong with a template before anything is looked up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cloud::cloud_formation::Capability;
use serde_json::Value;

use super::Template;
use super::references::visit;

/// How many resources, outputs, parameters and mappings a template may have (AWS page "CloudFormation quotas").
const MOST: [(&str, usize); 4] = [("Resources", 500), ("Outputs", 200), ("Parameters", 200), ("Mappings", 200)];

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

pub(super) fn format(template: &Value) -> Result<(), String> {
    let Some(map) = template.as_object() else {
        return Err("Template format error: unsupported structure.".to_owned());
    };
    let unknown: Vec<_> = map.keys().filter(|key| !SECTIONS.contains(&key.as_str())).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(format!("Invalid template property or properties [{}]", unknown.join(", ")));
    }
    let resources = map.get("Resources").and_then(Value::as_object);
    if resources.is_none_or(serde_json::Map::is_empty) {
        return Err("Template format error: At least one Resources member must be defined.".to_owned());
    }
    for (section, most) in MOST {
        let Some(entries) = map.get(section) else { continue };
        let Some(entries) = entries.as_object() else {
            return Err(format!("Template format error: {section} must be an object"));
        };
        if entries.len() > most {
            let (count, what) = (entries.len(), section.to_lowercase());
            return Err(format!(
                "Template format error: Number of {what}, {count}, is greater than maximum allowed, {most}"
            ));
        }
    }
    for (name, resource) in resources.into_iter().flatten() {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("Template format error: Resource name {name} is non alphanumeric."));
        }
        if resource["Type"].as_str().is_none_or(str::is_empty) {
            return Err(format!(
                "Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            ));
        }
        if !resource["Type"].as_str().is_some_and(is_type) {
            let unknown = resource["Type"].as_str().unwrap_or_default();
            return Err(format!("Template format error: Unrecognized resource types: [{unknown}]"));
        }
    }
    Ok(())
}

fn is_type(name: &str) -> bool {
    // Types of other vendors are known to the account only.
    name.starts_with("Custom::") || schemas::exists(name) || (name.contains("::") && !name.starts_with("AWS::"))
}

/// Checks that what is referred to exists and that nothing waits for itself.
pub(super) fn references(template: &Template) -> Result<(), String> {
    let known = |name: &str| {
        name.starts_with("AWS::") || template.resource(name).is_some() || template.entry("Parameters", name).is_some()
    };
    let missing = |names: &BTreeSet<String>| names.iter().filter(|name| !known(name)).cloned().collect::<Vec<_>>();
    let unresolved: BTreeSet<_> = template.dependencies.values().flat_map(missing).collect();
    if !unresolved.is_empty() {
        let names = unresolved.into_iter().collect::<Vec<_>>().join(", ");
        return Err(format!(
            "Template format error: Unresolved resource dependencies [{names}] in the Resources block of the template"
        ));
    }
    for (name, output) in template.section("Outputs").into_iter().flatten() {
        let unresolved: Vec<_> = super::references(output).into_iter().filter(|found| !known(&found.name)).collect();
        if let Some(first) = unresolved.first() {
            let name = first.name.as_str();
            return Err(format!(
                "Template format error: Unresolved resource dependencies [{name}] in the Outputs block of the template"
            ));
        }
        if output.get("Value").is_none() {
            return Err(format!(
                "Template format error: Output {name} is malformed. The Value field of every Outputs member must be specified."
            ));
        }
    }
    conditions(template)?;
    attributes(template)
}

fn conditions(template: &Template) -> Result<(), String> {
    let mut undefined = BTreeSet::new();
    let mut see = |name: &str, argument: &Value| {
        let condition = if name == "Fn::If" { argument[0].as_str() } else { None };
        undefined.extend(condition.filter(|name| template.entry("Conditions", name).is_none()).map(str::to_owned));
    };
    for (_, resource) in template.resources() {
        visit(resource, &mut see);
    }
    for (_, output) in template.section("Outputs").into_iter().flatten() {
        visit(output, &mut see);
    }
    let named = template.resources().filter_map(|(_, resource)| resource["Condition"].as_str());
    undefined.extend(named.filter(|name| template.entry("Conditions", name).is_none()).map(str::to_owned));
    match undefined.into_iter().next() {
        Some(name) => Err(format!(
            "Template format error: Unresolved condition dependency {name} in the Resources block of the template"
        )),
        None => Ok(()),
    }
}

/// Checks that the attributes asked for exist.
fn attributes(template: &Template) -> Result<(), String> {
    let of_resources = template.resources().map(|(_, resource)| &resource["Properties"]);
    let of_outputs = template.section("Outputs").into_iter().flatten().map(|(_, output)| output);
    for value in of_resources.chain(of_outputs) {
        for reference in super::references(value) {
            let Some(attribute) = &reference.attribute else { continue };
            let resource_type = template.resource_type(&reference.name);
            let Some(schema) = schemas::schema(resource_type) else { continue };
            let property = attribute.split('.').next().unwrap_or_default();
            if schema.property(property).is_none() && schema.attributes().all(|known| known != *attribute) {
                return Err(format!(
                    "Template error: resource {} does not support attribute type {attribute} in Fn::GetAtt",
                    reference.name
                ));
            }
        }
    }
    Ok(())
}

/// Orders the resources so that each comes after what it depends on (Kahn's algorithm); fails if they wait for each other.
pub(super) fn order(template: &Template) -> Result<Vec<String>, String> {
    let own = |names: &BTreeSet<String>| names.iter().filter(|name| template.resource(name).is_some()).count();
    let mut waits: BTreeMap<&str, usize> =
        template.dependencies.iter().map(|(name, names)| (name.as_str(), own(names))).collect();
    let mut unblocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, names) in &template.dependencies {
        for needed in names {
            unblocks.entry(needed).or_default().push(name);
        }
    }
    let mut ready: VecDeque<&str> = waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(name) = ready.pop_front() {
        waits.remove(name);
        order.push(name.to_owned());
        for waiting in unblocks.get(name).into_iter().flatten() {
            let Some(count) = waits.get_mut(waiting) else { continue };
            *count -= 1;
            if *count == 0 {
                ready.push_back(waiting);
            }
        }
    }
    if waits.is_empty() {
        return Ok(order);
    }
    let names = waits.into_keys().collect::<Vec<_>>().join(", ");
    Err(format!("Circular dependency between resources: [{names}]"))
}

/// Tells which capability a template needs, and which properties name something of IAM.
pub(crate) fn capabilities_needed(template: &Template) -> Option<Capability> {
    let mut needed = None;
    for (_, resource) in template.resources() {
        let resource_type = resource["Type"].as_str().unwrap_or_default();
        // AWS page "Acknowledging IAM resources in CloudFormation templates".
        let name = match resource_type {
            "AWS::IAM::Group" => "GroupName",
            "AWS::IAM::InstanceProfile" => "InstanceProfileName",
            "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::IAM::User" => "UserName",
            "AWS::IAM::AccessKey" | "AWS::IAM::Policy" | "AWS::IAM::UserToGroupAddition" => "",
            _ => continue,
        };
        if resource["Properties"].get(name).is_some() {
            return Some(Capability::NamedIam);
        }
        needed = Some(Capability::Iam);
    }
    needed
}
