//! Accepts operations.

use super::{Kind, Operation, Phase};
use crate::durations;
use crate::state::{State, Wake};

impl State {
    /// Accepts an operation; it begins a little later, and until then the stack shows its old status.
    pub fn accept(&mut self, id: &str, operation: Operation) {
        let number = operation.number.to_string();
        let lag = durations::up_to(self.settings.lag, self.random, &["lag", id, &number]);
        let wake = Wake::Phase { stack: id.to_owned(), operation: operation.number };
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.operation = Some(operation);
            self.wake(lag, wake);
        }
    }

    /// Begins to delete a stack.
    pub fn begin_deletion(&mut self, id: &str, retain: &[String], token: Option<String>) {
        let mut operation = Operation::new(self.next(), Kind::Delete, token);
        operation.spared = retain.iter().cloned().collect();
        self.accept(id, operation);
    }

    /// Begins to bring a stack back to what it was when it was last whole.
    pub fn begin_rollback(&mut self, id: &str, kind: Kind, skip: &[String], token: Option<String>) {
        let mut operation = Operation::new(self.next(), kind, token);
        operation.phase = Phase::RollingBack;
        operation.spared = skip.iter().cloned().collect();
        operation.reason = Some("User Initiated".to_owned());
        self.accept(id, operation);
    }
}
