//! From schema to model.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::shape::{self, Choice, Shape};
use super::{Enumeration, Item, Model, Property, Replaces, Structure, Tags, attributes};
use crate::names;
use crate::reviewed::Reviewed;
use crate::slot::Slot;

/// The schema of one resource type, and what was found in it so far.
pub struct Builder<'a> {
    type_name: &'a str,
    schema: &'a Value,
    reviewed: &'a Reviewed,
    /// The Rust names of the definitions that become types.
    definitions: BTreeMap<&'a str, String>,
    /// Properties inside definitions that only CloudFormation sets, and whether nothing else uses the definition.
    read_only: BTreeMap<&'a str, (BTreeSet<&'a str>, bool)>,
    items: BTreeMap<String, Item>,
    /// Definitions on the way from here to the resource, so that an array of itself ends somewhere.
    open: Vec<&'a str>,
}

/// What a type is called that has no name of its own, and what it is the type of.
#[derive(Clone)]
struct Anonymous<'n> {
    name: String,
    /// The structure that has the property.
    parent: &'n str,
    property: &'n str,
}

/// A structure that is to be made: where it is, and what it is called.
struct Place<'p> {
    name: &'p str,
    /// The definition; empty for the resource itself.
    part: &'p str,
    required: Vec<&'p str>,
}

impl Anonymous<'_> {
    fn of(&self) -> String {
        format!("`{}` of [`{}`]", self.property, self.parent)
    }

    fn element(&self) -> Self {
        Self { name: names::singular(&self.name), ..self.clone() }
    }
}

impl<'a> Builder<'a> {
    pub fn new(type_name: &'a str, schema: &'a Value, reviewed: &'a Reviewed) -> Self {
        let mut builder = Self {
            type_name,
            schema,
            reviewed,
            definitions: BTreeMap::new(),
            read_only: BTreeMap::new(),
            items: BTreeMap::new(),
            open: Vec::new(),
        };
        builder.name_definitions();
        builder.find_nested_read_only();
        builder
    }

    pub fn build(mut self) -> Result<Model> {
        let resource = self.resource()?;
        let attributes = attributes::attributes(self.type_name, self.schema, self.reviewed);
        let tags = self.tags();
        Ok(Model { type_name: self.type_name.to_owned(), resource, items: self.items, tags, attributes })
    }

    /// Makes the types of definitions, and of all that these refer to.
    pub fn items(mut self, definitions: &[String]) -> Result<BTreeMap<String, Item>> {
        for name in definitions {
            self.definition(name, &Anonymous { name: name.clone(), parent: "", property: name })?;
        }
        Ok(self.items)
    }

    /// A definition keeps its name, unless the resource itself has it: then it becomes `NameProperty`.
    fn name_definitions(&mut self) {
        let resource = names::type_ident(names::resource_name(self.type_name));
        let mut taken = BTreeSet::from([format!("{resource}Ref"), resource]);
        for (definition, schema) in self.schema.get("definitions").and_then(Value::as_object).into_iter().flatten() {
            if matches!(shape::shape(self.schema, schema), Shape::Structure | Shape::Enumeration) {
                let mut name = names::type_ident(definition);
                while !taken.insert(name.clone()) {
                    name.push_str("Property");
                }
                self.definitions.insert(definition, name);
            }
        }
    }

    fn find_nested_read_only(&mut self) {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        count_references(self.schema, &mut uses);
        for path in shape::paths(self.schema, "readOnlyProperties") {
            let mut schema = self.schema;
            let mut owner = None;
            let mut last = None;
            for segment in path.split('/') {
                while let Some(target) = shape::target(self.schema, schema) {
                    owner = shape::text(schema, "$ref").strip_prefix("#/definitions/");
                    schema = target;
                }
                let next = if segment == "*" {
                    schema.get("items")
                } else {
                    schema.pointer(&format!("/properties/{segment}"))
                };
                let Some(next) = next else { break };
                schema = next;
                last = Some(segment).filter(|segment| *segment != "*");
            }
            if let (Some(owner), Some(property)) = (owner, last.filter(|last| path.ends_with(last))) {
                let alone = uses.get(owner) == Some(&1);
                self.read_only.entry(owner).or_insert_with(|| (BTreeSet::new(), alone)).0.insert(property);
            }
        }
    }

    fn resource(&mut self) -> Result<Structure> {
        let name = names::type_ident(names::resource_name(self.type_name));
        let read_only: BTreeSet<&str> =
            shape::paths(self.schema, "readOnlyProperties").filter(|path| !path.contains('/')).collect();
        let properties = shape::properties(self.schema, self.schema)
            .into_iter()
            .filter(|(property, _)| !read_only.contains(property.as_str()))
            .collect();
        let required =
            shape::strings(self.schema, "required").filter(|property| !read_only.contains(property)).collect();
        let mut structure = self.structure(self.schema, properties, &Place { name: &name, part: "", required })?;
        let always: BTreeSet<&str> = shape::paths(self.schema, "createOnlyProperties").collect();
        let sometimes: BTreeSet<&str> = shape::paths(self.schema, "conditionalCreateOnlyProperties").collect();
        for property in structure.required.iter_mut().chain(&mut structure.optional) {
            if always.contains(property.name.as_str()) {
                property.replaces = Replaces::Yes;
            } else if sometimes.contains(property.name.as_str()) {
                property.replaces = Replaces::Sometimes;
            }
        }
        Ok(structure)
    }

    fn structure(
        &mut self,
        schema: &Value,
        properties: serde_json::Map<String, Value>,
        place: &Place,
    ) -> Result<Structure> {
        let mut taken = BTreeSet::from(["new".to_owned(), "raw".to_owned()]);
        let (mut required, mut optional) = (Vec::new(), Vec::new());
        for (name, schema) in properties {
            let mut setter = names::snake(&name);
            while !taken.insert(setter.clone()) {
                setter.push('_');
            }
            let path = if place.part.is_empty() {
                format!("{}.{name}", self.type_name)
            } else {
                format!("{}.{}.{name}", self.type_name, place.name)
            };
            let found = shape::shape(self.schema, &schema);
            let slot = if let Some(slot) = self.reviewed.slot(&path, found) {
                slot
            } else {
                let own = self.anonymous_name(place.name, &name);
                self.slot(&schema, &Anonymous { name: own, parent: place.name, property: &name })?
            };
            let description = match shape::text(&schema, "description") {
                "" => shape::text(shape::resolve(self.schema, &schema), "description"),
                description => description,
            };
            let property = Property {
                setter,
                description: description.to_owned(),
                slot,
                replaces: Replaces::No,
                name: name.clone(),
            };
            if place.required.contains(&name.as_str()) { required.push(property) } else { optional.push(property) }
        }
        self.reviewed.order_arguments(self.type_name, place.name, &mut required)?;
        Ok(Structure {
            name: place.name.to_owned(),
            description: shape::text(schema, "description").to_owned(),
            page: self.page(place.part),
            required,
            optional,
            union: None,
        })
    }

    /// Names the type of a property after both, but says a word once where the one ends and the other begins with it:
    /// the `ConfigurationState` of a `TableConfiguration` is a `TableConfigurationState`.
    fn anonymous_name(&self, parent: &str, property: &str) -> String {
        let property = names::type_ident(property);
        let plain = format!("{parent}{property}");
        let begins_word = |at: &usize| property[*at..].starts_with(|first: char| first.is_ascii_uppercase());
        let overlap = (1..property.len()).filter(begins_word).filter(|at| parent.ends_with(&property[..*at])).max();
        let short = overlap.map(|overlap| format!("{parent}{}", &property[overlap..]));
        short.filter(|short| !self.reserved(short)).unwrap_or(plain)
    }

    /// Says what may stand where a schema is.
    fn slot(&mut self, schema: &Value, anonymous: &Anonymous) -> Result<Slot> {
        if let Some(definition) = shape::text(schema, "$ref").strip_prefix("#/definitions/") {
            return self.definition(definition, anonymous);
        }
        let schema = shape::resolve(self.schema, schema).clone();
        let silent = ["type", "properties", "items", "enum", "const", "patternProperties"];
        let found = shape::shape(self.schema, &schema);
        // A schema that only chooses among others is what it chooses; scalars keep the formats of all choices.
        if matches!(found, Shape::Enumeration | Shape::List | Shape::Map | Shape::Structure)
            && silent.into_iter().all(|keyword| schema.get(keyword).is_none())
            && let Choice::One(variant) = shape::chosen(self.schema, &schema)
        {
            return self.slot(variant, anonymous);
        }
        Ok(match found {
            Shape::String => self.text(&schema, anonymous.property),
            Shape::Integer => Slot::Integer,
            Shape::Double => Slot::Double,
            Shape::Boolean => Slot::Boolean,
            Shape::Json => Slot::Json,
            Shape::Enumeration => self.enumeration(&schema, &anonymous.name, &anonymous.of()),
            Shape::List | Shape::Map | Shape::Structure => self.container(&schema, anonymous)?,
        })
    }

    fn container(&mut self, schema: &Value, anonymous: &Anonymous) -> Result<Slot> {
        let Anonymous { name, property, .. } = anonymous;
        Ok(match shape::shape(self.schema, schema) {
            Shape::List => match schema.get("items") {
                _ if self.identity(schema, property).is_some() => Slot::List(Box::new(self.text(schema, property))),
                Some(items) => {
                    let element = self.slot(items, &anonymous.element())?;
                    Slot::List(Box::new(element))
                }
                None => Slot::List(Box::new(Slot::Json)),
            },
            Shape::Map => match shape::map_values(schema) {
                Some(values) => {
                    let value = self.slot(values, &anonymous.element())?;
                    Slot::Map(Box::new(value))
                }
                None => Slot::Json,
            },
            _ => {
                let name = self.free_name(name);
                self.reserve(&name);
                let required = shape::strings(schema, "required").collect();
                let properties = shape::properties(self.schema, schema);
                let structure = self.structure(schema, properties, &Place { name: &name, part: &name, required })?;
                self.items.insert(name.clone(), Item::Structure(structure));
                Slot::Structure(name)
            }
        })
    }

    fn definition(&mut self, definition: &str, anonymous: &Anonymous) -> Result<Slot> {
        let (definition, schema) = self
            .schema
            .get("definitions")
            .and_then(Value::as_object)
            .and_then(|definitions| definitions.iter().find(|(key, _)| *key == definition))
            .with_context(|| format!("`{}` refers to `{definition}`, which is not defined", self.type_name))?;
        if is_tag(definition, schema, self.schema) {
            return Ok(Slot::Tag);
        }
        let Some(own) = self.definitions.get(definition.as_str()).cloned() else {
            if self.open.contains(&definition.as_str()) {
                return Ok(Slot::Json);
            }
            self.open.push(definition);
            // An array of known values takes the definition's name, if that says more than the property's.
            let list = shape::shape(self.schema, schema) == Shape::List;
            let name = if list { names::type_ident(definition) } else { anonymous.name.clone() };
            let slot = self.slot(schema, &Anonymous { name, ..anonymous.clone() });
            self.open.pop();
            return slot;
        };
        if shape::shape(self.schema, schema) == Shape::Enumeration {
            let of = format!("`{definition}`");
            return Ok(self.enumeration(schema, &own, &of));
        }
        if self.items.contains_key(&own) {
            return Ok(Slot::Structure(own));
        }
        self.reserve(&own);
        let (hidden, alone) = self.read_only.get(definition.as_str()).cloned().unwrap_or_default();
        let mut properties = shape::properties(self.schema, schema);
        properties.retain(|property, _| !(alone && hidden.contains(property.as_str())));
        let required = shape::strings(shape::resolve(self.schema, schema), "required")
            .filter(|name| !hidden.contains(name))
            .collect();
        let structure = self.structure(schema, properties, &Place { name: &own, part: definition, required })?;
        self.items.insert(own.clone(), Item::Structure(structure));
        Ok(Slot::Structure(own))
    }

    fn enumeration(&mut self, schema: &Value, name: &str, of: &str) -> Slot {
        let mut variants: Vec<(String, String)> = Vec::new();
        for value in shape::values(schema).unwrap_or_default() {
            let mut variant = names::variant(&value);
            while variants.iter().any(|(known, _)| *known == variant) {
                variant.push_str("Value");
            }
            variants.push((variant, value));
        }
        let mut name = name.to_owned();
        loop {
            match self.items.get(&name) {
                Some(Item::Enumeration(known)) if known.variants == variants => break,
                None if !self.reserved(&name)
                    || self.definitions.values().any(|own| *own == name && self.is_enumeration(&name)) =>
                {
                    let enumeration = Enumeration { name: name.clone(), of: of.to_owned(), variants };
                    self.items.insert(name.clone(), Item::Enumeration(enumeration));
                    break;
                }
                _ => name.push_str("Value"),
            }
        }
        Slot::Enumeration(name)
    }

    /// Takes a name for a structure before its properties look for theirs.
    fn reserve(&mut self, name: &str) {
        let placeholder = Enumeration { name: name.to_owned(), of: String::new(), variants: Vec::new() };
        self.items.insert(name.to_owned(), Item::Enumeration(placeholder));
    }

    /// Tells whether the definition that has this Rust name is an enumeration, and so no other type with the name.
    fn is_enumeration(&self, name: &str) -> bool {
        let definition = self.definitions.iter().find(|(_, own)| *own == name).map(|(definition, _)| *definition);
        definition
            .and_then(|definition| self.schema.get("definitions")?.get(definition))
            .is_some_and(|schema| shape::shape(self.schema, schema) == Shape::Enumeration)
    }

    fn reserved(&self, name: &str) -> bool {
        let resource = names::type_ident(names::resource_name(self.type_name));
        name == resource
            || name.strip_suffix("Ref") == Some(&resource)
            || self.definitions.values().any(|own| own == name)
    }

    fn free_name(&self, name: &str) -> String {
        let mut free = name.to_owned();
        while self.reserved(&free) || self.items.contains_key(&free) {
            free.push_str("Property");
        }
        free
    }

    /// Says which resource's identity a string is, by its `format`, or that it is any text.
    fn text(&self, schema: &Value, property: &str) -> Slot {
        self.identity(schema, property).unwrap_or(Slot::String)
    }

    fn identity(&self, schema: &Value, property: &str) -> Option<Slot> {
        let formats: BTreeSet<&str> = std::iter::once(schema)
            .chain(shape::variants(schema))
            .map(|schema| shape::text(schema, "format"))
            .collect();
        let mut formats = formats.into_iter().filter(|format| !format.is_empty());
        let (type_name, attribute) = formats.next()?.split_once('.')?;
        // A property by which the author names this resource takes any name, and one with several kinds takes any string.
        let own =
            type_name == self.type_name && shape::paths(self.schema, "primaryIdentifier").any(|path| path == property);
        if own || formats.next().is_some() || !self.reviewed.types.contains(type_name) {
            return None;
        }
        Slot::identity(attribute.strip_suffix('s').unwrap_or(attribute), type_name)
    }

    fn tags(&self) -> Option<Tags> {
        let tagging = self.schema.get("tagging");
        let taggable = tagging.and_then(|tagging| tagging.get("taggable")).or_else(|| self.schema.get("taggable"));
        if taggable == Some(&Value::Bool(false)) {
            return None;
        }
        let pointer = tagging.and_then(|tagging| tagging.get("tagProperty")?.as_str()).unwrap_or("/properties/Tags");
        let property = pointer.strip_prefix("/properties/")?;
        let schema = shape::resolve(self.schema, self.schema.get("properties")?.get(property)?);
        let shape = match shape::shape(self.schema, schema) {
            Shape::List => {
                let items = shape::properties(self.schema, schema.get("items")?);
                match (items.contains_key("Key") && items.contains_key("Value"), items.len()) {
                    (true, 2) => "List",
                    (true, 3) if items.contains_key("PropagateAtLaunch") => "AutoScaling",
                    _ => return None,
                }
            }
            Shape::Map | Shape::Json => "Map",
            _ => return None,
        };
        Some(Tags { property: property.to_owned(), shape })
    }

    fn page(&self, part: &str) -> String {
        // The redirections by which the documentation of AWS's own SDKs refers to the API reference.
        if let Some(model) = self.schema.get("uid").and_then(Value::as_str) {
            return format!("https://docs.aws.amazon.com/goto/WebAPI/{model}/{part}");
        }
        let (name, part) = (self.type_name.to_lowercase(), part.to_lowercase());
        let mut segments = name.split("::");
        let (_, service, resource) =
            (segments.next(), segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let page = if part.is_empty() {
            format!("aws-resource-{service}-{resource}")
        } else {
            format!("aws-properties-{service}-{resource}-{part}")
        };
        format!("https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/{page}.html")
    }
}

/// A pair of `Key` and `Value` that is called a tag, in whatever grammatical number.
fn is_tag(definition: &str, schema: &Value, root: &Value) -> bool {
    if !definition.starts_with("Tag") || definition.contains("Filter") {
        return false;
    }
    let properties = shape::properties(root, schema);
    properties.len() == 2
        && ["Key", "Value"]
            .iter()
            .all(|key| properties.get(*key).is_some_and(|property| shape::shape(root, property) == Shape::String))
}

fn count_references<'a>(schema: &'a Value, uses: &mut BTreeMap<&'a str, usize>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(definition) =
                keywords.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/definitions/"))
            {
                *uses.entry(definition).or_default() += 1;
            }
            keywords.values().for_each(|value| count_references(value, uses));
        }
        Value::Array(list) => list.iter().for_each(|value| count_references(value, uses)),
        _ => {}
    }
}
