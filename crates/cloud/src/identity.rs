use async_trait::async_trait;

use crate::{Error, ErrorKind, Result};

/// Says who is calling (AWS STS).
#[async_trait]
pub trait Identity: Send + Sync {
    /// Asks the service whose credentials these are (`sts:GetCallerIdentity`). It needs no permission.
    async fn caller(&self) -> Result<Caller>;

    /// Makes JSON of the encoded part of a message that says that something is not allowed
    /// (`sts:DecodeAuthorizationMessage`). It needs that permission.
    async fn decode_authorization_message(&self, message: &str) -> Result<String> {
        let _ = message;
        let operation = "sts:DecodeAuthorizationMessage";
        Err(Error::new(ErrorKind::Service, operation, "this cloud does not have the operation"))
    }
}

/// Names the owner of the credentials in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The twelve digits of the account.
    pub account: String,
    /// The user or assumed role.
    pub arn: String,
}
