//! Makes queues that are encrypted and reachable by TLS only.

use documents::iam;
use resources::sqs;
use template::{Declare, DeletionPolicy, ResourcePolicy, Stack, Value, select, split};

use crate::keys::{Keys, NO_OWN_KEYS};

/// How long a message waits at most, in seconds: 14 days, the longest that SQS keeps one.
pub const RETENTION_SECONDS: u32 = 14 * 24 * 3600;

/// Adds a queue whose policy refuses whatever does not come by TLS, and says what else the statements do.
///
/// It is `logical_id`, and its policy `logical_id` with `Policy` behind.
#[track_caller]
pub fn add(
    stack: &mut Stack,
    keys: &Keys,
    logical_id: &str,
    queue: sqs::Queue,
    statements: impl FnOnce(&sqs::QueueRef) -> Vec<iam::Statement<ResourcePolicy>>,
) -> sqs::QueueRef {
    let queue = queue.message_retention_period(RETENTION_SECONDS);
    let queue = match &keys.data {
        Some(key) => queue.kms_master_key_id(key.arn()),
        None => queue.sqs_managed_sse_enabled(true),
    };
    // Messages are of no use to anyone once the stack that deals with them is gone.
    let queue = queue.on_removal(DeletionPolicy::Delete).accept_if(
        keys.data.is_none(),
        "security/customer-managed-key",
        NO_OWN_KEYS,
    );
    let queue = stack.add(logical_id, queue);
    let only_tls =
        iam::deny(["sqs:*"]).on([queue.arn()]).principal(iam::anyone()).when(iam::bool("aws:SecureTransport", false));
    let mut policy = vec![only_tls];
    policy.extend(statements(&queue));
    stack.add(&format!("{logical_id}Policy"), sqs::QueuePolicy::new([queue.url()], policy));
    queue
}

/// Returns a queue's name, by which its metrics are found: the last part of its ARN.
pub fn name(queue: &sqs::QueueRef) -> Value<String> {
    select(5, split(":", queue.arn()))
}
