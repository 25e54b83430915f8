//! AWS STS.

use async_trait::async_trait;
use cloud::{Caller, Identity, Result};

use crate::Simulator;

#[async_trait]
impl Identity for Simulator {
    async fn caller(&self) -> Result<Caller> {
        Ok(self.with(|state| Caller { account: state.settings.account.clone(), arn: state.settings.caller.clone() }))
    }
}
