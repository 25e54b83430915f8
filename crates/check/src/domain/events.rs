//! Rules of EventBridge: patterns that can match, schedules that can be read, targets that let events in.

use std::collections::BTreeSet;

use schemas::events;
use tree::{Finding, Node};

use super::event_rules::{BUCKET, PATTERN, PERMISSION, SCHEDULE, TARGET};
use super::{Shared, event_details, queue, receivers};
use crate::look::{Resource, Target, Unreadable, View};
use crate::words::{all_of, did_you_mean, given, quoted};

/// How many targets a rule may have.
const TARGETS: usize = 5;

/// The envelope of every event.
static ENVELOPE: [&str; 11] = [
    "$or",
    "account",
    "detail",
    "detail-type",
    "id",
    "region",
    "replay-name",
    "resources",
    "source",
    "time",
    "version",
];

/// What a pattern may say instead of a value.
static MATCHERS: [&str; 8] =
    ["anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"];

/// Checks a rule.
pub(super) fn rule(shared: &Shared<'_>, rule: &Resource<'_>, findings: &mut Vec<Finding>) {
    let pattern = rule.at("EventPattern");
    match pattern.document() {
        Ok(document) => {
            let view = document.view();
            envelope(view, findings);
            values(view, findings);
            event_details::check(view, findings);
            bucket(view, findings);
        }
        Err(Unreadable::Unknown) => {}
        Err(Unreadable::Mistake(error)) => {
            findings.push(pattern.finding(&PATTERN, format!("the pattern is no JSON: {error}")));
        }
    }
    expression(rule.at("ScheduleExpression"), &["cron", "rate"], findings);
    targets(shared, rule, findings);
}

/// Checks a schedule of EventBridge Scheduler.
pub(super) fn schedule(schedule: &Resource<'_>, findings: &mut Vec<Finding>) {
    expression(schedule.at("ScheduleExpression"), &["at", "cron", "rate"], findings);
}

fn envelope(view: View<'_>, findings: &mut Vec<Finding>) {
    for (key, value) in view.entries().filter(|(key, _)| !ENVELOPE.contains(key)) {
        let mut finding =
            value.finding(&PATTERN, format!("an event has no {}, so the pattern never matches", quoted(key)));
        let is_inside = ["bucket", "object", "state", "status", "name", "eventName"].contains(&key);
        finding.hint = if is_inside {
            Some(format!("put {} into `detail`", quoted(key)))
        } else {
            did_you_mean(key, ENVELOPE)
                .or_else(|| Some(format!("an event has {}", all_of(ENVELOPE.into_iter().skip(1)))))
        };
        findings.push(finding);
    }
    let source = view.get("source");
    for one in source.items() {
        let Some(text) = one.text() else { continue };
        if text.starts_with("aws.") && text.chars().any(|character| character.is_ascii_uppercase()) {
            let message = format!("{} never matches: sources are written small", quoted(&text));
            findings.push(one.finding(&PATTERN, message).hint(format!("write {}", quoted(&text.to_lowercase()))));
        } else {
            origin(one, &text, view.get("detail-type"), findings);
        }
    }
}

/// Checks a source of AWS and the types of its events. Not all are known, so only what is nearly the name of a known one is
/// taken for a mistake.
fn origin(place: View<'_>, text: &str, kinds: View<'_>, findings: &mut Vec<Finding>) {
    let Some(source) = events::source(text) else {
        let is_slip = |meant: &&str| text.len() > 8 && strsim::damerau_levenshtein(text, meant) == 1;
        if let Some(meant) = events::similar(text).filter(|_| text.starts_with("aws.")).filter(is_slip) {
            let message = format!("nothing sends events as {}", quoted(text));
            findings.push(place.finding(&PATTERN, message).hint(format!("did you mean `{meant}`?")));
        }
        return;
    };
    for kind in kinds.items() {
        let Some(text) = kind.literal().filter(|text| !source.detail_types().any(|own| own == *text)) else { continue };
        let is_slip = |meant: &&str| strsim::damerau_levenshtein(text, meant) <= 2;
        if let Some(meant) = source.similar(text).filter(is_slip) {
            let message = format!("{} sends no events of type {}", quoted(source.name()), quoted(text));
            findings.push(kind.finding(&PATTERN, message).hint(format!("did you mean `{meant}`?")));
        }
    }
}

/// Checks that values are lists of what a value may be.
fn values(view: View<'_>, findings: &mut Vec<Finding>) {
    for (key, value) in view.entries() {
        let Some(tree) = value.known() else { continue };
        match &tree.node {
            Node::List(list) if list.is_empty() => {
                let message = format!("{} has no value, so nothing matches", quoted(key));
                findings.push(value.finding(&PATTERN, message).hint("leave the key out, or name what is wanted"));
            }
            Node::List(_) if key == "$or" => value.items().for_each(|one| values(one, findings)),
            Node::List(_) => value.items().for_each(|one| matcher(one, findings)),
            Node::Map(_) => values(value, findings),
            _ => {
                let message = format!("{} is {}, but a pattern has lists of values", quoted(key), given(tree));
                findings.push(value.finding(&PATTERN, message).hint("put it into brackets"));
            }
        }
    }
}

fn matcher(one: View<'_>, findings: &mut Vec<Finding>) {
    if one.known().is_none_or(|tree| tree.as_map().is_none()) {
        return;
    }
    for (key, value) in one.entries() {
        if !MATCHERS.contains(&key) {
            let mut finding = value.finding(&PATTERN, format!("there is no way of matching called {}", quoted(key)));
            finding.hint = did_you_mean(key, MATCHERS).or_else(|| Some(format!("there are {}", all_of(MATCHERS))));
            findings.push(finding);
        }
        if key == "numeric" && value.is_known() && value.is_closed() {
            let words: Vec<_> = value.items().map(View::text).collect();
            let operators = ["!=", "<", "<=", "=", ">", ">="];
            let is_right = !words.is_empty()
                && words.len().is_multiple_of(2)
                && words.chunks(2).all(|pair| pair[0].as_ref().is_none_or(|word| operators.contains(&word.as_ref())));
            if !is_right {
                let message = "`numeric` has pairs of an operator and a number";
                findings.push(value.finding(&PATTERN, message).hint("such as `[\">\", 0, \"<=\", 10]`"));
            }
        }
        if key == "exists" && value.known().is_some_and(|tree| !matches!(tree.node, Node::Bool(_))) {
            findings.push(value.finding(&PATTERN, "`exists` is `true` or `false`"));
        }
    }
}

/// Reports a pattern about a bucket that tells EventBridge nothing.
fn bucket(view: View<'_>, findings: &mut Vec<Finding>) {
    let is_of_s3 = view.get("source").items().any(|source| source.is("aws.s3"));
    // What CloudTrail records comes without the bucket's help.
    let is_recorded = view.get("detail-type").items().any(|kind| kind.is("AWS API Call via CloudTrail"));
    if !is_of_s3 || is_recorded {
        return;
    }
    for name in view.at("detail/bucket/name").items() {
        let Some(Target { resource: bucket, .. }) = name.target() else { continue };
        if bucket.type_name != "AWS::S3::Bucket" {
            continue;
        }
        let setting = bucket.at("NotificationConfiguration/EventBridgeConfiguration");
        let is_off = setting.is_absent() || setting.get("EventBridgeEnabled").flag() == Some(false);
        if is_off && !bucket.at("NotificationConfiguration").is_unknown() {
            let message =
                format!("bucket `{}` does not send its events to EventBridge, so the pattern never matches", bucket.id);
            let hint = "add `\"NotificationConfiguration\": {\"EventBridgeConfiguration\": {\"EventBridgeEnabled\": true}}` \
                        to the bucket";
            findings.push(name.finding(&BUCKET, message).hint(hint));
        }
    }
}

fn targets(shared: &Shared<'_>, rule: &Resource<'_>, findings: &mut Vec<Finding>) {
    let targets = rule.at("Targets");
    let number = targets.items().count();
    if number > TARGETS {
        findings.push(
            targets.finding(&TARGET, format!("the rule has {number} targets, but at most {TARGETS} are allowed")),
        );
    }
    let mut ids = BTreeSet::new();
    for target in targets.items() {
        let id = target.get("Id");
        if let Some(text) = id.text()
            && !ids.insert(text.to_string())
        {
            findings.push(id.finding(&TARGET, format!("two targets have the id {}", quoted(&text))));
        }
        let given: Vec<&str> =
            ["Input", "InputPath", "InputTransformer"].into_iter().filter(|key| !target.get(key).is_absent()).collect();
        if given.len() > 1 {
            let message = format!("the target has {}, but may have one of them", all_of(given.iter().copied()));
            findings.push(target.get(given[1]).finding(&TARGET, message));
        }
        transformer(target.get("InputTransformer"), findings);
        destination(shared, target, findings);
    }
}

/// Checks that what a transformer fills in is read from the event.
fn transformer(view: View<'_>, findings: &mut Vec<Finding>) {
    let (paths, template) = (view.get("InputPathsMap"), view.get("InputTemplate"));
    let Some(text) = template.text() else { return };
    if paths.is_unknown() || !paths.is_closed() {
        return;
    }
    for piece in text.split('<').skip(1) {
        let Some((name, _)) = piece.split_once('>') else { continue };
        let is_name = !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
        if is_name && paths.get(name).is_absent() {
            let mut finding = template.finding(&TARGET, format!("`InputPathsMap` has no {}", quoted(name)));
            finding.hint = did_you_mean(name, paths.entries().map(|(key, _)| key));
            findings.push(finding);
        }
    }
}

fn destination(shared: &Shared<'_>, target: View<'_>, findings: &mut Vec<Finding>) {
    let place = target.get("Arn");
    let Some(Target { resource, .. }) = place.target() else { return };
    let needs_role =
        ["AWS::ECS::Cluster", "AWS::Kinesis::Stream", "AWS::StepFunctions::StateMachine", "AWS::Batch::JobQueue"];
    if needs_role.contains(&resource.type_name) && target.is_closed() && target.get("RoleArn").is_absent() {
        let message = format!("the target `{}` has no `RoleArn` by which events may reach it", resource.id);
        findings.push(place.finding(&PERMISSION, message).hint("give a role that `events.amazonaws.com` may take"));
    }
    let has_policy = ["AWS::Lambda::Function", "AWS::SNS::Topic", "AWS::SQS::Queue"];
    if has_policy.contains(&resource.type_name)
        && target.get("RoleArn").is_absent()
        && !shared.receivers().let_in(&resource, "events.amazonaws.com")
    {
        let message = format!("events go to `{}`, but nothing allows EventBridge to send them there", resource.id);
        findings.push(place.finding(&PERMISSION, message).hint(receivers::remedy(&resource, "events.amazonaws.com")));
    }
    if resource.type_name == "AWS::SQS::Queue"
        && queue::is_fifo(&resource) == Some(true)
        && target.at("SqsParameters/MessageGroupId").is_absent()
        && target.is_closed()
    {
        let message = format!("`{}` is a FIFO queue, but the target has no `MessageGroupId`", resource.id);
        findings.push(place.finding(&TARGET, message).hint("add it in `SqsParameters`"));
    }
}

/// Checks a schedule such as `rate(5 minutes)` or `cron(0 3 * * ? *)`.
fn expression(view: View<'_>, kinds: &[&str], findings: &mut Vec<Finding>) {
    let Some(text) = view.text() else { return };
    if text.is_empty() {
        return;
    }
    let Some((kind, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        let message = format!("{} is no schedule", quoted(&text));
        findings.push(view.finding(&SCHEDULE, message).hint("such as `rate(5 minutes)` or `cron(0 3 * * ? *)`"));
        return;
    };
    let mistake = match kind {
        _ if !kinds.contains(&kind) => Some(format!("there is no schedule {}", quoted(kind))),
        "rate" => rate(inner),
        "cron" => cron(inner),
        _ => None,
    };
    if let Some(mistake) = mistake {
        findings.push(view.finding(&SCHEDULE, mistake));
    }
}

fn rate(inner: &str) -> Option<String> {
    let words: Vec<&str> = inner.split_whitespace().collect();
    let [number, unit] = words.as_slice() else {
        return Some(format!("a rate has a number and a unit, but here is {}", quoted(inner)));
    };
    let Some(count) = number.parse::<u32>().ok().filter(|count| *count > 0) else {
        return Some(format!("the rate is {}, but must be a whole number from 1", quoted(number)));
    };
    let units = if count == 1 { ["minute", "hour", "day"] } else { ["minutes", "hours", "days"] };
    (!units.contains(unit))
        .then(|| format!("the unit of {count} is {}, but must be one of {}", quoted(unit), all_of(units)))
}

fn cron(inner: &str) -> Option<String> {
    let fields: Vec<&str> = inner.split_whitespace().collect();
    let [.., day, _, weekday, _] = fields.as_slice() else {
        return Some(format!("a cron expression has 6 fields, but here are {}", fields.len()));
    };
    if fields.len() != 6 {
        return Some(format!("a cron expression has 6 fields, but here are {}", fields.len()));
    }
    match (*day == "?", *weekday == "?") {
        (false, false) => {
            Some("the day of the month and the day of the week exclude each other: one must be `?`".to_owned())
        }
        (true, true) => Some("the day of the month and the day of the week are both `?`".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read() {
        assert_eq!(rate("5 minutes"), None);
        assert_eq!(rate("1 hour"), None);
        assert!(rate("1 minutes").is_some() && rate("5 minute").is_some() && rate("0 days").is_some());
        assert_eq!(cron("0 3 * * ? *"), None);
        assert!(cron("0 3 * * *").is_some() && cron("0 3 * * * *").is_some());
    }
}
