//! The file of one resource type.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::declared;
use crate::model::{Attribute, Enumeration, Item, Model, Property, Replaces, Structure};
use crate::prose;
use crate::slot::{Slot, kind};

/// Writes the file.
pub fn file(model: &Model) -> String {
    let names = Names { declared: declared(model), imported: RefCell::default() };
    let mut body = String::new();
    resource(&mut body, model, &names);
    for item in model.items.values() {
        match item {
            Item::Structure(structure) => property_type(&mut body, structure, &model.type_name, &names),
            Item::Enumeration(values) => enumeration(&mut body, values, &names),
        }
    }
    let mut imported = names.imported.into_inner();
    let kind = if imported.remove("kind") { "use crate::kind;\n\n" } else { "" };
    let imported: Vec<&str> = imported.into_iter().collect();
    format!("//! `{}`\n\nuse template::{{{}}};\n\n{kind}{body}", model.type_name, imported.join(", "))
}

/// The names in a file, so that CloudFormation's `Value`, `List` or `String` do not hide ours.
struct Names {
    declared: BTreeSet<String>,
    /// What is taken from `template` without its path, and `kind`.
    imported: RefCell<BTreeSet<&'static str>>,
}

impl Names {
    fn template(&self, name: &'static str) -> String {
        if self.declared.contains(name) {
            return format!("template::{name}");
        }
        self.imported.borrow_mut().insert(name);
        name.to_owned()
    }

    fn std(&self, path: &str) -> String {
        let name = path.rsplit("::").next().unwrap_or(path);
        if self.declared.contains(name) { format!("std::{path}") } else { name.to_owned() }
    }

    fn kind(&self, type_name: &str) -> String {
        self.imported.borrow_mut().insert("kind");
        kind(type_name)
    }

    fn slot(&self, slot: &Slot) -> String {
        match slot {
            Slot::String => self.std("string::String"),
            Slot::Integer => "i64".to_owned(),
            Slot::Double => "f64".to_owned(),
            Slot::Boolean => "bool".to_owned(),
            Slot::Json => self.template("Json"),
            Slot::Policy(policy) => self.template(policy.marker()),
            Slot::Arn(of) => format!("{}<{}>", self.template("Arn"), self.kind(of)),
            Slot::Id(of) => format!("{}<{}>", self.template("Id"), self.kind(of)),
            Slot::Name(of) => format!("{}<{}>", self.template("Name"), self.kind(of)),
            Slot::List(element) => format!("{}<{}>", self.template("List"), self.slot(element)),
            Slot::Map(value) => format!("{}<{}>", self.template("Map"), self.slot(value)),
            Slot::Tag => "crate::Tag".to_owned(),
            Slot::Structure(name) | Slot::Enumeration(name) => name.clone(),
        }
    }
}

fn resource(out: &mut String, model: &Model, names: &Names) {
    let Structure { name, .. } = &model.resource;
    let type_name = &model.type_name;
    structure(
        out,
        &model.resource,
        &format!("The resource type `{type_name}`."),
        "#[must_use = \"a resource is nothing until it is added to a stack\"]",
        names,
    );
    let [resource, handle, properties] = ["Resource", "Handle", "Properties"].map(|name| names.template(name));
    let [option, some, none] =
        ["option::Option", "option::Option::Some", "option::Option::None"].map(|path| names.std(path));
    let tag_property = names.template("TagProperty");
    let tags = match &model.tags {
        Some(tags) => format!(
            "{some}({tag_property} {{ name: \"{}\", shape: {}::{} }})",
            tags.property,
            names.template("TagShape"),
            tags.shape
        ),
        None => none,
    };
    let _ = write!(
        out,
        "impl {resource} for {name} {{
            type Ref = {name}Ref;

            fn type_name(&self) -> std::borrow::Cow<'static, str> {{
                \"{type_name}\".into()
            }}

            fn tags(&self) -> {option}<{tag_property}> {{
                {tags}
            }}

            fn into_properties(self) -> {properties} {{
                self.0
            }}

            fn reference(handle: {handle}) -> {name}Ref {{
                {name}Ref(handle)
            }}
        }}

        /// What `Stack::add` returns for a [`{name}`]: what the resource has once it exists.
        #[derive(Clone, Debug)]
        pub struct {name}Ref({handle});

        impl {name}Ref {{
"
    );
    for attribute in &model.attributes {
        method(out, attribute, names);
    }
    let _ = write!(
        out,
        "}}

        impl AsRef<{handle}> for {name}Ref {{
            fn as_ref(&self) -> &{handle} {{
                &self.0
            }}
        }}

"
    );
}

fn method(out: &mut String, attribute: &Attribute, names: &Names) {
    let what = match &attribute.attribute {
        Some(name) => format!("Returns the attribute `{name}`."),
        None => "Returns what `Ref` gives.".to_owned(),
    };
    let mut paragraphs = vec![what];
    paragraphs.extend(prose::clean(&attribute.description));
    document(out, &paragraphs, 4);
    let value = match (&attribute.attribute, &attribute.slot) {
        (None, _) => "self.0.reference()".to_owned(),
        (Some(name), Slot::List(_)) => format!("self.0.list_attribute(\"{name}\")"),
        (Some(name), _) => format!("self.0.attribute(\"{name}\")"),
    };
    let (method, slot, into) = (&attribute.method, names.slot(&attribute.slot), names.template("Value"));
    let _ = writeln!(out, "pub fn {method}(&self) -> {into}<{slot}> {{ {value} }}\n");
}

fn property_type(out: &mut String, item: &Structure, type_name: &str, names: &Names) {
    let name = &item.name;
    structure(out, item, &format!("The property type `{name}` of `{type_name}`."), "#[must_use]", names);
    literal(out, name, "self.0.into()", names);
    let Some(element) = item.stands_for() else { return };
    let [into_value, value, list] = ["IntoValue", "Value", "List"].map(|name| names.template(name));
    let element = names.slot(element);
    for (items, length) in [("[U; N]".to_owned(), ", const N: usize"), (format!("{}<U>", names.std("vec::Vec")), "")] {
        let _ = write!(
            out,
            "impl<U: {into_value}<{element}>{length}> {into_value}<{name}> for {items} {{
                #[track_caller]
                fn into_value(self) -> {value}<{name}> {{
                    let list: {value}<{list}<{element}>> = self.into_value();
                    {name}::new(list).into_value()
                }}
            }}

"
        );
    }
}

fn structure(out: &mut String, item: &Structure, fallback: &str, attribute: &str, names: &Names) {
    let Structure { name, required, optional, .. } = item;
    let [properties, into_value] = ["Properties", "IntoValue"].map(|name| names.template(name));
    let mut paragraphs = prose::clean(&item.description);
    if paragraphs.is_empty() {
        paragraphs.push(fallback.to_owned());
    }
    paragraphs.push(format!("[Its page in the template reference]({})", item.page));
    document(out, &paragraphs, 0);
    let _ = write!(out, "#[derive(Clone, Debug)]\n{attribute}\npub struct {name}({properties});\n\nimpl {name} {{\n");

    let mut paragraphs = vec![format!("Makes {} `{name}`.", article(name))];
    paragraphs.extend(required.iter().map(|property| {
        let text = argument(property).join(" ");
        format!("- `{}`: {text}", property.setter)
    }));
    document(out, &paragraphs, 4);
    let arguments: Vec<String> = required
        .iter()
        .map(|property| format!("{}: impl {into_value}<{}>", property.setter, names.slot(&property.slot)))
        .collect();
    let mut chain = format!("{properties}::new()");
    for property in required {
        let _ = write!(chain, ".require(\"{}\", {}.into_value().into_expression())", property.name, property.setter);
    }
    let caller = if required.is_empty() { "" } else { "#[track_caller]\n" };
    let _ = writeln!(out, "{caller}pub fn new({}) -> Self {{ Self({chain}) }}\n", arguments.join(", "));

    for property in optional {
        document(out, &documentation(property), 4);
        let _ = writeln!(
            out,
            "#[track_caller]\npub fn {}(self, value: impl {into_value}<{}>) -> Self {{
                Self(self.0.set(\"{}\", value.into_value().into_expression()))
            }}\n",
            property.setter,
            names.slot(&property.slot),
            property.name
        );
    }
    let _ = write!(
        out,
        "/// Sets a property by its name in the template: for what is newer than this type, or other than it says.
            #[track_caller]
            pub fn raw(self, property: &'static str, value: impl {into_value}<{}>) -> Self {{
                Self(self.0.set(property, value.into_value().into_expression()))
            }}
        }}

",
        names.template("Json")
    );
}

fn enumeration(out: &mut String, item: &Enumeration, names: &Names) {
    let Enumeration { name, variants, .. } = item;
    let string = names.std("string::String");
    let _ = write!(out, "/// The values of {}.\n#[derive(Clone, Debug, PartialEq, Eq)]\npub enum {name} {{\n", item.of);
    for (variant, value) in variants {
        let _ = writeln!(out, "/// `{value}`\n{variant},");
    }
    let _ = write!(
        out,
        "/// A value that is newer than this list.\nOther({string}),\n}}\n\nimpl {name} {{
            /// Returns the value as it stands in the template.
            pub fn as_str(&self) -> &str {{\nmatch self {{\n"
    );
    for (variant, value) in variants {
        let _ = writeln!(out, "Self::{variant} => {value:?},");
    }
    out.push_str("Self::Other(value) => value,\n}\n}\n}\n\n");
    literal(out, name, &format!("{}::string(self.as_str())", names.template("Expression")), names);
}

fn literal(out: &mut String, name: &str, expression: &str, names: &Names) {
    let [literal, is, type_] = ["Literal", "Is", "Expression"].map(|name| names.template(name));
    let _ = write!(
        out,
        "impl {literal} for {name} {{
            fn into_expression(self) -> {type_} {{
                {expression}
            }}
        }}

        impl {is}<Self> for {name} {{}}

"
    );
}

/// The documentation of a setter.
fn documentation(property: &Property) -> Vec<String> {
    let mut paragraphs = prose::clean(&property.description);
    if paragraphs.is_empty() {
        paragraphs.push(format!("Sets `{}`.", property.name));
    }
    paragraphs.extend(replacement(property));
    paragraphs
}

/// The documentation of an argument: its first paragraph, for the rest is on AWS's page.
fn argument(property: &Property) -> Vec<String> {
    let first = prose::clean(&property.description).into_iter().find(|paragraph| !paragraph.starts_with("- "));
    let mut paragraphs = vec![first.unwrap_or_else(|| format!("the property `{}`.", property.name))];
    paragraphs.extend(replacement(property));
    paragraphs
}

fn replacement(property: &Property) -> Option<String> {
    match property.replaces {
        Replaces::No => None,
        Replaces::Sometimes => Some("A change may replace the resource.".to_owned()),
        Replaces::Yes => Some("A change replaces the resource.".to_owned()),
    }
}

fn document(out: &mut String, paragraphs: &[String], indentation: usize) {
    for line in prose::wrap(paragraphs, indentation) {
        let _ = writeln!(out, "///{}{line}", if line.is_empty() { "" } else { " " });
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}
