//! Properties that guard something, from the safest value to the least safe one, and what it means when they are weakened.

mod levels;
mod losses;
mod openings;

use std::borrow::Cow;

use tree::{Node, Origin, Tree};

use super::branches::{Branches, worlds};
use super::finding::Finding;
use super::permissions::pattern::FIRST_HOLE;
use super::permissions::text::Reader;
use super::side::Resource;
use crate::Path;

/// A property of some types that guards something.
pub(crate) struct Safeguard {
    /// What a loss of it is called in filters.
    kind: &'static str,
    types: &'static [&'static str],
    /// Where it is: `*` for every element, `*[Key=name]` for the one with this key.
    path: &'static str,
    order: Order,
    /// What may happen once it is weakened. `{now}` and `{was}` stand for the values.
    now: &'static str,
    /// How it was before.
    before: &'static str,
}

/// Which of two values is safer.
enum Order {
    /// From the safest to the least safe; `|` separates equals, and nothing stands for an absent property.
    Ranked(&'static [&'static str]),
    /// What is there guards.
    Present,
    /// What is there endangers.
    Absent,
    /// A larger number is safer. The number that holds when there is none, and the unit.
    More(f64, &'static str),
    /// A smaller number is safer.
    Less(f64, &'static str),
    /// Each of these flags guards; they stand below the path.
    Flags(&'static [&'static str]),
    /// It takes more than one value to tell.
    Level(fn(&mut Properties<'_, '_, '_>) -> Option<Level>),
}

/// How safe something is, and how that reads.
#[derive(Clone, Debug, PartialEq)]
struct Level {
    safety: f64,
    shown: String,
}

/// The properties of a resource in one combination of the template's conditions.
pub(crate) struct Properties<'p, 'r, 't> {
    tree: &'p Tree,
    stack: &'p str,
    reader: &'p mut Reader<'r, 't>,
}

impl Properties<'_, '_, '_> {
    /// Reads the values at a path: one for each element of the lists on the way, nothing where one has none.
    fn values(&mut self, path: &str) -> Vec<Option<String>> {
        let found = at(self.tree, path);
        found.into_iter().map(|tree| tree.map(|tree| self.reader.text(self.stack, tree))).collect()
    }

    fn value(&mut self, path: &str) -> Option<String> {
        self.values(path).into_iter().next().flatten()
    }

    fn is_there(&self, path: &str) -> bool {
        at(self.tree, path).iter().any(Option::is_some)
    }
}

/// Finds what stands at a path; for lists all that stand there.
fn at<'t>(tree: &'t Tree, path: &str) -> Vec<Option<&'t Tree>> {
    let mut found = vec![Some(tree)];
    for step in path.split('/') {
        found = match step.strip_prefix('*') {
            None => found.into_iter().map(|tree| tree?.get(step)).collect(),
            Some(key) => {
                let wanted =
                    key.strip_prefix('[').and_then(|key| key.strip_suffix(']')).and_then(|key| key.split_once('='));
                let elements = |tree: &'t Tree| tree.as_list().unwrap_or_default().iter();
                let fits = |tree: &&Tree| {
                    wanted.is_none_or(|(key, value)| tree.get(key).and_then(Tree::as_str) == Some(value))
                };
                let all: Vec<_> = found.into_iter().flatten().flat_map(elements).filter(fits).map(Some).collect();
                // What is named is absent if it is not there; of what is not named, there are just no elements.
                if all.is_empty() && wanted.is_some() { vec![None] } else { all }
            }
        };
    }
    found
}

impl Order {
    fn level(&self, path: &str, properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
        let worst = |levels: Vec<Option<Level>>| {
            levels.into_iter().collect::<Option<Vec<_>>>()?.into_iter().min_by(|a, b| a.safety.total_cmp(&b.safety))
        };
        match self {
            Self::Ranked(ranking) => {
                worst(properties.values(path).iter().map(|value| ranked(ranking, value.as_deref())).collect())
            }
            Self::Present | Self::Absent => {
                let there = properties.values(path).iter().all(Option::is_some);
                let safe = there == matches!(self, Self::Present);
                let shown = if there { "set" } else { "not set" };
                Some(Level { safety: f64::from(u8::from(safe)), shown: shown.to_owned() })
            }
            Self::More(absent, unit) => {
                worst(properties.values(path).iter().map(|value| number(value.as_deref(), *absent, unit)).collect())
            }
            Self::Less(absent, unit) => {
                let negated = |value: &Option<String>| {
                    number(value.as_deref(), *absent, unit).map(|level| Level { safety: -level.safety, ..level })
                };
                worst(properties.values(path).iter().map(negated).collect())
            }
            Self::Level(level) => level(properties),
            Self::Flags(_) => None,
        }
    }
}

fn ranked(ranking: &[&str], value: Option<&str>) -> Option<Level> {
    let text = value.unwrap_or_default();
    let place = ranking.iter().rev().position(|equals| equals.split('|').any(|one| one.eq_ignore_ascii_case(text)))?;
    let shown = if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    Some(Level { safety: f64::from(u8::try_from(place).unwrap_or(u8::MAX)), shown })
}

fn number(value: Option<&str>, absent: f64, unit: &str) -> Option<Level> {
    let safety = match value {
        Some(value) => value.parse::<f64>().ok()?,
        None => absent,
    };
    let shown = if safety.is_infinite() { "ever".to_owned() } else { count(safety, unit) };
    Some(Level { safety, shown })
}

/// Writes a number and its unit: `1 day`, `30 days`.
pub(crate) fn count(number: f64, unit: &str) -> String {
    let unit = if number.total_cmp(&1.0).is_eq() { unit.strip_suffix('s').unwrap_or(unit) } else { unit };
    format!("{number} {unit}").trim().to_owned()
}

/// Lists safeguards of a resource that are weaker than before.
///
/// Each combination of the template's conditions is compared with the same one.
pub(crate) fn weakened(
    table: Table,
    (old, old_reader): (&Resource<'_>, &mut Reader<'_, '_>),
    (new, new_reader): (&Resource<'_>, &mut Reader<'_, '_>),
) -> Vec<Finding> {
    let rows = table.rows().filter(|row| row.types.contains(&new.kind));
    let rows: Vec<&Safeguard> = rows.collect();
    let mut findings: Vec<Finding> = Vec::new();
    if rows.is_empty() || old.kind != new.kind {
        return findings;
    }
    let empty = Tree::new(Node::Null, Origin::Unknown);
    let (before, after) = (old.tree.get("Properties").unwrap_or(&empty), new.tree.get("Properties").unwrap_or(&empty));
    for (before, after) in pairs(before, after) {
        for row in &rows {
            let mut was = Properties { tree: &before, stack: old.stack, reader: old_reader };
            let mut now = Properties { tree: &after, stack: new.stack, reader: new_reader };
            let Some((was, now)) = row.weaker(&mut was, &mut now) else { continue };
            if findings.iter().any(|finding| finding.kind == row.kind && finding.message.starts_with(&new.id.logical)) {
                continue;
            }
            let fill = |words: &str| words.replace("{now}", &now).replace("{was}", &was);
            let message = format!("{}: {}; before {}", new.id.logical, fill(row.now), fill(row.before));
            let (path, origin) = place(row.path, &after, &before);
            let finding = Finding::new(row.kind, new.place(path, origin), message);
            findings.push(Finding { was: Some(was), now: Some(now), ..finding });
        }
    }
    findings
}

impl Safeguard {
    fn weaker(&self, was: &mut Properties<'_, '_, '_>, now: &mut Properties<'_, '_, '_>) -> Option<(String, String)> {
        if let Order::Flags(flags) = &self.order {
            let on = |properties: &mut Properties<'_, '_, '_>, flag: &str| {
                let value = properties.value(&format!("{}/{flag}", self.path))?;
                // What is not known is not taken for a loss.
                (value.eq_ignore_ascii_case("true") || value.chars().any(|one| one >= FIRST_HOLE)).then_some(())
            };
            let lost: Vec<&str> =
                flags.iter().copied().filter(|flag| on(was, flag).is_some() && on(now, flag).is_none()).collect();
            return (!lost.is_empty()).then(|| (format!("{} on", lost.join(", ")), format!("{} off", lost.join(", "))));
        }
        let was = self.order.level(self.path, was)?;
        let now = self.order.level(self.path, now)?;
        (now.safety < was.safety).then_some((was.shown, now.shown))
    }
}

/// Pairs what the properties were with what they are, for each combination of conditions.
pub(crate) fn pairs<'t>(before: &'t Tree, after: &'t Tree) -> Vec<(Cow<'t, Tree>, Cow<'t, Tree>)> {
    let agree = |left: &Branches, right: &Branches| {
        left.iter().all(|(condition, value)| right.get(condition).is_none_or(|other| other == value))
    };
    let now = worlds(after);
    let mut pairs = Vec::new();
    for (conditions, before) in worlds(before) {
        let same = now.iter().filter(|(others, _)| agree(&conditions, others));
        pairs.extend(same.map(|(_, after)| (before.clone(), after.clone())));
    }
    pairs
}

/// Finds the place of a property, as far as it is there.
fn place(path: &str, after: &Tree, before: &Tree) -> (Path, Origin) {
    let mut origin = Origin::Unknown;
    let mut keys = vec!["Properties"];
    let (mut now, mut was) = (Some(after), Some(before));
    for key in path.split('/').take_while(|key| !key.starts_with('*')) {
        (now, was) = (now.and_then(|tree| tree.get(key)), was.and_then(|tree| tree.get(key)));
        let Some(tree) = now.or(was) else { break };
        if now.is_some() || origin == Origin::Unknown {
            origin = tree.origin;
        }
        keys.push(key);
    }
    (Path::of(keys), origin)
}

/// Which safeguards are looked at.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    /// Against those who should not get in, or see.
    Openings,
    /// Against loss of data.
    Losses,
}

impl Table {
    fn rows(self) -> impl Iterator<Item = &'static Safeguard> {
        match self {
            Self::Openings => openings::TABLES.iter().copied().flatten(),
            Self::Losses => losses::TABLES.iter().copied().flatten(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_one_of_the_schema() {
        let mut wrong = Vec::new();
        for row in Table::Openings.rows().chain(Table::Losses.rows()) {
            for kind in row.types {
                let Some(schema) = schemas::schema(kind) else {
                    wrong.push((*kind).to_owned());
                    continue;
                };
                let plain: Vec<&str> =
                    row.path.split('/').map(|step| if step.starts_with('*') { "*" } else { step }).collect();
                let flags = match row.order {
                    Order::Flags(flags) => flags,
                    _ => &[""],
                };
                for flag in flags {
                    let path = format!("{}/{flag}", plain.join("/"));
                    if schema.at(path.trim_end_matches('/')).is_none() {
                        wrong.push(format!("{kind} {path}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn ranked_values_are_values_of_the_schema() {
        let mut wrong = Vec::new();
        for row in Table::Openings.rows().chain(Table::Losses.rows()) {
            let Order::Ranked(ranking) = row.order else { continue };
            for schema in row.types.iter().filter_map(|kind| schemas::schema(kind)) {
                let path: Vec<&str> =
                    row.path.split('/').map(|step| if step.starts_with('*') { "*" } else { step }).collect();
                let Some(allowed) = schema.at(&path.join("/")).and_then(|schema| schema.get("enum")?.as_array()) else {
                    continue;
                };
                let values = ranking.iter().flat_map(|equals| equals.split('|')).filter(|value| !value.is_empty());
                let allowed: Vec<_> = allowed.iter().map(schemas::Json::to_value).collect();
                let unknown = |value: &&str| !allowed.iter().any(|own| own.as_str().is_none_or(|text| text == *value));
                wrong
                    .extend(values.filter(unknown).map(|value| format!("{} {} {value}", schema.type_name(), row.path)));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
