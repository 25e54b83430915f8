//! What may stand in a property: the type parameter of its setter's `IntoValue`.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

use crate::names;

/// What may stand in a property, or what an attribute gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// JSON of any shape.
    Json,
    /// An IAM policy document.
    Policy(Policy),
    /// The ARN of a resource of this type.
    Arn(String),
    /// The id of a resource of this type.
    Id(String),
    /// The name of a resource of this type.
    Name(String),
    /// A list.
    List(Box<Self>),
    /// An object with keys of the author's choice.
    Map(Box<Self>),
    /// A tag with `Key` and `Value`, which all services share.
    Tag,
    /// A property type of the same resource.
    Structure(String),
    /// An enumeration of the same resource.
    Enumeration(String),
    /// Settings of the service, which several of its resources share.
    Settings(String),
}

/// Which kind of IAM policy document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What an identity may do; it names no principal.
    Identity,
    /// Who may do what with a resource; it always names a principal.
    Resource,
    /// Who may take a role.
    Trust,
}

impl Policy {
    /// The name of its marker in the crate `template`.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Identity => "IdentityPolicy",
            Self::Resource => "ResourcePolicy",
            Self::Trust => "TrustPolicy",
        }
    }
}

impl Slot {
    /// Parses the notation of `slots.toml`, such as `List<Name<AWS::IAM::Role>>`.
    pub fn parse(text: &str, types: &BTreeSet<&str>) -> Result<Self> {
        let Some((outer, rest)) = text.split_once('<') else {
            return Ok(match text {
                "String" => Self::String,
                "Integer" => Self::Integer,
                "Double" => Self::Double,
                "Boolean" => Self::Boolean,
                "Json" => Self::Json,
                "IdentityPolicy" => Self::Policy(Policy::Identity),
                "ResourcePolicy" => Self::Policy(Policy::Resource),
                "TrustPolicy" => Self::Policy(Policy::Trust),
                _ => bail!(
                    "`{text}` is no kind of slot; these are: String, Integer, Double, Boolean, Json, IdentityPolicy, \
                     ResourcePolicy, TrustPolicy, Arn<TYPE>, Id<TYPE>, Name<TYPE>, List<SLOT>, Map<SLOT>, \
                     Settings<NAME>"
                ),
            });
        };
        let Some(inner) = rest.strip_suffix('>') else { bail!("`{text}` lacks a final `>`") };
        match outer {
            "List" => Ok(Self::List(Box::new(Self::parse(inner, types)?))),
            "Map" => Ok(Self::Map(Box::new(Self::parse(inner, types)?))),
            "Settings" => Ok(Self::Settings(inner.to_owned())),
            _ => {
                ensure!(types.contains(inner), "`{inner}` in `{text}` is no resource type");
                Self::identity(outer, inner).ok_or_else(|| {
                    anyhow::anyhow!("`{outer}` in `{text}` should be Arn, Id, Name, List, Map or Settings")
                })
            }
        }
    }

    /// Says which identity of a resource an attribute is, by the attribute's name: `Arn`, `TopicArn`, `GroupId`.
    ///
    /// A queue's URL is its id.
    pub fn identity(name: &str, type_name: &str) -> Option<Self> {
        match name {
            "Arn" | "ARN" => Some(Self::Arn(type_name.to_owned())),
            "Id" | "ID" | "Url" | "URL" => Some(Self::Id(type_name.to_owned())),
            "Name" => Some(Self::Name(type_name.to_owned())),
            _ => None,
        }
    }

    /// Ranks slots for the arguments of `new`: what names a thing comes before what describes it.
    pub fn rank(&self) -> u8 {
        match self {
            Self::String
            | Self::Integer
            | Self::Double
            | Self::Boolean
            | Self::Arn(_)
            | Self::Id(_)
            | Self::Name(_)
            | Self::Enumeration(_) => 0,
            Self::List(inner) => inner.rank().max(1),
            Self::Map(_) | Self::Tag | Self::Structure(_) | Self::Settings(_) => 2,
            Self::Json | Self::Policy(_) => 3,
        }
    }
}

/// The path of the marker of a resource type, from the root of the crate `resources`.
pub fn kind(type_name: &str) -> String {
    format!("kind::{}::{}", names::service_module(type_name), names::resource_name(type_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_that_of_the_generated_types() {
        let types = BTreeSet::from(["AWS::IAM::Role"]);
        let role = || "AWS::IAM::Role".to_owned();
        assert_eq!(
            Slot::parse("List<Name<AWS::IAM::Role>>", &types).ok(),
            Some(Slot::List(Box::new(Slot::Name(role()))))
        );
        assert_eq!(Slot::parse("Arn<AWS::IAM::Role>", &types).ok(), Some(Slot::Arn(role())));
        for (wrong, complaint) in [
            ("Arn<AWS::IAM::Rol>", "is no resource type"),
            ("Text", "is no kind of slot"),
            ("List<String", "lacks a final"),
            ("Uri<AWS::IAM::Role>", "should be Arn, Id, Name"),
        ] {
            let error = Slot::parse(wrong, &types).expect_err(wrong).to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
