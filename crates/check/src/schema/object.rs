//! Objects: which properties there may be, and which there must be.

use std::collections::BTreeSet;

use serde_json::Value;
use tree::{Entry, Map};

use super::scalar::range;
use super::value::types;
use super::{EXCLUSIVE, Fault, ITEMS, ONE_OF, REQUIRED, TOGETHER, UNKNOWN_PROPERTY, Validation};
use crate::place::Place;
use crate::words::{all_of, any_of, counted, did_you_mean, quoted};

/// With more properties than this a hint that lists them all is no help.
const LISTED: usize = 8;

impl<'t> Validation<'_, 't> {
    pub(super) fn object(&self, map: &'t Map, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        // Loops and macros add properties that nobody sees here.
        let is_open = map.keys().any(|key| key == "Fn::Transform" || key.starts_with("Fn::ForEach::"));
        let mut certain = !is_open;
        let mut present = BTreeSet::new();
        for entry in map.iter().filter(|entry| !entry.key.starts_with("Fn::")) {
            if self.settled(&entry.value).is_some() {
                present.insert(entry.key.as_str());
                certain &= self.property(entry, schema, place, faults);
            }
        }
        if !is_open {
            self.presence(&present, schema, place, faults);
            self.count(present.len(), schema, place, faults);
        }
        certain
    }

    fn property(&self, entry: &'t Entry, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        let place = place.entry(entry);
        if let Some(property) = schema.get("properties").and_then(|properties| properties.get(&entry.key)) {
            return self.value(&entry.value, property, &place, faults);
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let fitting =
            patterns.and_then(|patterns| patterns.iter().find(|(name, _)| self.patterns.fits(name, &entry.key)));
        match (fitting, schema.get("additionalProperties")) {
            (Some((_, property)), _) => self.value(&entry.value, property, &place, faults),
            (None, Some(Value::Bool(false))) => {
                faults.push(self.unknown_property(entry, schema, &place));
                true
            }
            (None, Some(property @ Value::Object(_))) => self.value(&entry.value, property, &place, faults),
            (None, _) => true,
        }
    }

    fn unknown_property(&self, entry: &Entry, schema: &Value, place: &Place<'_>) -> Fault {
        // What only AWS sets is no help to somebody who looks for a name.
        let is_root = std::ptr::eq(schema, self.root);
        let read_only = |name: &str| {
            is_root
                && names(self.root.get("readOnlyProperties"))
                    .any(|path| path.strip_prefix("/properties/") == Some(name))
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let known = || properties.into_iter().flatten().map(|(name, _)| name.as_str()).filter(|name| !read_only(name));
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let place = &place.at(entry.origin);
        let owner = place.parent().map_or_else(|| self.name.to_owned(), |parent| self.named(parent));
        let mut finding = UNKNOWN_PROPERTY.at(place, format!("`{owner}` has no property {}", quoted(&entry.key)));
        finding.hint = did_you_mean(&entry.key, known()).or_else(|| match (known().count(), patterns) {
            (0, Some(patterns)) => Some(format!("names match {}", any_of(patterns.keys().map(String::as_str)))),
            (0, None) => None,
            (1..=LISTED, _) => Some(format!("its properties are {}", all_of(known()))),
            _ => None,
        });
        Fault { finding, must: None, weight: 4 }
    }

    /// Checks which properties are there and which are not.
    fn presence(&self, present: &BTreeSet<&str>, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        for name in names(schema.get("required")).filter(|name| !present.contains(name)) {
            faults.push(self.missing(name, schema, present, place));
        }
        let groups = |keyword: &str| schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (name, others) in groups("dependentRequired").chain(groups("dependencies")) {
            let missing = names(Some(others)).filter(|other| !present.contains(other));
            for other in missing.filter(|_| present.contains(name.as_str())) {
                let message = format!("`{}` has `{name}`, which needs `{other}` as well", self.named(place));
                faults.push(absence(TOGETHER.at(place, message)));
            }
        }
        for (name, others) in groups("dependentExcluded").filter(|(name, _)| present.contains(name.as_str())) {
            // Two that exclude each other are listed twice, and reported once.
            let excluded = names(Some(others)).filter(|other| present.contains(other));
            let listed = |other: &str| {
                schema["dependentExcluded"].get(other).is_some_and(|list| names(Some(list)).any(|own| own == name))
            };
            for other in excluded.filter(|other| !listed(other) || name.as_str() < *other) {
                let message = format!("`{}` has `{name}` and `{other}`, which exclude each other", self.named(place));
                faults.push(absence(EXCLUSIVE.at(place, message).hint("keep one of the two")));
            }
        }
        if let Some(list) = schema.get("requiredXor") {
            let found: Vec<&str> = names(Some(list)).filter(|name| present.contains(name)).collect();
            match found.as_slice() {
                [_] => {}
                [] => faults.push(self.none_of(list, place)),
                several => {
                    let message = format!(
                        "`{}` has {}, which exclude each other",
                        self.named(place),
                        all_of(several.iter().copied())
                    );
                    faults.push(absence(EXCLUSIVE.at(place, message).hint("keep one of them")));
                }
            }
        }
        if let Some(list) = schema.get("requiredOr")
            && !names(Some(list)).any(|name| present.contains(name))
        {
            faults.push(self.none_of(list, place));
        }
    }

    fn missing(&self, name: &str, schema: &Value, present: &BTreeSet<&str>, place: &Place<'_>) -> Fault {
        let mut finding = REQUIRED.at(place, format!("`{}` lacks `{name}`, which is required", self.named(place)));
        let known = |own: &str| schema.get("properties").is_some_and(|properties| properties.get(own).is_some());
        let misspelt = crate::words::similar(name, present.iter().copied().filter(|own| !known(own)));
        finding.hint = misspelt.map(|own| format!("is `{own}` meant to be `{name}`?")).or_else(|| {
            let property = self.resolved(schema.get("properties")?.get(name)?);
            Some(format!("add `{name}`, {}", types(Some(property.get("type")?))))
        });
        absence(finding)
    }

    fn none_of(&self, list: &Value, place: &Place<'_>) -> Fault {
        let message = format!("`{}` needs {}, but has none of them", self.named(place), any_of(names(Some(list))));
        absence(ONE_OF.at(place, message))
    }

    fn count(&self, number: usize, schema: &Value, place: &Place<'_>, faults: &mut Vec<Fault>) {
        let limit = |keyword| schema.get(keyword).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let (low, high) = (limit("minProperties"), limit("maxProperties"));
        if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
            let range = range(low, high);
            let message = format!("`{}` has {}, but must have {range}", self.named(place), counted(number, "property"));
            faults.push(absence(ITEMS.at(place, message)));
        }
    }
}

fn absence(finding: tree::Finding) -> Fault {
    Fault { finding, must: None, weight: super::ABSENT }
}

/// Reads a list of names.
pub(super) fn names(list: Option<&Value>) -> impl Iterator<Item = &str> + Clone {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
