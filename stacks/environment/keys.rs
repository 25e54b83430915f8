//! The keys that encrypt what is stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ownership;
use super::rules::{Problem, within};

/// Keys of the environment's own. Without this section, AWS's keys encrypt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// After how many days a key gets new material; the old one still decrypts what it encrypted.
    #[schemars(range(min = 90, max = 2560))]
    pub rotation_days: u32,
    /// How many days a key that was deleted can still be brought back.
    #[schemars(range(min = 7, max = 30))]
    pub deletion_days: u32,
    /// Whether the service-linked role by which AWS starts the instances of fleets is made. An account has it once, from
    /// its first Auto Scaling group or Spot Fleet on; the key of the disks cannot be made without it.
    pub service_linked_role: Ownership,
}

impl Keys {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        within(problems, "keys.rotation_days", self.rotation_days, 90..=2560);
        within(problems, "keys.deletion_days", self.deletion_days, 7..=30);
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self { rotation_days: 365, deletion_days: 30, service_linked_role: Ownership::Existing }
    }
}
