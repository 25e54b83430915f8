//! What patterns ask of the `detail` of events of AWS: fields that such events have, and values that these can have.
//!
//! The schemas of events are not complete. So a field that they do not name is taken for a mistake only where they have
//! one of nearly that name beside it, or one of that name elsewhere.

use schemas::{Json, events};
use tree::{Finding, Node};

use super::event_rules::DETAIL;
use crate::look::View;
use crate::words::{any_of, did_you_mean, quoted};

/// How deep events are looked into.
const DEEPEST: usize = 8;
/// How many sources and types of events are compared.
const MOST: usize = 100;
/// How many fields are looked through for one that stands elsewhere.
const FIELDS: usize = 500;

/// A schema, and the source to which its references belong.
#[derive(Clone, Copy)]
struct Shape {
    source: events::Source,
    schema: Json<'static>,
}

/// What fields are known to be: source, detail type, field, values; from the pages about the events and from the services'
/// references of their APIs.
static VALUES: [(&str, &str, &str, &[&str]); 12] = [
    (
        "aws.batch",
        "Batch Job State Change",
        "status",
        &["FAILED", "PENDING", "RUNNABLE", "RUNNING", "STARTING", "SUBMITTED", "SUCCEEDED"],
    ),
    (
        "aws.codebuild",
        "CodeBuild Build State Change",
        "build-status",
        &["FAILED", "FAULT", "IN_PROGRESS", "STOPPED", "SUCCEEDED", "TIMED_OUT"],
    ),
    (
        "aws.ec2",
        "EC2 Instance State-change Notification",
        "state",
        &["pending", "running", "shutting-down", "stopped", "stopping", "terminated"],
    ),
    ("aws.ec2", "EC2 Spot Instance Interruption Warning", "instance-action", &["hibernate", "stop", "terminate"]),
    (
        "aws.ecs",
        "ECS Task State Change",
        "lastStatus",
        &[
            "ACTIVATING",
            "DEACTIVATING",
            "DELETED",
            "DEPROVISIONING",
            "PENDING",
            "PROVISIONING",
            "RUNNING",
            "STOPPED",
            "STOPPING",
        ],
    ),
    (
        "aws.glue",
        "Glue Job State Change",
        "state",
        &["ERROR", "FAILED", "RUNNING", "STARTING", "STOPPED", "STOPPING", "SUCCEEDED", "TIMEOUT", "WAITING"],
    ),
    (
        "aws.mediaconvert",
        "MediaConvert Job State Change",
        "status",
        &[
            "CANCELED",
            "COMPLETE",
            "ERROR",
            "INPUT_INFORMATION",
            "NEW_WARNING",
            "PROGRESSING",
            "QUEUE_HOP",
            // That a job was submitted, MediaConvert tells CloudTrail alone.
            "STATUS_UPDATE",
        ],
    ),
    ("aws.s3", "Object Created", "reason", &["CompleteMultipartUpload", "CopyObject", "POST Object", "PutObject"]),
    ("aws.s3", "Object Deleted", "deletion-type", &["Delete Marker Created", "Permanently Deleted"]),
    ("aws.s3", "Object Deleted", "reason", &["DeleteObject", "Lifecycle Expiration"]),
    (
        "aws.ssm",
        "EC2 Command Status-change Notification",
        "status",
        &["Cancelled", "Cancelling", "Delayed", "Failed", "InProgress", "Pending", "Success", "TimedOut"],
    ),
    (
        "aws.states",
        "Step Functions Execution Status Change",
        "status",
        &["ABORTED", "FAILED", "PENDING_REDRIVE", "RUNNING", "SUCCEEDED", "TIMED_OUT"],
    ),
];

/// Checks what a pattern asks of `detail`, if it is known of which events.
pub(super) fn check(pattern: View<'_>, findings: &mut Vec<Finding>) {
    let detail = pattern.get("detail");
    let (Some(sources), Some(kinds)) = (names(pattern.get("source")), names(pattern.get("detail-type"))) else {
        return;
    };
    if !detail.is_known() || !(1..=MOST).contains(&(sources.len() * kinds.len())) {
        return;
    }
    values(detail, &sources, &kinds, findings);
    let mut shapes = Vec::new();
    for kind in &kinds {
        let of_kind = sources.iter().filter_map(|name| {
            let source = events::source(name)?;
            Some(Shape { source, schema: source.detail(kind)? })
        });
        let before = shapes.len();
        shapes.extend(of_kind);
        // What calls were given, and what is in no schema, may be anything.
        if shapes.len() == before || kind.contains("CloudTrail") {
            return;
        }
    }
    fields(detail, &shapes, &shapes, "detail", &kinds, findings);
}

/// Lists texts, if there is nothing else in the list.
fn names(list: View<'_>) -> Option<Vec<&str>> {
    if !list.is_closed() {
        return None;
    }
    list.items().map(View::literal).collect()
}

/// Reports values that a field never has.
fn values(detail: View<'_>, sources: &[&str], kinds: &[&str], findings: &mut Vec<Finding>) {
    let ([source], [kind]) = (sources, kinds) else { return };
    let known = VALUES.iter().filter(|(own, of, ..)| own == source && of == kind);
    for (_, _, field, values) in known {
        for one in detail.get(field).items() {
            let Some(text) = one.literal().filter(|text| !values.contains(text)) else { continue };
            let message = format!("`{field}` of such an event is never {}", quoted(text));
            let mut finding = one.finding(&DETAIL, message);
            let other_case = values.iter().find(|value| value.eq_ignore_ascii_case(text));
            finding.hint = other_case
                .map(|value| format!("did you mean `{value}`?"))
                .or_else(|| did_you_mean(text, values.iter().copied()))
                .or_else(|| Some(format!("it is {}", any_of(values.iter().copied()))));
            findings.push(finding);
        }
    }
}

/// What the schemas say of a field.
enum Field {
    /// None of them knows it.
    Missing,
    /// It may be anything.
    Open,
    Known(Vec<Shape>),
}

fn fields(view: View<'_>, shapes: &[Shape], roots: &[Shape], path: &str, kinds: &[&str], findings: &mut Vec<Finding>) {
    if path.matches('.').count() > DEEPEST {
        return;
    }
    for (key, value) in view.entries() {
        if key == "$or" {
            value.items().for_each(|one| fields(one, shapes, roots, path, kinds, findings));
            continue;
        }
        let path = format!("{path}.{key}");
        match field(shapes, key) {
            Field::Open => {}
            Field::Missing if is_absence(value) => {}
            Field::Missing => {
                if let Some(hint) = meant(shapes, roots, key) {
                    let message =
                        format!("events of type {} have no `{path}`, so the pattern never matches", quoted(kinds[0]));
                    findings.push(value.finding(&DETAIL, message).hint(hint));
                }
            }
            Field::Known(inner) => match value.known().map(|tree| &tree.node) {
                Some(Node::Map(_)) if inner.iter().all(|shape| is_scalar(shape.schema)) => {
                    let message = format!("`{path}` is a single value, so nothing below it ever matches");
                    findings.push(value.finding(&DETAIL, message).hint("put the values into a list"));
                }
                Some(Node::Map(_)) => fields(value, &inner, roots, &path, kinds, findings),
                Some(Node::List(_)) if inner.iter().all(|shape| is_object(shape.schema)) && has_values(value) => {
                    let names: Vec<&str> = inner.iter().flat_map(|shape| names_of(shape.schema)).take(12).collect();
                    let message = format!("`{path}` is an object, so no value ever matches it");
                    findings.push(value.finding(&DETAIL, message).hint(format!("it has {}", any_of(names))));
                }
                _ => {}
            },
        }
    }
}

/// Tells whether a pattern wants that there is no such field.
fn is_absence(value: View<'_>) -> bool {
    value.is_unknown() || value.items().any(|one| one.get("exists").flag() == Some(false))
}

/// Tells whether a pattern wants a value, not only that there is one.
fn has_values(value: View<'_>) -> bool {
    value.items().any(|one| one.literal().is_some())
}

fn field(shapes: &[Shape], key: &str) -> Field {
    let mut known = Vec::new();
    for shape in shapes {
        let Some(properties) = shape.schema.get("properties").and_then(Json::as_object) else { return Field::Open };
        if shape.schema.get("additionalProperties").is_some() || properties.keys().next().is_none() {
            return Field::Open;
        }
        if let Some(own) = properties.get(key) {
            known.push(Shape { schema: element(shape.source, own), ..*shape });
        }
    }
    if known.is_empty() { Field::Missing } else { Field::Known(known) }
}

/// Follows references, and steps into lists: a pattern for a list is one for its elements.
fn element(source: events::Source, schema: Json<'static>) -> Json<'static> {
    let mut schema = source.resolve(schema);
    for _ in 0..DEEPEST {
        match schema.get("items") {
            Some(items) => schema = source.resolve(items),
            None => break,
        }
    }
    schema
}

fn is_scalar(schema: Json<'_>) -> bool {
    let kind = schema.get("type").and_then(Json::as_str);
    kind.is_some_and(|kind| ["string", "number", "integer", "boolean"].contains(&kind))
}

fn is_object(schema: Json<'static>) -> bool {
    schema.get("additionalProperties").is_none() && names_of(schema).next().is_some()
}

fn names_of(schema: Json<'static>) -> impl Iterator<Item = &'static str> {
    schema.get("properties").and_then(Json::as_object).into_iter().flat_map(schemas::Object::keys)
}

/// Says which field may be meant: one of nearly this name, or one of this name elsewhere.
fn meant(shapes: &[Shape], roots: &[Shape], key: &str) -> Option<String> {
    let beside = || shapes.iter().flat_map(|shape| names_of(shape.schema));
    let other_case = beside().find(|name| name.eq_ignore_ascii_case(key)).map(|name| format!("did you mean `{name}`?"));
    other_case.or_else(|| did_you_mean(key, beside())).or_else(|| {
        let path = roots.iter().find_map(|root| elsewhere(*root, key))?;
        Some(format!("did you mean `{path}`?"))
    })
}

/// Finds a field of this name anywhere in an event, those first that are not deep.
fn elsewhere(root: Shape, key: &str) -> Option<String> {
    let mut looked = vec![("detail".to_owned(), root.schema)];
    let mut at = 0;
    while at < looked.len() && at < FIELDS {
        let (path, schema) = looked[at].clone();
        at += 1;
        for (name, inner) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let path = format!("{path}.{name}");
            if name == key {
                return Some(path);
            }
            let inner = element(root.source, inner);
            if inner.get("properties").is_some() && looked.iter().all(|(_, seen)| *seen != inner) {
                looked.push((path, inner));
            }
        }
    }
    None
}
