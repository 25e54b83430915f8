use std::sync::Arc;

use crate::expression::{Expression, Kind};
use crate::reference::Identity;
use crate::value::{IntoValue, Value};

/// A mapping that was declared in a stack.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) identity: Identity,
    pub(crate) name: Arc<str>,
}

impl Mapping {
    /// Looks up a value by its two keys: `Fn::FindInMap`.
    pub fn find<T>(&self, top_level_key: impl IntoValue<String>, second_level_key: impl IntoValue<String>) -> Value<T> {
        let top = Box::new(top_level_key.into_value().into_expression());
        let second = Box::new(second_level_key.into_value().into_expression());
        Value::from_expression(Expression::new(Kind::FindInMap(self.clone(), top, second)))
    }
}
