//! What has to stay in a template for an export of the one before.

use std::collections::BTreeSet;

use tree::intrinsic::function;
use tree::{Entry, Map, Node, Origin, Tree};

use super::references::{Used, entries, used, used_by_resource};

/// An output with its export, and what it is made of, as far as the new template does not have it.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    output: Entry,
    /// By section.
    parts: Vec<(&'static str, Entry)>,
}

impl Keeping {
    /// Finds what has to stay, so that an output has the same value under the new template; nothing if that is not possible.
    ///
    /// `stays` says of a resource of both templates whether it is the same one afterwards.
    pub(crate) fn of(output: &Entry, old: &Tree, new: &Tree, stays: &dyn Fn(&str) -> bool) -> Option<Self> {
        let mut parts = Vec::new();
        let mut seen: BTreeSet<(&'static str, &str)> = BTreeSet::new();
        let mut queue = used_by_resource(&output.value);
        while let Some(next) = queue.pop() {
            let places: &[(&'static str, &str)] = &match next {
                Used::Name { name, .. } | Used::Dependency(name) => [("Resources", name), ("Parameters", name)],
                Used::Condition(name) => [("Conditions", name); 2],
                Used::Mapping(name) => [("Mappings", name); 2],
                Used::Import(_) => continue,
            };
            // Pseudo parameters are in no section.
            let found = places.iter().find_map(|(section, name)| Some((*section, entry(old, section, name)?)));
            let Some((section, entry)) = found.filter(|(section, entry)| seen.insert((section, &entry.key))) else {
                continue;
            };
            match self::entry(new, section, &entry.key) {
                Some(_) if section == "Resources" && stays(&entry.key) => {}
                Some(now) if section != "Resources" && same_but_for_words(&entry.value, &now.value) => {}
                Some(_) => return None,
                None if section == "Resources" && is_taken(&entry.value, new) => return None,
                None => {
                    queue.extend(used_by_resource(&entry.value));
                    parts.push((section, entry.clone()));
                }
            }
        }
        Some(Self { output: output.clone(), parts })
    }

    /// Makes the same with another version of each part.
    pub(crate) fn with(&self, change: impl Fn(&Tree) -> Tree) -> Self {
        let change = |entry: &Entry| Entry { value: change(&entry.value), ..entry.clone() };
        let parts = self.parts.iter().map(|(section, entry)| (*section, change(entry)));
        Self { output: change(&self.output), parts: parts.collect() }
    }

    /// Puts it into a template.
    pub(crate) fn put_into(&self, template: &mut Tree) {
        for (name, entry) in &self.parts {
            if let Some(section) = section(template, name)
                && section.get(&entry.key).is_none()
            {
                section.push_entry(entry.clone());
            }
        }
        let Some(outputs) = section(template, "Outputs") else { return };
        let mut entry = self.output.clone();
        while let Some(taken) = outputs.get_mut(&entry.key) {
            if let Node::Map(own) = &mut taken.node
                && own.get("Value") == entry.value.get("Value")
                && own.get("Condition") == entry.value.get("Condition")
                && own.get("Export").is_none_or(|export| Some(export) == entry.value.get("Export"))
            {
                if let (None, Some(export)) = (own.get("Export"), entry.value.get("Export")) {
                    own.push("Export", export.clone());
                }
                return;
            }
            entry.key.push_str("Kept");
        }
        outputs.push_entry(entry);
    }
}

/// Finds an entry of a section of a template.
pub(crate) fn entry<'t>(template: &'t Tree, section: &str, name: &str) -> Option<&'t Entry> {
    template.get(section)?.as_map()?.entry(name)
}

/// Returns a section of a template, to add to it; nothing only of what is no template.
pub(crate) fn section<'t>(template: &'t mut Tree, name: &str) -> Option<&'t mut Map> {
    let Node::Map(map) = &mut template.node else { return None };
    if map.get(name).is_none_or(|section| section.as_map().is_none()) {
        *map = std::mem::take(map).into_iter().filter(|entry| entry.key != name).collect();
        map.push(name, Tree::new(Node::Map(Map::default()), Origin::Unknown));
    }
    match &mut map.get_mut(name)?.node {
        Node::Map(section) => Some(section),
        _ => None,
    }
}

/// Tells whether two parameters, conditions or mappings do the same.
fn same_but_for_words(old: &Tree, new: &Tree) -> bool {
    let telling = |tree: &Tree| -> Vec<Entry> {
        entries(Some(tree)).filter(|entry| entry.key != "Description").cloned().collect()
    };
    telling(old) == telling(new)
}

/// Tells whether the new template gives the name of a resource to another one: there cannot be two.
fn is_taken(resource: &Tree, new: &Tree) -> bool {
    let Some(name) = given_name(resource) else { return false };
    let same_type = |other: &&Entry| other.value.get("Type") == resource.get("Type");
    entries(new.get("Resources")).filter(same_type).any(|other| given_name(&other.value) == Some(name))
}

/// Returns the name that a template gives to a resource, where it means the same in any stack.
pub(crate) fn given_name(resource: &Tree) -> Option<&Tree> {
    let resource_type = resource.get("Type")?.as_str()?;
    let last = resource_type.rsplit("::").next().unwrap_or_default();
    let properties = resource.get("Properties")?;
    let schema = schemas::schema(resource_type);
    let sole = schema.and_then(|schema| {
        let mut identifiers = schema.primary_identifier();
        let sole = identifiers.next()?;
        identifiers.next().is_none().then_some(sole)
    });
    let name = ["Name", &format!("{last}Name")].into_iter().chain(sole).find_map(|name| properties.get(name))?;
    let everywhere = ["AWS::AccountId", "AWS::Region", "AWS::Partition"];
    let is_everywhere = |used: &Used<'_>| matches!(used, Used::Name { name, .. } if everywhere.contains(name));
    let is_text = name.as_str().is_some() || function(name).is_some();
    (is_text && used(name).iter().all(is_everywhere)).then_some(name)
}
