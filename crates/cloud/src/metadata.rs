use async_trait::async_trait;

use crate::Result;

/// Says what an instance can know about itself (EC2's instance metadata service, version 2).
#[async_trait]
pub trait Metadata: Send + Sync {
    /// Reads what is there under a path below `/latest/meta-data/`, such as `instance-id`; `None` if there is nothing.
    async fn get(&self, path: &str) -> Result<Option<String>>;
}
