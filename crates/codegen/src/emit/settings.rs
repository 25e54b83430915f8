//! The settings of a service: one file per structure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use super::{Sources, file};
use crate::model::{Item, Settings, Structure};
use crate::names;
use crate::slot::Slot;

const INTRODUCTION: &str = "\
//! The settings of MediaConvert's jobs, job templates and presets.
//!
//! Types and properties are those of MediaConvert's API, in the `PascalCase` that CloudFormation and Step Functions want:
//!
//! - [`JobTemplateSettings`] for `AWS::MediaConvert::JobTemplate`, [`PresetSettings`] for `AWS::MediaConvert::Preset`;
//! - [`CreateJobRequest`], or its [`JobSettings`] alone, for the arguments of the task `mediaconvert:createJob`.
//!
//! Where one property names what another one is for, such as a codec and its settings, both are set by one constructor:
//! `VideoCodecSettings::h264(H264Settings::new())`. What MediaConvert requires under a condition only is left to checks.

";

/// Writes the files of the module `settings`, by path from it.
pub fn settings(settings: &Settings, service: &str) -> Sources {
    let mut sources = Sources::new();
    let mut modules = String::from(INTRODUCTION);
    let mut exports = String::new();
    for (structure, items) in files(settings) {
        let module = names::snake(structure);
        let names: Vec<&str> = items.iter().map(|item| item.name()).collect();
        let _ = writeln!(modules, "mod {module};");
        let _ = writeln!(exports, "pub use self::{module}::{{{}}};", names.join(", "));
        let text = file::settings_file(&items, &settings.roots, service);
        sources.insert(PathBuf::from(module).with_extension("rs"), text);
    }
    sources.insert("mod.rs".into(), format!("{modules}\n{exports}"));
    sources
}

/// Sorts the items into files: a structure, and the enumerations of which it is the first to have a property.
fn files(settings: &Settings) -> BTreeMap<&str, Vec<&Item>> {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut files: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for (name, item) in &settings.items {
        let Item::Structure(structure) = item else { continue };
        let mut items = vec![item];
        for enumeration in enumerations(structure) {
            if let Some(item) = settings.items.get(enumeration).filter(|_| placed.insert(enumeration)) {
                items.push(item);
            }
        }
        items[1..].sort_by_key(|item| item.name());
        files.insert(name, items);
    }
    files
}

/// Lists the enumerations that a structure has properties of.
fn enumerations(structure: &Structure) -> impl Iterator<Item = &str> {
    let by = structure.union.iter().map(|union| &union.by);
    structure.required.iter().chain(&structure.optional).chain(by).filter_map(|property| {
        let mut slot = &property.slot;
        while let Slot::List(inner) | Slot::Map(inner) = slot {
            slot = inner;
        }
        match slot {
            Slot::Enumeration(name) => Some(name.as_str()),
            _ => None,
        }
    })
}
