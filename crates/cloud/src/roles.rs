use async_trait::async_trait;

use crate::Result;

/// Knows the roles of the account (AWS IAM).
#[async_trait]
pub trait Roles: Send + Sync {
    /// Says whether the account has a role of this name (`iam:GetRole`).
    async fn exists(&self, name: &str) -> Result<bool>;
}
