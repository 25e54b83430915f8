//! The lease of a task: the time for which its message is invisible to other workers.

use std::time::Duration;

use cloud::{ErrorKind, Queues};
use tokio::time::{Instant, sleep_until, timeout_at};

/// SQS lets a message be invisible for at most 12 hours after it was received.
const CEILING: Duration = Duration::from_hours(12);

/// How long before the ceiling the work stops, so that there is time to say so.
const CEILING_MARGIN: Duration = Duration::from_mins(2);

/// How a lease came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The queue gave the message to someone else, or it was deleted.
    TakenOver,
    /// It could not be renewed before it would end.
    NotRenewed,
    /// The queue lets nobody hold a message any longer; it is still held for a little while.
    Ceiling,
}

/// A message that this worker holds.
pub(crate) struct Lease<'a> {
    pub(crate) queues: &'a dyn Queues,
    pub(crate) queue: &'a str,
    pub(crate) receipt: &'a str,
    /// For how long each renewal holds.
    pub(crate) visibility: Duration,
    /// How often it is renewed.
    pub(crate) renewal: Duration,
    /// When the message was received.
    pub(crate) received: Instant,
}

impl Lease<'_> {
    /// Renews the lease until that is no longer possible, and returns a little before the lease ends.
    ///
    /// A renewal that fails is tried again until then: one failure costs nothing. `failed` is told of each.
    pub(crate) async fn keep(&self, failed: impl Fn(&cloud::Error)) -> Lost {
        // Clocks differ, and the queue's started while the message was still on its way here.
        let margin = self.visibility / 12;
        let again = self.visibility / 24;
        let ceiling = self.received + CEILING.saturating_sub(CEILING_MARGIN);
        let mut end = self.received + self.visibility - margin;
        let mut next = self.received + self.renewal;
        loop {
            if next >= end {
                sleep_until(end).await;
                return Lost::NotRenewed;
            }
            sleep_until(next).await;
            // Counted from before the call, which may take a while.
            let sent = Instant::now();
            if sent + self.visibility > ceiling + CEILING_MARGIN {
                sleep_until(end.min(ceiling)).await;
                return Lost::Ceiling;
            }
            // A call that hangs must leave time for another.
            let until = end.min(sent + self.renewal);
            match timeout_at(until, self.queues.change_visibility(self.queue, self.receipt, self.visibility)).await {
                Ok(Ok(())) => {
                    end = sent + self.visibility - margin;
                    next = sent + self.renewal;
                }
                Ok(Err(error)) if error.kind == ErrorKind::StaleReceipt => return Lost::TakenOver,
                Ok(Err(error)) => {
                    failed(&error);
                    next = Instant::now() + again;
                }
                Err(_) => {
                    failed(&cloud::Error::new(ErrorKind::Timeout, "sqs:ChangeMessageVisibility", "no answer"));
                    next = Instant::now() + again;
                }
            }
        }
    }
}
