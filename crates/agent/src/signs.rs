//! Signs of life of something that takes long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Remembers when something last showed progress.
#[derive(Debug)]
pub(crate) struct Signs {
    start: Instant,
    last_millis: AtomicU64,
}

impl Signs {
    /// Starts to watch: the start counts as progress.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), last_millis: AtomicU64::new(0) }
    }

    /// Notes that there was progress just now.
    pub(crate) fn touch(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.fetch_max(millis, Ordering::Relaxed);
    }

    /// Returns once there was no progress for as long as `limit`.
    pub(crate) async fn silence(&self, limit: Duration) {
        loop {
            let last = self.start + Duration::from_millis(self.last_millis.load(Ordering::Relaxed));
            if Instant::now() >= last + limit {
                return;
            }
            sleep_until(last + limit).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_the_last_sign() {
        let signs = Signs::new();
        let start = Instant::now();
        let limit = Duration::from_mins(1);
        let touching = async {
            sleep(Duration::from_secs(50)).await;
            signs.touch();
            sleep(Duration::from_secs(59)).await;
            signs.touch();
        };
        tokio::join!(touching, signs.silence(limit));
        assert_eq!(start.elapsed().as_secs(), 169);
    }
}
