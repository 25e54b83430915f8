//! How the cloud is called: with patience, and not too often.

use std::time::Duration;

use cloud::Cloud;
use tokio::time::{Instant, sleep};

use crate::{Event, Events, Patience};

/// What every step needs.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub cloud: &'a Cloud,
    pub events: &'a dyn Events,
    pub patience: Patience,
    pub run: &'a str,
}

impl Context<'_> {
    /// Tells what happens.
    pub fn tell(&self, event: Event) {
        self.events.event(event);
    }

    /// Makes a call, again and again while the cloud does not answer, until patience ends.
    ///
    /// Only for calls that may be made twice.
    pub async fn call<T>(&self, call: impl AsyncFn() -> cloud::Result<T>) -> cloud::Result<T> {
        let mut pause = Pause::default();
        let mut first_failure: Option<Instant> = None;
        loop {
            match call().await {
                Err(error) if error.is_transient() => {
                    let first = *first_failure.get_or_insert_with(|| {
                        self.tell(Event::Unreachable { error: error.to_string() });
                        Instant::now()
                    });
                    if first.elapsed() >= self.patience.0 {
                        return Err(error);
                    }
                }
                answer => return answer,
            }
            pause.wait().await;
        }
    }

    /// Makes a client token, which tells one request of this run from every other one.
    pub fn token(&self, stack: &str, purpose: &str) -> String {
        format!("{}-{stack}-{purpose}", self.run)
    }
}

/// The time between two looks at the same thing: short at first, so that quick work is seen quickly, then two seconds,
/// which CloudFormation's request limits bear.
pub(crate) struct Pause {
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self { next: Duration::from_millis(100) }
    }
}

impl Pause {
    /// Waits.
    pub async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(2));
    }
}
