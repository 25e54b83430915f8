use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::{ErrorKind, Parameters, Result};

use crate::error::Endpoint;

pub(crate) struct Service {
    client: aws_sdk_ssm::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self { client: aws_sdk_ssm::Client::new(config), endpoint }
    }
}

#[async_trait]
impl Parameters for Service {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let answer = self.client.get_parameter().name(name).send().await;
        match answer.map_err(|error| self.endpoint.error("ssm:GetParameter", name, &error)) {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
