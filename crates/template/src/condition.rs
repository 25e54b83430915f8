use std::sync::Arc;

use crate::expression::{Expression, Kind};
use crate::reference::Identity;
use crate::value::{IntoValue, Value};

/// A condition that was declared in a stack.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(crate) identity: Identity,
    pub(crate) name: Arc<str>,
}

/// What a condition says: `Fn::Equals` and what is built from it.
#[derive(Clone, Debug)]
pub struct Test(pub(crate) TestKind);

#[derive(Clone, Debug)]
pub(crate) enum TestKind {
    Equals(Expression, Expression),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Named(Condition),
}

/// Holds if both texts are the same: `Fn::Equals`.
pub fn equals(left: impl IntoValue<String>, right: impl IntoValue<String>) -> Test {
    Test(TestKind::Equals(left.into_value().into_expression(), right.into_value().into_expression()))
}

/// Holds if all do (2 to 10): `Fn::And`.
pub fn and(tests: impl IntoIterator<Item = Test>) -> Test {
    Test(TestKind::All(tests.into_iter().collect()))
}

/// Holds if one does (2 to 10): `Fn::Or`.
pub fn or(tests: impl IntoIterator<Item = Test>) -> Test {
    Test(TestKind::Any(tests.into_iter().collect()))
}

/// Holds if the other does not: `Fn::Not`.
pub fn not(test: impl Into<Test>) -> Test {
    Test(TestKind::Not(Box::new(test.into())))
}

impl From<&Condition> for Test {
    fn from(condition: &Condition) -> Self {
        Self(TestKind::Named(condition.clone()))
    }
}

impl Condition {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes one of two values of one type; see [`If`](crate::If) for values of different Rust types.
    pub fn choose<T>(&self, then: impl IntoValue<T>, otherwise: impl IntoValue<T>) -> Value<T> {
        let then = Box::new(then.into_value().into_expression());
        let otherwise = Box::new(otherwise.into_value().into_expression());
        Value::from_expression(Expression::new(Kind::If(self.clone(), then, otherwise)))
    }
}
