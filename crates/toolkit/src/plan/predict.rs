//! What CloudFormation is going to do, as far as the templates tell.

use std::collections::{BTreeMap, BTreeSet};

use diff::{Action, Cause, Fate, Impact, ResourceChange};
use tree::{Map, Node, Tree};

use super::loss::{self, Evidence};
use super::neutral::neutral;
use super::{PlannedChange, PlannedProperty};

/// A template, and the values that its parameters have.
#[derive(Clone, Copy)]
pub(crate) struct Valued<'a> {
    pub template: &'a Tree,
    pub values: &'a BTreeMap<String, String>,
}

/// What is expected of the stacks of an assembly.
#[derive(Debug, Default)]
pub(crate) struct Prediction {
    /// The changes, by stack.
    changes: BTreeMap<String, Vec<PlannedChange>>,
    /// What the templates say of each resource that changes, by stack and logical id.
    evidence: BTreeMap<String, BTreeMap<String, Evidence>>,
    /// The outputs, by stack and name, that may have another value afterwards.
    unstable: BTreeSet<(String, String)>,
}

impl Prediction {
    /// Returns the changes of a stack.
    pub fn changes(&self, stack: &str) -> &[PlannedChange] {
        self.changes.get(stack).map_or(&[], Vec::as_slice)
    }

    /// Returns what the templates say of a resource; [`Evidence::UNTOUCHED`] if it does not change.
    pub fn evidence(&self, stack: &str, logical_id: &str) -> Evidence {
        let found = self.evidence.get(stack).and_then(|resources| resources.get(logical_id));
        found.copied().unwrap_or(Evidence::UNTOUCHED)
    }

    /// Says whether an output of a stack that is deployed keeps its value.
    pub fn keeps(&self, stack: &str, output: &str) -> bool {
        !self.unstable.contains(&(stack.to_owned(), output.to_owned()))
    }

    /// Says whether every output of a stack keeps its value.
    pub fn keeps_all(&self, stack: &str) -> bool {
        self.unstable.range((stack.to_owned(), String::new())..).next().is_none_or(|(name, _)| name != stack)
    }

    fn put(&mut self, stack: &str, evidence: Evidence, mut change: PlannedChange) {
        change.loses = loss::loses(&change, Some(evidence));
        let known = self.evidence.entry(stack.to_owned()).or_default();
        known.insert(change.logical_id.clone(), evidence);
        self.changes.entry(stack.to_owned()).or_default().push(change);
    }

    fn add(&mut self, change: &ResourceChange) {
        for cause in change.causes.iter().chain(change.changes.iter().filter_map(|value| value.cause.as_ref())) {
            if let Cause::Output { stack, name } = cause {
                self.unstable.insert((stack.clone(), name.clone()));
            }
        }
        let evidence = Evidence { impact: change.impact, fate: change.fate };
        if let (Action::Move, Some(former)) = (change.action, &change.former) {
            // CloudFormation knows nothing of moves.
            let gone = PlannedChange {
                logical_id: former.logical_id.clone(),
                properties: Vec::new(),
                ..planned(change, "Remove", None, change.fate)
            };
            self.put(&former.stack, Evidence { impact: Impact::Delete, fate: change.fate }, gone);
            let made = planned(change, "Add", None, None);
            return self.put(&change.stack, Evidence { impact: Impact::Create, fate: None }, made);
        }
        let (action, replacement) = match change.impact {
            Impact::MayCreate | Impact::Create => ("Add", None),
            Impact::Retain | Impact::MayDelete | Impact::Delete => ("Remove", None),
            Impact::MayReplace => ("Modify", Some("Conditional")),
            Impact::Replace => ("Modify", Some("True")),
            Impact::None | Impact::MayUpdate | Impact::Update => ("Modify", Some("False")),
        };
        self.put(&change.stack, evidence, planned(change, action, replacement, change.fate));
    }
}

/// Compares the templates of several stacks, also where a change of one reaches another.
///
/// A stack that does not exist yet has no old template.
pub(crate) fn predict(old: &BTreeMap<&str, Valued<'_>>, new: &BTreeMap<&str, Valued<'_>>) -> Prediction {
    let with_values = |set: &BTreeMap<&'_ str, Valued<'_>>| -> Vec<(String, Tree)> {
        set.iter().map(|(name, valued)| ((*name).to_owned(), with_values(*valued))).collect()
    };
    let (old, new) = (neutral(with_values(old)), neutral(with_values(new)));
    let old: Vec<_> = old.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
    let new: Vec<_> = new.iter().map(|(name, tree)| diff::Template { name, tree }).collect();
    let differences = diff::diff(&old, &new);
    let mut prediction = Prediction::default();
    for stack in &differences.stacks {
        let outputs = stack.entries.iter().filter(|entry| entry.section == "Outputs");
        let names = outputs.map(|entry| (stack.name.clone(), entry.name.clone().unwrap_or_default()));
        prediction.unstable.extend(names);
    }
    for change in differences.resources() {
        prediction.add(change);
    }
    prediction
}

/// Writes the values of parameters where a comparison looks for them: as defaults.
fn with_values(valued: Valued<'_>) -> Tree {
    let mut template = valued.template.clone();
    if let Some(parameters) = map_mut(&mut template, "Parameters") {
        for (name, value) in valued.values {
            let Some(Node::Map(parameter)) = parameters.get_mut(name).map(|parameter| &mut parameter.node) else {
                continue;
            };
            match parameter.get_mut("Default") {
                Some(default) => *default = Tree::string(value),
                None => parameter.push("Default", Tree::string(value)),
            }
        }
    }
    template
}

fn map_mut<'t>(tree: &'t mut Tree, key: &str) -> Option<&'t mut Map> {
    let Node::Map(map) = &mut tree.node else { return None };
    match &mut map.get_mut(key)?.node {
        Node::Map(map) => Some(map),
        _ => None,
    }
}

fn planned(change: &ResourceChange, action: &str, replacement: Option<&str>, fate: Option<Fate>) -> PlannedChange {
    PlannedChange {
        action: action.to_owned(),
        logical_id: change.logical_id.clone(),
        physical_id: None,
        resource_type: change.resource_type.clone(),
        replacement: replacement.map(str::to_owned),
        policy_action: fate.map(|fate| policy_action(action, fate).to_owned()),
        loses: None,
        properties: if action == "Modify" { properties(change) } else { Vec::new() },
    }
}

/// CloudFormation's words for what becomes of a resource.
fn policy_action(action: &str, fate: Fate) -> &'static str {
    match (action, fate) {
        ("Modify", Fate::Retained) => "ReplaceAndRetain",
        ("Modify", Fate::Snapshot) => "ReplaceAndSnapshot",
        ("Modify", Fate::Deleted) => "ReplaceAndDelete",
        (_, Fate::Retained) => "Retain",
        (_, Fate::Snapshot) => "Snapshot",
        (_, Fate::Deleted) => "Delete",
    }
}

/// Lists the properties and attributes that change, each once.
fn properties(change: &ResourceChange) -> Vec<PlannedProperty> {
    let mut properties: Vec<PlannedProperty> = Vec::new();
    for value in &change.changes {
        let mut keys = value.path.steps().iter().filter_map(|step| match step {
            diff::Step::Key(key) => Some(key.as_str()),
            diff::Step::Item(_) => None,
        });
        let name = match (keys.next(), keys.next()) {
            (Some("Properties"), Some(property)) => property,
            (Some(attribute), _) => attribute,
            (None, _) => continue,
        };
        let requires = match value.impact {
            Impact::Replace => "Always",
            Impact::MayReplace => "Conditionally",
            _ => "Never",
        };
        match properties.iter_mut().find(|present| present.name == name) {
            Some(present) => {
                // In the order of the alphabet these words go from the one that decides to the one that does not.
                let present = present.requires_recreation.get_or_insert_with(|| requires.to_owned());
                if requires < present.as_str() {
                    requires.clone_into(present);
                }
            }
            None => properties.push(PlannedProperty {
                name: name.to_owned(),
                requires_recreation: Some(requires.to_owned()),
                causing_entity: value.cause.as_ref().map(causing),
            }),
        }
    }
    properties
}

/// Names what causes a change, as CloudFormation does.
fn causing(cause: &Cause) -> String {
    match cause {
        Cause::Resource { logical_id, .. } => logical_id.clone(),
        Cause::Attribute { logical_id, attribute, .. } => format!("{logical_id}.{attribute}"),
        Cause::Parameter { name } | Cause::Mapping { name } | Cause::Condition { name } => name.clone(),
        Cause::Output { stack, name } => format!("{stack}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::from_json(serde_json::from_str(text).expect("JSON"), tree::Origin::Unknown)
    }

    /// Two stacks: `storage` has a bucket, and `fleet` takes its name in a property that cannot be changed.
    fn pair(bucket: &str) -> [Tree; 2] {
        let storage = format!(
            r#"{{"Resources": {{"Sources": {{"Type": "AWS::S3::Bucket", "Properties": {{"BucketName": "{bucket}"}}}}}},
                "Outputs": {{"SourcesName": {{"Value": {{"Ref": "Sources"}}}}, "Fixed": {{"Value": "1"}}}}}}"#
        );
        let fleet = r#"{"Parameters": {"StorageSourcesName": {"Type": "String", "Description": "Output SourcesName of stack storage"}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "StorageSourcesName"}}}}}"#;
        [tree(&storage), tree(fleet)]
    }

    #[test]
    fn a_replacement_reaches_the_stack_that_takes_the_name_and_both_are_losses() {
        fn set<'a>(trees: &'a [Tree; 2], values: &'a BTreeMap<String, String>) -> BTreeMap<&'a str, Valued<'a>> {
            BTreeMap::from([
                ("storage", Valued { template: &trees[0], values }),
                ("fleet", Valued { template: &trees[1], values }),
            ])
        }
        let (old, new) = (pair("one"), pair("two"));
        let values = BTreeMap::from([("StorageSourcesName".to_owned(), "one".to_owned())]);
        let prediction = predict(&set(&old, &values), &set(&new, &values));
        let lines = |stack: &str| -> Vec<String> {
            let line = |change: &PlannedChange| {
                let replacement = change.replacement.as_deref().unwrap_or_default();
                let loses = change.loses.as_deref().unwrap_or_default();
                format!("{} {} {replacement} {loses}", change.action, change.logical_id)
            };
            prediction.changes(stack).iter().map(line).collect()
        };
        assert_eq!(lines("storage"), ["Modify Sources True objects"]);
        assert_eq!(lines("fleet"), ["Modify Queue True messages"]);
        assert_eq!(prediction.changes("fleet")[0].properties[0].causing_entity.as_deref(), Some("storage.SourcesName"));
        assert!(!prediction.keeps("storage", "SourcesName"));
        assert!(prediction.keeps("storage", "Fixed"));
        assert!(prediction.keeps_all("fleet"));
    }

    #[test]
    fn a_parameter_that_is_given_another_value_reaches_what_uses_it() {
        let [_, fleet] = pair("one");
        let value = |text: &str| BTreeMap::from([("StorageSourcesName".to_owned(), text.to_owned())]);
        let (one, two) = (value("one"), value("two"));
        let with = |values| BTreeMap::from([("fleet", Valued { template: &fleet, values })]);
        assert!(predict(&with(&one), &with(&one)).changes("fleet").is_empty());
        let changed = predict(&with(&one), &with(&two));
        assert_eq!(changed.changes("fleet")[0].replacement.as_deref(), Some("Conditional"), "a default may be used");
    }
}
