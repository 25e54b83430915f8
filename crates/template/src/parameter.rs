use std::marker::PhantomData;

use crate::expression::Expression;
use crate::properties::Properties;
use crate::value::List;

/// A template parameter of kind `T`.
///
/// Parameters are for what must change without a new template: weights, capacities, the newest AMI. What an
/// environment decides is a plain Rust value instead.
#[derive(Clone, Debug)]
pub struct Parameter<T> {
    pub(crate) properties: Properties,
    kind: PhantomData<fn() -> T>,
}

impl Parameter<String> {
    /// Makes a string parameter.
    #[track_caller]
    pub fn string() -> Self {
        Self::of_type("String")
    }
}

impl Parameter<f64> {
    /// Makes a number parameter.
    #[track_caller]
    pub fn number() -> Self {
        Self::of_type("Number")
    }
}

impl Parameter<i64> {
    /// Makes a number parameter that holds whole numbers.
    #[track_caller]
    pub fn integer() -> Self {
        Self::of_type("Number")
    }
}

impl Parameter<List<String>> {
    /// Makes a parameter that is a list of strings, given with commas between.
    #[track_caller]
    pub fn comma_delimited_list() -> Self {
        Self::of_type("CommaDelimitedList")
    }
}

impl<T> Parameter<T> {
    /// Makes a parameter of a type such as `AWS::EC2::Subnet::Id` or `List<AWS::EC2::Subnet::Id>`.
    #[track_caller]
    pub fn of_type(type_name: &'static str) -> Self {
        Self { properties: Properties::new().set("Type", Expression::string(type_name)), kind: PhantomData }
    }

    /// Makes a parameter whose value is read from the Parameter Store at each deployment.
    ///
    /// `type_name` is the type of what is stored there: `String`, `List<String>`, `AWS::EC2::Image::Id`, …
    #[track_caller]
    pub fn ssm(type_name: &str, parameter_name: &str) -> Self {
        let properties = Properties::new()
            .set("Type", Expression::string(format!("AWS::SSM::Parameter::Value<{type_name}>")))
            .set("Default", Expression::string(parameter_name));
        Self { properties, kind: PhantomData }
    }

    /// Describes the parameter, up to 4,000 characters.
    #[track_caller]
    pub fn description(self, text: &str) -> Self {
        self.set("Description", Expression::string(text))
    }

    /// Sets the value for a new stack; an existing one keeps its own.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "reads as the other setters do: numbers and text alike")]
    pub fn default(self, value: impl ToString) -> Self {
        self.set("Default", Expression::string(value.to_string()))
    }

    /// Lists the values that are allowed.
    #[track_caller]
    pub fn allowed_values<const N: usize>(self, values: [&str; N]) -> Self {
        self.set("AllowedValues", Expression::list(values.map(Expression::string)))
    }

    /// Sets the regular expression that a value must match as a whole.
    #[track_caller]
    pub fn allowed_pattern(self, pattern: &str) -> Self {
        self.set("AllowedPattern", Expression::string(pattern))
    }

    /// Sets what is said when a value is not allowed.
    #[track_caller]
    pub fn constraint_description(self, text: &str) -> Self {
        self.set("ConstraintDescription", Expression::string(text))
    }

    /// Sets the shortest length in characters.
    #[track_caller]
    pub fn min_length(self, characters: u32) -> Self {
        self.set("MinLength", Expression::integer(characters.into()))
    }

    /// Sets the greatest length in characters.
    #[track_caller]
    pub fn max_length(self, characters: u32) -> Self {
        self.set("MaxLength", Expression::integer(characters.into()))
    }

    /// Sets the least number.
    #[track_caller]
    pub fn min_value(self, number: i64) -> Self {
        self.set("MinValue", Expression::integer(number))
    }

    /// Sets the greatest number.
    #[track_caller]
    pub fn max_value(self, number: i64) -> Self {
        self.set("MaxValue", Expression::integer(number))
    }

    /// Keeps the value out of every listing.
    #[track_caller]
    pub fn no_echo(self) -> Self {
        self.set("NoEcho", Expression::bool(true))
    }

    #[track_caller]
    fn set(self, name: &'static str, value: Expression) -> Self {
        Self { properties: self.properties.set(name, value), kind: PhantomData }
    }
}
