//! The interpretation of provider schemas, held against the crate `jsonschema`.
//!
//! Properties of the project's own templates, without what only a deployment knows, are broken in one place each: a key
//! is gone, one is unknown, a value is of another kind or no member of its set. Both must say the same of each.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use tree::{Origin, Severity, Tree};

/// So many places of a resource are broken.
const MOST_PLACES: usize = 40;

/// Rules of keywords that JSON Schema does not know: `pattern` and `format` of other dialects, and cfn-lint's `requiredXor`,
/// `requiredOr`, `dependentExcluded` and their like.
const BEYOND: &[&str] =
    &["schema/pattern", "schema/format", "schema/one-of", "schema/together", "schema/exclusive", "schema/identifier"];

/// What only we refuse, by type and beginning of the place, with the reason.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("AWS::EC2::EIP", "/Domain", "`enumCaseInsensitive` is a keyword of cfn-lint"),
    (
        "AWS::DynamoDB::Table",
        "/KeySchema",
        "in draft 2020-12 `items` skips the elements that `prefixItems` is about; keys of tables have no exceptions",
    ),
];

/// The largest resource of each type in the snapshots.
#[expect(clippy::disallowed_methods, reason = "the crate reads no files, its test does")]
fn resources() -> BTreeMap<String, Value> {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../snapshots");
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for environment in ["prod", "dev", "spot-fleet", "instance"] {
        for file in std::fs::read_dir(snapshots.join(environment)).expect("readable") {
            let text = std::fs::read_to_string(file.expect("readable").path()).expect("readable");
            let template: Value = serde_json::from_str(&text).expect("JSON");
            for resource in template["Resources"].as_object().expect("resources").values() {
                let kind = resource["Type"].as_str().expect("a type").to_owned();
                let properties = known(&resource["Properties"]).unwrap_or_else(|| json!({}));
                let own = found.entry(kind).or_insert(Value::Null);
                if properties.to_string().len() > own.to_string().len() {
                    *own = properties;
                }
            }
        }
    }
    found.retain(|kind, _| schemas::exists(kind));
    found
}

/// Leaves out what only a deployment knows.
fn known(value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) if object.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => None,
        Value::Object(object) => {
            let entries = object.iter().filter_map(|(key, value)| Some((key.clone(), known(value)?)));
            Some(Value::Object(entries.collect()))
        }
        Value::Array(list) => Some(Value::Array(list.iter().filter_map(known).collect())),
        Value::Null => None,
        other => Some(other.clone()),
    }
}

/// Lists the pointers to all values below a value.
fn pointers(value: &Value, prefix: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        let pointer = format!("{prefix}/{key}");
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

/// Breaks a value in one place each time.
fn broken(properties: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    pointers(properties, "", &mut places);
    let step = places.len().div_ceil(MOST_PLACES).max(1);
    let mut variants = vec![("as it is".to_owned(), properties.clone())];
    for place in places.iter().step_by(step) {
        let mut change = |what: &str, edit: &dyn Fn(&mut Value)| {
            let mut variant = properties.clone();
            if let Some(value) = variant.pointer_mut(place) {
                edit(value);
                variants.push((format!("{what} at {place}"), variant));
            }
        };
        change("an object", &|value| *value = json!({"Nonsense": {"Of": "no use"}}));
        change("another word", &|value| {
            if value.is_string() {
                *value = json!("no-such-word");
            }
        });
        change("a list", &|value| *value = json!([[["deep"]]]));
        change("an unknown key", &|value| {
            if let Value::Object(object) = value {
                object.insert("Nonsense".to_owned(), json!("x"));
            }
        });
        if let Some((above, key)) = place.rsplit_once('/') {
            let mut variant = properties.clone();
            if let Some(Value::Object(object)) = variant.pointer_mut(above) {
                object.remove(&key.replace("~1", "/").replace("~0", "~"));
                variants.push((format!("nothing at {place}"), variant));
            }
        }
    }
    variants
}

/// Makes a JSON Schema of a provider schema: without patterns, of which some are in another dialect.
fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(object) => {
            let kept =
                object.into_iter().filter(|(key, value)| !((key == "pattern" || key == "format") && value.is_string()));
            Value::Object(kept.map(|(key, value)| (key, plain(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(plain).collect()),
        other => other,
    }
}

/// Lists the rules by which the check finds that a schema is not met.
fn refusals(kind: &str, properties: &Value) -> Vec<&'static str> {
    let template = json!({"Resources": {"It": {"Type": kind, "Properties": properties}}});
    let tree = Tree::from_json(template, Origin::Unknown);
    let findings = check::check(&[check::Template { name: "it", tree: &tree }]);
    let of_schema = |rule: &str| rule.starts_with("schema/");
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.rule).filter(|rule| of_schema(rule)).collect()
}

#[test]
fn schemas_are_read_as_jsonschema_reads_them() {
    let mut disagreements = Vec::new();
    let (mut refused, mut compared) = (0, 0);
    for (kind, properties) in resources() {
        let schema = plain(schemas::schema(&kind).expect("it exists").value().to_value());
        let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"));
        for (what, variant) in broken(&properties) {
            let (ours, theirs) = (refusals(&kind, &variant), !validator.is_valid(&variant));
            compared += 1;
            refused += usize::from(theirs);
            let place = what.rsplit_once(" at ").map_or("", |(_, place)| place);
            let is_explained = EXPLAINED.iter().any(|(own, at, _)| *own == kind && place.starts_with(at))
                || ours.iter().all(|rule| BEYOND.contains(rule));
            if (theirs && ours.is_empty()) || (!theirs && !is_explained) {
                let who = if theirs { "only jsonschema refuses" } else { "only we refuse" };
                disagreements.push(format!("{kind}: {who} {what}: {ours:?}"));
            }
        }
    }
    assert!(compared > 1_000 && refused > 500, "{refused} of {compared} refused");
    assert!(disagreements.is_empty(), "{} of {compared}:\n{}", disagreements.len(), disagreements.join("\n"));
}
