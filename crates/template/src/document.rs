//! Policy documents and their kinds. What a statement is, the crate `documents` knows; that several of them in an array,
//! a `Vec` or a tuple are a document has to be said here, beside the trait.

use std::marker::PhantomData;

use crate::expression::Expression;
use crate::value::{IntoValue, Is, Json, PolicyDocument, Value};

/// The policy of an identity: what a role, a user or a group may do.
pub struct IdentityPolicy;
/// The policy of a resource, such as a bucket, a queue or a key: who may do what with it.
pub struct ResourcePolicy;
/// The trust policy of a role: who may take it.
pub struct TrustPolicy;
/// One statement of a policy document of kind `K`.
pub struct PolicyStatement<K>(PhantomData<fn() -> K>);

/// A kind of policy document. [`PolicyDocument`] is any of them: what stands there is not known more closely.
pub trait PolicyKind {}

impl<K: PolicyKind> Value<K> {
    /// Makes a policy document of its statements.
    pub fn of_statements(statements: impl IntoIterator<Item = Value<PolicyStatement<K>>>) -> Self {
        let statements = Expression::list(statements.into_iter().map(Value::into_expression));
        let document = [("Version", Expression::string("2012-10-17")), ("Statement", statements)];
        Self::from_expression(Expression::map(document))
    }
}

impl PolicyKind for PolicyDocument {}

macro_rules! kinds {
    ($($kind:ident),+) => { $(
        impl PolicyKind for $kind {}
        impl Is<Self> for $kind {}
        impl Is<PolicyDocument> for $kind {}
        impl Is<Json> for $kind {}
    )+ };
}

kinds!(IdentityPolicy, ResourcePolicy, TrustPolicy);

impl<K: PolicyKind, U: IntoValue<PolicyStatement<K>>, const N: usize> IntoValue<K> for [U; N] {
    fn into_value(self) -> Value<K> {
        Value::of_statements(self.map(IntoValue::into_value))
    }
}

impl<K: PolicyKind, U: IntoValue<PolicyStatement<K>>> IntoValue<K> for Vec<U> {
    fn into_value(self) -> Value<K> {
        Value::of_statements(self.into_iter().map(IntoValue::into_value))
    }
}

/// Statements of different Rust types.
macro_rules! mixed_statements {
    ($($name:ident),+) => {
        impl<Kind: PolicyKind, $($name: IntoValue<PolicyStatement<Kind>>),+> IntoValue<Kind> for ($($name,)+) {
            fn into_value(self) -> Value<Kind> {
                #[expect(non_snake_case, reason = "the elements are named after their types")]
                let ($($name,)+) = self;
                Value::of_statements([$($name.into_value()),+])
            }
        }
    };
}

mixed_statements!(A);
mixed_statements!(A, B);
mixed_statements!(A, B, C);
mixed_statements!(A, B, C, D);
mixed_statements!(A, B, C, D, E);
mixed_statements!(A, B, C, D, E, F);
mixed_statements!(A, B, C, D, E, F, G);
mixed_statements!(A, B, C, D, E, F, G, H);
