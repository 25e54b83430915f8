//! Amazon SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::Result;

/// Sends and receives messages (Amazon SQS). Queues are named by their URL.
#[async_trait]
pub trait Queues: Send + Sync {
    /// Sends one message and returns its id (`sqs:SendMessage`). `group` is the message group, which standard queues
    /// use for fairness between tenants.
    async fn send(&self, queue: &str, body: &str, group: Option<&str>) -> Result<String>;

    /// Waits for messages, at most `wait` (`sqs:ReceiveMessage`). None is a normal answer.
    async fn receive(&self, queue: &str, request: &ReceiveRequest) -> Result<Vec<Message>>;

    /// Hides a received message for `visibility` from now; zero gives it back at once
    /// (`sqs:ChangeMessageVisibility`). Fails with [`StaleReceipt`](crate::ErrorKind::StaleReceipt) when the message
    /// is no longer in flight under this receipt.
    async fn change_visibility(&self, queue: &str, receipt: &str, visibility: Duration) -> Result<()>;

    /// Deletes a received message (`sqs:DeleteMessage`).
    ///
    /// SQS answers with success to a stale receipt and may not delete: the message may come again.
    async fn delete(&self, queue: &str, receipt: &str) -> Result<()>;

    /// Counts the messages of a queue, approximately (`sqs:GetQueueAttributes`).
    async fn counts(&self, queue: &str) -> Result<QueueCounts>;
}

/// How to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveRequest {
    /// How many messages at most, 1 to 10.
    pub max: u8,
    /// How long to wait for the first one: whole seconds, at most 20.
    pub wait: Duration,
    /// How long the messages are hidden from others: whole seconds; `None` for the queue's own setting.
    pub visibility: Option<Duration>,
}

/// A message received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id of the message: the same each time it is received.
    pub id: String,
    /// Stands for this receipt of the message.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How often the message was received, this time included (approximate, says SQS).
    pub receive_count: u32,
    /// The system attributes, such as `SentTimestamp` and `MessageGroupId`.
    pub attributes: BTreeMap<String, String>,
}

/// How many messages a queue has, approximately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Ready to be received.
    pub visible: u64,
    /// Received by someone, and neither deleted nor given back.
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
}
