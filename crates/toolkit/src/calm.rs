use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::{Event, Events};

/// How long it counts as said that the cloud does not answer.
const SAID: Duration = Duration::from_secs(30);

/// Passes events on, but says only once in a while that the cloud does not answer: stacks that are worked on at once notice
/// that together.
pub(crate) struct Calm<'a> {
    events: &'a dyn Events,
    last: Mutex<Option<Instant>>,
}

impl<'a> Calm<'a> {
    pub fn new(events: &'a dyn Events) -> Self {
        Self { events, last: Mutex::new(None) }
    }
}

impl Events for Calm<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Unreachable { .. }) {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            // Silence lasts for as long as others keep noticing.
            let is_said = last.replace(Instant::now()).is_some_and(|last| last.elapsed() < SAID);
            if is_said {
                return;
            }
        }
        self.events.event(event);
    }
}
