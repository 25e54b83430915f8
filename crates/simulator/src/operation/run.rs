//! Runs the tasks of a phase.

use super::{Action, Operation, Phase, TaskState};
use crate::state::State;

/// How a task begins.
pub(crate) enum Begun {
    /// There is nothing to do, or it is done already.
    Done,
    /// It takes a while.
    Running,
}

impl State {
    pub(crate) fn operation(&mut self, id: &str) -> Option<&mut Operation> {
        self.stacks.get_mut(id)?.operation.as_mut()
    }

    /// Begins what can begin; when nothing runs any more, the phase is over.
    pub(super) fn pump(&mut self, id: &str) {
        loop {
            let Some(operation) = self.operation(id) else { return };
            let Some(index) = operation.ready.pop_front() else { break };
            let (logical_id, action) = {
                let task = &operation.tasks[index];
                (task.logical_id.clone(), task.action.clone())
            };
            let begun = match action {
                Action::Apply => self.begin_apply(id, index, &logical_id),
                Action::Import(imported) => self.begin_import(id, index, &imported),
                Action::Restore => self.begin_restore(id, index, &logical_id),
                Action::Delete(doomed) => self.begin_delete(id, index, &doomed),
            };
            match begun {
                Begun::Done => self.settle(id, index),
                Begun::Running => {
                    if let Some(operation) = self.operation(id) {
                        operation.tasks[index].state = TaskState::Running;
                        operation.running += 1;
                    }
                }
            }
        }
        if self.operation(id).is_some_and(|operation| operation.running == 0) {
            self.phase_over(id);
        }
    }

    /// Takes note that a task is done, so that those go on that wait for it.
    fn settle(&mut self, id: &str, index: usize) {
        let Some(operation) = self.operation(id) else { return };
        operation.tasks[index].state = TaskState::Done;
        for next in std::mem::take(&mut operation.tasks[index].unblocks) {
            operation.tasks[next].waits_for -= 1;
            if operation.tasks[next].waits_for == 0 {
                operation.ready.push_back(next);
            }
        }
    }

    /// Ends a task that took a while.
    pub(crate) fn end_task(&mut self, id: &str, index: usize, failed: bool) {
        let Some(operation) = self.operation(id) else { return };
        operation.running -= 1;
        if failed {
            operation.tasks[index].state = TaskState::Failed;
            let logical_id = operation.tasks[index].logical_id.clone();
            operation.failed.push(logical_id);
        }
        // What cleaning up cannot delete is left behind, and keeps nothing else from being deleted.
        let goes_on = matches!(operation.phase, Phase::CleaningUp | Phase::RollbackCleanup);
        if goes_on || !failed {
            self.settle(id, index);
        }
    }

    /// Says whether a task runs, so that what wakes it is meant for it.
    pub(super) fn is_running(&self, id: &str, number: u64, index: usize) -> bool {
        let operation = self.stacks.get(id).and_then(|stack| stack.operation.as_ref());
        operation.is_some_and(|operation| {
            operation.number == number
                && operation.tasks.get(index).is_some_and(|task| task.state == TaskState::Running)
        })
    }

    /// Cancels what runs: CloudFormation does that when one resource fails.
    pub(crate) fn cancel_running(&mut self, id: &str) {
        let Some(operation) = self.operation(id) else { return };
        operation.ready.clear();
        operation.running = 0;
        let number = self.next();
        let Some(operation) = self.operation(id) else { return };
        // What was to wake them is not for this operation any more.
        operation.number = number;
        let running: Vec<_> = operation.tasks.iter().filter(|task| task.state == TaskState::Running).collect();
        let running: Vec<_> = running.into_iter().map(|task| task.logical_id.clone()).collect();
        for logical_id in running {
            let status = self
                .stacks
                .get(id)
                .and_then(|stack| stack.resources.get(&logical_id))
                .map(|found| found.status.clone());
            let (status, noun) = match status.as_deref() {
                Some("UPDATE_IN_PROGRESS") => ("UPDATE_FAILED", "update"),
                _ => ("CREATE_FAILED", "creation"),
            };
            self.set_resource(id, &logical_id, status, Some(format!("Resource {noun} cancelled")));
        }
    }
}
