//! Tries again what failed for a passing reason.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longest rest between two tries.
const LONGEST: Duration = Duration::from_secs(10);

/// Rests that grow, each with jitter, so that many agents do not return at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// Returns how long to rest now: between half of the current step and all of it.
    pub(crate) fn rest(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        // 10 bits of chance are enough for a jitter.
        let part = u32::try_from(random() % 1024).unwrap_or_default();
        step / 2 + step / 2 * part / 1024
    }
}

/// Makes a call until it succeeds, fails for good, or has been tried for as long as `limit`.
pub(crate) async fn retrying<T, F>(limit: Duration, mut call: impl FnMut() -> F) -> cloud::Result<T>
where
    F: Future<Output = cloud::Result<T>>,
{
    let start = Instant::now();
    let mut backoff = Backoff::new(Duration::from_millis(500), LONGEST);
    loop {
        match call().await {
            Err(error) if error.is_transient() => {
                let rest = backoff.rest();
                if start.elapsed() + rest >= limit {
                    return Err(error);
                }
                sleep(rest).await;
            }
            outcome => return outcome,
        }
    }
}

/// Draws a number. The standard library seeds its hash maps from the system's randomness; nothing here needs more.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloud::{Error, ErrorKind};
    use std::future::ready;

    #[test]
    fn rests_grow_to_the_longest_and_differ() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(8));
        for step in [1, 2, 4, 8, 8] {
            let rest = backoff.rest();
            assert!(rest >= Duration::from_secs(step) / 2 && rest <= Duration::from_secs(step), "{rest:?}");
        }
        let mut draws: Vec<_> = (0..50).map(|_| random()).collect();
        draws.sort_unstable();
        draws.dedup();
        assert!(draws.len() > 40);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_until_the_limit() {
        let mut calls = 0;
        let slow_down = || Error::new(ErrorKind::Throttled, "s3:GetObject", "slow down");
        let outcome = retrying(Duration::from_secs(30), || {
            calls += 1;
            ready(if calls < 4 { Err(slow_down()) } else { Ok(calls) })
        })
        .await;
        assert_eq!(outcome, Ok(4));

        let start = Instant::now();
        let outcome: cloud::Result<()> = retrying(Duration::from_secs(30), || {
            ready(Err(Error::new(ErrorKind::Unreachable, "s3:GetObject", "no route")))
        })
        .await;
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Unreachable);
        assert!(start.elapsed() <= Duration::from_secs(30) && start.elapsed() > Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_not_tried_again() {
        let mut calls = 0;
        let outcome: cloud::Result<()> = retrying(Duration::from_secs(30), || {
            calls += 1;
            ready(Err(Error::new(ErrorKind::AccessDenied, "s3:GetObject", "no")))
        })
        .await;
        assert!(outcome.is_err());
        assert_eq!(calls, 1);
    }
}
