use serde::Serialize;
use tree::{Origin, Tree};

/// The synthesized templates of an app and what it takes to deploy them.
#[derive(Clone, Debug, Serialize)]
pub struct Assembly {
    /// The app's name.
    pub app: String,
    /// The environment's name.
    pub environment: String,
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The stacks, in an order in which they can be deployed.
    pub stacks: Vec<StackTemplate>,
}

/// One synthesized stack.
#[derive(Clone, Debug, Serialize)]
pub struct StackTemplate {
    /// The name within the app, such as `storage`.
    pub name: String,
    /// The name in CloudFormation, such as `baleen-dev-storage`.
    pub stack_name: String,
    /// The names of the stacks that must be deployed before.
    pub depends_on: Vec<String>,
    /// The parameters that are filled from other stacks' outputs.
    pub parameters: Vec<WeakReference>,
    /// The resources that had another place before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formerly: Vec<Formerly>,
    /// The stack's tags, as keys and values.
    pub tags: Vec<(String, String)>,
    /// Whether the stack refuses to be deleted.
    pub termination_protection: bool,
    /// The template. It is a file of its own, so it is not part of the manifest.
    #[serde(skip)]
    pub template: Tree,
    /// Where the stack was declared.
    #[serde(skip)]
    pub origin: Origin,
}

/// A parameter of one stack whose value is an output of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeakReference {
    /// The parameter's name.
    pub parameter: String,
    /// The other stack's name within the app.
    pub stack: String,
    /// The output's name.
    pub output: String,
}

/// A resource that had another place before: what deploying has to know so that it stays the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Formerly {
    /// Its logical id.
    pub logical_id: String,
    /// The stack that it was in, by its name within the app.
    pub stack: String,
    /// The logical id that it had there.
    pub former: String,
}

impl Assembly {
    /// Returns the stack of this name.
    pub fn stack(&self, name: &str) -> Option<&StackTemplate> {
        self.stacks.iter().find(|stack| stack.name == name)
    }
}
