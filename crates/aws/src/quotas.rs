use async_trait::async_trait;
use aws_config::SdkConfig;
use cloud::{ErrorKind, Quotas, Result};
use serde_json::json;

use crate::error::Endpoint;
use crate::json::Json;

pub(crate) struct Service(Json);

impl Service {
    pub(crate) fn new(config: &SdkConfig, endpoint: Endpoint) -> Self {
        Self(Json::new(config, "servicequotas", "ServiceQuotasV20190624", endpoint))
    }

    async fn ask(&self, operation: &'static str, service: &str, code: &str) -> Result<Option<f64>> {
        let arguments = json!({ "ServiceCode": service, "QuotaCode": code });
        match self.0.ask(operation, code, &arguments).await {
            Ok(answer) => Ok(answer["Quota"]["Value"].as_f64()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Quotas for Service {
    async fn quota(&self, service: &str, code: &str) -> Result<Option<f64>> {
        match self.ask("servicequotas:GetServiceQuota", service, code).await? {
            Some(value) => Ok(Some(value)),
            None => self.ask("servicequotas:GetAWSDefaultServiceQuota", service, code).await,
        }
    }
}
