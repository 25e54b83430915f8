use std::sync::Arc;

use serde_json::Number;
use tree::Origin;

use crate::condition::Condition;
use crate::mapping::Mapping;
use crate::properties::Properties;
use crate::reference::{ParameterReference, Reference};

/// A JSON value that may contain references which only synthesis can resolve.
///
/// This is the untyped inside of every [`Value`](crate::Value). Stacks never see it; generated types and the typed
/// documents are built from it.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Not there at all: the property is left out.
    Absent,
    /// `AWS::NoValue`: CloudFormation leaves the property out.
    NoValue,
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    List(Vec<Expression>),
    Map(Vec<(String, Expression)>),
    /// A property type: an object whose entries remember where they were set, and which of them are required.
    Properties(Properties),
    /// `Ref` or `Fn::GetAtt` of a resource, of this stack or of another one.
    Reference(Reference),
    /// `Ref` of a parameter.
    Parameter(ParameterReference),
    /// `Ref` of a pseudo-parameter such as `AWS::Region`.
    Pseudo(&'static str),
    /// `Fn::If`
    If(Condition, Box<Expression>, Box<Expression>),
    /// `Fn::FindInMap`
    FindInMap(Mapping, Box<Expression>, Box<Expression>),
    /// Any other intrinsic function and its argument.
    Function(&'static str, Box<Expression>),
    /// Text with holes: `Fn::Sub`, or a plain string if there is no hole.
    Text(Vec<Part>),
    /// JSON in a string.
    Stringified(Box<Expression>),
    /// A document that is wrong; synthesis reports it.
    Invalid(Arc<Mistake>),
}

/// What is wrong with a document, and what to do about it.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub message: String,
    pub hint: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Literal(String),
    Hole(Expression),
}

impl Expression {
    /// Tells whether this is there and may have something at a path below it; an empty path is the expression itself.
    pub(crate) fn may_have(&self, path: &str) -> bool {
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        match &self.kind {
            Kind::Absent | Kind::NoValue => false,
            Kind::If(_, then, otherwise) => then.may_have(path) || otherwise.may_have(path),
            _ if path.is_empty() => true,
            Kind::Map(entries) => entries.iter().any(|(own, value)| own == name && value.may_have(rest)),
            Kind::Properties(properties) => {
                properties.entries.iter().any(|property| property.name == name && property.value.may_have(rest))
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::List(_) => false,
            // What a function gives is not known.
            _ => true,
        }
    }

    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, origin: Origin::Unknown }
    }

    /// Makes a string.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::new(Kind::String(text.as_ref().into()))
    }

    /// Makes an integer.
    pub fn integer(number: i64) -> Self {
        Self::new(Kind::Number(number.into()))
    }

    /// Makes a number; `null` if it is not finite, which no schema allows.
    pub fn double(number: f64) -> Self {
        Self::new(Number::from_f64(number).map_or(Kind::Null, Kind::Number))
    }

    /// Makes a boolean.
    pub fn bool(flag: bool) -> Self {
        Self::new(Kind::Bool(flag))
    }

    /// Makes an array; absent elements are left out.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Kind::List(items.into_iter().collect()))
    }

    /// Makes an object; absent entries are left out.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::new(Kind::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    pub(crate) fn properties(properties: Properties) -> Self {
        Self::new(Kind::Properties(properties))
    }

    /// Makes a value that is not there: the property is left out.
    pub fn absent() -> Self {
        Self::new(Kind::Absent)
    }

    /// Makes a value that is wrong: synthesis reports it as `synth/invalid-document`, with the line of its origin.
    ///
    /// For typed documents whose parts do not fit together in a way that no type can forbid.
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Invalid(Arc::new(Mistake { message: message.into(), hint: hint.into() })))
    }

    /// Makes a string that holds the JSON of another expression, for properties such as a dashboard's body.
    ///
    /// References inside become holes of one `Fn::Sub`. A reference stands where a string stands, so what it resolves
    /// to must need no escaping in JSON; names and ARNs never do.
    pub fn stringified(json: Self) -> Self {
        Self::new(Kind::Stringified(Box::new(json)))
    }

    /// Makes a text of pieces, one after the other: literal strings, and values that only the deployment knows.
    pub fn concatenated(pieces: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Kind::Text(pieces.into_iter().map(Part::Hole).collect()))
    }

    /// Takes a JSON value as it is. Intrinsic functions written in it stay what they are.
    pub fn from_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::new(Kind::Null),
            serde_json::Value::Bool(flag) => Self::bool(flag),
            serde_json::Value::Number(number) => Self::new(Kind::Number(number)),
            serde_json::Value::String(text) => Self::string(text),
            serde_json::Value::Array(list) => Self::list(list.into_iter().map(Self::from_json)),
            serde_json::Value::Object(map) => {
                Self::map(map.into_iter().map(|(key, json)| (key, Self::from_json(json))))
            }
        }
    }

    /// Tells whether the value is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Absent)
    }

    /// Returns the text, if this is a literal string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Lists the texts inside, however deep, each with where it was written; what is known at deployment only shows as `0`.
    ///
    /// For documents that look over what they are made of, such as the expressions of a state machine.
    pub fn texts(&self) -> Vec<(String, Origin)> {
        let mut texts = Vec::new();
        self.collect_texts(Origin::Unknown, &mut texts);
        texts
    }

    fn collect_texts(&self, origin: Origin, texts: &mut Vec<(String, Origin)>) {
        let origin = self.origin.or(origin);
        match &self.kind {
            Kind::String(text) => texts.push((text.to_string(), origin)),
            Kind::Text(parts) => {
                let pieces = parts.iter().map(|part| match part {
                    Part::Literal(literal) => literal.as_str(),
                    Part::Hole(_) => "0",
                });
                texts.push((pieces.collect(), origin));
            }
            Kind::List(items) => items.iter().for_each(|item| item.collect_texts(origin, texts)),
            Kind::Map(entries) => entries.iter().for_each(|(_, value)| value.collect_texts(origin, texts)),
            Kind::Properties(properties) => {
                properties.entries.iter().for_each(|property| property.value.collect_texts(property.origin, texts));
            }
            Kind::If(_, then, otherwise) => {
                then.collect_texts(origin, texts);
                otherwise.collect_texts(origin, texts);
            }
            Kind::Function(_, inner) | Kind::Stringified(inner) => inner.collect_texts(origin, texts),
            Kind::FindInMap(..)
            | Kind::Absent
            | Kind::NoValue
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Reference(_)
            | Kind::Parameter(_)
            | Kind::Pseudo(_)
            | Kind::Invalid(_) => {}
        }
    }

    /// Returns where the value was written.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Gives the expression an origin, unless it has one.
    #[must_use]
    pub fn at(mut self, origin: Origin) -> Self {
        self.origin = self.origin.or(origin);
        self
    }
}
