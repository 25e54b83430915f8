use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Call, Interceptor};
use crate::alarms::{AlarmDescription, Alarms};
use crate::auto_scaling::{AutoScaling, Group};
use crate::cloud_formation::{
    ChangeSetDescription, ChangeSetIds, ChangeSetRequest, ChangeSetSummary, CloudFormation, DeleteStackRequest,
    DriftDetection, Export, RefactorDescription, RefactorRequest, ResourceDrift, StackDescription, StackEvent,
    StackResource, StackSummary, ValidationFailure,
};
use crate::commands::{self, CommandRequest, Commands, Instance, Invocation, InvocationResult};
use crate::instances::{Image, Instances, Offering};
use crate::metrics::{Datum, Metrics};
use crate::objects::{
    Object, ObjectDescription, ObjectSummary, ObjectVersion, Objects, Progress, PutTarget, VersionSummary, Written,
};
use crate::queues::{Message, QueueCounts, Queues, ReceiveRequest};
use crate::tables::{Expression, Item, Page, Query, Scan, Tables, Update};
use crate::workflows::{Execution, Workflows};
use crate::{Caller, Cloud, Error, ErrorKind, Identity, Metadata, Parameters, Quotas, Result, Roles};

/// A service with an interceptor in front of it.
struct Intercepted<T: ?Sized> {
    inner: Arc<T>,
    interceptor: Arc<dyn Interceptor>,
    counts: Counts,
}

impl<T: ?Sized> Intercepted<T> {
    fn call(&self, operation: &'static str, subject: &dyn ToString) -> Call {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let number = counts.entry(operation).or_default();
        *number += 1;
        Call { operation, subject: subject.to_string(), number: *number }
    }
}

/// Counts the calls of each operation, so that an interceptor can tell them apart.
type Counts = Arc<Mutex<BTreeMap<&'static str, u32>>>;

pub(crate) fn cloud(cloud: &Cloud, interceptor: &Arc<dyn Interceptor>) -> Cloud {
    let counts = Counts::default();
    macro_rules! wrap {
        ($service:ident) => {
            Arc::new(Intercepted {
                inner: Arc::clone(&cloud.$service),
                interceptor: Arc::clone(interceptor),
                counts: Arc::clone(&counts),
            })
        };
    }
    Cloud {
        region: cloud.region.clone(),
        alarms: wrap!(alarms),
        auto_scaling: wrap!(auto_scaling),
        cloud_formation: wrap!(cloud_formation),
        commands: wrap!(commands),
        identity: wrap!(identity),
        instances: wrap!(instances),
        metadata: wrap!(metadata),
        metrics: wrap!(metrics),
        objects: wrap!(objects),
        parameters: wrap!(parameters),
        queues: wrap!(queues),
        quotas: wrap!(quotas),
        roles: wrap!(roles),
        tables: wrap!(tables),
        workflows: wrap!(workflows),
    }
}

/// Stands for services that nobody has implemented.
struct Absent;

pub(crate) fn absent(region: String) -> Cloud {
    Cloud {
        region,
        alarms: Arc::new(Absent),
        auto_scaling: Arc::new(Absent),
        cloud_formation: Arc::new(Absent),
        commands: Arc::new(Absent),
        identity: Arc::new(Absent),
        instances: Arc::new(Absent),
        metadata: Arc::new(Absent),
        metrics: Arc::new(Absent),
        objects: Arc::new(Absent),
        parameters: Arc::new(Absent),
        queues: Arc::new(Absent),
        quotas: Arc::new(Absent),
        roles: Arc::new(Absent),
        tables: Arc::new(Absent),
        workflows: Arc::new(Absent),
    }
}

/// Writes one forwarding method per line, and one that fails: `operation (subject) => method(arguments) -> answer`.
macro_rules! intercept {
    ($function:ident, $service:ident { $($operation:literal ($subject:expr) => $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* }) => {
        #[doc = concat!("Puts `interceptor` in front of [`", stringify!($service), "`] alone.")]
        pub fn $function(inner: Arc<dyn $service>, interceptor: Arc<dyn Interceptor>) -> Arc<dyn $service> {
            Arc::new(Intercepted { inner, interceptor, counts: Counts::default() })
        }

        #[async_trait]
        impl $service for Intercepted<dyn $service> {
            $(async fn $method(&self, $($argument: $kind),*) -> Result<$answer> {
                let call = self.call($operation, &$subject);
                self.interceptor.before(&call).await?;
                let answer = self.inner.$method($($argument),*).await;
                self.interceptor.after(&call, answer.as_ref().err()).await?;
                answer
            })*
        }

        #[async_trait]
        impl $service for Absent {
            $(async fn $method(&self, $($argument: $kind),*) -> Result<$answer> {
                $(let _ = $argument;)*
                Err(Error::new(ErrorKind::Service, $operation, "this cloud has no such service"))
            })*
        }
    };
}

intercept! { alarms, Alarms {
    "cloudwatch:DescribeAlarms" (names.join(", ")) => describe(names: &[String]) -> Vec<AlarmDescription>;
} }

intercept! { auto_scaling, AutoScaling {
    "autoscaling:SetInstanceProtection" (instance) => set_protection(group: &str, instance: &str, protected: bool) -> ();
    "autoscaling:CompleteLifecycleAction" (instance) => complete_lifecycle_action(group: &str, hook: &str, instance: &str) -> ();
    "autoscaling:DescribeAutoScalingGroups" (name) => group(name: &str) -> Option<Group>;
} }

intercept! { cloud_formation, CloudFormation {
    "cloudformation:DescribeStacks" (stack) => describe_stack(stack: &str) -> Option<StackDescription>;
    "cloudformation:DescribeStacks" (prefix) => list_stacks(prefix: &str) -> Vec<StackSummary>;
    "cloudformation:ListStackResources" (stack) => stack_resources(stack: &str) -> Vec<StackResource>;
    "cloudformation:DescribeStackEvents" (stack) => stack_events(stack: &str, after: Option<&str>) -> Vec<StackEvent>;
    "cloudformation:GetTemplate" (stack) => template(stack: &str) -> String;
    "cloudformation:CreateChangeSet" (&request.stack) => create_change_set(request: &ChangeSetRequest) -> ChangeSetIds;
    "cloudformation:DescribeChangeSet" (stack) => describe_change_set(stack: &str, change_set: &str) -> ChangeSetDescription;
    "cloudformation:DescribeEvents" (stack) => validation_failures(stack: &str, change_set: &str) -> Vec<ValidationFailure>;
    "cloudformation:ExecuteChangeSet" (stack) => execute_change_set(stack: &str, change_set: &str, client_token: Option<&str>) -> ();
    "cloudformation:ListChangeSets" (stack) => change_sets(stack: &str) -> Vec<ChangeSetSummary>;
    "cloudformation:DeleteChangeSet" (stack) => delete_change_set(stack: &str, change_set: &str) -> ();
    "cloudformation:DeleteStack" (&request.stack) => delete_stack(request: &DeleteStackRequest) -> ();
    "cloudformation:CancelUpdateStack" (stack) => cancel_update(stack: &str) -> ();
    "cloudformation:UpdateTerminationProtection" (stack) => update_termination_protection(stack: &str, protected: bool) -> ();
    "cloudformation:RollbackStack" (stack) => rollback_stack(stack: &str, client_token: Option<&str>) -> ();
    "cloudformation:ContinueUpdateRollback" (stack) => continue_update_rollback(stack: &str, skip: &[String], client_token: Option<&str>) -> ();
    "cloudformation:GetStackPolicy" (stack) => stack_policy(stack: &str) -> Option<String>;
    "cloudformation:SetStackPolicy" (stack) => set_stack_policy(stack: &str, policy: &str) -> ();
    "cloudformation:ListExports" ("") => exports() -> Vec<Export>;
    "cloudformation:ListImports" (export) => importing_stacks(export: &str) -> Vec<String>;
    "cloudformation:DetectStackDrift" (stack) => detect_drift(stack: &str) -> String;
    "cloudformation:DescribeStackDriftDetectionStatus" (detection) => drift_detection(detection: &str) -> DriftDetection;
    "cloudformation:DescribeStackResourceDrifts" (stack) => resource_drifts(stack: &str) -> Vec<ResourceDrift>;
    "cloudformation:CreateStackRefactor" (moved_stacks(request)) => create_stack_refactor(request: &RefactorRequest) -> String;
    "cloudformation:DescribeStackRefactor" (refactor) => describe_stack_refactor(refactor: &str) -> RefactorDescription;
    "cloudformation:ExecuteStackRefactor" (refactor) => execute_stack_refactor(refactor: &str) -> ();
} }

intercept! { commands, Commands {
    "ssm:DescribeInstanceInformation" ("") => instances(which: &commands::Instances) -> Vec<Instance>;
    "ssm:SendCommand" (&request.document) => send_command(request: &CommandRequest) -> String;
    "ssm:ListCommandInvocations" (command) => list_invocations(command: &str) -> Vec<Invocation>;
    "ssm:GetCommandInvocation" (command) => invocation(command: &str, instance: &str) -> InvocationResult;
} }

intercept! { identity, Identity {
    "sts:GetCallerIdentity" ("") => caller() -> Caller;
    "sts:DecodeAuthorizationMessage" ("") => decode_authorization_message(message: &str) -> String;
} }

intercept! { instances, Instances {
    "ec2:DescribeImages" (id) => image(id: &str) -> Option<Image>;
    "ec2:DescribeInstanceTypeOfferings" (instance_types.join(", ")) => offerings(instance_types: &[String]) -> Vec<Offering>;
    "ec2:RunInstances" (image) => may_launch(image: &str, instance_type: &str, subnet: Option<&str>) -> ();
} }

intercept! { metadata, Metadata {
    "metadata" (path) => get(path: &str) -> Option<String>;
} }

intercept! { metrics, Metrics {
    "cloudwatch:PutMetricData" (namespace) => put(namespace: &str, data: &[Datum]) -> ();
} }

intercept! { objects, Objects {
    "s3:HeadObject" (address(&source.bucket, &source.key)) => head(source: &ObjectVersion) -> Option<ObjectDescription>;
    "s3:GetObject" (address(&source.bucket, &source.key)) => get(source: &ObjectVersion, limit: u64) -> Object;
    "s3:GetObject" (address(&source.bucket, &source.key)) => download(source: &ObjectVersion, path: &Path, progress: Progress<'_>) -> ObjectDescription;
    "s3:PutObject" (address(&target.bucket, &target.key)) => put(target: &PutTarget, body: &[u8]) -> Written;
    "s3:PutObject" (address(&target.bucket, &target.key)) => upload(target: &PutTarget, path: &Path, progress: Progress<'_>) -> Written;
    "s3:ListObjectsV2" (address(bucket, prefix)) => list(bucket: &str, prefix: &str) -> Vec<ObjectSummary>;
    "s3:ListObjectVersions" (address(bucket, prefix)) => list_versions(bucket: &str, prefix: &str) -> Vec<VersionSummary>;
    "s3:DeleteObject" (address(&target.bucket, &target.key)) => delete(target: &ObjectVersion) -> ();
} }

intercept! { parameters, Parameters {
    "ssm:GetParameter" (name) => get(name: &str) -> Option<String>;
} }

intercept! { queues, Queues {
    "sqs:SendMessage" (queue) => send(queue: &str, body: &str, group: Option<&str>) -> String;
    "sqs:ReceiveMessage" (queue) => receive(queue: &str, request: &ReceiveRequest) -> Vec<Message>;
    "sqs:ChangeMessageVisibility" (queue) => change_visibility(queue: &str, receipt: &str, visibility: Duration) -> ();
    "sqs:DeleteMessage" (queue) => delete(queue: &str, receipt: &str) -> ();
    "sqs:GetQueueAttributes" (queue) => counts(queue: &str) -> QueueCounts;
} }

intercept! { quotas, Quotas {
    "servicequotas:GetServiceQuota" (code) => quota(service: &str, code: &str) -> Option<f64>;
} }

intercept! { roles, Roles {
    "iam:GetRole" (name) => exists(name: &str) -> bool;
} }

intercept! { tables, Tables {
    "dynamodb:GetItem" (table) => get(table: &str, key: &Item) -> Option<Item>;
    "dynamodb:PutItem" (table) => put(table: &str, item: &Item, condition: Option<&Expression>) -> ();
    "dynamodb:UpdateItem" (table) => update(table: &str, update: &Update) -> Item;
    "dynamodb:DeleteItem" (table) => delete(table: &str, key: &Item, condition: Option<&Expression>) -> ();
    "dynamodb:Query" (table) => query(table: &str, query: &Query) -> Page;
    "dynamodb:Scan" (table) => scan(table: &str, scan: &Scan) -> Page;
} }

intercept! { workflows, Workflows {
    "states:SendTaskSuccess" ("") => task_success(token: &str, output: &str) -> ();
    "states:SendTaskFailure" ("") => task_failure(token: &str, error: &str, cause: &str) -> ();
    "states:SendTaskHeartbeat" ("") => task_heartbeat(token: &str) -> ();
    "states:StartExecution" (name) => start_execution(state_machine: &str, name: &str, input: &str) -> String;
    "states:DescribeExecution" (execution) => describe_execution(execution: &str) -> Execution;
    "states:StopExecution" (execution) => stop_execution(execution: &str, error: &str, cause: &str) -> ();
} }

fn moved_stacks(request: &RefactorRequest) -> String {
    request.stacks.iter().map(|stack| stack.stack.as_str()).collect::<Vec<_>>().join(", ")
}

fn address(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}
