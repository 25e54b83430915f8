//! Amazon EC2: what is needed to know before instances are launched.

use async_trait::async_trait;

use crate::Result;

/// Says what could be launched (Amazon EC2).
#[async_trait]
pub trait Instances: Send + Sync {
    /// Describes a machine image (`ec2:DescribeImages`); `None` if there is none of this id that the caller may see.
    async fn image(&self, id: &str) -> Result<Option<Image>>;

    /// Lists the Availability Zones of the region in which instance types are offered
    /// (`ec2:DescribeInstanceTypeOfferings`). A type that is offered nowhere in the region is not among them.
    async fn offerings(&self, instance_types: &[String]) -> Result<Vec<Offering>>;

    /// Asks whether the caller may launch an instance, without launching it (`ec2:RunInstances` with `DryRun`), in a subnet
    /// or in the default one of the default VPC.
    ///
    /// A refusal is an error: its [code](crate::Error::code) is `OptInRequired` where the account has not subscribed to the
    /// image's product in the AWS Marketplace, and [`AccessDenied`](crate::ErrorKind::AccessDenied) is its kind where the
    /// caller's permissions lack. Capacity and quotas are not asked for.
    async fn may_launch(&self, image: &str, instance_type: &str, subnet: Option<&str>) -> Result<()>;
}

/// A machine image (AMI).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `available`, or why it cannot be launched: `pending`, `invalid`, `deregistered`, `transient`, `failed`, `error`, `disabled`.
    pub state: String,
    /// The processors it is for: `x86_64`, `arm64`.
    pub architecture: String,
}

/// An instance type in an Availability Zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offering {
    /// The instance type, such as `g6e.xlarge`.
    pub instance_type: String,
    /// The Availability Zone, such as `eu-central-1a`.
    pub zone: String,
}
