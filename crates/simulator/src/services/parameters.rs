//! AWS Systems Manager: Parameter Store, and IAM: roles. There are those that stacks have made.

use async_trait::async_trait;
use cloud::{Parameters, Result, Roles};

use crate::Simulator;

#[async_trait]
impl Parameters for Simulator {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let name = name.split_once(":parameter").map_or(name, |(_, name)| name);
        self.call("ssm:GetParameter", |state| Ok(state.stored_parameter(name))).await
    }
}

#[async_trait]
impl Roles for Simulator {
    async fn exists(&self, name: &str) -> Result<bool> {
        self.call("iam:GetRole", |state| Ok(state.world.get("AWS::IAM::Role", name).is_some())).await
    }
}
