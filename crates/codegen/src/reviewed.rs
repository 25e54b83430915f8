//! What people decided and the schemas cannot know: the allow-list, slots, names, what `Ref` gives.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::model::{Property, Shape};
use crate::service::Decisions;
use crate::slot::Slot;
use crate::vendor::Schemas;

const FOLDER: &str = "crates/codegen";
const ALLOWED: &str = "allow.txt";
const SLOTS: &str = "slots.toml";
const NAMES: &str = "names.toml";
const REFERENCES: &str = "references.toml";
const MEDIACONVERT: &str = "mediaconvert.toml";

/// The reviewed decisions.
#[derive(Debug)]
pub struct Reviewed {
    /// All resource types that there are.
    pub types: BTreeSet<String>,
    /// The resource types to generate.
    pub allowed: BTreeSet<String>,
    /// What of the service model of MediaConvert to generate.
    pub mediaconvert: Decisions,
    slots: BTreeMap<String, Slot>,
    names: Names,
    references: BTreeMap<String, Reference>,
    used: RefCell<BTreeSet<String>>,
}

/// What `Ref` gives where it is not the primary identifier.
#[derive(Debug, PartialEq, Eq)]
pub enum Reference {
    /// This property.
    Property(String),
    /// Something that is no property.
    Opaque,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    arguments: BTreeMap<String, Vec<String>>,
    preferred: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct References {
    properties: BTreeMap<String, String>,
    opaque: BTreeSet<String>,
}

impl Reviewed {
    /// Reads the files of decisions.
    pub fn read(root: &Path, schemas: &Schemas) -> Result<Self> {
        let types: BTreeSet<String> = schemas.keys().cloned().collect();
        let known: BTreeSet<&str> = types.iter().map(String::as_str).collect();
        let allowed = read_allowed(root)?;
        for name in &allowed {
            ensure!(known.contains(name.as_str()), "`{name}` in `{ALLOWED}` is no resource type");
        }
        let slots: Slots = read_toml(root, SLOTS)?;
        let slots = slots
            .properties
            .into_iter()
            .map(|(path, text)| {
                let slot = Slot::parse(&text, &known).with_context(|| format!("`{path}` in `{SLOTS}`"))?;
                Ok((path, slot))
            })
            .collect::<Result<_>>()?;
        let References { properties, opaque } = read_toml(root, REFERENCES)?;
        let opaque = opaque.into_iter().map(|name| (name, Reference::Opaque));
        let references = properties
            .into_iter()
            .map(|(name, property)| (name, Reference::Property(property)))
            .chain(opaque)
            .collect();
        let names: Names = read_toml(root, NAMES)?;
        let mediaconvert = read_toml(root, MEDIACONVERT)?;
        Ok(Self { allowed, mediaconvert, slots, names, references, used: RefCell::default(), types })
    }

    /// Returns the reviewed slot of a property, which must be able to hold it.
    ///
    /// `*.Property` stands for properties of that name wherever they are JSON.
    pub fn slot(&self, path: &str, found: Shape) -> Option<Slot> {
        if let Some(slot) = self.slots.get(path) {
            self.note(path);
            return Some(slot.clone());
        }
        let general = format!("*.{}", path.rsplit('.').next().unwrap_or_default());
        let slot = self.slots.get(&general).filter(|_| found == Shape::Json);
        if slot.is_some() {
            self.note(&general);
        }
        slot.cloned()
    }

    /// Returns the reviewed kind of an attribute.
    pub fn attribute(&self, path: &str) -> Option<Slot> {
        let slot = self.slots.get(path);
        if slot.is_some() {
            self.note(path);
        }
        slot.cloned()
    }

    /// Returns what `Ref` gives for a type, where it is not the primary identifier.
    pub fn reference(&self, type_name: &str) -> Option<&Reference> {
        let reference = self.references.get(type_name);
        if reference.is_some() {
            self.note(&format!("Ref {type_name}"));
        }
        reference
    }

    /// Puts the required properties of a structure into the order of the arguments of `new`: what names a thing before
    /// what describes it, and by name among equals, unless an order was reviewed.
    pub fn order_arguments(&self, type_name: &str, structure: &str, required: &mut [Property]) -> Result<()> {
        required.sort_by(|left, right| (left.slot.rank(), &left.name).cmp(&(right.slot.rank(), &right.name)));
        let resource = crate::names::type_ident(crate::names::resource_name(type_name));
        let key = if structure == resource { type_name.to_owned() } else { format!("{type_name}.{structure}") };
        let Some(order) = self.names.arguments.get(&key) else { return Ok(()) };
        self.note(&format!("new {key}"));
        let position = |property: &Property| order.iter().position(|name| *name == property.name);
        if order.len() != required.len() || required.iter().any(|property| position(property).is_none()) {
            let names: Vec<&str> = required.iter().map(|property| property.name.as_str()).collect();
            bail!("`{key}` in `{NAMES}` should order {names:?}, but orders {order:?}");
        }
        required.sort_by_key(position);
        Ok(())
    }

    /// Tells whether the property types of a resource keep their short names where others of the service have the same.
    pub fn is_preferred(&self, type_name: &str) -> bool {
        self.names.preferred.contains(type_name)
    }

    /// Lists the resource types that some decision is about, so that each decision can be tried.
    pub fn decided(&self) -> BTreeSet<String> {
        let of = |key: &String| key.split('.').next().unwrap_or_default().to_owned();
        let slots = self.slots.keys().map(of).filter(|name| name != "*");
        let names = self.names.arguments.keys().map(of).chain(self.names.preferred.iter().cloned());
        // The settings of a service, which are no resource type, are always tried.
        let resources = |name: &String| name.contains("::");
        slots.chain(names).chain(self.references.keys().cloned()).filter(resources).collect()
    }

    /// Fails if a decision has nothing to decide, once all types that some decision is about were modelled.
    pub fn refuse_unused(&self) -> Result<()> {
        let used = self.used.borrow();
        let slots = self.slots.keys().map(|path| (path.clone(), SLOTS, path));
        let arguments = self.names.arguments.keys().map(|key| (format!("new {key}"), NAMES, key));
        let references = self.references.keys().map(|name| (format!("Ref {name}"), REFERENCES, name));
        let unused: Vec<String> = slots
            .chain(arguments)
            .chain(references)
            .filter(|(key, ..)| !used.contains(key))
            .map(|(_, file, key)| format!("`{key}` in `{file}`"))
            .collect();
        ensure!(unused.is_empty(), "there is nothing of this name any more; take it out: {}", unused.join(", "));
        Ok(())
    }

    fn note(&self, key: &str) {
        self.used.borrow_mut().insert(key.to_owned());
    }
}

/// Adds a resource type to the allow-list, which stays sorted.
pub fn allow(root: &Path, type_name: &str) -> Result<bool> {
    let mut allowed = read_allowed(root)?;
    let added = allowed.insert(type_name.to_owned());
    let path = path(root, ALLOWED);
    let text = fs::read_to_string(&path)?;
    let comments = text.lines().take_while(|line| line.starts_with('#') || line.is_empty());
    let lines: Vec<&str> = comments.chain(allowed.iter().map(String::as_str)).collect();
    fs::write(&path, lines.join("\n") + "\n")?;
    Ok(added)
}

fn read_allowed(root: &Path) -> Result<BTreeSet<String>> {
    let path = path(root, ALLOWED);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

fn read_toml<T: for<'a> Deserialize<'a>>(root: &Path, file: &str) -> Result<T> {
    let path = path(root, file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("`{}`", path.display()))
}

fn path(root: &Path, file: &str) -> PathBuf {
    root.join(FOLDER).join(file)
}
