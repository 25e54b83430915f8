use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_sts::config::Builder;
use cloud::{Caller, Identity, Result};

use crate::error::Endpoint;

pub(crate) struct Service {
    client: aws_sdk_sts::Client,
    endpoint: Endpoint,
}

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        // It is the first call of a command: whoever waits for it wants to know soon that nobody answers.
        let config = Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: aws_sdk_sts::Client::from_conf(config), endpoint }
    }
}

#[async_trait]
impl Identity for Service {
    async fn caller(&self) -> Result<Caller> {
        let answer = self.client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| self.endpoint.error("sts:GetCallerIdentity", "", &error))?;
        Ok(Caller { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }

    async fn decode_authorization_message(&self, message: &str) -> Result<String> {
        let answer = self.client.decode_authorization_message().encoded_message(message).send().await;
        let answer = answer.map_err(|error| self.endpoint.error("sts:DecodeAuthorizationMessage", "", &error))?;
        Ok(answer.decoded_message.unwrap_or_default())
    }
}
