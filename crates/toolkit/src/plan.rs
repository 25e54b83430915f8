//! What a deployment is going to do: shown, approved, saved, and then done exactly like that.

pub(crate) mod compare;
pub(crate) mod estimate;
mod exports;
pub(crate) mod keep;
pub(crate) mod layout;
pub(crate) mod loss;
pub(crate) mod moves;
pub(crate) mod neutral;
pub(crate) mod phases;
pub(crate) mod predict;
pub(crate) mod refactor;
pub(crate) mod references;
pub(crate) mod stable;
pub(crate) mod steps;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The version of a plan's shape. A plan of another version is refused.
pub const PLAN_VERSION: u32 = 1;

/// What a deployment is going to do. A saved one is the JSON of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "baleen deploy --plan-out")]
pub struct Plan {
    /// The version of this shape.
    pub version: u32,
    /// The app's name.
    pub app: String,
    /// The environment's name.
    pub environment: String,
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// When it was made (RFC 3339, UTC).
    pub made_at: String,
    /// The steps, in an order in which they can be done one after the other.
    pub steps: Vec<PlannedStep>,
    /// The stacks that were looked at and have nothing to change.
    #[serde(default)]
    pub unchanged: Vec<String>,
    /// The stateful resources that may be replaced or deleted, as `STACK.LOGICAL_ID`.
    #[serde(default)]
    pub allowed_data_loss: Vec<String>,
    /// The ARN of the role by which CloudFormation works, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What is done to one stack at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// The stack's name within the app.
    pub stack: String,
    /// Its name in CloudFormation.
    pub stack_name: String,
    /// What is done.
    pub step: StepKind,
    /// Why, where the author's templates alone do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// SHA-256 of the template's bytes, 64 hexadecimal digits.
    pub template_sha256: String,
    /// The values of the template's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, PlannedParameter>,
    /// How the changes are known.
    pub basis: Basis,
    /// The stack as it was when the plan was made; nothing for one that did not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The changes, in CloudFormation's order where it made a change set.
    pub changes: Vec<PlannedChange>,
    /// The steps that must be done before, by their place in the plan, from 0.
    #[serde(default)]
    pub after: Vec<usize>,
    /// How long it is expected to take, in seconds.
    pub estimated_seconds: u64,
}

/// What is done to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// It is created.
    Create,
    /// What is left of a creation that failed is deleted, and it is created.
    Recreate,
    /// It is updated.
    Update,
    /// Resources that exist become part of it.
    Import,
    /// Resources get other logical ids, or go from stack to stack, and stay what they are.
    Refactor,
}

/// How the changes of a step are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Basis {
    /// CloudFormation made this change set, and this one is executed.
    ChangeSet {
        /// Its ARN.
        id: String,
        /// The ARN of its stack.
        stack_id: String,
    },
    /// They follow from the deployed template and the new one: what the step needs is known only after an earlier step.
    /// When its turn comes, its change set is compared with them.
    Predicted {
        /// What is not known yet: lowercase, no final full stop.
        because: String,
    },
}

/// A stack as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Its ARN.
    pub id: String,
    /// Its status.
    pub status: String,
    /// When it was last created or updated (RFC 3339, UTC), where CloudFormation says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum PlannedParameter {
    /// It was given.
    Given {
        /// The value.
        value: String,
    },
    /// It stays what it is.
    Previous,
    /// It is an output of another stack.
    Output {
        /// The other stack.
        stack: String,
        /// The output.
        output: String,
        /// Its value, where that is known before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedChange {
    /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`; `Move` where the resource only gets another place.
    pub action: String,
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in its service, if it has one.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Whether it is made anew: `True`, `False` or `Conditional`; `None` where it is not modified.
    pub replacement: Option<String>,
    /// What becomes of it if it is removed or replaced: `Delete`, `Retain`, `Snapshot`, `ReplaceAndDelete` …
    pub policy_action: Option<String>,
    /// What is lost with it, such as `objects`, where it holds something that cannot be made again and may be replaced or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loses: Option<String>,
    /// What of it changes.
    pub properties: Vec<PlannedProperty>,
}

/// A property, or an attribute such as `Tags`, that would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedProperty {
    /// Its name.
    pub name: String,
    /// Whether this alone makes the resource anew: `Never`, `Conditionally`, `Always`.
    pub requires_recreation: Option<String>,
    /// Which parameter or resource causes the change, if it is not written in the template.
    pub causing_entity: Option<String>,
}

impl Plan {
    /// Reads a saved plan.
    pub fn read(text: &str) -> Result<Self, Error> {
        let invalid = |error: serde_json::Error| Error::InvalidPlan { reason: error.to_string() };
        let value: serde_json::Value = serde_json::from_str(text).map_err(invalid)?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(PLAN_VERSION) => serde_json::from_value(value).map_err(invalid),
            Some(version) => {
                let reason = format!("it has version {version} of the format, and this program reads {PLAN_VERSION}");
                Err(Error::StalePlan { reasons: vec![reason] })
            }
            None => Err(Error::InvalidPlan { reason: "it has no version".to_owned() }),
        }
    }

    /// Writes it as a file has it.
    pub fn to_text(&self) -> String {
        // Strings, numbers and lists: nothing that JSON could not hold.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// Says whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Lists what would be lost, as step and change.
    pub fn losses(&self) -> impl Iterator<Item = (&PlannedStep, &PlannedChange)> {
        let of_step = |step| PlannedStep::losses(step).map(move |change| (step, change));
        self.steps.iter().flat_map(of_step)
    }
}

impl PlannedStep {
    /// Says whether the stack is created.
    pub fn creates_stack(&self) -> bool {
        matches!(self.step, StepKind::Create | StepKind::Recreate)
    }

    /// Says whether the changes are only expected.
    pub fn is_predicted(&self) -> bool {
        matches!(self.basis, Basis::Predicted { .. })
    }

    /// Lists the changes by which something would be lost.
    pub fn losses(&self) -> impl Iterator<Item = &PlannedChange> {
        self.changes.iter().filter(|change| change.loses.is_some())
    }
}

/// Writes the JSON Schema of a saved plan.
pub fn plan_schema() -> String {
    let text = serde_json::to_string_pretty(&schemars::schema_for!(Plan)).unwrap_or_default();
    format!("{text}\n")
}
