//! The file of one resource type.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::declared;
use crate::model::{Attribute, Choice, Enumeration, Item, Model, Property, Replaces, Structure, Union};
use crate::prose;
use crate::slot::{Slot, kind};

/// Writes the file of a resource type.
pub fn resource_file(model: &Model) -> String {
    let names = Names::new(declared(model), "template reference");
    let mut body = String::new();
    resource(&mut body, model, &names);
    for item in model.items.values() {
        let about = format!("The property type `{}` of `{}`.", item.name(), model.type_name);
        property_type(&mut body, item, &about, &names);
    }
    names.file(&format!("`{}`", model.type_name), &body)
}

/// Writes the file of some settings of a service: of a structure, and of the enumerations that are found with it.
pub fn settings_file(items: &[&Item], roots: &[String], service: &str) -> String {
    let names = Names::new(items.iter().map(|item| item.name().to_owned()).collect(), "API reference");
    let mut body = String::new();
    for item in items {
        property_type(&mut body, item, &format!("The type `{}` of {service}'s API.", item.name()), &names);
        if roots.iter().any(|root| root == item.name()) {
            stands_for_json(&mut body, item.name(), &names);
        }
    }
    names.file(&format!("`{}` of {service}.", items[0].name()), &body)
}

/// The names in a file, so that CloudFormation's `Value`, `List` or `String` do not hide ours.
struct Names {
    declared: BTreeSet<String>,
    /// What is taken from `template` without its path, and `kind`.
    imported: RefCell<BTreeSet<&'static str>>,
    /// What is declared in other files of the module.
    siblings: RefCell<BTreeSet<String>>,
    /// Where AWS's pages about the types are.
    reference: &'static str,
}

impl Names {
    fn new(declared: BTreeSet<String>, reference: &'static str) -> Self {
        Self { declared, imported: RefCell::default(), siblings: RefCell::default(), reference }
    }

    /// Writes the whole file.
    fn file(self, about: &str, body: &str) -> String {
        let mut imported = self.imported.into_inner();
        let mut uses = String::new();
        if imported.remove("kind") {
            uses.push_str("use crate::kind;\n");
        }
        let siblings: Vec<String> = self.siblings.into_inner().into_iter().collect();
        if !siblings.is_empty() {
            let _ = writeln!(uses, "use super::{{{}}};", siblings.join(", "));
        }
        let imported: Vec<&str> = imported.into_iter().collect();
        format!("//! {about}\n\nuse template::{{{}}};\n\n{uses}\n{body}", imported.join(", "))
    }

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
            Slot::Structure(name) | Slot::Enumeration(name) => {
                if !self.declared.contains(name) {
                    self.siblings.borrow_mut().insert(name.clone());
                }
                name.clone()
            }
            Slot::Settings(name) => format!("super::settings::{name}"),
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

fn property_type(out: &mut String, item: &Item, fallback: &str, names: &Names) {
    let item = match item {
        Item::Structure(structure) => structure,
        Item::Enumeration(values) => return enumeration(out, values, names),
    };
    let name = &item.name;
    structure(out, item, fallback, "#[must_use]", names);
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
    paragraphs.push(format!("[Its page in the {}]({})", names.reference, item.page));
    document(out, &paragraphs, 0);
    let _ = write!(out, "#[derive(Clone, Debug)]\n{attribute}\npub struct {name}({properties});\n\nimpl {name} {{\n");

    match &item.union {
        Some(union) => constructors(out, union, names),
        None => constructor(out, name, required, names),
    }
    for property in optional {
        document(out, &documentation(property), 4);
        let _ = writeln!(
            out,
            "#[track_caller]\npub fn {}(self, value: impl {into_value}<{}>) -> Self {{ Self(self.0.set_value(\"{}\", value)) }}\n",
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
                Self(self.0.set_value(property, value))
            }}
        }}

",
        names.template("Json")
    );
}

/// Writes `new`.
fn constructor(out: &mut String, name: &str, required: &[Property], names: &Names) {
    let [properties, into_value] = ["Properties", "IntoValue"].map(|name| names.template(name));
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
        let _ = write!(chain, ".require_value(\"{}\", {})", property.name, property.setter);
    }
    let caller = if required.is_empty() { "" } else { "#[track_caller]\n" };
    let _ = writeln!(out, "{caller}pub fn new({}) -> Self {{ Self({chain}) }}\n", arguments.join(", "));
}

/// Writes one constructor for each choice, and `other`.
fn constructors(out: &mut String, union: &Union, names: &Names) {
    let [properties, into_value] = ["Properties", "IntoValue"].map(|name| names.template(name));
    let (by, enumeration) = (&union.by, names.slot(&union.by.slot));
    for Choice { constructor, variant, value, property } in &union.choices {
        let (mut paragraphs, mut argument, mut chain) =
            (vec![format!("Chooses `{value}`.")], String::new(), String::new());
        if let Some(property) = property {
            paragraphs.extend(prose::clean(&property.description));
            argument = format!("settings: impl {into_value}<{}>", names.slot(&property.slot));
            chain = format!(".require_value(\"{}\", settings)", property.name);
        }
        document(out, &paragraphs, 4);
        let _ = writeln!(
            out,
            "#[track_caller]\npub fn {constructor}({argument}) -> Self {{
                Self({properties}::new().require_value(\"{}\", {enumeration}::{variant}){chain})
            }}\n",
            by.name
        );
    }
    document(
        out,
        &["Chooses what is newer than this type, or known at deployment only; `raw` sets what belongs to it."
            .to_owned()],
        4,
    );
    let _ = writeln!(
        out,
        "#[track_caller]\npub fn other({}: impl {into_value}<{enumeration}>) -> Self {{
            Self({properties}::new().require_value(\"{}\", {}))
        }}\n",
        by.setter, by.name, by.setter
    );
}

/// Lets settings stand where JSON of any shape does, such as among the arguments of a task.
fn stands_for_json(out: &mut String, name: &str, names: &Names) {
    let [is, json, into_value, value, literal] =
        ["Is", "Json", "IntoValue", "Value", "Literal"].map(|name| names.template(name));
    let _ = write!(
        out,
        "impl {is}<{json}> for {name} {{}}

        impl {into_value}<{json}> for {name} {{
            fn into_value(self) -> {value}<{json}> {{
                {value}::from_expression({literal}::into_expression(self))
            }}
        }}

"
    );
}

fn enumeration(out: &mut String, item: &Enumeration, names: &Names) {
    let Enumeration { name, variants, .. } = item;
    let string = names.std("string::String");
    let _ = write!(out, "/// The values of {}.\n#[derive(Clone)]\npub enum {name} {{\n", item.of);
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
    // Deriving this, and `PartialEq`, for so many enumerations took a fifth of the time of `cargo check`.
    let _ = write!(
        out,
        "impl std::fmt::Debug for {name} {{
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
                formatter.write_str(self.as_str())
            }}
        }}

"
    );
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
    // As they are spoken: an "aitch 264", an "ess 3".
    let spelt = name.starts_with(['F', 'H', 'L', 'M', 'N', 'R', 'S', 'X'])
        && name[1..].starts_with(|second: char| second.is_ascii_digit());
    if spelt || name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }
}
