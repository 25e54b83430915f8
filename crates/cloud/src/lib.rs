//! Describes the cloud services that Baleen talks to: one object-safe trait per service, in plain types of our own,
//! with only the operations that are used.
//!
//! Nothing here knows the AWS SDK. The crate `aws` implements the traits over it, `simulator` implements some of them
//! in memory, and [`Cloud::intercepted`] puts recording or fault injection in front of any implementation.
//!
//! Operations are idempotent or can be made so by what the caller passes (a client token, a condition, a name);
//! implementations may therefore retry transient failures on their own.

pub mod alarms;
pub mod auto_scaling;
pub mod cloud_formation;
pub mod commands;
mod error;
pub mod faults;
mod identity;
pub mod instances;
pub mod intercept;
mod metadata;
pub mod metrics;
pub mod objects;
mod parameters;
pub mod queues;
mod quotas;
pub mod recording;
mod roles;
mod string_enum;
pub mod tables;
pub mod workflows;

use std::sync::Arc;

pub use alarms::Alarms;
pub use auto_scaling::AutoScaling;
pub use cloud_formation::CloudFormation;
pub use commands::Commands;
pub use error::{Error, ErrorKind, Result};
pub use identity::{Caller, Identity};
pub use instances::Instances;
pub use intercept::Interceptor;
pub use metadata::Metadata;
pub use metrics::Metrics;
pub use objects::Objects;
pub use parameters::Parameters;
pub use queues::Queues;
pub use quotas::Quotas;
pub use roles::Roles;
pub use tables::Tables;
pub use workflows::Workflows;

/// Bundles one connection to a cloud: what is injected into everything that talks to it.
#[derive(Clone)]
pub struct Cloud {
    /// The region that every service below is called in, such as `eu-central-1`.
    pub region: String,
    /// Amazon CloudWatch: alarms.
    pub alarms: Arc<dyn Alarms>,
    /// Amazon EC2 Auto Scaling.
    pub auto_scaling: Arc<dyn AutoScaling>,
    /// AWS CloudFormation.
    pub cloud_formation: Arc<dyn CloudFormation>,
    /// AWS Systems Manager: Run Command.
    pub commands: Arc<dyn Commands>,
    /// AWS STS: who is calling.
    pub identity: Arc<dyn Identity>,
    /// Amazon EC2: images and instance types.
    pub instances: Arc<dyn Instances>,
    /// The metadata of the instance that this runs on, if it runs on one.
    pub metadata: Arc<dyn Metadata>,
    /// Amazon CloudWatch: metrics.
    pub metrics: Arc<dyn Metrics>,
    /// Amazon S3.
    pub objects: Arc<dyn Objects>,
    /// AWS Systems Manager: Parameter Store.
    pub parameters: Arc<dyn Parameters>,
    /// Amazon SQS.
    pub queues: Arc<dyn Queues>,
    /// Service Quotas.
    pub quotas: Arc<dyn Quotas>,
    /// AWS IAM: roles.
    pub roles: Arc<dyn Roles>,
    /// Amazon DynamoDB.
    pub tables: Arc<dyn Tables>,
    /// AWS Step Functions.
    pub workflows: Arc<dyn Workflows>,
}

impl Cloud {
    /// Makes a cloud in which every call fails with [`ErrorKind::Service`]: for those who implement only some of the services.
    pub fn absent(region: impl Into<String>) -> Self {
        intercept::absent(region.into())
    }

    /// Puts `interceptor` in front of every operation of every service.
    pub fn intercepted(&self, interceptor: &Arc<dyn Interceptor>) -> Self {
        intercept::cloud(self, interceptor)
    }
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cloud").field("region", &self.region).finish_non_exhaustive()
    }
}
