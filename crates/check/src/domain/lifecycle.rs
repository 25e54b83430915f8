//! Lifecycles of buckets: which transitions S3 accepts, and in which order.

use tree::{Finding, Severity};

use crate::look::{Resource, View};
use crate::rule::Rule;

/// Storage classes in the order in which objects may go down, and the days an object must be old before, if any.
static CLASSES: [(&str, Option<i64>); 6] = [
    ("STANDARD_IA", Some(30)),
    ("INTELLIGENT_TIERING", None),
    ("ONEZONE_IA", Some(30)),
    ("GLACIER_IR", None),
    ("GLACIER", None),
    ("DEEP_ARCHIVE", None),
];

/// Checks the lifecycle of a bucket.
pub(super) fn check(bucket: &Resource<'_>, findings: &mut Vec<Finding>) {
    let rules = bucket.at("LifecycleConfiguration/Rules");
    let mut seen: Vec<View<'_>> = Vec::new();
    for rule in rules.items() {
        let transitions = transitions(rule);
        for transition in &transitions {
            minimum(transition, findings);
            expiry(rule, transition, findings);
        }
        for pair in transitions.windows(2) {
            descent(&pair[0], &pair[1], findings);
        }
        noncurrent(rule, findings);
        actions(rule, findings);
        let id = rule.get("Id");
        if let Some(text) = id.text() {
            if seen.iter().any(|other| other.is(&text)) {
                let message = format!("two rules have the id `{text}`");
                findings.push(id.finding(&COMBINATION, message).hint("give each rule an id of its own"));
            }
            seen.push(id);
        }
    }
}

struct Transition<'a> {
    days: View<'a>,
    after: i64,
    class: String,
    rank: usize,
}

/// Lists the transitions whose class and days are known, by days.
fn transitions(rule: View<'_>) -> Vec<Transition<'_>> {
    let mut list: Vec<View<'_>> = rule.get("Transitions").items().collect();
    if rule.get("Transition").is_known() {
        list.push(rule.get("Transition"));
    }
    let read = |transition: View<'_>| -> Option<(i64, String, usize)> {
        let class = transition.get("StorageClass").text()?.into_owned();
        let rank = CLASSES.iter().position(|(name, _)| *name == class)?;
        Some((transition.get("TransitionInDays").integer()?, class, rank))
    };
    let mut found: Vec<Transition<'_>> = list
        .into_iter()
        .filter_map(|transition| {
            let (after, class, rank) = read(transition)?;
            Some(Transition { days: transition.get("TransitionInDays"), after, class, rank })
        })
        .collect();
    found.sort_by_key(|transition| transition.after);
    found
}

fn minimum(transition: &Transition<'_>, findings: &mut Vec<Finding>) {
    let Some(least) = CLASSES[transition.rank].1.filter(|least| transition.after < *least) else { return };
    let message = format!("objects move to {} after {} days, but S3 wants {least}", transition.class, transition.after);
    findings.push(transition.days.finding(&MINIMUM, message).hint(format!("write {least} or more")));
}

/// Reports an object that would expire before it gets to its storage class.
fn expiry(rule: View<'_>, transition: &Transition<'_>, findings: &mut Vec<Finding>) {
    let Some(expires) = rule.get("ExpirationInDays").integer() else { return };
    if transition.after >= expires {
        let message =
            format!("objects move to {} after {} days, but expire after {expires}", transition.class, transition.after);
        findings
            .push(transition.days.finding(&ORDER, message).hint("let them expire later, or leave the transition out"));
    }
}

/// Compares a transition with the next one.
fn descent(first: &Transition<'_>, second: &Transition<'_>, findings: &mut Vec<Finding>) {
    if second.rank <= first.rank || first.after == second.after {
        let message = format!(
            "objects move to {} after {} days and to {} after {}, but they only go down: {}",
            first.class,
            first.after,
            second.class,
            second.after,
            CLASSES.map(|(name, _)| name).join(", ")
        );
        findings.push(second.days.finding(&ORDER, message));
    } else if ["STANDARD_IA", "ONEZONE_IA"].contains(&first.class.as_str()) && second.after < first.after + 30 {
        let message = format!(
            "objects move to {} {} days after they came to {}, but must stay there for 30",
            second.class,
            second.after - first.after,
            first.class
        );
        findings.push(second.days.finding(&MINIMUM, message).hint(format!("write {} or more", first.after + 30)));
    }
}

fn noncurrent(rule: View<'_>, findings: &mut Vec<Finding>) {
    let expires = rule.at("NoncurrentVersionExpiration/NoncurrentDays").integer();
    let expires = expires.or(rule.get("NoncurrentVersionExpirationInDays").integer());
    for transition in rule.get("NoncurrentVersionTransitions").items() {
        let days = transition.get("TransitionInDays");
        let (Some(after), Some(class)) = (days.integer(), transition.get("StorageClass").text()) else { continue };
        let least = CLASSES.iter().find(|(name, _)| *name == class).and_then(|(_, least)| *least);
        if let Some(least) = least.filter(|least| after < *least) {
            let message = format!("old versions move to {class} after {after} days, but S3 wants {least}");
            findings.push(days.finding(&MINIMUM, message));
        }
        if let Some(expires) = expires.filter(|expires| after >= *expires) {
            let message = format!("old versions move to {class} after {after} days, but expire after {expires}");
            findings.push(days.finding(&ORDER, message));
        }
    }
}

/// What a rule has beside what it does.
static SETTINGS: [&str; 6] = ["Id", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "Prefix", "Status", "TagFilters"];

fn actions(rule: View<'_>, findings: &mut Vec<Finding>) {
    if !rule.is_known() || !rule.is_closed() {
        return;
    }
    let has = |key: &'static str| !rule.get(key).is_absent();
    // A key that is none of these is mostly a misspelt action.
    let is_plain = rule.entries().all(|(key, _)| SETTINGS.contains(&key));
    if is_plain {
        let hint = "say after how many days objects move, expire or are given up";
        findings.push(rule.finding(&COMBINATION, "the lifecycle rule has no action").hint(hint));
    }
    let marker = rule.get("ExpiredObjectDeleteMarker");
    if marker.flag() == Some(true) && (has("ExpirationInDays") || has("ExpirationDate")) {
        let message = "`ExpiredObjectDeleteMarker` cannot stand beside an expiration in the same rule";
        findings.push(marker.finding(&COMBINATION, message).hint("put it into a rule of its own"));
    }
    let abort = rule.get("AbortIncompleteMultipartUpload");
    for key in ["TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"] {
        for (action, name) in [(abort, "AbortIncompleteMultipartUpload"), (marker, "ExpiredObjectDeleteMarker")] {
            // Of uploads and markers neither tags nor sizes are known.
            let is_meant = action.is_known() && !(name == "ExpiredObjectDeleteMarker" && key != "TagFilters");
            if is_meant && has(key) {
                let message = format!("`{name}` cannot stand in a rule with `{key}`");
                findings.push(action.finding(&COMBINATION, message).hint("put it into a rule of its own"));
            }
        }
    }
}

pub(super) static ORDER: Rule = Rule {
    id: "lifecycle/order",
    severity: Severity::Error,
    statement: "objects go down the storage classes one after another, and expire after the last one",
    why: "S3 refuses a lifecycle by which objects go up, or move on the day they expire or later",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "ExpirationInDays": 60,
         "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}]}]}}}}}"#,
    good: GOOD,
};

pub(super) static MINIMUM: Rule = Rule {
    id: "lifecycle/minimum",
    severity: Severity::Error,
    statement: "objects are 30 days old before they move to an infrequent-access class, and stay there for 30",
    why: "S3 refuses the lifecycle",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 7}]}]}}}}}"#,
    good: GOOD,
};

pub(super) static COMBINATION: Rule = Rule {
    id: "lifecycle/combination",
    severity: Severity::Error,
    statement: "a lifecycle rule has an id of its own and does something, and what cannot stand together stands apart",
    why: "S3 refuses the lifecycle",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html",
    bad: r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "ExpirationInDays": 30, "ExpiredObjectDeleteMarker": true}]}}}}}"#,
    good: GOOD,
};

const GOOD: &str = r#"{"Resources": {"Videos": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
    {"Id": "down", "Status": "Enabled", "ExpirationInDays": 400, "Transitions": [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30}, {"StorageClass": "GLACIER", "TransitionInDays": 90}]},
    {"Id": "left", "Status": "Enabled", "ExpiredObjectDeleteMarker": true,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]}}}}}"#;

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&ORDER, &MINIMUM, &COMBINATION];
