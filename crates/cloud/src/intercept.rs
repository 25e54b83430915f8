//! Puts something in front of every call: a recorder, or faults.

mod services;

use async_trait::async_trait;

pub(crate) use services::{absent, cloud};
pub use services::{
    alarms, auto_scaling, cloud_formation, commands, identity, instances, metadata, metrics, objects, parameters,
    queues, quotas, roles, tables, workflows,
};

use crate::{Error, Result};

/// Sees every call before and after it takes effect, and may make it fail.
#[async_trait]
pub trait Interceptor: Send + Sync {
    /// Is asked before a call; an error is the call's answer, and nothing happens.
    async fn before(&self, call: &Call) -> Result<()> {
        let _ = call;
        Ok(())
    }

    /// Is told how a call ended. An error replaces the answer, although the call has taken effect: as when a
    /// connection breaks after the request was served.
    async fn after(&self, call: &Call, error: Option<&Error>) -> Result<()> {
        let _ = (call, error);
        Ok(())
    }
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation, written as IAM writes it: `s3:PutObject`.
    pub operation: &'static str,
    /// What it is about: a stack, `bucket/key`, a queue, a table, a state machine, an SSM document; empty where there is nothing.
    pub subject: String,
    /// Which call of this operation it is, counted from 1 for each cloud intercepted.
    pub number: u32,
}
