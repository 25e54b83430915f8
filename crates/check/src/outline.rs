use std::collections::{BTreeMap, BTreeSet};

use tree::{Entry, Map, Tree};

use crate::conditions::Conditions;
use crate::kinds::Kinds;

use crate::references::exports;
pub(crate) use tree::intrinsic::{branches, function, is_no_value};

/// What a template declares, so that references can be looked up.
pub(crate) struct Outline<'t> {
    pub name: &'t str,
    pub tree: &'t Tree,
    pub parameters: BTreeMap<&'t str, &'t Tree>,
    pub resources: BTreeMap<&'t str, Resource<'t>>,
    pub mappings: BTreeMap<&'t str, &'t Tree>,
    pub conditions: Conditions<'t>,
    /// Whether the template is transformed by `AWS::LanguageExtensions`.
    pub extended: bool,
    /// Whether a macro such as `AWS::Serverless-2016-10-31` may add resources, sections and more.
    pub transformed: bool,
    /// Whether a loop or an included file declares names that cannot be read off the template.
    pub open: bool,
    /// The literal names under which outputs are exported.
    pub exports: BTreeSet<&'t str>,
    /// The names of the modules, which add resources whose names begin with theirs.
    modules: Vec<&'t str>,
}

/// A declared resource.
#[derive(Clone, Copy)]
pub(crate) struct Resource<'t> {
    pub tree: &'t Tree,
    pub type_name: Option<&'t str>,
    pub condition: Option<&'t str>,
}

impl<'t> Outline<'t> {
    pub fn read(name: &'t str, tree: &'t Tree) -> Self {
        let parameters: BTreeMap<_, _> = declarations(tree, "Parameters").collect();
        let resource = |tree: &'t Tree| Resource {
            tree,
            type_name: tree.get("Type").and_then(Tree::as_str),
            condition: tree.get("Condition").and_then(Tree::as_str),
        };
        let sections = ["Resources", "Conditions", "Mappings", "Parameters"];
        let generated = |entry: &Entry| entry.key == "Fn::Transform" || entry.key.starts_with("Fn::ForEach::");
        let resources: BTreeMap<_, _> =
            declarations(tree, "Resources").map(|(name, tree)| (name, resource(tree))).collect();
        let is_module = |one: &Resource<'_>| one.type_name.is_some_and(|name| name.ends_with("::MODULE"));
        Self {
            name,
            tree,
            exports: tree
                .get("Outputs")
                .and_then(Tree::as_map)
                .into_iter()
                .flatten()
                .filter_map(exports::exported)
                .collect(),
            modules: resources.iter().filter(|(_, one)| is_module(one)).map(|(id, _)| *id).collect(),
            resources,
            mappings: declarations(tree, "Mappings").collect(),
            conditions: Conditions::read(declarations(tree, "Conditions"), &parameters),
            parameters,
            extended: transforms(tree).any(|name| name == "AWS::LanguageExtensions"),
            transformed: transforms(tree).any(|name| name != "AWS::LanguageExtensions"),
            open: tree.get("Fn::Transform").is_some()
                || sections.iter().filter_map(|section| tree.get(section)?.as_map()).flatten().any(generated),
        }
    }

    /// Lists the resources in the order of the template.
    pub fn resource_entries(&self) -> impl Iterator<Item = &'t Entry> {
        let resources = self.tree.get("Resources").and_then(Tree::as_map);
        resources.into_iter().flatten().filter(|entry| !entry.key.starts_with("Fn::"))
    }

    /// Tells whether a reference to a name that is declared nowhere may still be right.
    pub fn may_have(&self, name: &str) -> bool {
        self.transformed || self.open || self.modules.iter().any(|module| name.starts_with(module))
    }

    /// Tells what `Ref` of this name gives.
    pub fn kinds_of_ref(&self, name: &str) -> Kinds {
        match self.parameters.get(name) {
            Some(parameter) => match parameter.get("Type").and_then(Tree::as_str) {
                Some(type_name) if type_name == "CommaDelimitedList" || type_name.contains("List<") => Kinds::LIST,
                Some("AWS::SSM::Parameter::Value<CommaDelimitedList>") => Kinds::LIST,
                Some(_) => Kinds::TEXT,
                None => Kinds::ANY,
            },
            None if name == "AWS::NotificationARNs" => Kinds::LIST,
            None if name == "AWS::NoValue" => Kinds::ANY,
            None if self.resources.contains_key(name) || name.starts_with("AWS::") => Kinds::TEXT,
            None => Kinds::ANY,
        }
    }
}

fn declarations<'t>(tree: &'t Tree, section: &str) -> impl Iterator<Item = (&'t str, &'t Tree)> {
    let entries = tree.get(section).and_then(Tree::as_map).map(Map::iter).into_iter().flatten();
    // Of two entries with the same key the first one counts here; that there are two is a finding of its own.
    let mut entries: Vec<_> = entries.map(|entry| (entry.key.as_str(), &entry.value)).collect();
    entries.reverse();
    entries.into_iter().filter(|(name, _)| !name.starts_with("Fn::"))
}

fn transforms(tree: &Tree) -> impl Iterator<Item = &str> {
    let declared = tree.get("Transform");
    let list = declared.map(|transform| transform.as_list().unwrap_or(std::slice::from_ref(transform)));
    list.into_iter().flatten().map(|transform| transform.get("Name").unwrap_or(transform).as_str().unwrap_or_default())
}

/// Returns what stands inside a dynamic reference such as `{{resolve:ssm:/name}}`.
pub(crate) fn is_dynamic(text: &str) -> bool {
    text.contains("{{resolve:")
}
