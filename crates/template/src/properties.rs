use std::borrow::Cow;

use tree::Origin;

use crate::expression::Expression;
use crate::value::IntoValue;

/// The properties of a resource, or of a property type, in the order in which they were set.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    pub(crate) entries: Vec<Property>,
}

#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub name: Cow<'static, str>,
    pub value: Expression,
    pub origin: Origin,
    pub required: bool,
}

impl Properties {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property that must be there; synthesis reports it if the value turns out to be absent.
    #[track_caller]
    pub fn require(self, name: impl Into<Cow<'static, str>>, value: Expression) -> Self {
        self.push(name.into(), value, true)
    }

    /// Sets a property; an absent value leaves it out. Synthesis reports a property that is set twice.
    #[track_caller]
    pub fn set(self, name: impl Into<Cow<'static, str>>, value: Expression) -> Self {
        self.push(name.into(), value, false)
    }

    /// Sets a property that must be there to whatever can stand in its slot. See [`require`](Self::require).
    #[track_caller]
    pub fn require_value<T>(self, name: &'static str, value: impl IntoValue<T>) -> Self {
        self.push(name.into(), value.into_value().into_expression(), true)
    }

    /// Sets a property to whatever can stand in its slot. See [`set`](Self::set).
    #[track_caller]
    pub fn set_value<T>(self, name: &'static str, value: impl IntoValue<T>) -> Self {
        self.push(name.into(), value.into_value().into_expression(), false)
    }

    #[track_caller]
    fn push(mut self, name: Cow<'static, str>, value: Expression, required: bool) -> Self {
        self.entries.push(Property { name, value, origin: Origin::caller(), required });
        self
    }
}

/// Property types hold [`Properties`] and become objects.
impl From<Properties> for Expression {
    fn from(properties: Properties) -> Self {
        Self::properties(properties)
    }
}
