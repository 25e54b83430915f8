//! Roles and policies of the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::Problem;

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
    /// Whether the workflow's role is made, or is there already.
    pub workflow_role: Ownership,
    /// The name of the workflow's role; needed for one that is there, and CloudFormation's choice where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub workflow_role_name: Option<String>,
    /// Whether the role by which MediaConvert reads and writes is made, or is there already.
    pub packaging_role: Ownership,
    /// The name of that role; needed for one that is there, and CloudFormation's choice where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub packaging_role_name: Option<String>,
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

impl Identity {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        let worker = [
            ("identity.worker_role_name", Some(&self.worker_role_name), 64),
            ("identity.worker_policy_name", Some(&self.worker_policy_name), 128),
        ];
        let others = [
            ("identity.workflow_role", self.workflow_role, "identity.workflow_role_name", &self.workflow_role_name),
            ("identity.packaging_role", self.packaging_role, "identity.packaging_role_name", &self.packaging_role_name),
        ];
        let names = worker.into_iter().chain(others.map(|(_, _, key, name)| (key, name.as_ref(), 64)));
        for (key, name, longest) in names.filter_map(|(key, name, longest)| Some((key, name?, longest))) {
            let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
            if name.is_empty() || name.len() > longest || !name.chars().all(allowed) {
                let message = format!("{key} is `{name}`; allowed: 1 to {longest} letters, digits and `_+=,.@-`");
                problems.push(Problem { keys: vec![key], message, hint: None });
            }
        }
        for (key, ownership, name_key, name) in others {
            if ownership == Ownership::Existing && name.is_none() {
                let message = format!("{key} is there already, but has no name");
                problems.push(Problem { keys: vec![key], message, hint: Some(format!("name it by `{name_key}`")) });
            }
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            worker_role: Ownership::Create,
            worker_role_name: "EC2-SSM-ROLE".to_owned(),
            worker_policy_name: "EC2-SSM-POLICY".to_owned(),
            workflow_role: Ownership::Create,
            workflow_role_name: None,
            packaging_role: Ownership::Create,
            packaging_role_name: None,
        }
    }
}
