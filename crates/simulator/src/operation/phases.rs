//! The phases of an operation, and the status that each gives the stack.

use std::collections::BTreeSet;

use cloud::cloud_formation::{OnStackFailure, StackStatus};

use super::restore::needs_restoring;
use super::{Action, Decision, Doomed, Kind, Phase, dependencies, failed_to};
use crate::change_set::ExecutionEnd;
use crate::stack::Resource;
use crate::state::{State, Wake};
use crate::template::Looked;

impl State {
    /// A task's time is over.
    pub fn finished(&mut self, id: &str, number: u64, index: usize) {
        if !self.is_running(id, number, index) {
            return;
        }
        let Some(task) = self.operation(id).map(|operation| &mut operation.tasks[index]) else { return };
        let (logical_id, decision) = (task.logical_id.clone(), task.decision.take());
        match decision {
            Some(Decision::Delete(doomed)) => self.end_delete(id, index, &doomed),
            Some(Decision::Import { resource }) => self.end_import(id, index, &resource),
            Some(Decision::Restore { resource }) => self.end_restore(id, index, &logical_id, *resource),
            Some(decision) => self.end_apply(id, index, &logical_id, decision),
            None => self.end_task(id, index, false),
        }
        let has_failed = |state: &mut Self| {
            state
                .operation(id)
                .is_some_and(|operation| operation.phase == Phase::Working && !operation.failed.is_empty())
        };
        if has_failed(self) {
            self.forward_failed(id);
        } else {
            self.pump(id);
        }
    }

    /// The time between two phases is over.
    pub fn next_phase(&mut self, id: &str, number: u64) {
        let Some(operation) = self.operation(id).filter(|operation| operation.number == number) else { return };
        match (operation.phase, operation.kind) {
            (Phase::Accepted, Kind::Delete) => self.enter_deletion(id),
            (Phase::Accepted, _) => self.enter_work(id),
            (Phase::Settling, _) => self.commit(id),
            (Phase::RollingBack, _) => self.enter_rollback(id),
            _ => {}
        }
    }

    fn enter_work(&mut self, id: &str) {
        let now = self.now;
        let Some(stack) = self.stacks.get_mut(id) else { return };
        stack.remember();
        let Some(operation) = &mut stack.operation else { return };
        operation.phase = Phase::Working;
        let Some(target) = operation.target.clone() else { return };
        let verb = operation.word();
        if operation.kind != Kind::Create {
            stack.updated = Some(now);
        }
        stack.revision = Some(target.clone());
        self.set_status(id, &format!("{verb}_IN_PROGRESS"), Some("User Initiated".to_owned()));
        if self.check_triggers(id) {
            return;
        }
        if let Some(reason) = self.removal_denied(id) {
            return self.give_up(id, reason);
        }
        let Some(stack) = self.stacks.get(id) else { return };
        let look = |name: &str, attribute: Option<&str>| self.look(stack, name, attribute);
        let used = self.imported(stack, &target, &look);
        let there = self.within(stack, &target, &look, |scope| {
            let is_there = |name: &&String| {
                let definition = target.template.resource(name);
                definition.is_some_and(|definition| scope.is_there(definition).unwrap_or_default())
            };
            target.template.order.iter().filter(is_there).cloned().collect::<Vec<_>>()
        });
        let import = self.operation(id).filter(|operation| operation.kind == Kind::Import);
        let actions = match import.map(|operation| operation.import.clone()) {
            Some(import) => import.into_iter().map(|one| (one.logical_id.clone(), Action::Import(one))).collect(),
            None => there.into_iter().map(|name| (name, Action::Apply)).collect(),
        };
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.imports.extend(used);
            if let Some(operation) = &mut stack.operation {
                operation.plan(actions, &target.template.dependencies, false);
            }
        }
        self.pump(id);
    }

    /// Nothing of a phase runs any more.
    pub(super) fn phase_over(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        match (operation.phase, operation.kind) {
            (Phase::Working, _) => self.work_done(id),
            (Phase::CleaningUp, _) => self.cleaned_up(id, "UPDATE_COMPLETE"),
            (Phase::RollingBack, Kind::Create) => self.creation_undone(id),
            (Phase::RollingBack, _) => self.update_undone(id),
            (Phase::RollbackCleanup, _) => self.cleaned_up(id, "UPDATE_ROLLBACK_COMPLETE"),
            (Phase::Deleting, _) => self.deleted(id),
            _ => {}
        }
    }

    /// A resource failed on the way forward: the others stop, and all is undone or left as it is.
    fn forward_failed(&mut self, id: &str) {
        self.cancel_running(id);
        let Some(operation) = self.operation(id) else { return };
        let verb = operation.word().to_lowercase();
        let created = |stack: &crate::stack::Stack, name: &String| {
            stack.resources.get(name).is_some_and(|resource| resource.status == "CREATE_FAILED")
        };
        let failed = operation.failed.clone();
        let reason = match self.stacks.get(id) {
            Some(stack) if failed.iter().all(|name| created(stack, name)) => failed_to("create", &failed),
            _ => failed_to(&verb, &failed),
        };
        self.give_up(id, reason);
    }

    /// Ends the way forward: by going back, or by leaving everything as it is.
    pub(crate) fn give_up(&mut self, id: &str, reason: String) {
        let Some(operation) = self.operation(id) else { return };
        let kind = operation.kind;
        if operation.on_failure == OnStackFailure::DoNothing && kind != Kind::Import {
            let status = if kind == Kind::Create { "CREATE_FAILED" } else { "UPDATE_FAILED" };
            self.set_status(id, status, Some(reason));
            self.end_operation(id, ExecutionEnd::Failed);
            return;
        }
        operation.reason = Some(reason);
        operation.phase = Phase::RollingBack;
        self.enter_rollback(id);
    }

    /// All resources are what they should be: what remains are the outputs.
    fn work_done(&mut self, id: &str) {
        let Some(stack) = self.stacks.get(id) else { return };
        let Some(target) = stack.operation.as_ref().and_then(|operation| operation.target.as_ref()) else { return };
        let look = |name: &str, attribute: Option<&str>| self.look(stack, name, attribute);
        let outputs = self.outputs(stack, target, &look);
        let forbidden = outputs.map_or_else(Some, |outputs| self.forbidden(id, &outputs));
        match forbidden {
            Some(reason) => self.give_up(id, reason),
            None => self.watch(id),
        }
    }

    /// Lets the time pass in which the operation may still be undone.
    fn watch(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        operation.phase = Phase::Settling;
        let wake = Wake::Phase { stack: id.to_owned(), operation: operation.number };
        let monitoring = self.stacks.get(id).map(|stack| stack.rollback.monitoring).unwrap_or_default();
        self.wake(monitoring, wake);
    }

    /// The way forward has come to its end: there is no way back any more.
    fn commit(&mut self, id: &str) {
        let Some(stack) = self.stacks.get(id) else { return };
        let Some(operation) = &stack.operation else { return };
        let (kind, Some(target)) = (operation.kind, operation.target.clone()) else { return };
        let look = |name: &str, attribute: Option<&str>| self.look(stack, name, attribute);
        let outputs = self.outputs(stack, &target, &look).unwrap_or_default();
        let used = self.imported(stack, &target, &look);
        self.publish(id, outputs);
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.imports = used;
            stack.stable = None;
        }
        if kind != Kind::Update {
            let status = if kind == Kind::Create { "CREATE_COMPLETE" } else { "IMPORT_COMPLETE" };
            self.set_status(id, status, None);
            self.end_operation(id, ExecutionEnd::Complete);
            return;
        }
        self.set_status(id, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
        self.enter_cleanup(id);
    }

    /// Deletes what was replaced and what the template has no more.
    fn enter_cleanup(&mut self, id: &str) {
        let Some(stack) = self.stacks.get(id) else { return };
        let Some(operation) = &stack.operation else { return };
        let Some(target) = &operation.target else { return };
        let look = |_: &str, _: Option<&str>| Looked::Later;
        let is_wanted = self.within(stack, target, &look, |scope| {
            let wanted = |name: &String| {
                let definition = target.template.resource(name);
                definition.is_some_and(|definition| scope.is_there(definition).unwrap_or(true))
            };
            stack.resources.keys().filter(|name| wanted(name)).cloned().collect::<BTreeSet<_>>()
        });
        let removed = stack.resources.values().filter(|resource| !is_wanted.contains(&resource.logical_id));
        let removed = removed.map(|resource| doomed(resource, "DeletionPolicy", false, false));
        let replaced = stack.replaced.iter().map(|old| {
            // The policy is the one of the template that replaces it.
            let policy = stack.resources.get(&old.logical_id).unwrap_or(old).policy("UpdateReplacePolicy");
            Doomed { resource: old.clone(), is_spared: spares(policy, false), is_replaced: true }
        });
        let doomed: Vec<_> = removed.chain(replaced).collect();
        self.enter_deleting(id, Phase::CleaningUp, doomed);
    }

    /// Plans deletions, each before those of what the thing depends on.
    fn enter_deleting(&mut self, id: &str, phase: Phase, doomed: Vec<Doomed>) {
        let before = dependencies(doomed.iter().map(|doomed| &doomed.resource));
        let actions = doomed
            .into_iter()
            .map(|doomed| (doomed.resource.logical_id.clone(), Action::Delete(Box::new(doomed))))
            .collect();
        if let Some(operation) = self.operation(id) {
            operation.phase = phase;
            operation.plan(actions, &before, true);
        }
        self.pump(id);
    }

    fn cleaned_up(&mut self, id: &str, status: &str) {
        let left = self.operation(id).is_some_and(|operation| !operation.failed.is_empty());
        let what = if status.contains("ROLLBACK") { "Rollback" } else { "Update" };
        let reason = left.then(|| format!("{what} successful. One or more resources could not be deleted."));
        // What could not be deleted belongs to nobody any more.
        let failed = self.operation(id).map(|operation| operation.failed.clone()).unwrap_or_default();
        for logical_id in failed {
            self.abandon(id, &logical_id);
        }
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.replaced.clear();
        }
        self.set_status(id, status, reason);
        let end = if status.contains("ROLLBACK") { ExecutionEnd::Failed } else { ExecutionEnd::Complete };
        self.end_operation(id, end);
    }

    /// Leaves behind what cleaning up could not delete.
    fn abandon(&mut self, id: &str, logical_id: &str) {
        let Some(operation) = self.operation(id) else { return };
        let doomed = operation.tasks.iter().filter_map(|task| match &task.action {
            Action::Delete(doomed) if task.logical_id == logical_id => Some((**doomed).clone()),
            _ => None,
        });
        for doomed in doomed.collect::<Vec<_>>() {
            let physical_id = doomed.resource.physical_id.as_deref().unwrap_or_default();
            self.world.release(&doomed.resource.resource_type, physical_id);
            if !doomed.is_replaced
                && let Some(stack) = self.stacks.get_mut(id)
            {
                stack.resources.remove(logical_id);
            }
        }
    }

    fn enter_rollback(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        let (kind, deletes, reason) =
            (operation.kind, operation.on_failure == OnStackFailure::Delete, operation.reason.clone());
        operation.phase = Phase::RollingBack;
        if kind == Kind::Import {
            self.undo_import(id, reason);
            return;
        }
        if kind == Kind::Create {
            let status = if deletes { "DELETE_IN_PROGRESS" } else { "ROLLBACK_IN_PROGRESS" };
            let reason = reason.map(|reason| {
                format!("{reason}{}", if deletes { "Delete requested by user." } else { "Rollback requested by user." })
            });
            self.set_status(id, status, reason);
            let doomed = self.all_doomed(id, &BTreeSet::new(), true);
            self.enter_deleting(id, Phase::RollingBack, doomed);
            return;
        }
        self.set_status(id, "UPDATE_ROLLBACK_IN_PROGRESS", reason);
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let Some(stable) = &stack.stable else { return };
        // What the stack returns to stays.
        stack.replaced.retain(|old| {
            stable.resources.get(&old.logical_id).is_none_or(|before| before.physical_id != old.physical_id)
        });
        let changed = stable
            .resources
            .values()
            .filter(|before| stack.resources.get(&before.logical_id).is_none_or(|now| needs_restoring(now, before)));
        let changed: Vec<_> = changed.map(|before| (before.logical_id.clone(), Action::Restore)).collect();
        let before = dependencies(stable.resources.values());
        // Definitions may differ although nothing was done to the thing.
        for (name, resource) in &stable.resources {
            if let Some(now) = stack.resources.get_mut(name)
                && !needs_restoring(now, resource)
            {
                *now = resource.clone();
            }
        }
        if let Some(operation) = &mut stack.operation {
            operation.plan(changed, &before, false);
        }
        self.pump(id);
    }

    /// What a failed creation had made is deleted, or could not be.
    fn creation_undone(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        let (failed, deletes) = (operation.failed.clone(), operation.on_failure == OnStackFailure::Delete);
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.imports.clear();
        }
        match (failed.is_empty(), deletes) {
            (true, true) => self.stack_gone(id),
            (true, false) => self.set_status(id, "ROLLBACK_COMPLETE", None),
            (false, true) => self.set_status(id, "DELETE_FAILED", Some(failed_to("delete", &failed))),
            (false, false) => self.set_status(id, "ROLLBACK_FAILED", Some(failed_to("delete", &failed))),
        }
        self.end_operation(id, ExecutionEnd::Failed);
    }

    /// Everything is what it was before a failed update, or could not be made so.
    fn update_undone(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        let failed = operation.failed.clone();
        if !failed.is_empty() {
            self.set_status(id, "UPDATE_ROLLBACK_FAILED", Some(failed_to("update", &failed)));
            self.end_operation(id, ExecutionEnd::Failed);
            return;
        }
        self.set_status(id, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let Some(stable) = stack.stable.take() else { return };
        stack.revision = stable.revision;
        stack.imports = stable.imports;
        let made = stack.resources.values().filter(|resource| !stable.resources.contains_key(&resource.logical_id));
        let made = made.map(|resource| doomed(resource, "DeletionPolicy", false, true));
        let replaced =
            stack.replaced.iter().map(|new| Doomed { resource: new.clone(), is_spared: false, is_replaced: true });
        let doomed: Vec<_> = made.chain(replaced).collect();
        self.enter_deleting(id, Phase::RollbackCleanup, doomed);
    }

    fn enter_deletion(&mut self, id: &str) {
        let Some(stack) = self.stacks.get(id) else { return };
        let (status, spared) =
            (stack.status.clone(), stack.operation.as_ref().map(|operation| operation.spared.clone()));
        self.set_status(id, "DELETE_IN_PROGRESS", Some("User Initiated".to_owned()));
        // A stack whose exports are used stays what it was (rlister/stax#40).
        if let Some(reason) = self.forbidden(id, &std::collections::BTreeMap::new()) {
            let status =
                if status == StackStatus::DeleteInProgress { "DELETE_FAILED".to_owned() } else { status.to_string() };
            self.set_status(id, &status, Some(reason));
            self.end_operation(id, ExecutionEnd::Failed);
            return;
        }
        let all = self.all_doomed(id, &spared.unwrap_or_default(), false);
        self.enter_deleting(id, Phase::Deleting, all);
    }

    /// Lists all things of a stack, those too that it could have returned to.
    fn all_doomed(&self, id: &str, spared: &BTreeSet<String>, was_just_made: bool) -> Vec<Doomed> {
        let Some(stack) = self.stacks.get(id) else { return Vec::new() };
        let one = |resource: &Resource| {
            doomed(resource, "DeletionPolicy", spared.contains(&resource.logical_id), was_just_made)
        };
        let current: BTreeSet<_> = stack.resources.values().map(|resource| &resource.physical_id).collect();
        let before = stack.stable.iter().flat_map(|stable| stable.resources.values());
        let old = stack.replaced.iter().chain(before).filter(|old| !current.contains(&old.physical_id));
        let mut seen = BTreeSet::new();
        let old = old.filter(|old| seen.insert(&old.physical_id));
        let old = old.map(|old| Doomed { is_replaced: true, ..one(old) });
        stack.resources.values().map(one).chain(old).collect()
    }

    fn deleted(&mut self, id: &str) {
        let failed = self.operation(id).map(|operation| operation.failed.clone()).unwrap_or_default();
        if failed.is_empty() {
            self.stack_gone(id);
            self.end_operation(id, ExecutionEnd::Complete);
        } else {
            self.set_status(id, "DELETE_FAILED", Some(failed_to("delete", &failed)));
            self.end_operation(id, ExecutionEnd::Failed);
        }
    }

    /// Stops an update under way and undoes it.
    pub fn cancel(&mut self, id: &str) {
        self.cancel_running(id);
        let Some(operation) = self.operation(id) else { return };
        operation.reason = Some("User Initiated".to_owned());
        self.enter_rollback(id);
    }

    /// Stops a creation under way, whose stack is to be deleted.
    pub fn interrupt(&mut self, id: &str) {
        if self.operation(id).is_some() {
            self.cancel_running(id);
            self.end_operation(id, ExecutionEnd::Failed);
        }
    }

    /// Takes a stack off the list: it is found by its ARN alone.
    pub fn stack_gone(&mut self, id: &str) {
        self.set_status(id, "DELETE_COMPLETE", None);
        self.exports.retain(|_, exported| exported.stack != id);
        let Some(stack) = self.stacks.get_mut(id) else { return };
        stack.imports.clear();
        stack.outputs.clear();
        stack.change_sets.clear();
        let name = stack.name.clone();
        self.live.remove(&name);
    }

    /// Ends an operation, and tells the change set that it executed.
    pub(crate) fn end_operation(&mut self, id: &str, end: ExecutionEnd) {
        let Some(stack) = self.stacks.get_mut(id) else { return };
        let operation = stack.operation.take();
        if let Some(change_set) = operation.and_then(|operation| operation.change_set) {
            stack.executed(&change_set, end);
        }
    }
}

/// Says what becomes of a thing by one of its policies.
fn doomed(resource: &Resource, policy: &str, is_spared: bool, was_just_made: bool) -> Doomed {
    let is_spared = is_spared || spares(resource.policy(policy), was_just_made);
    Doomed { resource: resource.clone(), is_spared, is_replaced: false }
}

fn spares(policy: &str, was_just_made: bool) -> bool {
    policy == "Retain" || (policy == "RetainExceptOnCreate" && !was_just_made)
}
