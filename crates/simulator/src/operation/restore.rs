//! Makes resources what they were before an operation.

use super::Decision;
use super::run::Begun;
use crate::settings::Verb;
use crate::stack::Resource;
use crate::state::State;

impl State {
    pub(super) fn begin_restore(&mut self, id: &str, index: usize, logical_id: &str) -> Begun {
        let Some(stack) = self.stacks.get_mut(id) else { return Begun::Done };
        let before = stack.stable.as_ref().and_then(|stable| stable.resources.get(logical_id)).cloned();
        let (Some(before), Some(operation)) = (before, &stack.operation) else { return Begun::Done };
        if operation.spared.contains(logical_id) {
            let status = "UPDATE_COMPLETE".to_owned();
            stack.resources.insert(logical_id.to_owned(), Resource { status, reason: None, ..before });
            return Begun::Done;
        }
        if stack.resources.get(logical_id).is_some_and(|now| !needs_restoring(now, &before)) {
            stack.resources.insert(logical_id.to_owned(), before);
            return Begun::Done;
        }
        self.set_resource(id, logical_id, "UPDATE_IN_PROGRESS", None);
        self.schedule(id, index, logical_id, Verb::Update, Decision::Restore { resource: Box::new(before) });
        Begun::Running
    }

    pub(super) fn end_restore(&mut self, id: &str, index: usize, logical_id: &str, before: Resource) {
        if let Some(reason) = self.strike(id, logical_id, Verb::Update, true) {
            self.set_resource(id, logical_id, "UPDATE_FAILED", Some(reason));
            self.end_task(id, index, true);
            return;
        }
        let now = self.stacks.get(id).and_then(|stack| stack.resources.get(logical_id)).cloned();
        if let Some(now) = now.filter(|now| now.physical_id != before.physical_id && now.physical_id.is_some()) {
            // What replaced it goes when everything is back.
            if let Some(stack) = self.stacks.get_mut(id) {
                stack.replaced.push(now);
                stack.resources.insert(logical_id.to_owned(), before);
            }
        } else {
            self.change(id, before);
        }
        self.set_resource(id, logical_id, "UPDATE_COMPLETE", None);
        self.end_task(id, index, false);
    }
}

/// Says whether a resource is not what it was.
pub(super) fn needs_restoring(now: &Resource, before: &Resource) -> bool {
    now.physical_id != before.physical_id
        || now.properties != before.properties
        || now.tags != before.tags
        || now.status.ends_with("FAILED")
}
