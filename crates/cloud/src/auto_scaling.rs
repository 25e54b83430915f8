//! Amazon EC2 Auto Scaling: what an instance of a group says about itself, and how many there are.

use async_trait::async_trait;

use crate::Result;

/// Tells a group that one of its instances is busy or ready to go, and counts them (Amazon EC2 Auto Scaling).
#[async_trait]
pub trait AutoScaling: Send + Sync {
    /// Protects an instance from scale-in, or no longer (`autoscaling:SetInstanceProtection`).
    ///
    /// Only an instance in service can be protected; of another one the service says
    /// [`Validation`](crate::ErrorKind::Validation). Repeating the call changes nothing.
    async fn set_protection(&self, group: &str, instance: &str, protected: bool) -> Result<()>;

    /// Lets an instance that a lifecycle hook holds go on, before the hook's time is over
    /// (`autoscaling:CompleteLifecycleAction`, with the result `CONTINUE`).
    ///
    /// Where the hook holds nothing, any more or at all, the service says
    /// [`Validation`](crate::ErrorKind::Validation).
    async fn complete_lifecycle_action(&self, group: &str, hook: &str, instance: &str) -> Result<()>;

    /// Describes a group (`autoscaling:DescribeAutoScalingGroups`); `None` if there is no such group.
    async fn group(&self, name: &str) -> Result<Option<Group>>;
}

/// How large a group is to be, and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many instances it is to have now.
    pub desired: u32,
    /// How many it has at least.
    pub minimum: u32,
    /// How many it has at most.
    pub maximum: u32,
    /// How many instances are healthy and in service.
    pub in_service: u32,
}
