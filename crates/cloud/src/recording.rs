//! Keeps a list of the calls made: for tests of what is called, how often and in which order.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::intercept::{Call, Interceptor};
use crate::{Error, Result};

/// Is an [`Interceptor`] that remembers every call and how it ended.
#[derive(Debug, Default)]
pub struct Recording {
    calls: Mutex<Vec<Recorded>>,
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What was called.
    pub call: Call,
    /// How it failed, if it did.
    pub error: Option<Error>,
}

impl Recording {
    /// Returns the calls so far, in the order in which they ended.
    pub fn calls(&self) -> Vec<Recorded> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the names of the operations so far.
    pub fn operations(&self) -> Vec<&'static str> {
        self.calls().iter().map(|recorded| recorded.call.operation).collect()
    }

    /// Counts the calls of one operation.
    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|name| **name == operation).count()
    }
}

#[async_trait]
impl Interceptor for Recording {
    async fn after(&self, call: &Call, error: Option<&Error>) -> Result<()> {
        let recorded = Recorded { call: call.clone(), error: error.cloned() };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
        Ok(())
    }
}
