use async_trait::async_trait;

use crate::Result;

/// Says how much of something an account may have (Service Quotas).
#[async_trait]
pub trait Quotas: Send + Sync {
    /// Reads a quota of the account in the region, by the codes that the service quotas console shows: the value applied
    /// to it (`servicequotas:GetServiceQuota`), or else the default of all accounts
    /// (`servicequotas:GetAWSDefaultServiceQuota`). `None` if there is no such quota.
    async fn quota(&self, service: &str, code: &str) -> Result<Option<f64>>;
}
