use async_trait::async_trait;
use cloud::{Identity, Result};

pub struct Caller;

#[async_trait]
impl Identity for Caller {
    async fn caller(&self) -> Result<cloud::Caller> {
        Ok(cloud::Caller {
            account: super::ACCOUNT.to_owned(),
            arn: format!("arn:aws:iam::{}:user/someone", super::ACCOUNT),
        })
    }
}
