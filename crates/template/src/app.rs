use std::sync::Arc;

use tree::{Finding, Origin};

use crate::assembly::Assembly;
use crate::reference::Identity;
use crate::stack::{Declared, Stack};

/// The whole system in one environment: its stacks, in an order in which they can be deployed.
///
/// A stack can only use what an earlier one returned, so the stacks form an acyclic graph by construction.
#[derive(Debug)]
pub struct App {
    pub(crate) settings: Settings,
    pub(crate) token: Arc<()>,
    pub(crate) stacks: Vec<Stack>,
}

/// What holds for every stack of an app.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The first part of every stack's name.
    pub name: String,
    /// The environment, the second part of every stack's name.
    pub environment: String,
    /// The account, 12 digits.
    pub account: String,
    /// The region, such as `ap-northeast-2`.
    pub region: String,
    /// Tags for every resource that can carry tags, in this order.
    pub tags: Vec<(String, String)>,
    /// How values go from stack to stack.
    pub references: References,
    /// Whether the stacks refuse to be deleted.
    pub termination_protection: bool,
}

/// How a value of one stack reaches another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// As a parameter that the toolkit fills from the other stack's outputs: nothing holds the other stack.
    #[default]
    Weak,
    /// By `Export` and `Fn::ImportValue`: CloudFormation keeps the other stack from dropping the value.
    Exports,
}

/// A resource of an app, before synthesis.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredResource<'a> {
    stack: &'a str,
    declared: &'a Declared,
}

impl<'a> DeclaredResource<'a> {
    /// Returns the name of its stack within the app, such as `storage`.
    pub fn stack(self) -> &'a str {
        self.stack
    }

    /// Returns its type, such as `AWS::S3::Bucket`.
    pub fn type_name(self) -> &'a str {
        &self.declared.type_name
    }

    /// Tells whether it may have a property, by a path such as `Code/S3Bucket`.
    pub fn has(self, path: &str) -> bool {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        let mut entries = self.declared.properties.entries.iter();
        entries.any(|property| property.name == name && property.value.may_have(rest))
    }
}

impl App {
    /// Makes an app without stacks.
    pub fn new(settings: Settings) -> Self {
        Self { settings, token: Arc::new(()), stacks: Vec::new() }
    }

    /// Declares a stack and returns what its function returns: the references that later stacks may use.
    #[track_caller]
    pub fn stack<T>(&mut self, name: &str, declare: impl FnOnce(&mut Stack) -> T) -> T {
        let identity = Identity { app: self.token.clone(), stack: name.into() };
        let mut stack = Stack::new(identity, Origin::caller());
        let exposed = declare(&mut stack);
        self.stacks.push(stack);
        exposed
    }

    /// Lists the resources that are declared so far.
    pub fn resources(&self) -> impl Iterator<Item = DeclaredResource<'_>> {
        self.stacks.iter().flat_map(|stack| {
            stack.resources.iter().map(|resource| DeclaredResource { stack: stack.name(), declared: &resource.item })
        })
    }

    /// Synthesizes the templates, or reports every error at once.
    pub fn synth(&self) -> Result<Assembly, Vec<Finding>> {
        crate::synth::synth(self)
    }
}
