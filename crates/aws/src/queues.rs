use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use cloud::queues::{Message, QueueCounts, Queues, ReceiveRequest};
use cloud::{ErrorKind, Result};

use crate::error::Endpoint;

/// A lease has to be renewed in time: a try that hangs must leave time for another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Service {
    client: aws_sdk_sqs::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let config = Builder::from(config).timeout_config(timeouts).build();
        Self { client: aws_sdk_sqs::Client::from_conf(config), endpoint }
    }
}

#[async_trait]
impl Queues for Service {
    async fn send(&self, queue: &str, body: &str, group: Option<&str>) -> Result<String> {
        let request = self.client.send_message().queue_url(queue).message_body(body);
        let answer = request.set_message_group_id(group.map(str::to_owned)).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("sqs:SendMessage", queue, &error))?;
        Ok(answer.message_id.unwrap_or_default())
    }

    async fn receive(&self, queue: &str, request: &ReceiveRequest) -> Result<Vec<Message>> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(request.wait + ATTEMPT_TIMEOUT)
            .read_timeout(request.wait + ATTEMPT_TIMEOUT)
            .build();
        let receive = self.client.receive_message().queue_url(queue);
        let answer = receive
            .max_number_of_messages(i32::from(request.max))
            .wait_time_seconds(seconds(request.wait))
            .set_visibility_timeout(request.visibility.map(seconds))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts))
            .send()
            .await;
        let answer = answer.map_err(|error| self.endpoint.error("sqs:ReceiveMessage", queue, &error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(message).collect())
    }

    async fn change_visibility(&self, queue: &str, receipt: &str, visibility: Duration) -> Result<()> {
        let request = self.client.change_message_visibility().queue_url(queue).receipt_handle(receipt);
        let answer = request.visibility_timeout(seconds(visibility)).send().await;
        answer.map_err(|error| self.endpoint.error("sqs:ChangeMessageVisibility", queue, &error))?;
        Ok(())
    }

    async fn delete(&self, queue: &str, receipt: &str) -> Result<()> {
        let answer = self.client.delete_message().queue_url(queue).receipt_handle(receipt).send().await;
        match answer.map_err(|error| self.endpoint.error("sqs:DeleteMessage", queue, &error)) {
            // SQS says yes to a receipt that is merely old, the emulator says no: nobody may rely on either.
            Err(error) if error.kind == ErrorKind::StaleReceipt => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(queue);
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("sqs:GetQueueAttributes", queue, &error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let [visible, in_flight, delayed] =
            names.map(|name| attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or_default());
        Ok(QueueCounts { visible, in_flight, delayed })
    }
}

fn message(message: aws_sdk_sqs::types::Message) -> Message {
    let attributes = message.attributes.unwrap_or_default();
    let count = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
    Message {
        receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
        attributes: attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

/// Counts whole seconds, all that SQS knows. What is too long for it, it refuses with its own words.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
