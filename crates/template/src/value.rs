use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use tree::Origin;

use crate::condition::Condition;
use crate::expression::{Expression, Kind};

/// A value of type `T` that is known now or when the stack is deployed.
pub struct Value<T> {
    expression: Expression,
    kind: PhantomData<fn() -> T>,
}

/// The ARN of an `R`.
pub struct Arn<R>(PhantomData<fn() -> R>);
/// The name of an `R`, where CloudFormation speaks of names.
pub struct Name<R>(PhantomData<fn() -> R>);
/// The id of an `R`, such as `vpc-0a1b2c3d`.
pub struct Id<R>(PhantomData<fn() -> R>);
/// A list of `T`.
pub struct List<T>(PhantomData<fn() -> T>);
/// An object whose keys the author chooses and whose values are `T`.
pub struct Map<T>(PhantomData<fn() -> T>);
/// JSON of any shape.
pub struct Json;
/// An IAM policy document: of an identity, a resource, or a role's trust.
pub struct PolicyDocument;

/// Says that a `Self` may stand where a `T` is wanted.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot stand where a `{T}` is wanted")]
pub trait Is<T> {}

/// A type whose Rust values are values of CloudFormation: text, numbers, property types, enums.
pub trait Literal {
    /// Gives the value as it stands in the template.
    fn into_expression(self) -> Expression;
}

/// Anything that can stand in a slot of type `T`: literals, values, lists, `If`, `NoValue`, `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand where a `{T}` is wanted",
    note = "a literal that names something outside this app is cast explicitly: `\"vpc-1234\".assume::<{T}>()`"
)]
pub trait IntoValue<T> {
    /// Gives the value.
    fn into_value(self) -> Value<T>;
}

impl<T> Value<T> {
    /// Makes a value of an expression, trusting the caller that it is a `T`.
    pub fn from_expression(expression: Expression) -> Self {
        Self { expression, kind: PhantomData }
    }

    /// Returns the untyped inside.
    pub fn into_expression(self) -> Expression {
        self.expression
    }

    /// Gives the value an origin, unless it has one.
    #[must_use]
    pub fn at(self, origin: Origin) -> Self {
        Self::from_expression(self.expression.at(origin))
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self::from_expression(self.expression.clone())
    }
}

impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(formatter)
    }
}

/// Casts to the kind of value that a slot wants, where the author knows better than the types.
///
/// Needed for what exists outside the app: `"vpc-1234".assume::<Id<kind::ec2::VPC>>()`.
pub trait Assume {
    /// Casts; nothing is checked.
    fn assume<T>(self) -> Value<T>;
}

impl<U> Assume for Value<U> {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(self.expression)
    }
}

impl<U> Assume for &Value<U> {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(self.expression.clone())
    }
}

impl Assume for &str {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(Expression::string(self))
    }
}

impl Assume for &String {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(Expression::string(self))
    }
}

impl Assume for String {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(Expression::string(self))
    }
}

impl Assume for &[String] {
    fn assume<T>(self) -> Value<T> {
        Value::from_expression(Expression::list(self.iter().map(Expression::string)))
    }
}

impl Assume for &Vec<String> {
    fn assume<T>(self) -> Value<T> {
        self.as_slice().assume()
    }
}

// --- which kinds stand for which -------------------------------------------------------------------------------

impl<R> Is<Self> for Arn<R> {}
impl<R> Is<Self> for Name<R> {}
impl<R> Is<Self> for Id<R> {}
impl<R> Is<String> for Arn<R> {}
impl<R> Is<String> for Name<R> {}
impl<R> Is<String> for Id<R> {}
impl<T, U: Is<T>> Is<List<T>> for List<U> {}
impl<T, U: Is<T>> Is<Map<T>> for Map<U> {}

macro_rules! is {
    ($($kind:ty => $($wanted:ty),+;)+) => { $($(impl Is<$wanted> for $kind {})+)+ };
}

// CloudFormation itself turns scalars into strings.
is! {
    String => String, Json;
    bool => bool, String, Json;
    i64 => i64, f64, String, Json;
    f64 => f64, String, Json;
    Json => Json;
    PolicyDocument => PolicyDocument, Json;
}

impl<R> Is<Json> for Arn<R> {}
impl<R> Is<Json> for Name<R> {}
impl<R> Is<Json> for Id<R> {}
impl<U: Is<Json>> Is<Json> for List<U> {}
impl<U: Is<Json>> Is<Json> for Map<U> {}

// --- literals --------------------------------------------------------------------------------------------------

impl Literal for String {
    fn into_expression(self) -> Expression {
        Expression::string(self)
    }
}

impl Literal for bool {
    fn into_expression(self) -> Expression {
        Expression::bool(self)
    }
}

impl Literal for i64 {
    fn into_expression(self) -> Expression {
        Expression::integer(self)
    }
}

impl Literal for f64 {
    fn into_expression(self) -> Expression {
        Expression::double(self)
    }
}

impl<T: Literal> IntoValue<T> for T {
    fn into_value(self) -> Value<T> {
        Value::from_expression(self.into_expression())
    }
}

impl IntoValue<String> for &str {
    fn into_value(self) -> Value<String> {
        Value::from_expression(Expression::string(self))
    }
}

impl IntoValue<String> for &String {
    fn into_value(self) -> Value<String> {
        Value::from_expression(Expression::string(self))
    }
}

macro_rules! number {
    ($($integer:ty),+) => { $(
        impl IntoValue<i64> for $integer {
            fn into_value(self) -> Value<i64> {
                Value::from_expression(Expression::integer(self.into()))
            }
        }

        impl IntoValue<f64> for $integer {
            fn into_value(self) -> Value<f64> {
                Value::from_expression(Expression::integer(self.into()))
            }
        }
    )+ };
}

number!(i8, i16, i32, u8, u16, u32);

macro_rules! json {
    ($($literal:ty => $expression:expr;)+) => { $(
        impl IntoValue<Json> for $literal {
            fn into_value(self) -> Value<Json> {
                Value::from_expression($expression(self))
            }
        }
    )+ };
}

json! {
    serde_json::Value => Expression::from_json;
    &str => Expression::string;
    String => Expression::string;
    bool => Expression::bool;
    i32 => |number: i32| Expression::integer(number.into());
    u32 => |number: u32| Expression::integer(number.into());
    i64 => Expression::integer;
    f64 => Expression::double;
}

// --- everything that can stand in a slot -----------------------------------------------------------------------

impl<T, U: Is<T>> IntoValue<T> for Value<U> {
    fn into_value(self) -> Value<T> {
        Value::from_expression(self.expression)
    }
}

impl<T, U: Is<T>> IntoValue<T> for &Value<U> {
    fn into_value(self) -> Value<T> {
        Value::from_expression(self.expression.clone())
    }
}

fn list_of<T, U: IntoValue<T>>(items: impl IntoIterator<Item = U>) -> Value<List<T>> {
    Value::from_expression(Expression::list(items.into_iter().map(|item| item.into_value().expression)))
}

impl<T, U: IntoValue<T>, const N: usize> IntoValue<List<T>> for [U; N] {
    fn into_value(self) -> Value<List<T>> {
        list_of(self)
    }
}

impl<T, U: IntoValue<T>> IntoValue<List<T>> for Vec<U> {
    fn into_value(self) -> Value<List<T>> {
        list_of(self)
    }
}

impl<T, U: Clone + IntoValue<T>> IntoValue<List<T>> for &[U] {
    fn into_value(self) -> Value<List<T>> {
        list_of(self.iter().cloned())
    }
}

impl<T, U: Clone + IntoValue<T>> IntoValue<List<T>> for &Vec<U> {
    fn into_value(self) -> Value<List<T>> {
        list_of(self.iter().cloned())
    }
}

/// A list whose elements are values of different Rust types.
macro_rules! mixed_list {
    ($($name:ident),+) => {
        impl<T, $($name: IntoValue<T>),+> IntoValue<List<T>> for ($($name,)+) {
            fn into_value(self) -> Value<List<T>> {
                #[expect(non_snake_case, reason = "the elements are named after their types")]
                let ($($name,)+) = self;
                Value::from_expression(Expression::list([$($name.into_value().expression),+]))
            }
        }
    };
}

mixed_list!(A);
mixed_list!(A, B);
mixed_list!(A, B, C);
mixed_list!(A, B, C, D);
mixed_list!(A, B, C, D, E);
mixed_list!(A, B, C, D, E, F);
mixed_list!(A, B, C, D, E, F, G);
mixed_list!(A, B, C, D, E, F, G, H);

fn map_of<T, K: Into<String>, U: IntoValue<T>>(entries: impl IntoIterator<Item = (K, U)>) -> Value<Map<T>> {
    Value::from_expression(Expression::map(
        entries.into_iter().map(|(key, value)| (key, value.into_value().expression)),
    ))
}

impl<T, K: Into<String>, U: IntoValue<T>, const N: usize> IntoValue<Map<T>> for [(K, U); N] {
    fn into_value(self) -> Value<Map<T>> {
        map_of(self)
    }
}

impl<T, K: Into<String>, U: IntoValue<T>> IntoValue<Map<T>> for Vec<(K, U)> {
    fn into_value(self) -> Value<Map<T>> {
        map_of(self)
    }
}

impl<T, K: Into<String>, U: IntoValue<T>> IntoValue<Map<T>> for BTreeMap<K, U> {
    fn into_value(self) -> Value<Map<T>> {
        map_of(self)
    }
}

/// Takes one of two values, by a condition of the same stack: `Fn::If`.
#[derive(Clone, Debug)]
pub struct If<A, B> {
    condition: Condition,
    then: A,
    otherwise: B,
}

impl<A, B> If<A, B> {
    /// Takes `then` where the condition holds, and `otherwise` where it does not. Each takes the slot's type.
    pub fn new(condition: &Condition, then: A, otherwise: B) -> Self {
        Self { condition: condition.clone(), then, otherwise }
    }
}

impl<T, A: IntoValue<T>, B: IntoValue<T>> IntoValue<T> for If<A, B> {
    fn into_value(self) -> Value<T> {
        let then = Box::new(self.then.into_value().expression);
        let otherwise = Box::new(self.otherwise.into_value().expression);
        Value::from_expression(Expression::new(Kind::If(self.condition, then, otherwise)))
    }
}

/// Leaves the property out when the stack is deployed: `AWS::NoValue`.
#[derive(Clone, Copy, Debug)]
pub struct NoValue;

impl<T> IntoValue<T> for NoValue {
    fn into_value(self) -> Value<T> {
        Value::from_expression(Expression::new(Kind::NoValue))
    }
}

/// `None` leaves the property out of the template.
impl<T, U: IntoValue<T>> IntoValue<T> for Option<U> {
    fn into_value(self) -> Value<T> {
        self.map_or_else(|| Value::from_expression(Expression::absent()), IntoValue::into_value)
    }
}
