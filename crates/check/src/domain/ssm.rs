//! Documents of Systems Manager: their steps, their parameters, and what their shells will do.

use std::collections::BTreeSet;

use tree::{Finding, Node, Tree};

use super::ssm_rules::{
    ACTION, CONTENT, INJECTION, INPUTS, LIMIT, PARAMETER, PLATFORM, SCHEMA_VERSION, SHELL, STEP, UNDECLARED,
};
use super::{Shared, scripts};
use crate::look::{Resource, Unreadable, View, json_bytes};
use crate::schema::Patterns;
use crate::words::{all_of, any_of, did_you_mean, given, quoted};

/// How large a document may be, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long a command may run, in seconds.
const LONGEST: f64 = 172_800.0;

/// Checks a document.
pub(super) fn check(shared: &Shared<'_>, document: &Resource<'_>, findings: &mut Vec<Finding>) {
    let content = document.at("Content");
    // Text is taken for JSON unless it is said to be something else.
    let format = document.at("DocumentFormat");
    if content.known().is_none_or(|tree| tree.as_map().is_none()) && !(format.is_absent() || format.is("JSON")) {
        return;
    }
    let read = match content.document() {
        Ok(read) => read,
        Err(Unreadable::Unknown) => return,
        Err(Unreadable::Mistake(error)) => {
            let message = format!("the content is no JSON: {error}");
            findings
                .push(content.finding(&CONTENT, message).hint("with `\"DocumentFormat\": \"YAML\"` it may be YAML"));
            return;
        }
    };
    let root = read.view();
    let bytes = root.tree().map_or(0, json_bytes);
    if bytes > LARGEST {
        let message = format!("the document has {bytes} bytes, but at most {LARGEST} are allowed");
        findings.push(content.finding(&LIMIT, message).hint("let the steps fetch their scripts"));
    }
    let kind = document.at("DocumentType");
    let kind = if kind.is_absent() { Some("Command".into()) } else { kind.text() };
    let Some(kind) = kind else { return };
    if !version(root, &kind, findings) {
        return;
    }
    let Some(actions) = (match kind.as_ref() {
        "Command" => Some(COMMAND),
        "Automation" => Some(AUTOMATION),
        _ => None,
    }) else {
        return;
    };
    let steps = root.get("mainSteps");
    if root.is_closed() && steps.is_absent() && root.get("runtimeConfig").is_absent() {
        findings.push(root.finding(&STEP, "the document has no `mainSteps`"));
    }
    names(steps, findings);
    for step in steps.items() {
        action(step, actions, findings);
        if kind == "Command" {
            command(shared.patterns, root, step, findings);
        } else if step.get("action").is("aws:runCommand") && step.at("inputs/DocumentName").is("AWS-RunShellScript") {
            scripts::lines(step.at("inputs/Parameters/commands"), findings);
        }
    }
    parameters(shared.patterns, root, findings);
    if kind == "Command" {
        declared(root, findings);
    }
}

/// Checks the version of the schema, and tells whether it is one whose steps are known here.
fn version(root: View<'_>, kind: &str, findings: &mut Vec<Finding>) -> bool {
    let versions: &[&str] = match kind {
        "Command" => &["1.2", "2.0", "2.2"],
        "Automation" => &["0.3"],
        "Session" => &["1.0"],
        _ => return false,
    };
    let version = root.get("schemaVersion");
    if version.is_absent() && root.is_closed() {
        let hint = format!("write {}", any_of(versions.iter().copied()));
        findings.push(root.finding(&SCHEMA_VERSION, "the document has no `schemaVersion`").hint(hint));
    }
    let Some(text) = version.text() else { return false };
    if !versions.contains(&text.as_ref()) {
        let message = format!(
            "`schemaVersion` is {}, but a document of type {kind} has {}",
            quoted(&text),
            any_of(versions.iter().copied())
        );
        findings.push(version.finding(&SCHEMA_VERSION, message));
        return false;
    }
    ["2.2", "0.3"].contains(&text.as_ref())
}

fn names(steps: View<'_>, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for step in steps.items() {
        let name = step.get("name");
        for key in ["action", "name"] {
            if step.is_closed() && step.get(key).is_absent() {
                findings.push(step.finding(&STEP, format!("a step has no `{key}`")));
            }
        }
        let Some(text) = name.text() else { continue };
        if !seen.insert(text.to_string()) {
            findings.push(name.finding(&STEP, format!("two steps are called {}", quoted(&text))));
        }
        let fits = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        if text.is_empty() || text.len() > 128 || !text.chars().all(fits) {
            let message =
                format!("a step is called {}, but names have 1 to 128 letters, digits and `_`", quoted(&text));
            findings.push(name.finding(&STEP, message));
        }
    }
}

/// An action, the inputs that it must have, and those that it may have; no list of the latter if they are not checked.
type Action = (&'static str, &'static [&'static str], Option<&'static [&'static str]>);

/// The plugins of documents of type Command, from "Command document plugin reference".
static COMMAND: &[Action] = &[
    ("aws:applications", &["action", "source"], Some(&["parameters", "sourceHash"])),
    ("aws:cloudWatch", &[], None),
    ("aws:configureDocker", &["action"], Some(&[])),
    ("aws:configurePackage", &["action", "name"], Some(&["additionalArguments", "installationType", "version"])),
    ("aws:domainJoin", &["directoryId", "directoryName"], None),
    ("aws:downloadContent", &["sourceInfo", "sourceType"], Some(&["destinationPath"])),
    ("aws:psModule", &["runCommand"], None),
    ("aws:refreshAssociation", &[], None),
    ("aws:runDockerAction", &["action"], None),
    ("aws:runDocument", &["documentPath", "documentType"], Some(&["documentParameters"])),
    ("aws:runPowerShellScript", &["runCommand"], Some(&["timeoutSeconds", "workingDirectory"])),
    ("aws:runShellScript", &["runCommand"], Some(&["timeoutSeconds", "workingDirectory"])),
    ("aws:softwareInventory", &[], None),
    ("aws:updateAgent", &["agentName"], None),
    ("aws:updateSsmAgent", &["agentName"], None),
];

/// The actions of runbooks, from "Systems Manager Automation actions reference".
static AUTOMATION: &[Action] = &[
    ("aws:approve", &["Approvers"], None),
    ("aws:assertAwsResourceProperty", &["Api", "DesiredValues", "PropertySelector", "Service"], None),
    ("aws:branch", &["Choices"], None),
    ("aws:changeInstanceState", &["DesiredState", "InstanceIds"], None),
    ("aws:copyImage", &["ImageName", "SourceImageId", "SourceRegion"], None),
    ("aws:createImage", &["ImageName", "InstanceId"], None),
    ("aws:createStack", &["StackName"], None),
    ("aws:createTags", &["ResourceIds", "Tags"], None),
    ("aws:deleteImage", &["ImageId"], None),
    ("aws:deleteStack", &["StackName"], None),
    ("aws:executeAutomation", &["DocumentName"], None),
    ("aws:executeAwsApi", &["Api", "Service"], None),
    ("aws:executeScript", &["Runtime"], None),
    ("aws:executeStateMachine", &["stateMachineArn"], None),
    ("aws:invokeLambdaFunction", &["FunctionName"], None),
    ("aws:invokeWebhook", &["IntegrationName"], None),
    ("aws:loop", &[], None),
    ("aws:pause", &[], None),
    ("aws:runCommand", &["DocumentName"], None),
    ("aws:runInstances", &[], None),
    ("aws:sleep", &[], None),
    ("aws:updateVariable", &["Name", "Value"], None),
    ("aws:waitForAwsResourceProperty", &["Api", "DesiredValues", "PropertySelector", "Service"], None),
];

fn action(step: View<'_>, actions: &[Action], findings: &mut Vec<Finding>) {
    let action = step.get("action");
    let Some(text) = action.text() else { return };
    let Some((_, required, optional)) = actions.iter().find(|(name, ..)| *name == text) else {
        let mut finding = action.finding(&ACTION, format!("there is no action {}", quoted(&text)));
        finding.hint = did_you_mean(&text, actions.iter().map(|(name, ..)| *name));
        findings.push(finding);
        return;
    };
    let inputs = step.get("inputs");
    if inputs.is_unknown() || !inputs.is_closed() {
        return;
    }
    let missing: Vec<&str> = required.iter().copied().filter(|name| inputs.get(name).is_absent()).collect();
    if !missing.is_empty() {
        let place = if inputs.is_absent() { step } else { inputs };
        findings.push(place.finding(&INPUTS, format!("`{text}` must have {}", all_of(missing))));
    }
    let Some(optional) = optional else { return };
    for (name, value) in inputs.entries() {
        // Every plugin of version 2.2 may have conditions and a time.
        if !required.contains(&name) && !optional.contains(&name) && name != "timeoutSeconds" {
            let mut finding = value.finding(&INPUTS, format!("`{text}` has no input {}", quoted(name)));
            finding.hint = did_you_mean(name, required.iter().chain(optional.iter()).copied());
            findings.push(finding);
        }
    }
}

/// Checks what a step of a command runs.
fn command(patterns: &Patterns, root: View<'_>, step: View<'_>, findings: &mut Vec<Finding>) {
    let inputs = step.get("inputs");
    let run = inputs.get("runCommand");
    if let Some(tree) = run.known()
        && tree.as_list().is_none()
        && !tree.as_str().is_some_and(|text| text.trim().starts_with("{{"))
    {
        let message = format!("`runCommand` must be a list of lines, but is {}", given(tree));
        findings.push(run.finding(&INPUTS, message).hint("put it into brackets"));
    }
    let timeout = inputs.get("timeoutSeconds");
    let is_reference = timeout.text().is_some_and(|text| text.contains("{{"));
    if let Some(text) = timeout.text().filter(|_| !is_reference)
        && !text.parse::<f64>().is_ok_and(|seconds| (1.0..=LONGEST).contains(&seconds))
    {
        let message = format!("`timeoutSeconds` is {}, but must be from 1 to {LONGEST}", quoted(&text));
        findings.push(timeout.finding(&LIMIT, message));
    }
    let action = step.get("action");
    if action.is("aws:runShellScript") {
        shell(run, findings);
        scripts::lines(run, findings);
    }
    if action.is("aws:runShellScript") || action.is("aws:runPowerShellScript") {
        injection(patterns, root, run, findings);
        platform(step, findings);
    }
}

/// Compares the platform that a step wants with the one that its action is for.
fn platform(step: View<'_>, findings: &mut Vec<Finding>) {
    let wanted = step.at("precondition/StringEquals");
    if !wanted.is_known() || !wanted.is_closed() {
        return;
    }
    let values: Vec<_> = wanted.items().map(View::text).collect();
    if values.len() != 2 {
        let message = format!("`StringEquals` compares two values, but here are {}", values.len());
        findings.push(wanted.finding(&PLATFORM, message).hint("such as `[\"platformType\", \"Linux\"]`"));
        return;
    }
    let [Some(name), Some(value)] = values.as_slice() else { return };
    if name != "platformType" {
        return;
    }
    let fitting: &[&str] = if step.get("action").is("aws:runShellScript") { &["Linux", "MacOS"] } else { &["Windows"] };
    let is_powershell_elsewhere = step.get("action").is("aws:runPowerShellScript") && value != "Windows";
    if !["Linux", "MacOS", "Windows"].contains(&value.as_ref()) {
        let message = format!("there is no platform {}", quoted(value));
        findings.push(wanted.finding(&PLATFORM, message).hint("the platforms are `Linux`, `MacOS` and `Windows`"));
    } else if !fitting.contains(&value.as_ref()) && !is_powershell_elsewhere {
        let message = format!("a shell script is never run on {value}");
        findings.push(wanted.finding(&PLATFORM, message).hint("use `aws:runPowerShellScript`, or another platform"));
    }
}

/// Looks at the lines of a shell script.
fn shell(run: View<'_>, findings: &mut Vec<Finding>) {
    if !run.is_known() || !run.is_closed() {
        return;
    }
    let lines: Option<Vec<_>> = run.items().map(View::text).collect();
    let Some(lines) = lines else { return };
    let lines: Vec<&str> = lines.iter().flat_map(|line| line.lines()).collect();
    let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    if let Some(late) = lines.iter().skip(1).position(|line| line.starts_with("#!/")) {
        let is_first_code = !lines[..=late].iter().any(|line| is_code(&line));
        let in_a_text = lines[..=late].iter().any(|line| line.contains("<<"));
        if is_first_code && !in_a_text {
            let message = format!("`{}` is line {} of the script, and does nothing there", lines[late + 1], late + 2);
            findings.push(run.finding(&SHELL, message).hint("make it the first line"));
        }
    }
    let stops = |line: &str| {
        let line = line.trim_start();
        (line.starts_with("set -") && line.split_whitespace().any(|word| word == "errexit" || is_flag(word, 'e')))
            || (line.starts_with("#!") && line.split_whitespace().skip(1).any(|word| is_flag(word, 'e')))
    };
    let commands = lines.iter().filter(is_code).count();
    if commands > 1 && !lines.iter().any(|line| stops(line) || line.contains("&&") || line.contains("exit ")) {
        let message = format!("the script goes on after a failure: of its {commands} lines only the last one decides");
        findings.push(run.finding(&SHELL, message).hint("begin with `set -euo pipefail` in bash, `set -eu` in sh"));
    }
}

fn is_flag(word: &str, flag: char) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains(flag))
}

/// What a hostile caller would try in a shell.
static HOSTILE: [&str; 6] = ["a; reboot", "$(reboot)", "`reboot`", "a | sh", "a && reboot", "a' b"];

/// Reports parameters that become part of a script as text.
fn injection(patterns: &Patterns, root: View<'_>, run: View<'_>, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for line in run.items() {
        let Some(text) = line.text() else { continue };
        for name in references(&text) {
            let parameter = root.get("parameters").get(name);
            let is_text = ["String", "StringList", "StringMap"].iter().any(|kind| parameter.get("type").is(kind));
            let is_chosen = !parameter.get("allowedValues").is_absent();
            let pattern = parameter.get("allowedPattern");
            let is_harmless = pattern.is_unknown()
                || pattern.text().is_some_and(|pattern| {
                    HOSTILE.iter().all(|text| patterns.matches(&pattern, text).is_none_or(|matches| !matches))
                });
            if parameter.is_known() && is_text && !is_chosen && !is_harmless && told.insert(name.to_owned()) {
                let message = format!("the text of parameter {} becomes part of the script", quoted(name));
                let hint = format!(
                    "add `\"interpolationType\": \"ENV_VAR\"` to the parameter and write `\"$SSM_{name}\"`; or let \
                     `allowedPattern` allow no character that a shell understands"
                );
                findings.push(line.finding(&INJECTION, message).hint(hint));
            }
        }
    }
}

/// Lists the names in `{{ name }}`.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name.trim()).filter(is_name)
}

/// The types of parameters, in documents of all kinds.
static TYPES: [&str; 7] = ["Boolean", "Integer", "MapList", "String", "StringList", "StringMap", "MapStringList"];

fn parameters(patterns: &Patterns, root: View<'_>, findings: &mut Vec<Finding>) {
    for (name, parameter) in root.get("parameters").entries() {
        let kind = parameter.get("type");
        if parameter.is_closed() && kind.is_absent() && parameter.is_known() {
            findings.push(parameter.finding(&PARAMETER, format!("parameter {} has no `type`", quoted(name))));
        }
        // Runbooks have types of resources too, such as `AWS::EC2::Instance::Id` and lists of them.
        if let Some(text) = kind.text()
            && !TYPES.contains(&text.as_ref())
            && !text.contains("::")
        {
            let mut finding = kind.finding(&PARAMETER, format!("there is no type {}", quoted(&text)));
            finding.hint = did_you_mean(&text, TYPES).or_else(|| Some(format!("the types are {}", all_of(TYPES))));
            findings.push(finding);
        }
        fallback(patterns, name, parameter, findings);
        let interpolation = parameter.get("interpolationType");
        if let Some(text) = interpolation.text()
            && text != "ENV_VAR"
        {
            let message = format!("`interpolationType` is {}, but can only be `ENV_VAR`", quoted(&text));
            findings.push(interpolation.finding(&PARAMETER, message));
        }
    }
}

/// Checks that a default is one of the values that are allowed.
fn fallback(patterns: &Patterns, name: &str, parameter: View<'_>, findings: &mut Vec<Finding>) {
    let default = parameter.get("default");
    let Some(text) = default.text() else { return };
    let allowed = parameter.get("allowedValues");
    let values: Option<Vec<_>> = allowed.items().map(View::text).collect();
    if let Some(values) = values.filter(|_| allowed.is_known() && allowed.is_closed())
        && !values.contains(&text)
    {
        let message =
            format!("the default {} of parameter {} is none of its allowed values", quoted(&text), quoted(name));
        findings.push(default.finding(&PARAMETER, message));
    }
    if let Some(pattern) = parameter.get("allowedPattern").text()
        && patterns.matches(&pattern, &text) == Some(false)
    {
        let message = format!(
            "the default {} of parameter {} does not fit its pattern {}",
            quoted(&text),
            quoted(name),
            quoted(&pattern)
        );
        findings.push(default.finding(&PARAMETER, message));
    }
}

/// Reports names in `{{ name }}` that no parameter has.
fn declared(root: View<'_>, findings: &mut Vec<Finding>) {
    let parameters = root.get("parameters");
    if parameters.is_unknown() || !parameters.is_closed() {
        return;
    }
    let names: Vec<&str> = parameters.entries().map(|(name, _)| name).collect();
    let mut told = BTreeSet::new();
    for step in root.get("mainSteps").items() {
        let mut texts = Vec::new();
        collect(step, &mut texts);
        for view in texts {
            let Some(text) = view.text() else { continue };
            for name in references(&text) {
                // What the document itself knows.
                let is_known = names.contains(&name) || name == "platformType";
                if !is_known && told.insert(name.to_owned()) {
                    let mut finding =
                        view.finding(&UNDECLARED, format!("the document has no parameter {}", quoted(name)));
                    finding.hint = did_you_mean(name, names.iter().copied());
                    findings.push(finding);
                }
            }
        }
    }
}

/// Lists the texts below a view.
fn collect<'a>(view: View<'a>, texts: &mut Vec<View<'a>>) {
    match view.tree().map(|tree: &Tree| &tree.node) {
        Some(Node::String(text)) if text.contains("{{") => texts.push(view),
        Some(Node::List(_)) => view.items().for_each(|item| collect(item, texts)),
        Some(Node::Map(_)) => view.entries().for_each(|(_, value)| collect(value, texts)),
        _ => {}
    }
}
