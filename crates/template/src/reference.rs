use std::borrow::Cow;
use std::sync::Arc;

use crate::expression::{Expression, Kind};
use crate::value::Value;

/// Which stack of which app something belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub app: Arc<()>,
    pub stack: Arc<str>,
}

impl Identity {
    pub fn same_app(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.app, &other.app)
    }

    pub fn same_stack(&self, other: &Self) -> bool {
        self.same_app(other) && self.stack == other.stack
    }
}

/// A value that a resource has once it exists.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub handle: Handle,
    /// The attribute for `Fn::GetAtt`; none for `Ref`.
    pub attribute: Option<Cow<'static, str>>,
    /// Whether the value is a list, which crosses stacks as one comma-separated string.
    pub list: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ParameterReference {
    pub identity: Identity,
    pub name: Arc<str>,
}

/// A resource that was added to a stack, whatever its type.
///
/// Every typed reference, such as `BucketRef`, holds one and gives it with `AsRef`.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) identity: Identity,
    pub(crate) logical_id: Arc<str>,
}

impl Handle {
    /// Returns the logical id.
    pub fn logical_id(&self) -> &str {
        &self.logical_id
    }

    /// Returns the name of the stack that the resource is in.
    pub fn stack(&self) -> &str {
        &self.identity.stack
    }

    /// Returns what `Ref` gives for the resource.
    pub fn reference<T>(&self) -> Value<T> {
        self.value(None, false)
    }

    /// Returns what `Fn::GetAtt` gives for an attribute.
    pub fn attribute<T>(&self, name: impl Into<Cow<'static, str>>) -> Value<T> {
        self.value(Some(name.into()), false)
    }

    /// Returns what `Fn::GetAtt` gives for an attribute that is a list.
    pub fn list_attribute<T>(&self, name: impl Into<Cow<'static, str>>) -> Value<T> {
        self.value(Some(name.into()), true)
    }

    fn value<T>(&self, attribute: Option<Cow<'static, str>>, list: bool) -> Value<T> {
        Value::from_expression(Expression::new(Kind::Reference(Reference { handle: self.clone(), attribute, list })))
    }
}

impl AsRef<Self> for Handle {
    fn as_ref(&self) -> &Self {
        self
    }
}
