use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::instances::{Image, Instances, Offering};
use cloud::{ErrorKind, Result};

use crate::error::Endpoint;
use crate::query::{Form, Query};
use crate::xml::Element;

pub(crate) struct Service(Query);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self(Query::new(config, "ec2", "2016-11-15", endpoint))
    }
}

#[async_trait]
impl Instances for Service {
    async fn image(&self, id: &str) -> Result<Option<Image>> {
        match self.0.ask("ec2:DescribeImages", id, Form::default().with("ImageId.1", id)).await {
            Ok(answer) => Ok(answer.list("imagesSet").iter().find_map(image)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn offerings(&self, instance_types: &[String]) -> Result<Vec<Offering>> {
        if instance_types.is_empty() {
            return Ok(Vec::new());
        }
        let form = Form::default()
            .with("LocationType", "availability-zone")
            .with("Filter.1.Name", "instance-type")
            .with_list("Filter.1.Value", instance_types);
        let mut offerings = Vec::new();
        let mut page = form.clone();
        loop {
            let subject = instance_types.join(", ");
            let answer = self.0.ask("ec2:DescribeInstanceTypeOfferings", &subject, page).await?;
            offerings.extend(answer.list("instanceTypeOfferingSet").iter().filter_map(offering));
            let Some(token) = answer.text("nextToken").filter(|token| !token.is_empty()) else { break };
            page = form.clone().with("NextToken", token);
        }
        Ok(offerings)
    }

    async fn may_launch(&self, image: &str, instance_type: &str, subnet: Option<&str>) -> Result<()> {
        let form = Form::default()
            .with("DryRun", true)
            .with("ImageId", image)
            .with("InstanceType", instance_type)
            .with("MinCount", 1)
            .with("MaxCount", 1);
        let form = match subnet {
            Some(subnet) => form.with("SubnetId", subnet),
            None => form,
        };
        match self.0.call("ec2:RunInstances", image, form).await {
            // "Request would have succeeded, but DryRun flag is set."
            Err(error) if error.code.as_deref() == Some("DryRunOperation") => Ok(()),
            answer => answer,
        }
    }
}

fn image(image: &Element) -> Option<Image> {
    let text = |name| image.text(name).unwrap_or_default().to_owned();
    Some(Image {
        id: image.text("imageId")?.to_owned(),
        name: text("name"),
        state: text("imageState"),
        architecture: text("architecture"),
    })
}

fn offering(offering: &Element) -> Option<Offering> {
    Some(Offering {
        instance_type: offering.text("instanceType")?.to_owned(),
        zone: offering.text("location")?.to_owned(),
    })
}
