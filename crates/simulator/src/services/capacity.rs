//! Instances, the groups that they are in, and how much of something there may be.

use async_trait::async_trait;
use cloud::auto_scaling::Group;
use cloud::instances::{Image, Offering};
use cloud::{AutoScaling, Instances, Quotas, Result};
use serde_json::Value;

use crate::Simulator;
use crate::refusal::absent;
use crate::template::text;

#[async_trait]
impl AutoScaling for Simulator {
    async fn set_protection(&self, _group: &str, _instance: &str, _protected: bool) -> Result<()> {
        Err(absent("autoscaling:SetInstanceProtection"))
    }

    async fn complete_lifecycle_action(&self, _group: &str, _hook: &str, _instance: &str) -> Result<()> {
        Err(absent("autoscaling:CompleteLifecycleAction"))
    }

    /// All instances that a group wants are in service.
    async fn group(&self, name: &str) -> Result<Option<Group>> {
        self.call("autoscaling:DescribeAutoScalingGroups", |state| {
            let thing = state.world.get("AWS::AutoScaling::AutoScalingGroup", name);
            Ok(thing.map(|thing| {
                let size = |value: &Value| text(value).and_then(|text| text.parse().ok());
                let [minimum, maximum] = ["MinSize", "MaxSize"].map(|key| size(&thing.properties[key]).unwrap_or(0));
                let desired = size(&thing.properties["DesiredCapacity"]).unwrap_or(minimum);
                Group { desired, minimum, maximum, in_service: desired }
            }))
        })
        .await
    }
}

#[async_trait]
impl Instances for Simulator {
    /// Every image is there.
    async fn image(&self, id: &str) -> Result<Option<Image>> {
        let (id, name) = (id.to_owned(), format!("image {id}"));
        Ok(Some(Image { id, name, state: "available".to_owned(), architecture: "x86_64".to_owned() }))
    }

    /// Every type is offered in three zones.
    async fn offerings(&self, instance_types: &[String]) -> Result<Vec<Offering>> {
        let region = self.with(|state| state.settings.region.clone());
        let zones = ["a", "b", "c"].map(|zone| format!("{region}{zone}"));
        let offering = |instance_type: &String| {
            let instance_type = instance_type.clone();
            zones.iter().map(move |zone| Offering { instance_type: instance_type.clone(), zone: zone.clone() })
        };
        Ok(instance_types.iter().flat_map(offering).collect())
    }

    /// Everything may be launched.
    async fn may_launch(&self, _image: &str, _instance_type: &str, _subnet: Option<&str>) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Quotas for Simulator {
    async fn quota(&self, service: &str, code: &str) -> Result<Option<f64>> {
        let key = (service.to_owned(), code.to_owned());
        self.call("servicequotas:GetServiceQuota", |state| Ok(state.settings.quotas.get(&key).copied())).await
    }
}
