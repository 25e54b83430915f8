//! Describes one deployment of the system: the typed form of `environments/<name>.toml`.
//!
//! Values only. Every field's documentation is also its description in `environments/schema.json`, which editors show.

mod load;
mod notifications;
mod rules;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use job::{Recipe, Times};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use template::DeletionPolicy;

pub use load::{EnvironmentError, names};
pub use notifications::Notifications;
pub use text::{AccountId, ImageId, Region, SecurityGroupId, Slug, SubnetId, Suffix};

/// One deployment of the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The environment's name, which is the name of its file.
    #[serde(skip)]
    #[schemars(skip)]
    pub name: String,
    /// Where it runs.
    #[serde(default)]
    pub kind: Kind,
    /// The account that it is deployed to, 12 digits in quotes. Deploying stops if the credentials are another one's.
    pub account: AccountId,
    /// The region that it is deployed to, such as `ap-northeast-2`.
    pub region: Region,
    /// The profile of `~/.aws/config` whose credentials are used; the SDK's own search where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The first part of every stack's name; the environment's name is the second.
    #[serde(default = "baleen")]
    pub app: Slug,
    /// Tags for every resource that can carry tags, beside `app` and `environment`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What becomes of buckets and tables, and of what they hold, when their stack is deleted.
    #[serde(default)]
    pub on_destroy: OnDestroy,
    /// Whether CloudFormation refuses to delete the stacks.
    #[serde(default)]
    pub termination_protection: bool,
    /// How values go from stack to stack.
    #[serde(default)]
    pub references: References,
    /// The buckets.
    #[serde(default)]
    pub storage: Storage,
    /// What decides the output of a job.
    pub recipe: Recipe,
    /// Which uploads become jobs, and what is kept of them.
    #[serde(default)]
    pub jobs: Jobs,
    /// Times and counts that queue, workflow, workers and buckets share.
    #[serde(default)]
    pub times: Times,
    /// Roles and policies of the account.
    #[serde(default)]
    pub identity: Identity,
    /// Who is told of jobs and alarms.
    #[serde(default)]
    pub notifications: Notifications,
    /// The queue of a fleet, and the instances that work on it.
    #[serde(default)]
    pub fleet: Fleet,
    /// The workers on this machine; of environments of kind `local` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<Local>,
}

/// Where an environment runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// In an AWS account.
    #[default]
    Aws,
    /// On this machine, in an emulator on the loopback interface: no account, no credentials.
    Local,
}

/// What becomes of data when its stack is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDestroy {
    /// Buckets and tables stay, and no longer belong to a stack.
    #[default]
    Retain,
    /// They go, and what they hold with them.
    Delete,
}

/// How values go from stack to stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum References {
    /// As parameters that are filled from the other stack's outputs: no stack holds another.
    #[default]
    Weak,
    /// By exports and imports: CloudFormation keeps a stack from dropping a value that another one uses.
    Exports,
}

/// The buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Whether the buckets keep older versions of their objects. Off for emulators whose events name no version.
    pub versioned: bool,
    /// How long uploaded videos live, in days; for ever where absent. Longer than a job may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub sources_expiry_days: Option<u32>,
    /// How long enhanced videos live, in days; for ever where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub enhanced_expiry_days: Option<u32>,
    /// How long packaged streams live, in days; for ever where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub delivery_expiry_days: Option<u32>,
    /// How long access logs live, in days.
    #[schemars(range(min = 1, max = 36_500))]
    pub log_expiry_days: u32,
    /// How long a version lives that is no longer the current one, in days.
    #[schemars(range(min = 1, max = 36_500))]
    pub noncurrent_expiry_days: u32,
    /// After how many days the parts of an upload are removed that was never completed. Longer than a job may take.
    #[schemars(range(min = 1, max = 36_500))]
    pub incomplete_upload_expiry_days: u32,
}

/// Which uploads become jobs, and what is kept of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jobs {
    /// The endings of object keys that make an upload a job, upper and lower case alike.
    #[schemars(length(min = 1))]
    pub suffixes: Vec<Suffix>,
    /// How long the workflow's log lives, in days, out of those that CloudWatch Logs offers.
    pub log_retention_days: u32,
}

/// Roles and policies of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Whether the worker's role is made, or is there already: names are unique in an account, so of several
    /// environments in one account one makes the role, or each has a name of its own.
    pub worker_role: Ownership,
    /// The name of the role of the instances.
    #[schemars(length(min = 1, max = 64))]
    pub worker_role_name: String,
    /// The name of that role's policy with what every instance may do. A role that is there keeps its own policies.
    #[schemars(length(min = 1, max = 128))]
    pub worker_policy_name: String,
}

/// Whether something is made by the stacks, or is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ownership {
    /// The stacks make it.
    #[default]
    Create,
    /// It is there, and stays as it is; grants are attached to it.
    Existing,
}

/// The queue of a fleet, and the instances that work on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fleet {
    /// How old the oldest waiting task may be before the alarm rings, in seconds.
    #[schemars(range(min = 60))]
    pub oldest_task_alarm_seconds: u32,
    /// The instances. Without them there are only the queues, and workers are run by other means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<Instances>,
}

/// The instances of a fleet: one Auto Scaling group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// The subnets, in two Availability Zones or more.
    #[schemars(length(min = 1))]
    pub subnets: Vec<SubnetId>,
    /// The security groups; workers need no inbound rule.
    #[schemars(length(min = 1, max = 16))]
    pub security_groups: Vec<SecurityGroupId>,
    /// The machine image, with GPU driver and engine.
    pub image: Image,
    /// The instance types, the preferred one first; several are more likely to be had as Spot.
    #[schemars(length(min = 1, max = 40))]
    pub types: Vec<String>,
    /// The size of the root volume, in GiB: source and output of a title, and what the image takes.
    #[schemars(range(min = 8, max = 16_384))]
    pub volume_gibibytes: u32,
    /// The name that the image gives its root volume.
    #[serde(default = "first_device")]
    pub root_device: String,
    /// How many instances there are at least.
    pub minimum: u32,
    /// How many instances there are at most.
    #[schemars(range(min = 1))]
    pub maximum: u32,
    /// How many instances are on-demand before any is Spot.
    #[serde(default)]
    pub on_demand_base: u32,
    /// Which share of the instances above the base is on-demand, in percent; the rest is Spot.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub on_demand_percentage: u32,
}

/// A machine image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// By its id, such as `ami-0abcdef1234567890`.
    Id(ImageId),
    /// By a public or own parameter of the Parameter Store that holds the id.
    SsmParameter(String),
}

/// The workers on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// How many workers run.
    #[schemars(range(min = 1, max = 64))]
    pub workers: u32,
}

impl OnDestroy {
    /// Returns what CloudFormation is told of whatever holds data.
    pub fn policy(self) -> DeletionPolicy {
        match self {
            Self::Retain => DeletionPolicy::Retain,
            Self::Delete => DeletionPolicy::Delete,
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            versioned: true,
            sources_expiry_days: None,
            enhanced_expiry_days: None,
            delivery_expiry_days: None,
            log_expiry_days: 365,
            noncurrent_expiry_days: 30,
            incomplete_upload_expiry_days: 7,
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        let suffixes = [".mp4", ".mov", ".mkv", ".webm", ".ts", ".mxf", ".avi"];
        Self { suffixes: suffixes.map(Suffix::literal).into(), log_retention_days: 30 }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            worker_role: Ownership::Create,
            worker_role_name: "EC2-SSM-ROLE".to_owned(),
            worker_policy_name: "EC2-SSM-POLICY".to_owned(),
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self { oldest_task_alarm_seconds: 3600, instances: None }
    }
}

fn first_device() -> String {
    "/dev/sda1".to_owned()
}

fn baleen() -> Slug {
    Slug::literal("baleen")
}

/// Returns the JSON Schema of environment files, as `environments/schema.json` holds it.
pub fn json_schema() -> String {
    let mut schema = schemars::schema_for!(Environment).to_value();
    if let Some(members) = schema.as_object_mut() {
        // What the file is comes first, as everywhere in the world of JSON Schema.
        for name in ["description", "title", "$schema"] {
            if let Some(value) = members.shift_remove(name) {
                members.shift_insert(0, name.to_owned(), value);
            }
        }
    }
    format!("{schema:#}\n")
}
