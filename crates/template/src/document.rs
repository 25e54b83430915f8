//! Statements to a policy document. What a statement is, the crate `documents` knows; that several of them in an array, a
//! `Vec` or a tuple are a document has to be said here, beside the trait.

use crate::expression::Expression;
use crate::value::{IntoValue, PolicyDocument, Value};

/// One statement of an IAM policy document.
pub struct PolicyStatement;

impl Value<PolicyDocument> {
    /// Makes a policy document of its statements.
    pub fn of_statements(statements: impl IntoIterator<Item = Value<PolicyStatement>>) -> Self {
        let statements = Expression::list(statements.into_iter().map(Value::into_expression));
        let document = [("Version", Expression::string("2012-10-17")), ("Statement", statements)];
        Self::from_expression(Expression::map(document))
    }
}

impl<U: IntoValue<PolicyStatement>, const N: usize> IntoValue<PolicyDocument> for [U; N] {
    fn into_value(self) -> Value<PolicyDocument> {
        Value::of_statements(self.map(IntoValue::into_value))
    }
}

impl<U: IntoValue<PolicyStatement>> IntoValue<PolicyDocument> for Vec<U> {
    fn into_value(self) -> Value<PolicyDocument> {
        Value::of_statements(self.into_iter().map(IntoValue::into_value))
    }
}

/// Statements of different Rust types.
macro_rules! mixed_statements {
    ($($name:ident),+) => {
        impl<$($name: IntoValue<PolicyStatement>),+> IntoValue<PolicyDocument> for ($($name,)+) {
            fn into_value(self) -> Value<PolicyDocument> {
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
