use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::Result;
use cloud::auto_scaling::{AutoScaling, Group};

use crate::error::Endpoint;
use crate::query::{Form, Query};
use crate::xml::Element;

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

    async fn group(&self, name: &str) -> Result<Option<Group>> {
        let form = Form::default().with("AutoScalingGroupNames.member.1", name);
        let answer = self.0.ask("autoscaling:DescribeAutoScalingGroups", name, form).await?;
        let result = answer.child("DescribeAutoScalingGroupsResult");
        Ok(result.and_then(|result| result.list("AutoScalingGroups").first()).map(group))
    }
}

fn group(group: &Element) -> Group {
    let number = |name| group.text(name).and_then(|number| number.parse().ok()).unwrap_or_default();
    let in_service = group.list("Instances").iter().filter(|instance| {
        instance.text("LifecycleState") == Some("InService") && instance.text("HealthStatus") == Some("Healthy")
    });
    Group {
        desired: number("DesiredCapacity"),
        minimum: number("MinSize"),
        maximum: number("MaxSize"),
        in_service: u32::try_from(in_service.count()).unwrap_or(u32::MAX),
    }
}
