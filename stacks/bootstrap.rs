//! Holds what deploying itself needs: a bucket for artifacts, and a table for locks.
//!
//! It is there before any key of the environment's own, so AWS's keys encrypt it.

use resources::{dynamodb, s3};
use template::{Declare, Stack};

use crate::environment::Environment;
use crate::keys::Keys;
use crate::{buckets, outputs, tables};

/// What later stacks use of it.
#[derive(Debug)]
pub struct Bootstrap {
    /// Holds templates that are too large to be sent, and what instances fetch.
    pub artifacts: s3::BucketRef,
    /// Says who works on the environment.
    pub locks: dynamodb::TableRef,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment) -> Bootstrap {
    stack.description("What deploying needs: artifacts and locks");
    let keys = Keys::default();
    let artifacts = buckets::private(environment, &keys).lifecycle_configuration(buckets::lifecycle(environment, None));
    let artifacts = artifacts
        .accept(
            "security/access-logs",
            "This stack is made before every other, so there is no bucket for logs yet. It holds \
            templates and the agent's program, both made anew from the repository, and no video",
        )
        .accept("security/customer-managed-key", "This stack is made before every other, also before keys");
    let (artifacts, _) = buckets::add(stack, environment, "Artifacts", artifacts, |_| vec![]);
    let locks = tables::add(stack, environment, &keys, "Locks");

    stack.output(outputs::ARTIFACT_BUCKET.name, artifacts.name());
    stack.output(outputs::LOCK_TABLE.name, locks.name());
    Bootstrap { artifacts, locks }
}
