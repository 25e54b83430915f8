//! Tells people and programs of jobs that ended and of alarms.

use documents::iam as policy;
use resources::sns;
use template::{Stack, aws};

use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::outputs;

/// What later stacks use of it.
#[derive(Debug)]
pub struct Notifications {
    /// Gets a message for each job that ended and each alarm that rings.
    pub topic: sns::TopicRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, identity: &Identity) -> Notifications {
    stack.description("The topic of jobs and alarms");
    let topic = stack.add("Topic", sns::Topic::new());

    let only_tls = policy::deny(["sns:Publish"])
        .on([topic.arn()])
        .principal(policy::anyone())
        .when(policy::bool("aws:SecureTransport", false));
    let alarms = policy::allow(["sns:Publish"])
        .on([topic.arn()])
        .principal(policy::service("cloudwatch.amazonaws.com"))
        .when(policy::string_equals("aws:SourceAccount", [aws::account_id()]));
    stack.add("TopicPolicy", sns::TopicPolicy::new([topic.arn()], [only_tls, alarms]));

    for address in &environment.notifications.emails {
        let subscription = sns::Subscription::new(topic.arn(), "email").endpoint(address);
        stack.add(&format!("MailTo{}", logical_id(address)), subscription);
    }
    identity::let_workflow(stack, identity, "WorkflowTellsOfJobs", policy::allow(["sns:Publish"]).on([topic.arn()]));

    stack.output(outputs::TOPIC.name, topic.arn());
    Notifications { topic }
}

/// Writes an address as a part of a logical id: `video@example.com` is `VideoExampleCom`.
fn logical_id(address: &str) -> String {
    let words = address.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capitalized = |word: &str| [&word[..1].to_ascii_uppercase(), &word[1..]].concat();
    words.map(capitalized).collect()
}
