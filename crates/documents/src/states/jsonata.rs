use template::{Arn, Expression, Id, IntoValue, Is, Json, Name, Value, sub};
use tree::Origin;

/// A JSONata expression: `{% … %}`.
#[derive(Clone, Debug)]
pub struct Jsonata(Expression);

/// Text, or JSONata that gives text.
#[derive(Clone, Copy, Debug)]
pub enum Text {}

/// A whole number that is not negative, or JSONata that gives one.
#[derive(Clone, Copy, Debug)]
pub enum Amount {}

/// Makes a JSONata expression of its text, without the delimiters `{%` and `%}`.
///
/// A reference is best put into a variable (`.assign("bucket", bucket.name())`) and read from there (`$bucket`);
/// [`sub!`] also works, with braces doubled.
///
/// ```
/// # use documents::states::jsonata;
/// # use template::{aws, sub};
/// let next_attempt = jsonata("$attempt + 1");
/// let is_here = jsonata(sub!("$states.input.region = '{}'", aws::region()));
/// ```
#[track_caller]
pub fn jsonata(expression: impl IntoValue<String>) -> Jsonata {
    let expression = expression.into_value();
    let literal = expression.clone().into_expression();
    match literal.as_str() {
        Some(text) => Jsonata(Expression::from(Jsonata::from(text)).at(Origin::caller())),
        None => Jsonata(sub!("{{% {} %}}", expression).into_expression()),
    }
}

/// The token of the task that is being started, for whoever is to answer it: `$states.context.Task.Token`.
pub fn task_token() -> Jsonata {
    jsonata("$states.context.Task.Token")
}

impl From<Jsonata> for Expression {
    fn from(jsonata: Jsonata) -> Self {
        jsonata.0
    }
}

/// Where nothing but JSONata can stand, its text alone does.
impl From<&str> for Jsonata {
    fn from(text: &str) -> Self {
        Self(Expression::string(format!("{{% {text} %}}")))
    }
}

impl From<String> for Jsonata {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

macro_rules! stands_for {
    ($($wanted:ty),+) => { $(
        impl IntoValue<$wanted> for Jsonata {
            fn into_value(self) -> Value<$wanted> {
                Value::from_expression(self.0)
            }
        }

        impl IntoValue<$wanted> for &Jsonata {
            fn into_value(self) -> Value<$wanted> {
                Value::from_expression(self.0.clone())
            }
        }
    )+ };
}

stands_for!(Json, Text, Amount);

impl IntoValue<Amount> for u32 {
    fn into_value(self) -> Value<Amount> {
        Value::from_expression(Expression::integer(self.into()))
    }
}

macro_rules! text {
    ($($literal:ty),+) => { $(
        impl IntoValue<Text> for $literal {
            fn into_value(self) -> Value<Text> {
                Value::from_expression(Expression::string(self))
            }
        }
    )+ };
}

text!(&str, &String, String);

impl Is<Text> for String {}
impl<R> Is<Text> for Arn<R> {}
impl<R> Is<Text> for Id<R> {}
impl<R> Is<Text> for Name<R> {}
