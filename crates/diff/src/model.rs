//! What a comparison gives: plain data that renderings and gates read.

use schemars::JsonSchema;
use serde::Serialize;
use tree::{Origin, Tree};

use crate::Path;
use crate::json::{json_value, origin};

/// Everything that differs between two sets of templates.
///
/// It holds what [`crate::apply`] needs to make the new templates of the old ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The stacks that differ: those of the new templates in their order, then the removed ones.
    pub stacks: Vec<StackChange>,
    /// What somebody should look at twice, in the order of the gates, then of the stacks.
    pub gates: Vec<GateFinding>,
}

/// A stack that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StackChange {
    /// Its name; the former one if it was removed.
    pub name: String,
    /// Its former name, if it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_name: Option<String>,
    /// What happens to it.
    pub action: StackAction,
    /// What differs outside of the resources: parameters, outputs, conditions, mappings and the rest.
    pub entries: Vec<EntryChange>,
    /// The resources that differ: those of the new template in its order, then the removed ones.
    pub resources: Vec<ResourceChange>,
}

/// What happens to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    /// It is new.
    Add,
    /// It is updated.
    Modify,
    /// It has another name. CloudFormation cannot rename: its resources are made anew, unless they are refactored.
    Rename,
    /// It is gone.
    Remove,
}

/// An entry of a template that is no resource, and differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EntryChange {
    /// The section, such as `Parameters`, or the top-level key itself, such as `Description`.
    pub section: String,
    /// The name within the section; nothing for a top-level key without entries, such as `Description`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What happens to it: [`Action::Add`], [`Action::Modify`] or [`Action::Remove`].
    pub action: Action,
    /// What differs in it; paths start below the entry.
    pub changes: Vec<ValueChange>,
    /// Where the old one was written.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    #[schemars(with = "Option<origin::Place>")]
    pub old_origin: Origin,
    /// Where the new one is written.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    #[schemars(with = "Option<origin::Place>")]
    pub new_origin: Origin,
}

/// A resource that differs, or that a difference elsewhere reaches.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResourceChange {
    /// The stack that it is in; the former one if it was removed.
    pub stack: String,
    /// Its logical id; the former one if it was removed.
    pub logical_id: String,
    /// Where it was before, if it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// Its type; the new one if that changed.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What was done to the template.
    pub action: Action,
    /// What that does to the thing itself.
    pub impact: Impact,
    /// What becomes of the physical resource that is no longer used, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Whether it holds something that cannot be made again, such as data or keys.
    pub stateful: bool,
    /// What differs in it. Paths start below the resource: `Properties/BucketName`, `DeletionPolicy`. For an added or
    /// removed resource, each property and each attribute is one change.
    pub changes: Vec<ValueChange>,
    /// Why it changes though nothing in it does, or changes more than what is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub causes: Vec<Cause>,
    /// What somebody should know about this change: lowercase, no final full stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub notes: Vec<String>,
    /// Where the old one was written.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    #[schemars(with = "Option<origin::Place>")]
    pub old_origin: Origin,
    /// Where the new one is written.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    #[schemars(with = "Option<origin::Place>")]
    pub new_origin: Origin,
}

/// Where a moved resource was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Former {
    /// The stack, by its old name.
    pub stack: String,
    /// The logical id.
    pub logical_id: String,
}

/// What was done to a part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Add,
    /// It differs.
    Modify,
    /// It has another logical id, or is in another stack, and may differ as well.
    Move,
    /// It is gone.
    Remove,
    /// It is the same, but something that it depends on is not.
    Affected,
}

/// What a change does to a resource, from harmless to grave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nothing: only the template changes.
    #[default]
    None,
    /// It may be updated in place: what it depends on is not known before deployment.
    MayUpdate,
    /// It is updated in place.
    Update,
    /// It may be created: that depends on a condition.
    MayCreate,
    /// It is created.
    Create,
    /// It leaves the stack, but is kept.
    Retain,
    /// It may be replaced: that depends on the value, or on something not known before deployment.
    MayReplace,
    /// It is replaced: a new one is made, then the old one is deleted.
    Replace,
    /// It may be deleted: that depends on a condition.
    MayDelete,
    /// It is deleted.
    Delete,
}

/// What becomes of a physical resource that is no longer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is kept, outside of any stack.
    Retained,
    /// It is deleted after a snapshot was taken.
    Snapshot,
    /// It is deleted.
    Deleted,
}

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ValueChange {
    /// The way to the value from the resource, the entry or the embedded document.
    #[schemars(with = "String")]
    pub path: Path,
    /// What it was; nothing if it is new.
    #[serde(serialize_with = "json_value::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub old: Option<Tree>,
    /// What it is; nothing if it is gone.
    #[serde(serialize_with = "json_value::optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub new: Option<Tree>,
    /// What this value alone does to its resource.
    pub impact: Impact,
    /// What differs within the value, where it has an inside that templates do not show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// Why the value changes though it is written the same as before; `old` and `new` are then equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// What differs within a value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// A text of several lines, such as a script.
    Lines(Vec<Line>),
    /// A JSON document that was written as a string; paths start at its root.
    Document(Vec<ValueChange>),
    /// Elements in another order: for each one of the new list its position in the old list, from 0, if it is there.
    Order(Vec<Option<usize>>),
}

/// A line of a comparison of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A line of both.
    Same(String),
    /// A line of the old text only.
    Removed(String),
    /// A line of the new text only.
    Added(String),
    /// So many lines of both that are left out.
    Skipped(usize),
}

/// Why a resource changes that is written the same as before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// It refers to a resource that is or may be replaced or made anew.
    Resource {
        /// The other resource's stack.
        stack: String,
        /// The other resource's logical id.
        logical_id: String,
    },
    /// It uses an attribute of a resource that is updated in place, and the attribute is another one after each update.
    Attribute {
        /// The other resource's stack.
        stack: String,
        /// The other resource's logical id.
        logical_id: String,
        /// The attribute, such as `LatestVersionNumber`.
        attribute: String,
    },
    /// It uses a parameter whose default value differs: it changes if the default is what is used.
    Parameter {
        /// The parameter's name.
        name: String,
    },
    /// It uses a value of a mapping, and that differs.
    Mapping {
        /// The mapping's name.
        name: String,
    },
    /// It depends on a condition that is defined otherwise.
    Condition {
        /// The condition's name.
        name: String,
    },
    /// It uses a value of another stack, and the output that gives it differs.
    Output {
        /// The other stack.
        stack: String,
        /// The output's name.
        name: String,
    },
}

/// Which gate somebody should look at before going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Something is replaced or deleted.
    Destructive,
    /// Something may do more, or may be reached by more, than before.
    Broadening,
    /// Data is less protected against loss than before.
    DataLoss,
}

/// A reason to look twice.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GateFinding {
    /// The gate.
    pub gate: Gate,
    /// What kind of reason it is, such as `iam-allowed`: a name that stays, for filters.
    pub kind: &'static str,
    /// The stack, by its new name; by its old one if it was removed.
    pub stack: String,
    /// The logical id, as in the [`ResourceChange`].
    pub resource: String,
    /// The resource's type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The way to the place from the resource, such as `Properties/PolicyDocument/Statement/0`; as in a
    /// [`ValueChange`] where there is one for it.
    #[schemars(with = "String")]
    pub path: Path,
    /// What happens: lowercase, no final full stop.
    pub message: String,
    /// What it was, in words or as JSON; nothing if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What it is; nothing if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Whether the resource holds something that cannot be made again.
    pub stateful: bool,
    /// Where it is written: in the new template if it is there, else in the old one.
    #[serde(with = "origin", skip_serializing_if = "origin::is_unknown")]
    #[schemars(with = "Option<origin::Place>")]
    pub origin: Origin,
}

impl Diff {
    /// Tells whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// Counts the resources and the entries that differ or are affected.
    pub fn changes(&self) -> usize {
        self.stacks.iter().map(|stack| stack.entries.len() + stack.resources.len()).sum()
    }

    /// Lists the resources that differ or are affected, of all stacks.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceChange> {
        self.stacks.iter().flat_map(|stack| &stack.resources)
    }

    /// Lists the findings of a gate.
    pub fn findings(&self, gate: Gate) -> impl Iterator<Item = &GateFinding> {
        self.gates.iter().filter(move |finding| finding.gate == gate)
    }
}

impl Impact {
    /// Tells whether the physical resource is, or may be, replaced or deleted.
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::MayReplace | Self::Replace | Self::MayDelete | Self::Delete)
    }

    /// Tells whether it is known to happen.
    pub fn is_certain(self) -> bool {
        !matches!(self, Self::MayUpdate | Self::MayCreate | Self::MayReplace | Self::MayDelete)
    }

    /// Returns the same impact as something that is not known to happen.
    #[must_use]
    pub fn perhaps(self) -> Self {
        match self {
            Self::Update => Self::MayUpdate,
            Self::Create => Self::MayCreate,
            Self::Replace => Self::MayReplace,
            Self::Delete => Self::MayDelete,
            other => other,
        }
    }
}

impl Gate {
    /// All gates, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Destructive, Self::Broadening, Self::DataLoss];

    /// Returns the name by which the command line knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Destructive => "destructive",
            Self::Broadening => "broadening",
            Self::DataLoss => "data-loss",
        }
    }
}
