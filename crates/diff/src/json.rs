//! The diff as JSON, and the JSON Schema of that.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cost::{Estimate, Money};
use crate::{Diff, Gate, GateFinding, StackChange};

/// What `--format json` writes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "baleen diff")]
pub struct Report {
    /// How many resources and other entries of templates differ or are affected.
    pub changes: usize,
    /// How many findings each gate has.
    pub gates: GateCounts,
    /// What it costs a month, as far as that does not depend on use and prices are known.
    pub monthly_cost: MonthlyCost,
    /// What somebody should look at twice.
    pub findings: Vec<GateFinding>,
    /// The stacks that differ.
    pub stacks: Vec<StackChange>,
}

/// How many findings each gate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateCounts {
    /// Something is replaced or deleted.
    pub destructive: usize,
    /// Something may do more, or may be reached by more, than before.
    pub broadening: usize,
    /// Data is less protected against loss than before.
    pub data_loss: usize,
}

/// What the templates cost a month, in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MonthlyCost {
    /// Before, such as `238.66`.
    pub was: String,
    /// Afterwards.
    pub now: String,
    /// The types that have no known price in the region.
    pub unknown: Vec<String>,
    /// What the figures contain, and when they were valid.
    pub basis: String,
}

/// Makes the document that `--format json` writes.
pub fn report(diff: Diff, cost: &Estimate) -> Report {
    let count = |gate| diff.findings(gate).count();
    let gates = GateCounts {
        destructive: count(Gate::Destructive),
        broadening: count(Gate::Broadening),
        data_loss: count(Gate::DataLoss),
    };
    let dollars = |money: Money| format!("{}.{:02}", money.0 / 100, money.0 % 100);
    let monthly_cost = MonthlyCost {
        was: dollars(cost.was),
        now: dollars(cost.now),
        unknown: cost.unknown.clone(),
        basis: cost.basis.clone(),
    };
    Report { changes: diff.changes(), gates, monthly_cost, findings: diff.gates, stacks: diff.stacks }
}

/// Returns the JSON Schema of [`Report`], with a final newline.
pub fn report_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap_or_default();
    text.push('\n');
    text
}

/// Origins as `{"file": …, "line": …, "column": …}`.
pub(crate) mod origin {
    use schemars::JsonSchema;
    use serde::{Serialize, Serializer};
    use tree::Origin;

    /// Where something is written.
    #[derive(Serialize, JsonSchema)]
    #[schemars(rename = "Origin")]
    pub struct Place {
        /// The Rust source file; nothing for a position in the template itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    }

    pub fn serialize<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
        let place = origin.position().map(|(line, column)| Place { file: origin.file(), line, column });
        place.serialize(serializer)
    }

    pub fn is_unknown(origin: &Origin) -> bool {
        *origin == Origin::Unknown
    }
}

/// Trees as the JSON that they are.
pub(crate) mod json_value {
    use serde::{Serialize, Serializer};
    use tree::Tree;

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub fn optional<S: Serializer>(tree: &Option<Tree>, serializer: S) -> Result<S::Ok, S::Error> {
        tree.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `baleen schema diff > docs/diff.schema.json` writes it anew.
    #[test]
    fn the_schema_in_the_documentation_is_this_one() {
        assert_eq!(include_str!("../../../docs/diff.schema.json"), report_schema());
    }
}
