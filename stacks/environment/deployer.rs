//! Who deploys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::Ownership;
use super::text::{Branch, Repository};

/// The repository on GitHub whose workflows review and deploy this environment, without any key that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployer {
    /// The repository, as owner and name.
    pub repository: Repository,
    /// The branch whose workflows may compare the environment with what is deployed, as those of pull requests may.
    #[serde(default = "main")]
    pub branch: Branch,
    /// Whether GitHub's identity provider is made, or is there already: an account has one, whatever its environments.
    #[serde(default)]
    pub provider: Ownership,
}

fn main() -> Branch {
    Branch::literal("main")
}
