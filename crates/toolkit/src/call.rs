//! How the cloud is called: with patience, and not too often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloud::{Cloud, ErrorKind};
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
                    if error.kind == ErrorKind::Throttled {
                        pause.stretch(self.run);
                    }
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

/// The longest pause after calls that were too many, before it is jittered.
const LONGEST_AFTER_REFUSAL: Duration = Duration::from_secs(10);

/// Mixes bits (the finalizer of `SplitMix64`).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
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
    /// Waits longer next time, by an amount that differs from call to call and from run to run: those that were refused
    /// together should not come back together.
    fn stretch(&mut self, run: &str) {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let seed = run.bytes().fold(CALLS.fetch_add(1, Ordering::Relaxed), |hash, byte| mix(hash ^ u64::from(byte)));
        // From half to one and a half.
        let tenths = 5 + u32::try_from(mix(seed) % 11).unwrap_or_default();
        self.next = (self.next * 2).min(LONGEST_AFTER_REFUSAL) * tenths / 10;
    }

    /// Waits.
    pub async fn wait(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(Duration::from_secs(2).max(self.next));
    }
}
