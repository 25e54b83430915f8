//! SQS in memory: one queue, with its time on tokio's clock.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cloud::queues::{Message, QueueCounts, Queues, ReceiveRequest};
use cloud::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::lock;

/// SQS lets no message be invisible for longer than this after it was received.
const CEILING: Duration = Duration::from_hours(12);

#[derive(Default)]
pub struct MemoryQueues {
    messages: Mutex<Vec<Queued>>,
}

struct Queued {
    id: String,
    body: String,
    visible_at: Instant,
    received_at: Option<Instant>,
    receives: u32,
}

impl Queued {
    fn receipt(&self) -> String {
        format!("{}/{}", self.id, self.receives)
    }
}

impl MemoryQueues {
    pub fn push(&self, body: impl Into<String>) -> String {
        let mut messages = lock(&self.messages);
        let id = format!("message-{}", messages.len());
        messages.push(Queued {
            id: id.clone(),
            body: body.into(),
            visible_at: Instant::now(),
            received_at: None,
            receives: 0,
        });
        id
    }

    pub fn clear(&self) {
        lock(&self.messages).clear();
    }

    pub fn len(&self) -> usize {
        lock(&self.messages).len()
    }

    /// Returns after how long the only message is visible; zero if it is now.
    pub fn visible_after(&self) -> Duration {
        let messages = lock(&self.messages);
        assert_eq!(messages.len(), 1, "one message is looked at");
        messages[0].visible_at.saturating_duration_since(Instant::now())
    }

    /// Lets time pass until every message is visible.
    pub fn make_visible(&self) {
        for queued in lock(&self.messages).iter_mut() {
            queued.visible_at = Instant::now();
        }
    }

    /// Takes the only message over, as another worker does once its lease has ended.
    pub fn take_over(&self) {
        let mut messages = lock(&self.messages);
        assert_eq!(messages.len(), 1, "one message is taken over");
        messages[0].receives += 1;
        messages[0].visible_at = Instant::now() + CEILING;
    }

    fn receive_one(&self, visibility: Duration) -> Option<Message> {
        let now = Instant::now();
        let mut messages = lock(&self.messages);
        let queued = messages.iter_mut().find(|queued| queued.visible_at <= now)?;
        queued.receives += 1;
        queued.visible_at = now + visibility;
        queued.received_at = Some(now);
        Some(Message {
            id: queued.id.clone(),
            receipt: queued.receipt(),
            body: queued.body.clone(),
            receive_count: queued.receives,
            attributes: BTreeMap::new(),
        })
    }
}

#[async_trait]
impl Queues for MemoryQueues {
    async fn send(&self, _: &str, _: &str, _: Option<&str>) -> Result<String> {
        Err(Error::new(ErrorKind::AccessDenied, "sqs:SendMessage", "workers do not send"))
    }

    async fn receive(&self, _: &str, request: &ReceiveRequest) -> Result<Vec<Message>> {
        let until = Instant::now() + request.wait;
        loop {
            let message = self.receive_one(request.visibility.expect("the worker says for how long"));
            if message.is_some() || Instant::now() >= until {
                return Ok(message.into_iter().collect());
            }
            sleep(Duration::from_millis(50).min(until - Instant::now())).await;
        }
    }

    async fn change_visibility(&self, _: &str, receipt: &str, visibility: Duration) -> Result<()> {
        let now = Instant::now();
        let mut messages = lock(&self.messages);
        let stale = || Error::new(ErrorKind::StaleReceipt, "sqs:ChangeMessageVisibility", "not in flight");
        let queued = messages.iter_mut().find(|queued| queued.receipt() == receipt).ok_or_else(stale)?;
        if queued.visible_at <= now {
            return Err(stale());
        }
        if queued.received_at.is_none_or(|received| now + visibility > received + CEILING) {
            let message = "total visibility timeout is beyond the limit of 43200 seconds";
            return Err(Error::new(ErrorKind::Validation, "sqs:ChangeMessageVisibility", message));
        }
        queued.visible_at = now + visibility;
        Ok(())
    }

    async fn delete(&self, _: &str, receipt: &str) -> Result<()> {
        // Like SQS, it says yes to a stale receipt and does nothing.
        lock(&self.messages).retain(|queued| queued.receipt() != receipt);
        Ok(())
    }

    async fn counts(&self, _: &str) -> Result<QueueCounts> {
        Err(Error::new(ErrorKind::AccessDenied, "sqs:GetQueueAttributes", "workers do not count"))
    }
}
