//! What a schema says, in the words of the generated code.

mod attributes;
mod builder;
mod shape;
mod union;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

pub use self::shape::Shape;
pub use self::union::{Choice, Union};
use crate::reviewed::Reviewed;
use crate::slot::Slot;

/// One resource type with all that belongs to it.
#[derive(Debug)]
pub struct Model {
    /// The type's name, such as `AWS::S3::Bucket`.
    pub type_name: String,
    /// The resource itself.
    pub resource: Structure,
    /// Its property types and enumerations, by name.
    pub items: BTreeMap<String, Item>,
    /// Where its tags go.
    pub tags: Option<Tags>,
    /// What it has once it exists.
    pub attributes: Vec<Attribute>,
}

/// The settings of a service: types that belong to no resource.
#[derive(Debug)]
pub struct Settings {
    /// The types from which all others are reached.
    pub roots: Vec<String>,
    /// All types, by name.
    pub items: BTreeMap<String, Item>,
}

/// A property type or an enumeration.
#[derive(Debug, PartialEq)]
pub enum Item {
    /// A property type.
    Structure(Structure),
    /// An enumeration.
    Enumeration(Enumeration),
}

impl Item {
    /// Returns the Rust name.
    pub fn name(&self) -> &str {
        match self {
            Self::Structure(structure) => &structure.name,
            Self::Enumeration(enumeration) => &enumeration.name,
        }
    }
}

/// An object with known properties.
#[derive(Debug, PartialEq)]
pub struct Structure {
    /// The Rust name.
    pub name: String,
    /// The schema's description.
    pub description: String,
    /// AWS's page about it.
    pub page: String,
    /// The arguments of `new`, in order.
    pub required: Vec<Property>,
    /// The properties with a setter, by name.
    pub optional: Vec<Property>,
    /// The properties of which exactly one belongs to what is chosen; `new` is then one constructor for each choice.
    pub union: Option<Union>,
}

/// A property of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The name in the template.
    pub name: String,
    /// The name of the setter or argument.
    pub setter: String,
    /// The schema's description.
    pub description: String,
    /// What may stand there.
    pub slot: Slot,
    /// Whether a change replaces the resource.
    pub replaces: Replaces,
}

/// Whether a change of a property replaces the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// The resource is updated.
    No,
    /// In some cases.
    Sometimes,
    /// The resource is made anew and the old one deleted.
    Yes,
}

/// A string with known values.
#[derive(Debug, PartialEq)]
pub struct Enumeration {
    /// The Rust name.
    pub name: String,
    /// What it is a value of, such as `Rule.Status`.
    pub of: String,
    /// Variants and their values.
    pub variants: Vec<(String, String)>,
}

/// Where the tags of a resource go.
#[derive(Debug, PartialEq)]
pub struct Tags {
    /// The property.
    pub property: String,
    /// The variant of `TagShape`.
    pub shape: &'static str,
}

/// A value that a resource has once it exists.
#[derive(Debug, PartialEq)]
pub struct Attribute {
    /// The name of the method.
    pub method: String,
    /// The schema's description.
    pub description: String,
    /// The name for `Fn::GetAtt`; none for `Ref`.
    pub attribute: Option<String>,
    /// What it is.
    pub slot: Slot,
}

impl Structure {
    /// Returns the elements of the list that may stand for the whole structure: that of its sole required property.
    pub fn stands_for(&self) -> Option<&Slot> {
        match self.required.as_slice() {
            [Property { slot: Slot::List(element), .. }] => Some(element),
            _ => None,
        }
    }
}

/// Makes the model of a resource type.
pub fn model(type_name: &str, schema: &Value, reviewed: &Reviewed) -> Result<Model> {
    builder::Builder::new(type_name, schema, reviewed).build()
}

/// Makes the model of the settings of a service; decisions about them begin with the service's name.
pub fn settings(service: &str, schema: &Value, reviewed: &Reviewed) -> Result<Settings> {
    let roots = reviewed.mediaconvert.roots.clone();
    let mut items = builder::Builder::new(service, schema, reviewed).items(&roots)?;
    union::unite(&mut items);
    Ok(Settings { roots, items })
}
