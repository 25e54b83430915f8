use async_trait::async_trait;

use crate::Result;

/// Reads parameters (AWS Systems Manager, Parameter Store).
#[async_trait]
pub trait Parameters: Send + Sync {
    /// Reads the newest value of a parameter, by its name or ARN (`ssm:GetParameter`); `None` if there is no such parameter.
    ///
    /// A secure string comes as it is kept: encrypted.
    async fn get(&self, name: &str) -> Result<Option<String>>;
}
