//! Describes one deployment of the system: the typed form of `environments/<name>.toml`.
//!
//! Values only. Every field's documentation is also its description in `environments/schema.json`, which editors show.

mod delivery;
mod deployer;
mod fleet;
mod identity;
mod instance_types;
mod keys;
mod load;
mod network;
mod notifications;
mod observability;
mod packaging;
mod rules;
mod swap;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::collections::BTreeMap;

use job::{Recipe, Times};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use template::DeletionPolicy;

pub use delivery::{Delivery, Domain, Places};
pub use deployer::Deployer;
pub use fleet::{Fleet, FleetKind, Image, Instances, Volume};
pub use identity::{Identity, Ownership};
pub use instance_types::vcpus;
pub use keys::Keys;
pub use load::{EnvironmentError, names};
pub use network::{Egress, ExistingNetwork, Network, OwnNetwork};
pub use notifications::Notifications;
pub use observability::Observability;
pub use packaging::{Packaging, Renditions, StreamFormat};
pub use swap::Swap;
pub use text::{
    AccountId, AddressBlock, Branch, CertificateArn, DomainName, ImageId, ParameterName, PlayerOrigin, Region,
    Repository, SecurityGroupId, Slug, SubnetId, Suffix, VpcId, Zone,
};

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
    /// Whether a deployment asks for the environment's name instead of a yes; where absent, it does if
    /// `termination_protection` is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_name: Option<bool>,
    /// What later updates may do to the stacks, whoever makes them; their policies stay what they are where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_policy: Option<StackPolicy>,
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
    /// Who deploys, beside people: GitHub's workflows where present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployer: Option<Deployer>,
    /// Keys of the environment's own; AWS's keys encrypt where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// The network of the fleets; needed where there are instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Roles and policies of the account.
    #[serde(default)]
    pub identity: Identity,
    /// Who is told of jobs and alarms.
    #[serde(default)]
    pub notifications: Notifications,
    /// The queue of a fleet, and the instances that work on it.
    #[serde(default)]
    pub fleet: Fleet,
    /// How new work moves from one colour to the other.
    #[serde(default)]
    pub swap: Swap,
    /// How enhanced videos are made into streams; a job ends with the enhanced video where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packaging: Option<Packaging>,
    /// How streams reach viewers; they stay in their bucket where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What is watched beside queues and workflow; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observability: Option<Observability>,
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

/// What updates may do to the resources of a stack (AWS page "Prevent updates to stack resources").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StackPolicy {
    /// Everything.
    AllowAll,
    /// They may not replace or delete what holds data. A deployment that is allowed to (`--allow-data-loss`) excepts that
    /// for as long as it takes.
    ProtectData,
}

impl Environment {
    /// Says whether a deployment asks for the environment's name instead of a yes.
    pub fn asks_for_name(&self) -> bool {
        self.confirm_name.unwrap_or(self.termination_protection)
    }
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
    /// How work reaches the engine, for all instances of the environment.
    pub executor: Executor,
    /// The endings of object keys that make an upload a job, upper and lower case alike.
    #[schemars(length(min = 1))]
    pub suffixes: Vec<Suffix>,
    /// How long the workflow's log lives, in days, out of those that CloudWatch Logs offers.
    pub log_retention_days: u32,
}

/// How work reaches the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// An agent on each instance takes tasks from the queue.
    #[default]
    Agent,
    /// The workflow sends commands to instances by Systems Manager, a whole title at a time to each.
    RunCommand,
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
            // What a deployment made that failed holds nothing yet, and would be in the way of the next one.
            Self::Retain => DeletionPolicy::RetainExceptOnCreate,
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
        Self { executor: Executor::default(), suffixes: suffixes.map(Suffix::literal).into(), log_retention_days: 30 }
    }
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
