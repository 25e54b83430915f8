//! What there is in the account, whoever made it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// Names a thing: the type of its resource and its physical id.
pub(crate) type Key = (String, String);

/// A thing in the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    /// The type of its resource, such as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: String,
    /// Its properties as they really are.
    pub properties: Value,
    /// Its attributes, by the names that `Fn::GetAtt` knows.
    pub attributes: BTreeMap<String, Value>,
    /// The stack that it belongs to; none if it was made by hand, or was left behind.
    pub owner: Option<Owner>,
    /// How long the simulation had run when it was made.
    pub made: Duration,
}

/// The resource of a stack that a thing belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The ARN of the stack.
    pub stack: String,
    /// The logical id in the stack's template.
    pub logical_id: String,
}

/// All things of the account in a region.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub things: BTreeMap<Key, Thing>,
}

impl World {
    pub fn get(&self, resource_type: &str, physical_id: &str) -> Option<&Thing> {
        self.things.get(&(resource_type.to_owned(), physical_id.to_owned()))
    }

    pub fn get_mut(&mut self, resource_type: &str, physical_id: &str) -> Option<&mut Thing> {
        self.things.get_mut(&(resource_type.to_owned(), physical_id.to_owned()))
    }

    /// Lists the things of a type.
    pub fn of_type<'w>(&'w self, resource_type: &str) -> impl Iterator<Item = &'w Thing> + use<'w> {
        let kind = resource_type.to_owned();
        let things = self.things.range((kind.clone(), String::new())..);
        things.map(|(_, thing)| thing).take_while(move |thing| thing.resource_type == kind)
    }

    pub fn put(&mut self, thing: Thing) {
        self.things.insert((thing.resource_type.clone(), thing.physical_id.clone()), thing);
    }

    pub fn remove(&mut self, resource_type: &str, physical_id: &str) -> Option<Thing> {
        self.things.remove(&(resource_type.to_owned(), physical_id.to_owned()))
    }

    /// Lets a thing go on without a stack.
    pub fn release(&mut self, resource_type: &str, physical_id: &str) {
        if let Some(thing) = self.get_mut(resource_type, physical_id) {
            thing.owner = None;
        }
    }
}
