//! Time: tokio's, so that a test with paused time is over in an instant.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// When simulated time begins: 2026-01-01, so that a run shows the same times as the last one.
const BEGINNING: i64 = 1_767_225_600;

/// Tells how long the simulation has run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub fn elapsed(self) -> Duration {
        self.start.elapsed()
    }
}

/// Makes a date of how long the simulation had run.
pub(crate) fn date(elapsed: Duration) -> Timestamp {
    let nanoseconds = i32::try_from(elapsed.subsec_nanos()).unwrap_or_default();
    let seconds = BEGINNING.saturating_add(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX / 2));
    Timestamp::new(seconds, nanoseconds).unwrap_or(Timestamp::MAX)
}
