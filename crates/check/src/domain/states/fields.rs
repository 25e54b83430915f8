//! Which fields the states have, by type and language. From "Amazon States Language", the pages of the states.

use tree::Finding;

use super::rules::{DEFINITION, FIELD, LANGUAGE};
use super::{Language, State};
use crate::words::{all_of, any_of, did_you_mean, quoted};

/// A type of state, the fields that it must have, those of both languages, and those of one only.
struct Type {
    name: &'static str,
    required: &'static [&'static str],
    both: &'static [&'static str],
    path: &'static [&'static str],
    jsonata: &'static [&'static str],
}

static COMMON: [&str; 3] = ["Comment", "QueryLanguage", "Type"];

static TYPES: [Type; 8] = [
    Type {
        name: "Choice",
        required: &["Choices"],
        both: &["Assign", "Default"],
        path: &["InputPath", "OutputPath"],
        jsonata: &["Output"],
    },
    Type { name: "Fail", required: &[], both: &["Cause", "Error"], path: &["CausePath", "ErrorPath"], jsonata: &[] },
    Type {
        name: "Map",
        required: &[],
        both: &[
            "Assign",
            "Catch",
            "End",
            "ItemBatcher",
            "ItemProcessor",
            "ItemReader",
            "ItemSelector",
            "Iterator",
            "Label",
            "MaxConcurrency",
            "Next",
            "ResultWriter",
            "Retry",
            "ToleratedFailureCount",
            "ToleratedFailurePercentage",
        ],
        path: &[
            "InputPath",
            "ItemsPath",
            "MaxConcurrencyPath",
            "OutputPath",
            "Parameters",
            "ResultPath",
            "ResultSelector",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentagePath",
        ],
        jsonata: &["Items", "Output"],
    },
    Type {
        name: "Parallel",
        required: &["Branches"],
        both: &["Assign", "Catch", "End", "Next", "Retry"],
        path: &["InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector"],
        jsonata: &["Arguments", "Output"],
    },
    Type {
        name: "Pass",
        required: &[],
        both: &["Assign", "End", "Next"],
        path: &["InputPath", "OutputPath", "Parameters", "Result", "ResultPath"],
        jsonata: &["Output"],
    },
    Type { name: "Succeed", required: &[], both: &[], path: &["InputPath", "OutputPath"], jsonata: &["Output"] },
    Type {
        name: "Task",
        required: &["Resource"],
        both: &["Assign", "Catch", "Credentials", "End", "HeartbeatSeconds", "Next", "Retry", "TimeoutSeconds"],
        path: &[
            "HeartbeatSecondsPath",
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultPath",
            "ResultSelector",
            "TimeoutSecondsPath",
        ],
        jsonata: &["Arguments", "Output"],
    },
    Type {
        name: "Wait",
        required: &[],
        both: &["Assign", "End", "Next", "Seconds", "Timestamp"],
        path: &["InputPath", "OutputPath", "SecondsPath", "TimestampPath"],
        jsonata: &["Output"],
    },
];

/// Checks the fields of a state, and gives its type, if there is such a type.
pub(super) fn check(state: State<'_>, findings: &mut Vec<Finding>) -> Option<&'static str> {
    let kind = state.view.get("Type");
    let names = TYPES.iter().map(|one| one.name);
    if kind.is_absent() && state.view.is_closed() {
        let hint = format!("the types are {}", all_of(names));
        findings
            .push(state.view.finding(&DEFINITION, format!("state {} has no `Type`", quoted(state.name))).hint(hint));
        return None;
    }
    let text = kind.text()?;
    let Some(own) = TYPES.iter().find(|one| one.name == text) else {
        let mut finding = kind.finding(&DEFINITION, format!("there is no type of state {}", quoted(&text)));
        finding.hint = did_you_mean(&text, names);
        findings.push(finding);
        return None;
    };
    for name in own.required.iter().filter(|name| state.view.is_closed() && state.view.get(name).is_absent()) {
        findings.push(state.view.finding(&FIELD, format!("{text} {} has no `{name}`", quoted(state.name))));
    }
    match own.name {
        "Wait" => exactly_one(state, &["Seconds", "Timestamp", "SecondsPath", "TimestampPath"], findings),
        "Map" => exactly_one(state, &["ItemProcessor", "Iterator"], findings),
        _ => {}
    }
    for (key, value) in state.view.entries() {
        let (mine, others, language) = match state.language {
            Language::JsonPath => (own.path, own.jsonata, "JSONPath"),
            Language::Jsonata => (own.jsonata, own.path, "JSONata"),
        };
        if [own.required, own.both, &COMMON, mine].iter().any(|list| list.contains(&key)) {
            continue;
        }
        let place = value;
        if others.contains(&key) {
            let message = format!("{text} {} has `{key}`, which there is not in {language}", quoted(state.name));
            findings.push(place.finding(&LANGUAGE, message).hint(instead(key, state.language)));
        } else {
            let all = [own.required, own.both, mine].concat();
            let mut finding =
                place.finding(&FIELD, format!("{text} {} has no field {}", quoted(state.name), quoted(key)));
            finding.hint = did_you_mean(key, all.iter().copied());
            findings.push(finding);
        }
    }
    Some(own.name)
}

fn exactly_one(state: State<'_>, keys: &[&'static str], findings: &mut Vec<Finding>) {
    let count = keys.iter().filter(|key| !state.view.get(key).is_absent()).count();
    if count != 1 && state.view.is_closed() {
        let message =
            format!("state {} must have one of {}, but has {count}", quoted(state.name), any_of(keys.iter().copied()));
        findings.push(state.view.finding(&FIELD, message));
    }
}

/// Says what a field of one language is called in the other.
fn instead(key: &str, language: Language) -> &'static str {
    match (language, key) {
        (Language::Jsonata, "Parameters" | "InputPath") => "write `Arguments`",
        (Language::Jsonata, "ItemsPath") => "write `Items`",
        (Language::Jsonata, key)
            if key.ends_with("Path") && !key.starts_with("Output") && !key.starts_with("Result") =>
        {
            "write an expression into the field without `Path`"
        }
        (Language::Jsonata, _) => "write `Output` or `Assign`",
        (Language::JsonPath, "Arguments") => "write `Parameters`, or set `\"QueryLanguage\": \"JSONata\"`",
        (Language::JsonPath, "Items") => "write `ItemsPath`, or set `\"QueryLanguage\": \"JSONata\"`",
        (Language::JsonPath, _) => "write `ResultPath` and `ResultSelector`, or set `\"QueryLanguage\": \"JSONata\"`",
    }
}
