//! Structures of which one property names what the others are for: a codec, and the settings of each codec.

use std::collections::BTreeMap;

use super::{Item, Property, Structure};
use crate::names;
use crate::slot::Slot;

/// The properties of a structure of which exactly one belongs to what is chosen.
#[derive(Debug, PartialEq)]
pub struct Union {
    /// The property that names the choice: an enumeration.
    pub by: Property,
    /// What may be chosen, in the order of the enumeration.
    pub choices: Vec<Choice>,
}

/// One value of the enumeration, and what belongs to it.
#[derive(Debug, PartialEq)]
pub struct Choice {
    /// The name of the constructor.
    pub constructor: String,
    /// The variant.
    pub variant: String,
    /// The value.
    pub value: String,
    /// The property that belongs to it, if any does.
    pub property: Option<Property>,
}

/// What a property may be called beside the value that it belongs to: `H_264` and `H264Settings`.
const ENDINGS: [&str; 5] = ["GroupSettings", "DestinationSettings", "ProfileSettings", "Settings", ""];

/// Finds the unions: structures that have an enumeration and at least two structures, each of which belongs to one value.
pub fn unite(items: &mut BTreeMap<String, Item>) {
    let found: Vec<(String, Union)> = items
        .iter()
        .filter_map(|(name, item)| match item {
            Item::Structure(structure) => Some((name.clone(), find(structure, items)?)),
            Item::Enumeration(_) => None,
        })
        .collect();
    for (name, union) in found {
        if let Some(Item::Structure(structure)) = items.get_mut(&name) {
            let chosen = |property: &Property| {
                union.choices.iter().any(|choice| choice.property.as_ref() == Some(property)) || *property == union.by
            };
            structure.optional.retain(|property| !chosen(property));
            structure.union = Some(union);
        }
    }
}

fn find(structure: &Structure, items: &BTreeMap<String, Item>) -> Option<Union> {
    let settings: Vec<&Property> = structure.optional.iter().filter(|property| is_settings(&property.slot)).collect();
    if settings.len() < 2 || !structure.required.is_empty() {
        return None;
    }
    structure.optional.iter().find_map(|by| {
        let Slot::Enumeration(enumeration) = &by.slot else { return None };
        let Some(Item::Enumeration(enumeration)) = items.get(enumeration) else { return None };
        let choices: Vec<Choice> = enumeration
            .variants
            .iter()
            .map(|(variant, value)| {
                let property = settings.iter().find(|property| stem(&property.name, value).is_some());
                let constructor = match property.and_then(|property| stem(&property.name, value)) {
                    Some(stem) => names::snake(stem),
                    None => names::snake(&value.to_lowercase()),
                };
                let taken = ["new", "other", "raw"].contains(&constructor.as_str());
                Choice {
                    constructor: if taken { constructor + "_" } else { constructor },
                    variant: variant.clone(),
                    value: value.clone(),
                    property: property.map(|property| (*property).clone()),
                }
            })
            .collect();
        let belongs = |property: &&Property| choices.iter().any(|choice| choice.property.as_ref() == Some(*property));
        settings.iter().all(belongs).then(|| Union { by: by.clone(), choices })
    })
}

fn is_settings(slot: &Slot) -> bool {
    match slot {
        Slot::Structure(_) => true,
        Slot::List(element) => is_settings(element),
        _ => false,
    }
}

/// Returns what a property is called without its ending, if it belongs to a value.
fn stem<'n>(property: &'n str, value: &str) -> Option<&'n str> {
    let stems = || ENDINGS.into_iter().filter_map(|ending| property.strip_suffix(ending));
    stems().any(|stem| letters(stem) == letters(value)).then(|| stems().next()).flatten()
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_belongs_to_the_value_that_it_is_named_after() {
        for (property, value, expected) in [
            ("H264Settings", "H_264", Some("H264")),
            ("HlsGroupSettings", "HLS_GROUP_SETTINGS", Some("Hls")),
            ("BurninDestinationSettings", "BURN_IN", Some("Burnin")),
            ("Xavc4kIntraCbgProfileSettings", "XAVC_4K_INTRA_CBG", Some("Xavc4kIntraCbg")),
            ("AllowedRenditions", "ALLOWED_RENDITIONS", Some("AllowedRenditions")),
            ("EmbeddedDestinationSettings", "EMBEDDED_PLUS_SCTE20", None),
            ("Eac3Settings", "EAC3_ATMOS", None),
        ] {
            assert_eq!(stem(property, value), expected, "{property} {value}");
        }
    }
}
