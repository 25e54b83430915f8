//! Objects: which properties there may be, and which there must be.

use tree::{Entry, Map};

use super::scalar::{is_outside, limit, range};
use super::value::types;
use super::{EXCLUSIVE, Fault, ITEMS, Keyword, Keywords, ONE_OF, REQUIRED, TOGETHER, UNKNOWN_PROPERTY, Validation};
use crate::place::Place;
use crate::words::{all_of, any_of, counted, did_you_mean, quoted};

/// With more properties than this a hint that lists them all is no help.
const LISTED: usize = 8;

impl<'t> Validation<'_, 't> {
    pub(super) fn object(&self, map: &'t Map, keywords: Keywords, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        // Loops and macros add properties that nobody sees here.
        let is_open = map.keys().any(|key| key == "Fn::Transform" || key.starts_with("Fn::ForEach::"));
        let mut certain = !is_open;
        let mut present = Vec::with_capacity(map.len());
        let known = Known::of(keywords);
        for entry in map.iter().filter(|entry| !entry.key.starts_with("Fn::")) {
            if self.settled(&entry.value).is_some() {
                present.push(entry.key.as_str());
                certain &= self.property(entry, &known, place, faults);
            }
        }
        if !is_open {
            self.presence(&present, keywords, place, faults);
        }
        certain
    }

    fn property(&self, entry: &'t Entry, known: &Known, place: &Place<'_>, faults: &mut Vec<Fault>) -> bool {
        let place = place.entry(entry);
        let by_name = known.properties.and_then(|properties| properties.get(&entry.key));
        let fits = |(name, _): &(&str, Keyword)| self.patterns.fits(name, &entry.key);
        let by_pattern = || known.patterns?.iter().find(fits).map(|(_, property)| property);
        match by_name.or_else(by_pattern).or(known.others) {
            Some(property) if property.as_bool() == Some(false) => {
                faults.push(self.unknown_property(entry, known, &place));
                true
            }
            Some(property) => self.value(&entry.value, property, &place, faults),
            None => true,
        }
    }

    fn unknown_property(&self, entry: &Entry, known: &Known, place: &Place<'_>) -> Fault {
        let place = &place.at(entry.origin);
        let owner = place.parent().map_or_else(|| self.name.to_owned(), |parent| self.named(parent));
        let mut finding = UNKNOWN_PROPERTY.at(place, format!("`{owner}` has no property {}", quoted(&entry.key)));
        // What only AWS sets is no help to somebody who looks for a name.
        let own = known.properties;
        let is_root = own.is_some() && own == self.root.get("properties").and_then(Keyword::as_object);
        let read_only: Vec<&str> = names(self.root.get("readOnlyProperties").filter(|_| is_root)).collect();
        let is_read_only = |name: &str| read_only.iter().any(|path| path.strip_prefix("/properties/") == Some(name));
        let all = || known.properties.into_iter().flat_map(Keywords::keys).filter(|name| !is_read_only(name));
        finding.hint = did_you_mean(&entry.key, all()).or_else(|| match (all().count(), known.patterns) {
            (0, Some(patterns)) => Some(format!("names match {}", any_of(patterns.keys()))),
            (1..=LISTED, _) => Some(format!("its properties are {}", all_of(all()))),
            _ => None,
        });
        Fault { finding, must: None, weight: 4 }
    }

    /// Checks which properties are there and which are not.
    fn presence(&self, present: &[&str], keywords: Keywords, place: &Place<'_>, faults: &mut Vec<Fault>) {
        for (keyword, argument) in keywords {
            match keyword {
                "required" => {
                    let missing = names(Some(argument)).filter(|name| !present.contains(name));
                    faults.extend(missing.map(|name| self.missing(name, keywords, present, place)));
                }
                "dependentRequired" | "dependencies" => self.together(present, argument, place, faults),
                "dependentExcluded" => self.exclusive(present, argument, place, faults),
                "requiredXor" => faults.extend(self.exactly_one(present, argument, place)),
                "requiredOr" if !names(Some(argument)).any(|name| present.contains(&name)) => {
                    faults.push(self.none_of(argument, place));
                }
                "minProperties" | "maxProperties" => faults.extend(self.count(present.len(), keyword, keywords, place)),
                _ => {}
            }
        }
    }

    fn together(&self, present: &[&str], groups: Keyword, place: &Place<'_>, faults: &mut Vec<Fault>) {
        let groups = groups.as_object().into_iter().flatten().filter(|(name, _)| present.contains(name));
        for (name, others) in groups {
            for other in names(Some(others)).filter(|other| !present.contains(other)) {
                let message = format!("`{}` has `{name}`, which needs `{other}` as well", self.named(place));
                faults.push(absence(TOGETHER.at(place, message).hint(format!("add `{other}`"))));
            }
        }
    }

    fn exclusive(&self, present: &[&str], groups: Keyword, place: &Place<'_>, faults: &mut Vec<Fault>) {
        // Two that exclude each other are listed twice, and reported once.
        let excludes = |one: &str, other: &str| names(groups.get(one)).any(|name| name == other);
        for (index, one) in present.iter().enumerate() {
            for other in present[index + 1..].iter().filter(|other| excludes(one, other) || excludes(other, one)) {
                let message = format!("`{}` has `{one}` and `{other}`, which exclude each other", self.named(place));
                faults.push(absence(EXCLUSIVE.at(place, message).hint("keep one of the two")));
            }
        }
    }

    fn exactly_one(&self, present: &[&str], list: Keyword, place: &Place<'_>) -> Option<Fault> {
        let found: Vec<&str> = names(Some(list)).filter(|name| present.contains(name)).collect();
        match found.as_slice() {
            [_] => None,
            [] => Some(self.none_of(list, place)),
            several => {
                let several = all_of(several.iter().copied());
                let message = format!("`{}` has {several}, which exclude each other", self.named(place));
                Some(absence(EXCLUSIVE.at(place, message).hint("keep one of them")))
            }
        }
    }

    fn missing(&self, name: &str, keywords: Keywords, present: &[&str], place: &Place<'_>) -> Fault {
        let mut finding = REQUIRED.at(place, format!("`{}` lacks `{name}`, which is required", self.named(place)));
        let known = |own: &str| keywords.get("properties").is_some_and(|properties| properties.get(own).is_some());
        let misspelt = crate::words::similar(name, present.iter().copied().filter(|own| !known(own)));
        finding.hint = misspelt.map(|own| format!("is `{own}` meant to be `{name}`?")).or_else(|| {
            let property = self.resolved(keywords.get("properties")?.get(name)?);
            Some(format!("add `{name}`, {}", types(Some(property.get("type")?))))
        });
        absence(finding)
    }

    fn none_of(&self, list: Keyword, place: &Place<'_>) -> Fault {
        let message = format!("`{}` needs {}, but has none of them", self.named(place), any_of(names(Some(list))));
        absence(ONE_OF.at(place, message))
    }

    fn count(&self, number: usize, keyword: &str, keywords: Keywords, place: &Place<'_>) -> Option<Fault> {
        let (low, high) = (limit(keywords, "minProperties"), limit(keywords, "maxProperties"));
        if !is_outside(number, low, high, keyword == "minProperties") {
            return None;
        }
        let (has, must) = (counted(number, "property"), range(low, high));
        Some(absence(ITEMS.at(place, format!("`{}` has {has}, but must have {must}", self.named(place)))))
    }
}

/// What a schema says of an object's properties.
struct Known {
    properties: Option<Keywords>,
    patterns: Option<Keywords>,
    /// The schema of all others; `false` where there are none.
    others: Option<Keyword>,
}

impl Known {
    fn of(keywords: Keywords) -> Self {
        let object = |keyword| keywords.get(keyword).and_then(Keyword::as_object);
        let others = keywords.get("additionalProperties");
        Self { properties: object("properties"), patterns: object("patternProperties"), others }
    }
}

fn absence(finding: tree::Finding) -> Fault {
    Fault { finding, must: None, weight: super::ABSENT }
}

/// Reads a list of names.
pub(super) fn names(list: Option<Keyword>) -> impl Iterator<Item = &'static str> + Clone {
    list.into_iter().flat_map(Keyword::strings)
}
