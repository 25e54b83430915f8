use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::{AutoScaling, Result};

use crate::error::Endpoint;
use crate::query::{Form, Query};

pub(crate) struct Service(Query);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self(Query::new(config, "autoscaling", "2011-01-01", endpoint))
    }
}

#[async_trait]
impl AutoScaling for Service {
    async fn set_protection(&self, group: &str, instance: &str, protected: bool) -> Result<()> {
        let form = Form::default()
            .with("AutoScalingGroupName", group)
            .with("InstanceIds.member.1", instance)
            .with("ProtectedFromScaleIn", protected);
        self.0.call("autoscaling:SetInstanceProtection", instance, form).await
    }

    async fn complete_lifecycle_action(&self, group: &str, hook: &str, instance: &str) -> Result<()> {
        let form = Form::default()
            .with("AutoScalingGroupName", group)
            .with("LifecycleHookName", hook)
            .with("InstanceId", instance)
            .with("LifecycleActionResult", "CONTINUE");
        self.0.call("autoscaling:CompleteLifecycleAction", instance, form).await
    }
}
