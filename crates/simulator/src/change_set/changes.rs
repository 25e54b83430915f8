//! What a change set would change, as far as it is known before it is executed.

use std::collections::BTreeMap;

use cloud::cloud_formation::{Change, ChangeAction, ChangeDetail, Replacement, StackOutput};
use serde_json::Value;

use crate::compare::{Difference, Recreation, differences};
use crate::stack::{Resource, Revision, Stack};
use crate::state::State;
use crate::template::{Looked, references, text, uses};

/// The service's words for a change set without changes.
const NOTHING: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// Attributes of a resource that a template sets and that are no properties.
const ATTRIBUTES: [&str; 5] = ["Metadata", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy"];

/// What is to become of a resource, as others see it.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Made,
    Replaced,
    Changed,
}

impl State {
    /// Compares a stack with what it is to become; an error is why there can be no such change set.
    pub(super) fn changes(&self, stack: &Stack, target: &Revision) -> Result<Vec<Change>, String> {
        let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
        let mut changes = BTreeMap::new();
        for logical_id in &target.template.order {
            let Some(definition) = target.template.resource(logical_id) else { continue };
            let look = |name: &str, attribute: Option<&str>| self.foresee(stack, &fates, name, attribute);
            let (is_there, properties) = self.within(stack, target, &look, |scope| {
                let is_there = scope.is_there(definition)?;
                let properties = if is_there { scope.evaluate(&definition["Properties"])? } else { None };
                Ok::<_, String>((is_there, properties))
            })?;
            if !is_there {
                continue;
            }
            let current = stack.resources.get(logical_id).filter(|current| current.physical_id.is_some());
            let (change, fate) = match current {
                None => (added(logical_id, target), Fate::Made),
                Some(current) => {
                    let properties =
                        properties.filter(Value::is_object).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                    let comparison = Comparison { stack, target, current, definition, fates: &fates };
                    let Some(change) = comparison.change(&properties) else { continue };
                    let fate = match change.replacement {
                        Some(Replacement::False) => Fate::Changed,
                        _ => Fate::Replaced,
                    };
                    (change, fate)
                }
            };
            fates.insert(logical_id.clone(), fate);
            changes.insert(logical_id.clone(), change);
        }
        self.removals(stack, target, &fates, &mut changes)?;
        if changes.is_empty() && !self.outputs_change(stack, target, &fates)? {
            return Err(NOTHING.to_owned());
        }
        Ok(changes.into_values().collect())
    }

    /// Adds what the template has no more.
    fn removals(
        &self,
        stack: &Stack,
        target: &Revision,
        fates: &BTreeMap<String, Fate>,
        changes: &mut BTreeMap<String, Change>,
    ) -> Result<(), String> {
        let look = |name: &str, attribute: Option<&str>| self.foresee(stack, fates, name, attribute);
        for current in stack.resources.values() {
            let definition = target.template.resource(&current.logical_id);
            let stays = match definition {
                Some(definition) => self.within(stack, target, &look, |scope| scope.is_there(definition))?,
                None => false,
            };
            if !stays {
                changes.insert(current.logical_id.clone(), removed(current));
            }
        }
        Ok(())
    }

    /// Looks up a resource as it is going to be.
    fn foresee(&self, stack: &Stack, fates: &BTreeMap<String, Fate>, name: &str, attribute: Option<&str>) -> Looked {
        match (fates.get(name), attribute) {
            (Some(Fate::Made | Fate::Replaced), _) | (Some(Fate::Changed), Some(_)) => Looked::Later,
            _ => self.look(stack, name, attribute),
        }
    }

    fn outputs_change(&self, stack: &Stack, target: &Revision, fates: &BTreeMap<String, Fate>) -> Result<bool, String> {
        let look = |name: &str, attribute: Option<&str>| self.foresee(stack, fates, name, attribute);
        let outputs: BTreeMap<String, StackOutput> = self.outputs(stack, target, &look)?;
        Ok(outputs != stack.outputs)
    }
}

fn added(logical_id: &str, target: &Revision) -> Change {
    Change {
        action: ChangeAction::Add,
        logical_id: logical_id.to_owned(),
        physical_id: None,
        resource_type: target.template.resource_type(logical_id).to_owned(),
        replacement: None,
        policy_action: None,
        scope: Vec::new(),
        details: Vec::new(),
    }
}

fn removed(current: &Resource) -> Change {
    let policy_action = match current.policy("DeletionPolicy") {
        "Retain" | "RetainExceptOnCreate" => "Retain",
        "Snapshot" => "Snapshot",
        _ => "Delete",
    };
    Change {
        action: ChangeAction::Remove,
        logical_id: current.logical_id.clone(),
        physical_id: current.physical_id.clone(),
        resource_type: current.resource_type.clone(),
        replacement: None,
        policy_action: Some(policy_action.to_owned()),
        scope: Vec::new(),
        details: Vec::new(),
    }
}

/// A resource as it is and as it is to be.
struct Comparison<'c> {
    stack: &'c Stack,
    target: &'c Revision,
    current: &'c Resource,
    definition: &'c Value,
    fates: &'c BTreeMap<String, Fate>,
}

impl Comparison<'_> {
    fn change(&self, properties: &Value) -> Option<Change> {
        let changed = differences(&self.current.resource_type, &self.current.properties, properties);
        let attributes = ATTRIBUTES.iter().filter(|name| self.current.definition[**name] != self.definition[**name]);
        let attributes: Vec<_> = attributes.map(|name| (*name).to_owned()).collect();
        let taggable = schemas::schema(&self.current.resource_type)
            .is_some_and(|schema| schema.tagging() != schemas::Tagging::None);
        let tags_change = taggable && self.current.tags != self.target.tags;
        let has_failed = self.current.status.ends_with("FAILED");
        if changed.is_empty() && attributes.is_empty() && !tags_change && !has_failed {
            return None;
        }
        let replacement = replacement(&changed);
        let mut scope: Vec<String> = attributes.clone();
        let mut details: Vec<_> = changed.iter().map(|difference| self.detail(difference)).collect();
        if !changed.is_empty() {
            scope.insert(0, "Properties".to_owned());
        }
        if tags_change {
            scope.push("Tags".to_owned());
        }
        let others = attributes.iter().map(String::as_str).chain(tags_change.then_some("Tags"));
        details.extend(others.map(attribute_detail));
        let policy_action = match (&replacement, self.definition["UpdateReplacePolicy"].as_str()) {
            (Replacement::False, _) => None,
            (_, Some("Retain" | "RetainExceptOnCreate")) => Some("ReplaceAndRetain"),
            (_, Some("Snapshot")) => Some("ReplaceAndSnapshot"),
            _ => Some("ReplaceAndDelete"),
        };
        Some(Change {
            action: ChangeAction::Modify,
            logical_id: self.current.logical_id.clone(),
            physical_id: self.current.physical_id.clone(),
            resource_type: self.current.resource_type.clone(),
            replacement: Some(replacement),
            policy_action: policy_action.map(str::to_owned),
            scope,
            details,
        })
    }

    /// Says what changes a property, and why.
    fn detail(&self, difference: &Difference) -> ChangeDetail {
        let (source, entity) = self.cause(difference);
        let shown =
            |value: &Option<Value>| value.as_ref().map(|value| text(value).unwrap_or_else(|| value.to_string()));
        ChangeDetail {
            attribute: "Properties".to_owned(),
            name: Some(difference.name.clone()),
            path: Some(format!("/Properties/{}", difference.name)),
            requires_recreation: Some(difference.recreation.word().to_owned()),
            evaluation: Some(if difference.is_dynamic { "Dynamic" } else { "Static" }.to_owned()),
            change_source: Some(source.to_owned()),
            causing_entity: entity,
            before: shown(&difference.before),
            after: shown(&difference.after),
        }
    }

    fn cause(&self, difference: &Difference) -> (&'static str, Option<String>) {
        let (old, new) = (
            &self.current.definition["Properties"][difference.name.as_str()],
            &self.definition["Properties"][difference.name.as_str()],
        );
        if old != new {
            return ("DirectModification", None);
        }
        for reference in references(new) {
            let fate = self.fates.get(&reference.name);
            match (fate, &reference.attribute) {
                (Some(Fate::Made | Fate::Replaced), None) => return ("ResourceReference", Some(reference.name)),
                (Some(_), Some(attribute)) => {
                    return ("ResourceAttribute", Some(format!("{}.{attribute}", reference.name)));
                }
                _ => {}
            }
        }
        let before = self.stack.revision.as_ref().map(|revision| &revision.parameters.given);
        let changed = self
            .target
            .parameters
            .given
            .iter()
            .find(|(name, value)| before.and_then(|before| before.get(*name)) != Some(*value) && uses(new, name));
        match changed {
            Some((name, _)) => ("ParameterReference", Some(name.clone())),
            None => ("DirectModification", None),
        }
    }
}

/// Says whether changes make a resource anew.
fn replacement(changed: &[Difference]) -> Replacement {
    let always = |difference: &&Difference| difference.recreation == Recreation::Always;
    if changed.iter().filter(always).any(|difference| !difference.is_dynamic) {
        Replacement::True
    } else if changed.iter().any(|difference| difference.recreation != Recreation::Never) {
        Replacement::Conditional
    } else {
        Replacement::False
    }
}

fn attribute_detail(attribute: &str) -> ChangeDetail {
    ChangeDetail {
        attribute: attribute.to_owned(),
        requires_recreation: Some("Never".to_owned()),
        evaluation: Some("Static".to_owned()),
        change_source: Some("DirectModification".to_owned()),
        ..ChangeDetail::default()
    }
}
