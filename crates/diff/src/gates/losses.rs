//! What may be lost that was kept before: what happens to resources that go, and what deletes data by itself.

use tree::{Origin, Tree};

use super::branches::worlds;
use super::finding::Finding;
use super::permissions::text::Reader;
use super::safeguards::count;
use super::side::Resource;
use crate::Path;

/// What becomes of a resource that is no longer wanted, from the safest to the least safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Kept,
    Snapshot,
    Deleted,
}

/// Compares one resource before and after.
pub(crate) fn weakened(
    (old, old_reader): (&Resource<'_>, &mut Reader<'_, '_>),
    (new, new_reader): (&Resource<'_>, &mut Reader<'_, '_>),
) -> Vec<Finding> {
    let mut findings = Vec::new();
    fates(old, new, &mut findings);
    match new.kind {
        "AWS::S3::Bucket" => {
            let before = expiries(old, old_reader);
            expire_sooner(&before, &expiries(new, new_reader), new, &mut findings);
        }
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => {
            time_to_live(time_of(old, old_reader), time_of(new, new_reader), new, &mut findings);
        }
        "AWS::ECR::Repository" => images(old, new, &mut findings),
        _ => {}
    }
    findings
}

fn fates(old: &Resource<'_>, new: &Resource<'_>, findings: &mut Vec<Finding>) {
    let attributes = [
        ("DeletionPolicy", "deletion-policy-weakened", "when it is removed from the template"),
        ("UpdateReplacePolicy", "replace-policy-weakened", "when an update replaces it"),
    ];
    for (attribute, kind, when) in attributes {
        let (Some(was), Some(now)) = (fate(old, attribute), fate(new, attribute)) else { continue };
        if now > was {
            let words = |fate: Fate| match fate {
                Fate::Kept => "kept",
                Fate::Snapshot => "deleted after a snapshot",
                Fate::Deleted => "deleted",
            };
            let what = crate::holds(new.kind).map_or_else(String::new, |what| format!(", with {what},"));
            let message = format!("{}{what} is {} {when}; before it was {}", new.id.logical, words(now), words(was));
            let tree = new.tree.get(attribute).or_else(|| old.tree.get(attribute));
            let place = new.place(Path::of([attribute]), tree.map(|tree| tree.origin).unwrap_or_default());
            let (was, now) = (words(was).to_owned(), words(now).to_owned());
            findings.push(Finding { was: Some(was), now: Some(now), ..Finding::new(kind, place, message) });
        }
    }
}

/// Source: "`DeletionPolicy` attribute", AWS CloudFormation User Guide: databases are snapshot unless told otherwise.
fn fate(resource: &Resource<'_>, attribute: &str) -> Option<Fate> {
    let Some(tree) = resource.tree.get(attribute) else {
        let snapshot = attribute == "DeletionPolicy"
            && match resource.kind {
                "AWS::RDS::DBCluster" => true,
                "AWS::RDS::DBInstance" => resource.property(["DBClusterIdentifier"]).is_none(),
                _ => false,
            };
        return Some(if snapshot { Fate::Snapshot } else { Fate::Deleted });
    };
    let each = worlds(tree);
    let fates = each.iter().map(|(_, tree)| match tree.as_str()? {
        "Retain" | "RetainExceptOnCreate" => Some(Fate::Kept),
        "Snapshot" => Some(Fate::Snapshot),
        "Delete" => Some(Fate::Deleted),
        _ => None,
    });
    fates.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// A rule that deletes objects of a bucket.
#[derive(Clone, Debug)]
struct Expiry {
    /// Which objects: with this prefix, and what else is asked of them.
    prefix: String,
    others: Option<Tree>,
    /// Days until they are deleted.
    current: Option<When>,
    /// Days until a version is deleted that is no longer the current one, and how many of those are kept.
    former: Option<(When, f64)>,
    path: Path,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
enum When {
    Days(f64),
    Date(String),
}

impl When {
    fn is_sooner_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Days(own), Self::Days(other)) => own < other,
            _ => self != other,
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Days(days) => format!("after {}", count(*days, "days")),
            Self::Date(date) => format!("on {date}"),
        }
    }
}

impl Expiry {
    /// Tells whether everything that this rule deletes is something that the other one deletes.
    fn is_within(&self, other: &Self) -> bool {
        self.prefix.starts_with(&other.prefix) && (other.others.is_none() || other.others == self.others)
    }
}

fn expire_sooner(before: &[Expiry], now: &[Expiry], bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    for rule in now {
        let what = match (rule.prefix.as_str(), &rule.others) {
            ("", None) => "objects".to_owned(),
            ("", Some(_)) => "some objects".to_owned(),
            (prefix, None) => format!("objects under {prefix}"),
            (prefix, Some(_)) => format!("some objects under {prefix}"),
        };
        let place = || bucket.place(rule.path.clone(), rule.origin);
        let mut tell = |kind: &'static str, what: String, when: String, was: Option<String>| {
            let was = was.unwrap_or_else(|| "never".to_owned());
            let message = format!("{what} of {} are deleted {when}; before {was}", bucket.id.logical);
            findings.push(Finding { was: Some(was), now: Some(when), ..Finding::new(kind, place(), message) });
        };
        let reaching = || before.iter().filter(|old| rule.is_within(old));
        if let Some(when) = &rule.current {
            let known = || reaching().filter_map(|old| old.current.as_ref());
            if known().all(|old| when.is_sooner_than(old)) {
                tell("expiry-shortened", what.clone(), when.show(), known().next().map(When::show));
            }
        }
        if let Some((when, kept)) = &rule.former {
            let known = || reaching().filter_map(|old| old.former.as_ref());
            if known().all(|(old, old_kept)| when.is_sooner_than(old) || kept < old_kept) {
                let show = |(when, kept): &(When, f64)| {
                    let but = if *kept > 0.0 { format!(" but for the last {kept}") } else { String::new() };
                    format!("{}{but}", when.show())
                };
                let (what, now) = (format!("former versions of {what}"), show(&(when.clone(), *kept)));
                tell("version-expiry-shortened", what, now, known().next().map(show));
            }
        }
    }
}

fn expiries(bucket: &Resource<'_>, reader: &mut Reader<'_, '_>) -> Vec<Expiry> {
    let mut all = Vec::new();
    let rules = bucket.property(["LifecycleConfiguration", "Rules"]);
    for (_, rules) in rules.map(worlds).unwrap_or_default() {
        for (index, rule) in rules.as_list().unwrap_or_default().iter().enumerate() {
            let mut text = |keys: &[&str]| rule.find(keys.iter().copied()).map(|tree| reader.text(bucket.stack, tree));
            if text(&["Status"]).as_deref() != Some("Enabled") {
                continue;
            }
            let number = |value: Option<String>| value.and_then(|value| value.parse::<f64>().ok());
            let date = text(&["ExpirationDate"]).map(When::Date);
            let current = number(text(&["ExpirationInDays"])).map(When::Days).or(date);
            let version = "NoncurrentVersionExpiration";
            let days = number(text(&[version, "NoncurrentDays"]));
            let days = days.or_else(|| number(text(&["NoncurrentVersionExpirationInDays"])));
            let kept = number(text(&[version, "NewerNoncurrentVersions"])).unwrap_or(0.0);
            let others = ["TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
            let mut filter = tree::Map::default();
            for key in others {
                if let Some(tree) = rule.get(key) {
                    filter.push(key, tree.clone());
                }
            }
            let others = (!filter.is_empty()).then(|| Tree::new(tree::Node::Map(filter), Origin::Unknown));
            all.push(Expiry {
                prefix: text(&["Prefix"]).unwrap_or_default(),
                others,
                current,
                former: days.map(|days| (When::Days(days), kept)),
                path: Path::of(["Properties", "LifecycleConfiguration", "Rules"]).index(index),
                origin: rule.origin,
            });
        }
    }
    all
}

/// Gives the attribute by which items of a table are deleted.
fn time_of(table: &Resource<'_>, reader: &mut Reader<'_, '_>) -> Option<(String, Origin)> {
    let specification = table.property(["TimeToLiveSpecification"])?;
    let enabled = reader.text(table.stack, specification.get("Enabled")?);
    let attribute = specification.get("AttributeName").map(|name| reader.text(table.stack, name)).unwrap_or_default();
    (enabled == "true").then_some((attribute, specification.origin))
}

fn time_to_live(
    was: Option<(String, Origin)>,
    now: Option<(String, Origin)>,
    table: &Resource<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some((attribute, origin)) = now else { return };
    let was = was.map(|(attribute, _)| attribute);
    if was.as_ref() == Some(&attribute) {
        return;
    }
    let before = was.as_ref().map_or("never".to_owned(), |was| format!("at the time in {was}"));
    let message = format!("items of {} are deleted at the time in {attribute}; before {before}", table.id.logical);
    let place = table.place(Path::of(["Properties", "TimeToLiveSpecification"]), origin);
    findings.push(Finding { was, now: Some(attribute), ..Finding::new("time-to-live", place, message) });
}

fn images(old: &Resource<'_>, new: &Resource<'_>, findings: &mut Vec<Finding>) {
    let keys = ["LifecyclePolicy", "LifecyclePolicyText"];
    let (Some(was), Some(now)) = (old.property(keys), new.property(keys)) else { return };
    if was != now {
        let path = Path::of(["Properties"].into_iter().chain(keys));
        let message = format!("other images of {} than before may be deleted by its lifecycle policy", new.id.logical);
        findings.push(Finding::new("images-expire", new.place(path, now.origin), message));
    }
}
