//! How the cloud is called: with patience, and not too often.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{Event, Events};

/// How long a cloud that does not answer is asked again.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub limit: Duration,
    pub events: &'a dyn Events,
}

impl Patience<'_> {
    /// Makes a call, again and again while the cloud does not answer. Only for calls that may be made twice.
    pub async fn call<T>(self, call: impl AsyncFn() -> cloud::Result<T>) -> cloud::Result<T> {
        let mut pause = Pause::default();
        let mut first_failure: Option<Instant> = None;
        loop {
            match call().await {
                Err(error) if error.is_transient() => {
                    let first = *first_failure.get_or_insert_with(|| {
                        self.events.event(Event::Unreachable { error: error.to_string() });
                        Instant::now()
                    });
                    if first.elapsed() >= self.limit {
                        return Err(error);
                    }
                }
                answer => return answer,
            }
            pause.wait().await;
        }
    }
}

/// The time between two looks at the same thing: short at first, then two seconds.
pub(crate) struct Pause {
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self { next: Duration::from_millis(200) }
    }
}

impl Pause {
    /// Waits.
    pub async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(2));
    }
}

/// Lets through one of many reports of progress, at most five a second.
#[derive(Default)]
pub(crate) struct Throttle {
    last: Mutex<Option<Instant>>,
}

impl Throttle {
    /// Says whether it is time for the next report.
    pub fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= Duration::from_millis(200));
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}
