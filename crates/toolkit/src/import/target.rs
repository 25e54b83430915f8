//! The template of an import: what is deployed, and the resources that are taken over, and nothing else.

use std::collections::BTreeSet;

use tree::{Map, Node, Origin, Tree};

use super::problem::ImportProblem;
use crate::plan::keep::entry;
use crate::plan::references::{Used, entries, used_by_resource};

/// What has to be taken over with a deletion policy, so that a mistake costs nothing.
const KEEPING: &str = "Retain";

/// Makes the template by which resources of the new template are taken over, or says which of them cannot be, and why.
pub(super) fn target(old: Option<&Tree>, new: &Tree, taken: &[&str]) -> Result<Tree, (String, ImportProblem)> {
    let none = Tree::single("AWSTemplateFormatVersion", Tree::string("2010-09-09"));
    let mut target = old.cloned().unwrap_or(none);
    for logical_id in taken {
        let Some(resource) = entry(new, "Resources", logical_id) else {
            return Err(((*logical_id).to_owned(), ImportProblem::NotDeclared { candidates: candidates(old, new) }));
        };
        let mut needed: Vec<(&'static str, String)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut queue = used_by_resource(&resource.value);
        while let Some(used) = queue.pop() {
            let (section, name) = match used {
                Used::Condition(name) => ("Conditions", name),
                Used::Mapping(name) => ("Mappings", name),
                Used::Name { name, .. } if entry(new, "Parameters", name).is_some() => ("Parameters", name),
                Used::Name { name, .. } if entry(new, "Resources", name).is_some() => {
                    let is_there =
                        taken.contains(&name) || old.is_some_and(|old| entry(old, "Resources", name).is_some());
                    if !is_there {
                        return Err(((*logical_id).to_owned(), ImportProblem::Needs { logical_id: name.to_owned() }));
                    }
                    continue;
                }
                // What comes before what matters only while resources are made.
                Used::Name { .. } | Used::Dependency(_) | Used::Import(_) => continue,
            };
            if let Some(found) = entry(new, section, name)
                && seen.insert((section, name))
            {
                needed.push((section, name.to_owned()));
                queue.extend(crate::plan::references::used(&found.value));
            }
        }
        for (section, name) in needed {
            if let Some(found) = entry(new, section, &name) {
                put(&mut target, section, &name, &found.value);
            }
        }
        put(&mut target, "Resources", logical_id, &retained(&resource.value));
    }
    Ok(target)
}

/// Lists what the new template declares and the old one does not have.
pub(super) fn candidates(old: Option<&Tree>, new: &Tree) -> Vec<String> {
    let is_new = |id: &str| old.is_none_or(|old| entry(old, "Resources", id).is_none());
    let fresh = entries(new.get("Resources")).filter(|entry| is_new(&entry.key));
    fresh.map(|entry| entry.key.clone()).collect()
}

/// The resource as it is taken over: kept if it ever leaves the stack, unless its author says otherwise.
fn retained(resource: &Tree) -> Tree {
    let mut map: Map = entries(Some(resource)).filter(|entry| entry.key != "DependsOn").cloned().collect();
    if map.get("DeletionPolicy").is_none() {
        map.push("DeletionPolicy", Tree::string(KEEPING));
    }
    Tree::new(Node::Map(map), resource.origin)
}

/// Puts an entry into a section, where none of its name is there.
fn put(template: &mut Tree, section: &str, name: &str, value: &Tree) {
    let Node::Map(map) = &mut template.node else { return };
    if map.get(section).is_none() {
        map.push(section, Tree::new(Node::Map(Map::default()), Origin::Unknown));
    }
    if let Some(Node::Map(entries)) = map.get_mut(section).map(|section| &mut section.node)
        && entries.get(name).is_none()
    {
        entries.push(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(value: serde_json::Value) -> Tree {
        Tree::from_json(value, Origin::Unknown)
    }

    fn new() -> Tree {
        tree(json!({
            "Parameters": { "KeysKeyArn": { "Type": "String" }, "Other": { "Type": "String" } },
            "Resources": {
                "Topic": { "Type": "AWS::SNS::Topic" },
                "Films": {
                    "Type": "AWS::S3::Bucket",
                    "DependsOn": "Fresh",
                    "Properties": { "Key": { "Ref": "KeysKeyArn" }, "Topic": { "Ref": "Topic" } },
                },
                "Fresh": { "Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete" },
                "Policy": { "Type": "AWS::S3::BucketPolicy", "Properties": { "Bucket": { "Ref": "Fresh" } } },
            },
            "Outputs": { "Films": { "Value": { "Ref": "Films" } } },
        }))
    }

    #[test]
    fn nothing_but_what_is_taken_over_is_added() {
        let old =
            tree(json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "Name": "old" } } } }));
        let target = target(Some(&old), &new(), &["Films", "Fresh"]).expect("it can be");
        assert_eq!(
            target.to_json(),
            json!({
                "Resources": {
                    "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "Name": "old" } },
                    "Films": {
                        "Type": "AWS::S3::Bucket",
                        "Properties": { "Key": { "Ref": "KeysKeyArn" }, "Topic": { "Ref": "Topic" } },
                        "DeletionPolicy": "Retain",
                    },
                    "Fresh": { "Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete" },
                },
                "Parameters": { "KeysKeyArn": { "Type": "String" } },
            })
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let needs = |logical_id: &str| ImportProblem::Needs { logical_id: logical_id.to_owned() };
        assert_eq!(target(None, &new(), &["Films"]), Err(("Films".to_owned(), needs("Topic"))));
        assert_eq!(target(None, &new(), &["Policy"]), Err(("Policy".to_owned(), needs("Fresh"))));
        let unknown = target(Some(&new()), &new(), &["Film"]);
        assert_eq!(unknown, Err(("Film".to_owned(), ImportProblem::NotDeclared { candidates: Vec::new() })));
    }
}
