//! Stores what must not be lost: videos on their way through the pipeline, the logs of who read them, and the jobs.

use documents::iam;
use job::item::LEASE_PREFIX;
use resources::{dynamodb, s3};
use template::{Declare, Stack, aws, sub};

use crate::environment::{Environment, Executor};
use crate::identity::{self, Identity};
use crate::keys::{Keys, NO_OWN_KEYS};
use crate::{buckets, outputs, tables};

/// The logical id of the bucket of packaged streams.
pub const DELIVERY: &str = "Delivery";

/// The attribute of jobs that want an instance to enhance them, or have one: the colour of their instances.
///
/// There only where commands do the work. Where agents do, the queues say how much is wanted.
pub const DEMAND: &str = "demand";

/// What later stacks use of it.
#[derive(Debug)]
pub struct Storage {
    /// Holds uploaded videos; each new one is an event on the default event bus.
    pub sources: s3::BucketRef,
    /// Holds enhanced videos.
    pub enhanced: s3::BucketRef,
    /// Holds packaged streams.
    pub delivery: s3::BucketRef,
    /// Holds one item for each job.
    pub jobs: dynamodb::TableRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, identity: &Identity, keys: &Keys) -> Storage {
    stack.description("Buckets for videos and logs, and the job table");
    let days = &environment.storage;
    let (logs, log_policy) = logs(stack, environment);

    let mut bucket = |logical_id: &str, rules: Vec<s3::Rule>, bucket: s3::Bucket| {
        let prefix = format!("{}/", logical_id.to_lowercase());
        let logging = s3::LoggingConfiguration::new().destination_bucket_name(logs.name()).log_file_prefix(prefix);
        let bucket = bucket.lifecycle_configuration(rules).logging_configuration(logging);
        // S3 tries out whether it may write the logs when it is told to.
        let bucket = bucket.depends_on(&log_policy);
        let bucket = bucket.accept_if(keys.data.is_none(), "security/customer-managed-key", NO_OWN_KEYS);
        if logical_id == DELIVERY && environment.delivery.is_some() {
            // The stack `delivery` makes its policy.
            return stack.add(logical_id, buckets::kept(environment, bucket));
        }
        buckets::add(stack, environment, logical_id, bucket, |_| vec![]).0
    };
    let private = || buckets::private(environment, keys);
    let told = s3::NotificationConfiguration::new().event_bridge_configuration(s3::EventBridgeConfiguration::new(true));
    let lifecycle = |expiry_days| buckets::lifecycle(environment, expiry_days);
    let work = buckets::passing_lifecycle(environment, environment.times.work_expiry_days);
    let sources = bucket("Sources", lifecycle(days.sources_expiry_days), private().notification_configuration(told));
    let work = bucket("Work", work, private());
    let enhanced = bucket("Enhanced", lifecycle(days.enhanced_expiry_days), private());
    let delivery = bucket(DELIVERY, lifecycle(days.delivery_expiry_days), private());

    let jobs = match environment.jobs.executor {
        Executor::Agent => tables::add(stack, environment, keys, "Jobs"),
        Executor::RunCommand => tables::add_with_index(stack, environment, keys, "Jobs", DEMAND),
    };

    let_work(stack, identity, &sources, [&work, &enhanced], &jobs);
    let record = iam::allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]).on([jobs.arn()]);
    identity::let_workflow(stack, identity, "WorkflowRecordsJobs", record);
    if environment.jobs.executor == Executor::RunCommand {
        let_lease(stack, identity, &jobs);
    }
    if environment.packaging.is_some() {
        let_package(stack, identity, &enhanced, &delivery);
    }

    stack.output(outputs::SOURCE_BUCKET.name, sources.name());
    stack.output(outputs::WORK_BUCKET.name, work.name());
    stack.output(outputs::ENHANCED_BUCKET.name, enhanced.name());
    stack.output(outputs::DELIVERY_BUCKET.name, delivery.name());
    stack.output(outputs::JOB_TABLE.name, jobs.name());
    Storage { sources, enhanced, delivery, jobs }
}

/// Lets workers read sources, read and write what they make of them, and count their attempts in the job table.
fn let_work(
    stack: &mut Stack,
    identity: &Identity,
    sources: &s3::BucketRef,
    results: [&s3::BucketRef; 2],
    jobs: &dynamodb::TableRef,
) {
    let objects = |bucket: &s3::BucketRef| sub!("{}/*", bucket.arn());
    let [work, enhanced] = results;
    let every = [objects(sources), objects(work), objects(enhanced)];
    let read = iam::allow(["s3:GetObject", "s3:GetObjectVersion"]).on(every);
    // Without this, S3 says of an object that is missing that access is denied.
    let miss = iam::allow(["s3:ListBucket"]).on([sources.arn(), work.arn(), enhanced.arn()]);
    let write = iam::allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]);
    let write = write.on(results.map(objects));
    let count = iam::allow(["dynamodb:GetItem", "dynamodb:UpdateItem"]).on([jobs.arn()]);
    identity::let_worker(stack, identity, "WorkerUsesStorage", [read, miss, write, count]);
}

/// Lets MediaConvert read enhanced videos, and write streams.
///
/// See "Creating an IAM role in IAM" in the MediaConvert user guide.
fn let_package(stack: &mut Stack, identity: &Identity, enhanced: &s3::BucketRef, delivery: &s3::BucketRef) {
    let read = iam::allow(["s3:GetObject"]).on([sub!("{}/*", enhanced.arn())]);
    let write = iam::allow(["s3:PutObject"]).on([sub!("{}/*", delivery.arn())]);
    let find = iam::allow(["s3:GetBucketLocation", "s3:ListBucket"]).on([enhanced.arn(), delivery.arn()]);
    identity::grant(stack, &identity.packaging_role.name(), "PackagingUsesStorage", [read, write, find]);
}

/// Lets the workflow lease instances, give them back, and count the jobs that want one.
fn let_lease(stack: &mut Stack, identity: &Identity, jobs: &dynamodb::TableRef) {
    let find = iam::allow(["dynamodb:BatchGetItem"]).on([jobs.arn()]);
    let leases = format!("{LEASE_PREFIX}*");
    let give_back = iam::allow(["dynamodb:DeleteItem"])
        .on([jobs.arn()])
        .when(iam::string_like("dynamodb:LeadingKeys", [leases]).for_all_values());
    let count = iam::allow(["dynamodb:Query"]).on([sub!("{}/index/{}", jobs.arn(), DEMAND)]);
    identity::let_workflow(stack, identity, "WorkflowLeasesInstances", [find, give_back, count]);
}

/// Adds the bucket of access logs. It logs no access to itself: that would never end.
///
/// S3 delivers access logs only to buckets that it encrypts by its own keys ("Enabling Amazon S3 server access logging" in
/// the S3 user guide).
fn logs(stack: &mut Stack, environment: &Environment) -> (s3::BucketRef, s3::BucketPolicyRef) {
    let rules = buckets::passing_lifecycle(environment, environment.storage.log_expiry_days);
    let bucket = buckets::private(environment, &Keys::default()).lifecycle_configuration(rules);
    buckets::add(stack, environment, "Logs", bucket, |logs| {
        let write = iam::allow(["s3:PutObject"])
            .on([sub!("{}/*", logs.arn())])
            .principal(iam::service("logging.s3.amazonaws.com"))
            .when(iam::string_equals("aws:SourceAccount", [aws::account_id()]));
        vec![write]
    })
}
