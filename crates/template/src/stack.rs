use std::borrow::Cow;
use std::sync::Arc;

use tree::Origin;

use crate::condition::{Condition, Test};
use crate::expression::{Expression, Kind};
use crate::mapping::Mapping;
use crate::parameter::Parameter;
use crate::properties::Properties;
use crate::reference::{Handle, Identity, ParameterReference};
use crate::resource::{Attributes, Declare, Resource, TagProperty};
use crate::value::{IntoValue, Value};

/// One CloudFormation stack, while it is being declared.
#[derive(Debug)]
pub struct Stack {
    pub(crate) identity: Identity,
    pub(crate) origin: Origin,
    pub(crate) description: Option<String>,
    pub(crate) accepted: Vec<(String, String, Origin)>,
    pub(crate) after: Vec<Arc<str>>,
    pub(crate) parameters: Vec<Named<Properties>>,
    pub(crate) mappings: Vec<Named<Expression>>,
    pub(crate) conditions: Vec<Named<Test>>,
    pub(crate) resources: Vec<Named<Declared>>,
    pub(crate) outputs: Vec<Named<Output>>,
}

/// Something that the author gave a name, and where.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub name: Arc<str>,
    pub origin: Origin,
    pub item: T,
}

#[derive(Debug)]
pub(crate) struct Declared {
    pub type_name: Cow<'static, str>,
    pub tags: Option<TagProperty>,
    pub properties: Properties,
    pub attributes: Attributes,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub value: Expression,
    pub description: Option<String>,
}

impl Stack {
    pub(crate) fn new(identity: Identity, origin: Origin) -> Self {
        Self {
            identity,
            origin,
            description: None,
            accepted: Vec::new(),
            after: Vec::new(),
            parameters: Vec::new(),
            mappings: Vec::new(),
            conditions: Vec::new(),
            resources: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Returns the stack's name within the app, such as `storage`.
    pub fn name(&self) -> &str {
        &self.identity.stack
    }

    /// Describes the stack, up to 1,024 bytes.
    pub fn description(&mut self, text: impl Into<String>) {
        self.description = Some(text.into());
    }

    /// Accepts what a rule of the check finds anywhere in the stack, and says why it is right; see [`Declare::accept`].
    #[track_caller]
    pub fn accept(&mut self, rule: impl Into<String>, reason: impl Into<String>) {
        self.accepted.push((rule.into(), reason.into(), Origin::caller()));
    }

    /// Adds a resource under its logical id and returns the typed reference to it.
    #[track_caller]
    pub fn add<D: Declare>(&mut self, logical_id: &str, declare: D) -> <D::Resource as Resource>::Ref {
        let declaration = declare.declare();
        let handle = Handle { identity: self.identity.clone(), logical_id: logical_id.into() };
        let declared = Declared {
            type_name: declaration.resource.type_name(),
            tags: declaration.resource.tags(),
            properties: declaration.resource.into_properties(),
            attributes: declaration.attributes,
        };
        self.resources.push(named(logical_id, declared));
        D::Resource::reference(handle)
    }

    /// Declares a parameter and returns its value.
    #[track_caller]
    pub fn parameter<T>(&mut self, name: &str, parameter: Parameter<T>) -> Value<T> {
        self.parameters.push(named(name, parameter.properties));
        let reference = ParameterReference { identity: self.identity.clone(), name: name.into() };
        Value::from_expression(Expression::new(Kind::Parameter(reference)))
    }

    /// Declares a condition.
    #[track_caller]
    pub fn condition(&mut self, name: &str, test: impl Into<Test>) -> Condition {
        self.conditions.push(named(name, test.into()));
        Condition { identity: self.identity.clone(), name: name.into() }
    }

    /// Declares a mapping from two keys to a string.
    #[track_caller]
    pub fn mapping<'t, S>(&mut self, name: &str, entries: impl IntoIterator<Item = (&'t str, S)>) -> Mapping
    where
        S: IntoIterator<Item = (&'t str, &'t str)>,
    {
        let second = |entries: S| entries.into_iter().map(|(key, value)| (key, Expression::string(value)));
        let table = entries.into_iter().map(|(key, entries)| (key, Expression::map(second(entries))));
        self.mappings.push(named(name, Expression::map(table)));
        Mapping { identity: self.identity.clone(), name: name.into() }
    }

    /// Declares an output.
    #[track_caller]
    pub fn output(&mut self, name: &str, value: impl IntoValue<String>) {
        let output = Output { value: value.into_value().into_expression(), description: None };
        self.outputs.push(named(name, output));
    }

    /// Declares an output with a description, up to 1,024 bytes.
    #[track_caller]
    pub fn described_output(&mut self, name: &str, description: &str, value: impl IntoValue<String>) {
        let value = value.into_value().into_expression();
        self.outputs.push(named(name, Output { value, description: Some(description.to_owned()) }));
    }

    /// Deploys this stack after the one that a resource is in, where no value says so already.
    pub fn after(&mut self, other: impl AsRef<Handle>) {
        self.after.push(other.as_ref().identity.stack.clone());
    }

    pub(crate) fn resource(&self, logical_id: &str) -> Option<&Named<Declared>> {
        self.resources.iter().find(|resource| &*resource.name == logical_id)
    }
}

#[track_caller]
fn named<T>(name: &str, item: T) -> Named<T> {
    Named { name: name.into(), origin: Origin::caller(), item }
}
