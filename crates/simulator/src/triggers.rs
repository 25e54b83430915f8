//! Rollback triggers: alarms that undo an operation.

use std::time::Duration;

use cloud::alarms::AlarmState;
use cloud::cloud_formation::RollbackTriggers;

use crate::operation::{Kind, Phase};
use crate::services::ALARMS;
use crate::stack::Stack;
use crate::state::State;

/// API reference, `RollbackConfiguration`.
const MOST_ALARMS: usize = 5;
const LONGEST: Duration = Duration::from_hours(3);

/// Says what is wrong with triggers.
pub(crate) fn wrong(triggers: &RollbackTriggers) -> Option<String> {
    if triggers.alarms.len() + triggers.composite_alarms.len() > MOST_ALARMS {
        return Some(format!(
            "1 validation error detected: Value at 'rollbackConfiguration.rollbackTriggers' failed to satisfy constraint: Member must have length less than or equal to {MOST_ALARMS}"
        ));
    }
    (triggers.monitoring > LONGEST).then(|| {
        "1 validation error detected: Value at 'rollbackConfiguration.monitoringTimeInMinutes' failed to satisfy constraint: Member must have value less than or equal to 180".to_owned()
    })
}

impl State {
    /// Lets an alarm say something, which undoes operations that watch it.
    pub fn set_alarm(&mut self, name: &str, says: AlarmState) {
        self.storage.alarms.insert(name.to_owned(), (says, self.now));
        let watching = |stack: &&Stack| {
            stack.operation.as_ref().is_some_and(|operation| {
                operation.kind != Kind::Delete && matches!(operation.phase, Phase::Working | Phase::Settling)
            })
        };
        let busy: Vec<_> = self.stacks.values().filter(watching).map(|stack| stack.id.clone()).collect();
        for id in busy {
            self.check_triggers(&id);
        }
    }

    /// Undoes an operation if one of its alarms rings, or is not there; says whether it did.
    pub fn check_triggers(&mut self, id: &str) -> bool {
        let Some(reason) = self.stacks.get(id).and_then(|stack| self.triggered(stack)) else { return false };
        self.cancel_running(id);
        self.give_up(id, reason);
        true
    }

    fn triggered(&self, stack: &Stack) -> Option<String> {
        let mut ringing = Vec::new();
        for arn in stack.rollback.alarms.iter().chain(&stack.rollback.composite_alarms) {
            let name = arn.split_once(":alarm:").map_or(arn.as_str(), |(_, name)| name);
            if ALARMS.iter().all(|kind| self.world.get(kind, name).is_none()) {
                return Some(format!("The following rollback trigger does not exist: [{arn}]. "));
            }
            if self.storage.alarms.get(name).is_some_and(|(says, _)| *says == AlarmState::Alarm) {
                ringing.push(arn.as_str());
            }
        }
        (!ringing.is_empty())
            .then(|| format!("The following rollback trigger(s) were in ALARM state: [{}]. ", ringing.join(", ")))
    }
}
