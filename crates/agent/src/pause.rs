//! Reasons to take no further task for a while.

use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::Event;
use crate::board::Outlook;
use crate::task::Context;

/// How long the drain file holds after it was last written: whoever drains writes it again and again, and one who died
/// drains nobody for long.
const DRAIN_HOLDS: Duration = Duration::from_mins(1);

/// How often the reasons are looked at while one stands.
const AGAIN: Duration = Duration::from_secs(1);

/// Why an agent takes no further task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseReason {
    /// Somebody drains it.
    Draining,
    /// EC2 recommends to replace the instance, and somebody may be about to.
    Replacing,
    /// The instance goes.
    Leaving,
}

/// Returns the reason that stands now.
pub(crate) fn reason(context: Context<'_>) -> Option<PauseReason> {
    let draining = |file: &Path| is_draining(file, SystemTime::now());
    match context.board.outlook() {
        Outlook::Goes => Some(PauseReason::Leaving),
        _ if context.settings.drain_file.as_deref().is_some_and(draining) => Some(PauseReason::Draining),
        Outlook::Doubtful { until } if Instant::now() < until => Some(PauseReason::Replacing),
        _ => None,
    }
}

/// Waits until no reason stands, and says so at the beginning and the end. Returns `None` when the agent was asked to
/// stop.
pub(crate) async fn over(context: Context<'_>, mut shutdown: Pin<&mut impl Future<Output = ()>>) -> Option<()> {
    let mut told = None;
    while let Some(reason) = reason(context) {
        if told != Some(reason) {
            context.events.emit(Event::Paused { reason });
            told = Some(reason);
        }
        tokio::select! {
            biased;
            () = shutdown.as_mut() => return None,
            () = sleep(AGAIN) => {}
        }
    }
    if told.is_some() {
        context.events.emit(Event::Resumed);
    }
    Some(())
}

fn is_draining(file: &Path, now: SystemTime) -> bool {
    let Ok(written) = std::fs::metadata(file).and_then(|metadata| metadata.modified()) else { return false };
    let age = now.duration_since(written).unwrap_or_else(|ahead| ahead.duration());
    age < DRAIN_HOLDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drain_file_holds_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drain");
        let now = SystemTime::now();
        assert!(!is_draining(&file, now));
        std::fs::write(&file, "draining\n").unwrap();
        assert!(is_draining(&file, now));
        assert!(is_draining(&file, now + Duration::from_secs(50)));
        assert!(!is_draining(&file, now + Duration::from_secs(70)));
        // A clock that was set back.
        assert!(!is_draining(&file, now - Duration::from_secs(70)));
    }
}
