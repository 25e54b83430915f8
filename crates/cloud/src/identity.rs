use async_trait::async_trait;

use crate::Result;

/// Says who is calling (AWS STS).
#[async_trait]
pub trait Identity: Send + Sync {
    /// Asks the service whose credentials these are (`sts:GetCallerIdentity`). It needs no permission.
    async fn caller(&self) -> Result<Caller>;
}

/// Names the owner of the credentials in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The twelve digits of the account.
    pub account: String,
    /// The user or assumed role.
    pub arn: String,
}
