use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::{Caller, Identity, Result};

use crate::error::Endpoint;

pub(crate) struct Service {
    client: aws_sdk_sts::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self { client: aws_sdk_sts::Client::new(config), endpoint }
    }
}

#[async_trait]
impl Identity for Service {
    async fn caller(&self) -> Result<Caller> {
        let answer = self.client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| self.endpoint.error("sts:GetCallerIdentity", "", &error))?;
        Ok(Caller { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }
}
