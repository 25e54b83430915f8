use std::time::Duration;

use cloud::queues::{Message, ReceiveRequest};
use cloud::{Cloud, ErrorKind, Queues};

pub(crate) async fn check(cloud: &Cloud, queue: &str) {
    let queues = cloud.queues.as_ref();
    let id = queues.send(queue, "the first", Some("job-1")).await.expect("sent");
    assert_eq!(queues.counts(queue).await.expect("counts").visible, 1);

    let message = receive(queues, queue).await.expect("a message");
    assert_eq!((message.id.as_str(), message.body.as_str(), message.receive_count), (id.as_str(), "the first", 1));
    assert!(message.attributes.contains_key("SentTimestamp"), "{message:?}");
    assert_eq!(queues.counts(queue).await.expect("counts").in_flight, 1);
    assert_eq!(receive(queues, queue).await, None);

    // Given back at once, it comes again, under another receipt.
    queues.change_visibility(queue, &message.receipt, Duration::ZERO).await.expect("given back");
    let again = receive(queues, queue).await.expect("the same message");
    assert_eq!((again.id.as_str(), again.receive_count), (id.as_str(), 2));
    let stale = queues.change_visibility(queue, &message.receipt, Duration::from_mins(1)).await;
    assert_eq!(stale.expect_err("a stale receipt").kind, ErrorKind::StaleReceipt);
    queues.delete(queue, &message.receipt).await.expect("a stale receipt is no error");
    assert_eq!(queues.counts(queue).await.expect("counts").in_flight, 1);

    queues.change_visibility(queue, &again.receipt, Duration::from_mins(1)).await.expect("the lease is renewed");
    queues.delete(queue, &again.receipt).await.expect("deleted");
    let gone = queues.change_visibility(queue, &again.receipt, Duration::from_mins(1)).await;
    assert_eq!(gone.expect_err("a deleted message").kind, ErrorKind::StaleReceipt);

    let missing = queues.send(&format!("{queue}-not"), "x", None).await.expect_err("no such queue");
    assert_eq!(missing.kind, ErrorKind::NotFound, "{missing}");
}

pub(crate) async fn receive(queues: &dyn Queues, queue: &str) -> Option<Message> {
    let request = ReceiveRequest { max: 1, wait: Duration::from_secs(1), visibility: Some(Duration::from_secs(30)) };
    queues.receive(queue, &request).await.expect("an answer").pop()
}
