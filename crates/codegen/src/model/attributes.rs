//! What a resource has once it exists: what `Ref` gives, and what `Fn::GetAtt` gives.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Attribute;
use super::shape::{self, Shape};
use crate::names;
use crate::reviewed::{Reference, Reviewed};
use crate::slot::Slot;

/// How far into an attribute that is an object its parts are looked for.
const DEPTH: usize = 4;

/// Lists the attributes, that of `Ref` first.
pub fn attributes(type_name: &str, schema: &Value, reviewed: &Reviewed) -> Vec<Attribute> {
    let reference = reference(type_name, schema, reviewed);
    let mut taken = BTreeSet::from([reference.method.clone()]);
    let mut attributes = vec![reference];
    let mut paths: Vec<&str> = shape::paths(schema, "readOnlyProperties").filter(|path| !path.contains('*')).collect();
    paths.sort_unstable();
    for path in paths {
        for (name, leaf) in leaves(schema, path) {
            let Some(slot) = slot(schema, leaf) else { continue };
            let identity = reviewed_identity(&name, type_name, reviewed);
            let method = identity.as_ref().map_or_else(|| names::snake(&name), |(method, _)| method.clone());
            // `Ref` and an attribute of the same name are the same value, and `Ref` is shorter.
            if attributes.iter().any(|known| known.attribute.as_deref() == Some(&name))
                || (attributes[0].method == method
                    && attributes[0].slot == identity.as_ref().map_or_else(|| slot.clone(), |(_, slot)| slot.clone()))
            {
                continue;
            }
            let mut method = method;
            if !taken.insert(method.clone()) {
                method = names::snake(&name);
                while !taken.insert(method.clone()) {
                    method.push('_');
                }
            }
            let slot = identity.map_or(slot, |(_, slot)| slot);
            attributes.push(Attribute {
                method,
                description: shape::text(leaf, "description").to_owned(),
                attribute: Some(name),
                slot,
            });
        }
    }
    attributes
}

/// Says what `Ref` gives: the primary identifier, unless somebody has read otherwise.
fn reference(type_name: &str, schema: &Value, reviewed: &Reviewed) -> Attribute {
    let identifiers: Vec<&str> = shape::paths(schema, "primaryIdentifier").collect();
    let property = match (reviewed.reference(type_name), identifiers.as_slice()) {
        (Some(Reference::Property(property)), _) => Some(property.as_str()),
        (None, [identifier]) if !identifier.contains('/') => Some(*identifier),
        (Some(Reference::Opaque) | None, _) => None,
    };
    let Some(property) = property else {
        return Attribute {
            method: "physical_id".to_owned(),
            description: "The id that CloudFormation knows the resource by.".to_owned(),
            attribute: None,
            slot: Slot::String,
        };
    };
    let (method, slot) =
        reviewed_identity(property, type_name, reviewed).unwrap_or_else(|| (names::snake(property), Slot::String));
    let schema = schema.get("properties").and_then(|properties| properties.get(property));
    let description = schema.map_or("", |schema| shape::text(schema, "description")).to_owned();
    Attribute { method, description, attribute: None, slot }
}

/// Says which identity of a resource an attribute is, by its name or as reviewed, and what its method is called.
fn reviewed_identity(property: &str, type_name: &str, reviewed: &Reviewed) -> Option<(String, Slot)> {
    let by_name = identity(property, type_name);
    let Some(slot) = reviewed.attribute(&format!("{type_name}.{property}")) else { return by_name };
    Some((by_name.map_or_else(|| names::snake(property), |(method, _)| method), slot))
}

/// Says which identity of its own resource a property is: `TopicArn` is the `arn` of a topic, `PolicyArn` that of a
/// managed policy, whose last word is policy, and `VpcId` the `id` of a VPC.
fn identity(property: &str, type_name: &str) -> Option<(String, Slot)> {
    let resource = names::resource_name(type_name);
    let word_begins = |at: &usize| *at == 0 || resource[*at..].starts_with(|first: char| first.is_ascii_uppercase());
    let tails = resource.char_indices().map(|(at, _)| at).filter(word_begins).map(|at| &resource[at..]);
    let rest = tails
        .chain([""])
        .filter(|tail| property.get(..tail.len()).is_some_and(|start| start.eq_ignore_ascii_case(tail)))
        .map(|tail| &property[tail.len()..])
        .find(|rest| Slot::identity(rest, type_name).is_some())?;
    let method = if rest.eq_ignore_ascii_case("url") { "url".to_owned() } else { rest.to_lowercase() };
    Some((method, Slot::identity(rest, type_name)?))
}

/// Lists the parts of an attribute that are no objects, with their dotted names.
fn leaves<'a>(root: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let found =
        path.split('/').try_fold(root, |schema, segment| shape::resolve(root, schema).get("properties")?.get(segment));
    let mut leaves = Vec::new();
    if let Some(schema) = found {
        descend(root, schema, path.replace('/', "."), DEPTH, &mut leaves);
    }
    leaves
}

fn descend<'a>(root: &'a Value, schema: &'a Value, name: String, depth: usize, leaves: &mut Vec<(String, &'a Value)>) {
    let resolved = shape::resolve(root, schema);
    match (shape::shape(root, schema), resolved.get("properties").and_then(Value::as_object)) {
        (Shape::Structure, Some(properties)) if depth > 0 => {
            for (part, schema) in properties {
                descend(root, schema, format!("{name}.{part}"), depth - 1, leaves);
            }
        }
        _ => leaves.push((name, schema)),
    }
}

fn slot(root: &Value, schema: &Value) -> Option<Slot> {
    let resolved = shape::resolve(root, schema);
    Some(match shape::shape(root, schema) {
        Shape::String | Shape::Enumeration => Slot::String,
        Shape::Integer => Slot::Integer,
        Shape::Double => Slot::Double,
        Shape::Boolean => Slot::Boolean,
        Shape::Json => Slot::Json,
        Shape::List => match slot(root, resolved.get("items")?)? {
            element @ (Slot::String | Slot::Integer | Slot::Double | Slot::Boolean) => Slot::List(Box::new(element)),
            _ => return None,
        },
        Shape::Structure | Shape::Map => return None,
    })
}
