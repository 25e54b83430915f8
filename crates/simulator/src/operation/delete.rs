//! Deletes things, or leaves them behind.

use super::run::Begun;
use super::{Decision, Doomed};
use crate::settings::Verb;
use crate::state::State;

impl State {
    pub(super) fn begin_delete(&mut self, id: &str, index: usize, doomed: &Doomed) -> Begun {
        let resource = &doomed.resource;
        let Some(physical_id) = resource.physical_id.clone() else {
            self.forget(id, doomed, "DELETE_COMPLETE");
            return Begun::Done;
        };
        if doomed.is_spared {
            self.world.release(&resource.resource_type, &physical_id);
            self.forget(id, doomed, "DELETE_SKIPPED");
            return Begun::Done;
        }
        self.tell(id, doomed, "DELETE_IN_PROGRESS", None);
        let decision = Decision::Delete(Box::new(doomed.clone()));
        self.schedule(id, index, &resource.logical_id, Verb::Delete, decision);
        Begun::Running
    }

    pub(super) fn end_delete(&mut self, id: &str, index: usize, doomed: &Doomed) {
        let resource = &doomed.resource;
        let physical_id = resource.physical_id.clone().unwrap_or_default();
        let is_rollback = self.operation(id).is_some_and(|operation| operation.is_rollback());
        let struck = self.strike(id, &resource.logical_id, Verb::Delete, is_rollback);
        let occupied = || self.storage.occupied(&resource.resource_type, &physical_id);
        if let Some(reason) = struck.or_else(occupied) {
            self.tell(id, doomed, "DELETE_FAILED", Some(reason));
            self.end_task(id, index, true);
            return;
        }
        self.world.remove(&resource.resource_type, &physical_id);
        self.storage.forget(&resource.resource_type, &physical_id);
        self.forget(id, doomed, "DELETE_COMPLETE");
        self.end_task(id, index, false);
    }

    /// Says that a thing is gone, and takes it off the list of the stack's resources.
    fn forget(&mut self, id: &str, doomed: &Doomed, status: &str) {
        if doomed.resource.physical_id.is_some() || status == "DELETE_SKIPPED" {
            self.tell(id, doomed, status, None);
        }
        let Some(stack) = self.stacks.get_mut(id) else { return };
        if doomed.is_replaced {
            stack.replaced.retain(|old| old.physical_id != doomed.resource.physical_id);
        } else {
            stack.resources.remove(&doomed.resource.logical_id);
        }
    }

    /// Says something of a thing that may not be the one that the stack has under its logical id.
    fn tell(&mut self, id: &str, doomed: &Doomed, status: &str, reason: Option<String>) {
        let resource = &doomed.resource;
        if doomed.is_replaced {
            let physical_id = resource.physical_id.clone();
            self.record(id, &resource.logical_id, physical_id, &resource.resource_type, status, reason);
        } else {
            self.set_resource(id, &resource.logical_id, status, reason);
        }
    }
}
