//! Makes the keys that encrypt what the other stacks store.
//!
//! Each key lets IAM decide who uses it, as if it were any other resource: the policies of this account's roles name it.
//! Its own policy names only the services that come without a role, for this account alone.

use documents::iam as policy;
use resources::kms::{Alias, Key, KeyRef};
use resources::{iam, kind};
use template::{Declare, DeletionPolicy, IntoValue, Name, ResourcePolicy, Stack, Value, aws, sub};

use crate::environment::{self, Environment, FleetKind, Ownership};
use crate::identity;

/// What a role needs to read and to write what a key encrypts.
const USE: [&str; 6] =
    ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/// What a service needs that sends something encrypted on.
const PASS: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey*"];

/// The keys of an environment. Where it has none of its own, AWS's keys encrypt.
#[derive(Debug, Default)]
pub struct Keys {
    /// Encrypts videos, tasks and jobs.
    pub data: Option<KeyRef>,
    /// Encrypts what people are told: messages and logs.
    pub operations: Option<KeyRef>,
    /// Encrypts the disks of instances.
    pub disks: Option<KeyRef>,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, settings: &environment::Keys) -> Keys {
    stack.description("Keys of data, of messages and logs, and of disks");
    let fleet = role_of_fleets(stack, environment, settings);
    let read = environment.delivery.as_ref().map(|_| let_streams_be_read());
    let data = key(stack, environment, settings, "Data", [let_events_pass()].into_iter().chain(read));

    // An Auto Scaling group tells of instances that it could not start.
    let tells = fleet.as_ref().filter(|_| environment.fleet.kind == FleetKind::AutoScaling);
    let told = [let_logs_be_written(), let_alarms_be_told()].into_iter().chain(tells.map(let_pass));
    let operations = key(stack, environment, settings, "Operations", told);

    let disks = environment.fleet.instances.as_ref().map(|_| {
        let started = fleet.iter().flat_map(|role| [let_encrypt(role), let_attach(role)]);
        key(stack, environment, settings, "Disks", started)
    });
    Keys { data: Some(data), operations: Some(operations), disks }
}

/// A service that stores what a key encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Tables.
    DynamoDb,
    /// The environment of functions.
    Lambda,
    /// Objects.
    S3,
    /// Messages to topics.
    Sns,
    /// Messages in queues.
    Sqs,
}

/// Why data is encrypted by AWS's keys in environments without keys of their own.
pub const NO_OWN_KEYS: &str = "This environment has no keys of its own (section `keys`), which cost a dollar a month each; \
    a key of AWS's encrypts this";

impl Keys {
    /// Lets a role use what the keys encrypt, through the services that store it and in no other way; returns the policy,
    /// if there is any key.
    #[track_caller]
    pub fn let_use<const N: usize>(
        &self,
        stack: &mut Stack,
        role: &Value<Name<kind::iam::Role>>,
        logical_id: &str,
        services: [Service; N],
    ) -> Option<iam::PolicyRef> {
        let (messages, data): (Vec<_>, Vec<_>) = services.into_iter().partition(|service| *service == Service::Sns);
        let statements: Vec<_> = [(&self.data, data), (&self.operations, messages)]
            .into_iter()
            .filter(|(_, services)| !services.is_empty())
            .filter_map(|(key, services)| {
                let through: Vec<_> = services.into_iter().map(Service::host).collect();
                Some(
                    policy::allow(USE).on([key.as_ref()?.arn()]).when(policy::string_equals("kms:ViaService", through)),
                )
            })
            .collect();
        (!statements.is_empty()).then(|| identity::grant(stack, role, logical_id, statements))
    }
}

impl Service {
    /// Returns the name by which KMS knows that it is this service that asks.
    fn host(self) -> Value<String> {
        let name = match self {
            Self::DynamoDb => "dynamodb",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        };
        sub!("{}.{}.{}", name, aws::region(), aws::url_suffix())
    }
}

/// Adds a key and its alias, `alias/<app>-<environment>-<what it is for>`.
#[track_caller]
fn key(
    stack: &mut Stack,
    environment: &Environment,
    settings: &environment::Keys,
    purpose: &str,
    services: impl IntoIterator<Item = policy::Statement<ResourcePolicy>>,
) -> KeyRef {
    let by_iam = policy::allow(["kms:*"]).on_any().principal(policy::account(aws::account_id()));
    let statements: Vec<_> = [by_iam].into_iter().chain(services).collect();
    let name = format!("{}-{}-{}", environment.app, environment.name, purpose.to_lowercase());
    let key = Key::new()
        .description(&name)
        .enable_key_rotation(true)
        .rotation_period_in_days(settings.rotation_days)
        .pending_window_in_days(settings.deletion_days)
        .key_policy(statements);
    // Who keeps the data needs the key.
    let key = stack.add(&format!("{purpose}Key"), key.on_removal(environment.on_destroy.policy()));
    stack.add(&format!("{purpose}Alias"), Alias::new(format!("alias/{name}"), key.id()));
    key
}

/// Returns the ARN of the role by which AWS starts the instances of fleets, and makes the role if it shall be made. A
/// single instance is started by whoever deploys.
fn role_of_fleets(stack: &mut Stack, environment: &Environment, settings: &environment::Keys) -> Option<Value<String>> {
    environment.fleet.instances.as_ref()?;
    let (service, name) = match environment.fleet.kind {
        FleetKind::AutoScaling => ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
        FleetKind::SpotFleet => ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet"),
        FleetKind::Instance => return None,
    };
    let name: Value<String> = match settings.service_linked_role {
        Ownership::Existing => name.into_value(),
        Ownership::Create => {
            // The account has one for all of its fleets, also those that are not ours.
            let role =
                |service| iam::ServiceLinkedRole::new().aws_service_name(service).on_removal(DeletionPolicy::Retain);
            // An Auto Scaling group makes this one itself, a Spot Fleet does not.
            if environment.fleet.kind == FleetKind::SpotFleet {
                stack.add("SpotRole", role("spot.amazonaws.com"));
            }
            stack.add("FleetRole", role(service)).name().into_value()
        }
    };
    Some(sub!("arn:{}:iam::{}:role/aws-service-role/{}/{}", aws::partition(), aws::account_id(), service, name))
}

/// Lets rules put the events that they cannot deliver into an encrypted queue of this account and region.
///
/// For which account EventBridge asks it does not say where a topic is encrypted ("Managing Amazon SNS encryption keys" in
/// the SNS developer guide), so it is not relied upon for a queue either: which queue it is for, KMS knows in any case.
fn let_events_pass() -> policy::Statement<ResourcePolicy> {
    let queues = sub!("arn:{}:sqs:{}:{}:*", aws::partition(), aws::region(), aws::account_id());
    policy::allow(PASS)
        .on_any()
        .principal(policy::service("events.amazonaws.com"))
        .when(policy::arn_like("kms:EncryptionContext:aws:sqs:arn", [queues]))
}

/// Lets CloudFront read encrypted streams, for distributions of this account. Which one may read which bucket, the bucket
/// says.
///
/// See "Restrict access to an Amazon S3 origin" in the CloudFront developer guide.
fn let_streams_be_read() -> policy::Statement<ResourcePolicy> {
    let distributions = sub!("arn:{}:cloudfront::{}:distribution/*", aws::partition(), aws::account_id());
    policy::allow(["kms:Decrypt"])
        .on_any()
        .principal(policy::service("cloudfront.amazonaws.com"))
        .when(policy::arn_like("aws:SourceArn", [distributions]))
}

/// Lets alarms, and budgets, tell an encrypted topic.
fn let_alarms_be_told() -> policy::Statement<ResourcePolicy> {
    let services = policy::service("cloudwatch.amazonaws.com").and(policy::service("budgets.amazonaws.com"));
    policy::allow(PASS)
        .on_any()
        .principal(services)
        .when(policy::string_equals("aws:SourceAccount", [aws::account_id()]))
}

/// Lets CloudWatch Logs encrypt the log groups of this account and region.
///
/// See "Encrypt log data in CloudWatch Logs using AWS KMS" in the CloudWatch Logs user guide.
fn let_logs_be_written() -> policy::Statement<ResourcePolicy> {
    let actions = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
    let logs = sub!("arn:{}:logs:{}:{}:log-group:*", aws::partition(), aws::region(), aws::account_id());
    policy::allow(actions)
        .on_any()
        .principal(policy::service(sub!("logs.{}.{}", aws::region(), aws::url_suffix())))
        .when(policy::arn_like("kms:EncryptionContext:aws:logs:arn", [logs]))
}

/// Lets a role of AWS tell an encrypted topic.
fn let_pass(role: &Value<String>) -> policy::Statement<ResourcePolicy> {
    policy::allow(PASS).on_any().principal(policy::aws(role))
}

/// Lets the role of fleets encrypt disks.
///
/// See "Required AWS KMS key policy for use with encrypted volumes" in the EC2 Auto Scaling user guide.
fn let_encrypt(role: &Value<String>) -> policy::Statement<ResourcePolicy> {
    let use_it = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
    policy::allow(use_it).on_any().principal(policy::aws(role))
}

/// Lets the role of fleets hand the use of the key on to the services that attach disks, and to nobody else.
fn let_attach(role: &Value<String>) -> policy::Statement<ResourcePolicy> {
    policy::allow(["kms:CreateGrant"])
        .on_any()
        .principal(policy::aws(role))
        .when(policy::bool("kms:GrantIsForAWSResource", true))
}
