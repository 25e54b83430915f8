//! Keeps calls to CloudFormation below a rate that all of a deployment share, and lowers it when told to slow down.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloud::intercept::{Call, Interceptor};
use cloud::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

/// The rate below which nothing is gained by slowing down further, in calls a second.
const SLOWEST: f64 = 0.5;

/// How much of the first rate comes back in a second without a refusal.
const RECOVERY: f64 = 0.05;

/// Is an [`Interceptor`] with one token bucket for all calls of CloudFormation. A refusal for too many calls halves the
/// rate, which then recovers slowly: AWS says of no call how many are too many.
pub(crate) struct Limiter {
    bucket: Mutex<Bucket>,
}

struct Bucket {
    /// The rate without refusals, in calls a second; as many can be made at once after a rest.
    fastest: f64,
    rate: f64,
    /// How many calls may be made now; below zero, calls wait that were promised a token that is yet to come.
    tokens: f64,
    filled: Instant,
    /// When the rate was last halved.
    slowed: Option<Instant>,
}

impl Limiter {
    pub fn new(calls_per_second: f64) -> Self {
        let fastest = calls_per_second.max(SLOWEST);
        let bucket = Bucket { fastest, rate: fastest, tokens: fastest.max(1.0), filled: Instant::now(), slowed: None };
        Self { bucket: Mutex::new(bucket) }
    }
}

impl Bucket {
    fn fill(&mut self, now: Instant) {
        let passed = now.duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.rate = (self.rate + passed * self.fastest * RECOVERY).min(self.fastest);
        self.tokens = (self.tokens + passed * self.rate).min(self.rate.max(1.0));
    }

    /// Takes a token, and says how long to wait for it.
    fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.rate) }
    }

    fn slow_down(&mut self, now: Instant) {
        self.fill(now);
        // Calls that were made together are refused together: that is one reason to slow down, not many.
        if self.slowed.is_some_and(|slowed| now.duration_since(slowed) < Duration::from_secs(1)) {
            return;
        }
        self.slowed = Some(now);
        self.rate = (self.rate / 2.0).max(SLOWEST);
        self.tokens = self.tokens.min(0.0);
    }
}

#[async_trait]
impl Interceptor for Limiter {
    async fn before(&self, call: &Call) -> Result<()> {
        if call.operation.starts_with("cloudformation:") {
            let wait = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
            if !wait.is_zero() {
                sleep(wait).await;
            }
        }
        Ok(())
    }

    async fn after(&self, call: &Call, error: Option<&Error>) -> Result<()> {
        let is_refused = error.is_some_and(|error| error.kind == ErrorKind::Throttled);
        if is_refused && call.operation.starts_with("cloudformation:") {
            self.bucket.lock().unwrap_or_else(PoisonError::into_inner).slow_down(Instant::now());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long so many calls take together, one after the other.
    async fn seconds(limiter: &Limiter, calls: u32) -> f64 {
        let began = Instant::now();
        let call = Call { operation: "cloudformation:DescribeStacks", subject: String::new(), number: 1 };
        for _ in 0..calls {
            limiter.before(&call).await.expect("never refused");
        }
        began.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_the_rate_holds() {
        let limiter = Limiter::new(10.0);
        assert!(seconds(&limiter, 10).await < 0.01);
        let taken = seconds(&limiter, 20).await;
        assert!((1.9..2.2).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_rate_once_and_it_recovers() {
        let limiter = Limiter::new(10.0);
        let call = Call { operation: "cloudformation:DescribeStacks", subject: String::new(), number: 1 };
        let refused = Error::new(ErrorKind::Throttled, call.operation, "Rate exceeded");
        for _ in 0..3 {
            limiter.after(&call, Some(&refused)).await.expect("told");
        }
        let slowly = seconds(&limiter, 5).await;
        assert!((0.85..1.2).contains(&slowly), "{slowly}");
        sleep(Duration::from_mins(1)).await;
        assert!(seconds(&limiter, 10).await < 0.01);
    }
}
