//! What a gate finds, before it is known which gate.

use super::side::Place;
use crate::{Gate, GateFinding};

/// Something to look at twice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub kind: &'static str,
    pub place: Place,
    pub message: String,
    pub was: Option<String>,
    pub now: Option<String>,
}

impl Finding {
    pub fn new(kind: &'static str, place: Place, message: String) -> Self {
        Self { kind, place, message, was: None, now: None }
    }

    pub fn at(self, gate: Gate) -> GateFinding {
        let Place { stack, resource, kind: resource_type, path, origin } = self.place;
        let stateful = crate::holds(&resource_type).is_some();
        GateFinding {
            gate,
            kind: self.kind,
            stack,
            resource,
            resource_type,
            path,
            message: self.message,
            was: self.was,
            now: self.now,
            stateful,
            origin,
        }
    }
}
