use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::{ErrorKind, Result, Roles};

use crate::bare::Address;
use crate::error::Endpoint;
use crate::query::{Form, Query};

pub(crate) struct Service(Query);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        let address = Address::iam(&endpoint.region);
        Self(Query::at(config, "iam", "2010-05-08", address, endpoint))
    }
}

#[async_trait]
impl Roles for Service {
    async fn exists(&self, name: &str) -> Result<bool> {
        match self.0.call("iam:GetRole", name, Form::default().with("RoleName", name)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
