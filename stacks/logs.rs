//! Makes groups of logs that are encrypted and do not grow for ever.

use resources::logs::{LogGroup, LogGroupRef};
use template::{Declare, DeletionPolicy, Stack};

use crate::keys::{Keys, NO_OWN_KEYS};

/// Adds a log group, of this name or of `CloudFormation`'s choice. Its stack takes it along when it is deleted.
#[track_caller]
pub fn add(stack: &mut Stack, keys: &Keys, logical_id: &str, name: Option<String>, retention_days: u32) -> LogGroupRef {
    let log = LogGroup::new()
        .log_group_name(name)
        .retention_in_days(retention_days)
        .kms_key_id(keys.operations.as_ref().map(resources::kms::KeyRef::arn));
    let log = log.on_removal(DeletionPolicy::Delete).accept_if(
        keys.operations.is_none(),
        "security/customer-managed-key",
        NO_OWN_KEYS,
    );
    stack.add(logical_id, log)
}
