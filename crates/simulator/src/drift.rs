//! Drift: what differs between things and what their stacks believe.

use cloud::Result;
use cloud::cloud_formation::{
    DriftDetection, DriftDetectionStatus, DriftStatus, PropertyDifference, ResourceDrift, ResourceDriftStatus,
    StackStatus,
};
use serde_json::Value;

use crate::compare::same;
use crate::durations;
use crate::refusal::invalid;
use crate::stack::Resource;
use crate::state::{State, Wake};
use crate::world::Thing;

const DETECT: &str = "cloudformation:DetectStackDrift";

/// A comparison of a stack with what there is.
#[derive(Clone, Debug)]
pub(crate) struct Detection {
    pub stack: String,
    /// What was found; none while it is under way.
    pub found: Option<Vec<ResourceDrift>>,
}

impl State {
    pub fn change_behind(&mut self, stack: &str, logical_id: &str, pointer: &str, value: Value) -> bool {
        let Some(thing) = self.thing_of(stack, logical_id) else { return false };
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        match thing.properties.pointer_mut(parent) {
            Some(Value::Object(map)) if value.is_null() => map.remove(key).is_some(),
            Some(Value::Object(map)) => {
                map.insert(key.to_owned(), value);
                true
            }
            Some(Value::Array(list)) => match key.parse().ok().and_then(|index: usize| list.get_mut(index)) {
                Some(place) => {
                    *place = value;
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    pub fn delete_behind(&mut self, stack: &str, logical_id: &str) -> bool {
        let Some(thing) = self.thing_of(stack, logical_id) else { return false };
        let (resource_type, physical_id) = (thing.resource_type.clone(), thing.physical_id.clone());
        self.storage.forget(&resource_type, &physical_id);
        self.world.remove(&resource_type, &physical_id).is_some()
    }

    fn thing_of(&mut self, stack: &str, logical_id: &str) -> Option<&mut Thing> {
        let resource = self.find(stack)?.resources.get(logical_id)?;
        let (resource_type, physical_id) = (resource.resource_type.clone(), resource.physical_id.clone()?);
        self.world.get_mut(&resource_type, &physical_id)
    }

    pub fn detect_drift(&mut self, stack: &str) -> Result<String> {
        let id = self.existing(DETECT, stack)?;
        let Some(found) = self.stacks.get(&id) else { return Err(invalid(DETECT, "Stack is gone")) };
        // AWS page "DetectStackDrift": in these states.
        let fits = matches!(
            found.status,
            StackStatus::CreateComplete
                | StackStatus::UpdateComplete
                | StackStatus::UpdateRollbackComplete
                | StackStatus::UpdateRollbackFailed
                | StackStatus::ImportComplete
                | StackStatus::ImportRollbackComplete
        );
        if !fits || found.is_busy() {
            let message =
                format!("Drift detection cannot be performed on stack [{id}] while in {} state", found.status);
            return Err(invalid(DETECT, message));
        }
        let number = self.next().to_string();
        let detection = self.random.uuid(&["drift", &id, &number]);
        let after = durations::up_to(self.settings.change_set, self.random, &["drift", &detection]);
        self.detections.insert(detection.clone(), Detection { stack: id, found: None });
        self.wake(after, Wake::Drift { detection: detection.clone() });
        Ok(detection)
    }

    /// The time is over that comparing takes.
    pub fn compare_stack(&mut self, detection: &str) {
        let Some(stack) = self.detections.get(detection).and_then(|found| self.stacks.get(&found.stack)) else {
            return;
        };
        let drifts: Vec<_> = stack.resources.values().map(|resource| self.drift(resource)).collect();
        let id = stack.id.clone();
        if let Some(stack) = self.stacks.get_mut(&id) {
            stack.drifts.clone_from(&drifts);
        }
        if let Some(found) = self.detections.get_mut(detection) {
            found.found = Some(drifts);
        }
    }

    pub fn drift_detection(&self, detection: &str) -> Result<DriftDetection> {
        let operation = "cloudformation:DescribeStackDriftDetectionStatus";
        let missing = || invalid(operation, format!("Drift detection with id {detection} does not exist"));
        let Some(found) = &self.detections.get(detection).ok_or_else(missing)?.found else {
            return Ok(DriftDetection {
                status: DriftDetectionStatus::InProgress,
                reason: None,
                drift_status: None,
                drifted_resources: 0,
            });
        };
        let is_drifted = |drift: &&ResourceDrift| {
            matches!(drift.status, ResourceDriftStatus::Modified | ResourceDriftStatus::Deleted)
        };
        let drifted_resources = found.iter().filter(is_drifted).count();
        let drift_status = if drifted_resources == 0 { DriftStatus::InSync } else { DriftStatus::Drifted };
        let status = DriftDetectionStatus::Complete;
        Ok(DriftDetection { status, reason: None, drift_status: Some(drift_status), drifted_resources })
    }

    fn drift(&self, resource: &Resource) -> ResourceDrift {
        let physical_id = resource.physical_id.as_deref().unwrap_or_default();
        let thing = self.world.get(&resource.resource_type, physical_id);
        let mut differences = Vec::new();
        let status = match (schemas::schema(&resource.resource_type), thing) {
            (None, _) => ResourceDriftStatus::Unsupported,
            (Some(schema), _)
                if schema.permissions("read").next().is_none()
                    && schema.value().pointer("/handlers/read").is_none() =>
            {
                ResourceDriftStatus::Unsupported
            }
            (_, None) => ResourceDriftStatus::Deleted,
            (Some(schema), Some(thing)) => {
                // No read gives back what is only written.
                let hidden: Vec<_> = schema.write_only().map(|path| format!("/{}", path.replace("/*", ""))).collect();
                differ("", &resource.properties, &thing.properties, &hidden, &mut differences);
                if differences.is_empty() { ResourceDriftStatus::InSync } else { ResourceDriftStatus::Modified }
            }
        };
        ResourceDrift {
            logical_id: resource.logical_id.clone(),
            physical_id: resource.physical_id.clone(),
            resource_type: resource.resource_type.clone(),
            status,
            reason: None,
            differences,
        }
    }
}

/// Compares what the template says with what there is. What only the service sets is no difference, but what was
/// added to an object that the template has is one.
fn differ(path: &str, expected: &Value, actual: &Value, hidden: &[String], found: &mut Vec<PropertyDifference>) {
    if same(expected, actual) || hidden.iter().any(|hidden| hidden == path) {
        return;
    }
    let difference = |path: String, expected: Option<&Value>, actual: Option<&Value>, kind: &str| PropertyDifference {
        path,
        expected: expected.map(Value::to_string).unwrap_or_default(),
        actual: actual.map(Value::to_string).unwrap_or_default(),
        kind: kind.to_owned(),
    };
    let (Value::Object(before), Value::Object(after)) = (expected, actual) else {
        found.push(difference(path.to_owned(), Some(expected), Some(actual), "NOT_EQUAL"));
        return;
    };
    for (key, value) in before {
        let path = format!("{path}/{key}");
        match after.get(key) {
            Some(actual) => differ(&path, value, actual, hidden, found),
            None if hidden.contains(&path) => {}
            None => found.push(difference(path, Some(value), None, "REMOVE")),
        }
    }
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        found.push(difference(format!("{path}/{key}"), None, Some(value), "ADD"));
    }
}
