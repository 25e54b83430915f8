//! The files that hold the others together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{MEDIACONVERT, declared, resource_module};
use crate::model::Model;
use crate::names;
use crate::reviewed::Reviewed;
use crate::vendor::Schemas;

/// The tag of all services. Written here, for no schema has it once.
pub const TAG: &str = "\
use template::{Expression, IntoValue, Is, Literal, Properties, Value};

/// A key and a value that a resource is found by; a pair of strings may stand for it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tag(Properties);

impl Tag {
    /// Makes a tag.
    #[track_caller]
    pub fn new(key: impl IntoValue<String>, value: impl IntoValue<String>) -> Self {
        Self(Properties::new().require_value(\"Key\", key).require_value(\"Value\", value))
    }
}

impl Literal for Tag {
    fn into_expression(self) -> Expression {
        self.0.into()
    }
}

impl Is<Self> for Tag {}

impl<K: IntoValue<String>, V: IntoValue<String>> IntoValue<Tag> for (K, V) {
    #[track_caller]
    fn into_value(self) -> Value<Tag> {
        Tag::new(self.0, self.1).into_value()
    }
}
";

/// Writes `lib.rs`.
pub fn library(services: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "//! The resource types of CloudFormation, one module per service and one file per resource.
         //!
         //! - Names are CloudFormation's own; setters are properties in snake case, with an underscore after a keyword
         //!   (`type_`).
         //! - `new` takes what is required: what names a thing comes before what describes it. Everything else has one setter.
         //! - A list may stand for a property type whose sole required property it is.
         //! - An enumeration takes values that are newer than it as `Other`; `raw` sets a property that is newer.
         //! - Property types are in the module of their service, unless several resources have one of the same name: then in
         //!   the module of their resource, such as `sns::topic::Subscription`.
         //! - [`kind`] has a marker for every resource type, so that a slot can say whose ARN, id or name it wants.
         //! - [`mediaconvert::settings`] has what MediaConvert's own API calls settings, in the same shape.

         #![allow(
             clippy::doc_lazy_continuation,
             clippy::doc_link_with_quotes,
             clippy::doc_markdown,
             clippy::new_without_default,
             clippy::should_implement_trait,
             clippy::similar_names,
             clippy::too_many_arguments,
             clippy::wrong_self_convention,
             reason = \"names and prose are AWS's, and which of these they break depends on the allow-list\"
         )]

         pub mod kind;
         mod tag;
",
    );
    for service in services {
        let _ = writeln!(text, "pub mod {service};");
    }
    text.push_str("\npub use self::tag::Tag;\n");
    text
}

/// Writes the `mod.rs` of a service.
pub fn service(models: &[&Model], schemas: &Schemas, reviewed: &Reviewed) -> String {
    let name = models.first().map(|model| model.type_name.rsplit_once("::").map_or("", |(service, _)| service));
    let mut text = format!("//! The resource types of `{}`.\n\n", name.unwrap_or_default());
    for model in models {
        let _ = writeln!(text, "pub mod {};", resource_module(&model.type_name));
    }
    if models.iter().any(|model| names::service_module(&model.type_name) == MEDIACONVERT.1) {
        text.push_str("pub mod settings;\n");
    }
    text.push('\n');
    let owners = owners(models, schemas, reviewed);
    for model in models {
        let own: Vec<String> = declared(model)
            .into_iter()
            .filter(|name| owners.get(name).is_none_or(|owner| *owner == model.type_name))
            .collect();
        let _ = writeln!(text, "pub use self::{}::{{{}}};", resource_module(&model.type_name), own.join(", "));
    }
    text
}

/// Says whose a short name is, wherever several resources of the service would have it.
///
/// Types off the allow-list count as well, so that adding one renames nothing.
fn owners(models: &[&Model], schemas: &Schemas, reviewed: &Reviewed) -> BTreeMap<String, String> {
    let Some(service) = models.first().map(|model| names::service_module(&model.type_name)) else {
        return BTreeMap::new();
    };
    let mut claims: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut resources = BTreeMap::new();
    for (type_name, schema) in schemas.iter().filter(|(name, _)| names::service_module(name) == service) {
        let resource = names::type_ident(names::resource_name(type_name));
        for name in [format!("{resource}Ref"), resource] {
            resources.insert(name, type_name.clone());
        }
        let definitions = schema.get("definitions").and_then(serde_json::Value::as_object);
        for definition in definitions.into_iter().flat_map(serde_json::Map::keys) {
            claims.entry(names::type_ident(definition)).or_default().push(type_name.clone());
        }
    }
    for model in models {
        for name in declared(model) {
            let claims = claims.entry(name).or_default();
            if !claims.contains(&model.type_name) {
                claims.push(model.type_name.clone());
            }
        }
    }
    let mut owners: BTreeMap<String, String> = claims
        .into_iter()
        .filter(|(_, types)| types.len() > 1)
        .map(|(name, types)| {
            let preferred: Vec<String> = types.into_iter().filter(|name| reviewed.is_preferred(name)).collect();
            // Nobody's, unless exactly one of them is preferred.
            let owner = if let [owner] = preferred.as_slice() { owner.clone() } else { String::new() };
            (name, owner)
        })
        .collect();
    owners.extend(resources);
    owners
}

/// Writes `kind.rs`.
pub fn kinds<'a>(type_names: impl Iterator<Item = &'a str>) -> String {
    let mut services: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for type_name in type_names {
        services.entry(names::service_module(type_name)).or_default().push(type_name);
    }
    let mut text = String::from(
        "//! Markers for all resource types of CloudFormation: the `R` of an `Arn<R>`, `Id<R>` or `Name<R>`.\n\n",
    );
    for (service, type_names) in services {
        let _ = writeln!(
            text,
            "/// Resource types of `{}`.\npub mod {service} {{",
            type_names[0].rsplit_once("::").map_or("", |(service, _)| service)
        );
        for type_name in type_names {
            let _ = writeln!(
                text,
                "/// `{type_name}`\npub enum {} {{}}",
                names::type_ident(names::resource_name(type_name))
            );
        }
        text.push_str("}\n\n");
    }
    text
}
