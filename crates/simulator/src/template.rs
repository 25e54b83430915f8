//! Templates as CloudFormation reads them: what it refuses before anything happens is refused here, in its words.

mod check;
mod cidr;
mod evaluate;
mod references;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tree::Tree;

pub(crate) use check::capabilities_needed;
pub(crate) use evaluate::{Looked, Scope, is_known, text};
pub(crate) use references::{imports, references, uses};

/// A template that is well formed.
#[derive(Debug)]
pub(crate) struct Template {
    /// What was uploaded.
    pub body: String,
    value: Value,
    pub tree: Tree,
    /// The logical ids that each resource refers to or depends on.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
    /// The logical ids, each after those that it depends on.
    pub order: Vec<String>,
}

impl Template {
    /// Reads a template; the error is what the service would say.
    pub fn parse(body: &str) -> Result<Self, String> {
        let tree =
            tree::parse(body).map_err(|error| format!("Template format error: JSON not well-formed. ({error})"))?;
        let value = tree.to_json();
        check::format(&value)?;
        let mut template =
            Self { body: body.to_owned(), value, tree, dependencies: BTreeMap::new(), order: Vec::new() };
        template.dependencies =
            template.resources().map(|(name, resource)| (name.clone(), references::of_resource(resource))).collect();
        check::references(&template)?;
        template.order = check::order(&template)?;
        Ok(template)
    }

    /// Lists the resources by logical id, in the order of the template.
    pub fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.section("Resources").into_iter().flatten()
    }

    pub fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.section("Resources")?.get(logical_id)
    }

    pub fn resource_type(&self, logical_id: &str) -> &str {
        self.resource(logical_id).and_then(|resource| resource["Type"].as_str()).unwrap_or_default()
    }

    /// Returns a section such as `Outputs`.
    pub fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.value.get(name)?.as_object()
    }

    /// Returns an entry of a section.
    pub fn entry(&self, section: &str, name: &str) -> Option<&Value> {
        self.section(section)?.get(name)
    }

    /// Says whether macros have to expand it.
    pub fn has_macros(&self) -> bool {
        self.value.get("Transform").is_some()
    }

    pub fn description(&self) -> Option<&str> {
        self.value.get("Description")?.as_str()
    }

    /// Returns the other resources that a resource refers to or depends on.
    pub fn own_dependencies(&self, logical_id: &str) -> BTreeSet<String> {
        self.dependencies_of(logical_id).filter(|name| self.resource(name).is_some()).cloned().collect()
    }

    /// Returns what a resource refers to or depends on.
    pub fn dependencies_of(&self, logical_id: &str) -> impl Iterator<Item = &String> {
        self.dependencies.get(logical_id).into_iter().flatten()
    }
}
