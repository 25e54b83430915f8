//! Tells people and programs of jobs that ended and of alarms.

use documents::iam as policy;
use resources::sns;
use template::{Declare, Stack, aws};

use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::keys::Keys;
use crate::outputs;

/// What later stacks use of it.
#[derive(Debug)]
pub struct Notifications {
    /// Gets a message for each job that is done.
    pub done: sns::TopicRef,
    /// Gets a message for each job that failed or was cancelled.
    pub failed: sns::TopicRef,
    /// Gets a message for each alarm that rings, and when it is right again.
    pub alarms: sns::TopicRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, identity: &Identity, keys: &Keys) -> Notifications {
    stack.description("The topics of jobs and alarms");
    let people = &environment.notifications;
    let done = topic(stack, keys, "Done", &people.done, &[]);
    let failed = topic(stack, keys, "Failed", &people.failed, &[]);
    let alarms = topic(stack, keys, "Alarms", &people.alarms, &["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]);

    let tell = policy::allow(["sns:Publish"]).on([done.arn(), failed.arn()]);
    identity::let_workflow(stack, identity, "WorkflowTellsOfJobs", tell);

    stack.output(outputs::DONE_TOPIC.name, done.arn());
    stack.output(outputs::FAILED_TOPIC.name, failed.arn());
    stack.output(outputs::ALARM_TOPIC.name, alarms.arn());
    Notifications { done, failed, alarms }
}

/// Adds a topic, whose policy refuses whatever does not come by TLS and lets services publish, and its subscribers.
#[track_caller]
fn topic(stack: &mut Stack, keys: &Keys, logical_id: &str, addresses: &[String], services: &[&str]) -> sns::TopicRef {
    let topic = sns::Topic::new().kms_master_key_id(keys.operations.as_ref().map(resources::kms::KeyRef::arn));
    let unencrypted = "Messages name jobs and objects, and hold no video. The key that SNS brings does not let alarms \
        publish, so encryption takes a key of our own, and this environment has none (section `keys`)";
    let topic = topic.accept_if(keys.operations.is_none(), "security/encryption-at-rest", unencrypted);
    let topic = stack.add(logical_id, topic);
    let only_tls = policy::deny(["sns:Publish"])
        .on([topic.arn()])
        .principal(policy::anyone())
        .when(policy::bool("aws:SecureTransport", false));
    let by_service = services.iter().map(|service| {
        policy::allow(["sns:Publish"])
            .on([topic.arn()])
            .principal(policy::service(*service))
            .when(policy::string_equals("aws:SourceAccount", [aws::account_id()]))
    });
    let statements: Vec<_> = [only_tls].into_iter().chain(by_service).collect();
    stack.add(&format!("{logical_id}Policy"), sns::TopicPolicy::new([topic.arn()], statements));

    for address in addresses {
        let subscription = sns::Subscription::new(topic.arn(), "email").endpoint(address);
        stack.add(&format!("{logical_id}To{}", words(address)), subscription);
    }
    topic
}

/// Writes an address as a part of a logical id: `video@example.com` is `VideoExampleCom`.
fn words(address: &str) -> String {
    let words = address.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capitalized = |word: &str| [&word[..1].to_ascii_uppercase(), &word[1..]].concat();
    words.map(capitalized).collect()
}
