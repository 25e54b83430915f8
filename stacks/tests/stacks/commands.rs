//! Holds the documents of commands to what they promise.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use stacks::Environment;

use crate::support::{environment, environments, resources, synth};

/// The largest document that Systems Manager takes, in bytes.
const LARGEST_DOCUMENT: usize = 64 * 1024;

/// The documents of an environment: logical id and properties.
fn documents(environment: &Environment) -> Vec<(String, Value)> {
    let all = resources(environment).into_iter().filter(|(_, _, resource)| resource["Type"] == "AWS::SSM::Document");
    all.map(|(_, id, resource)| (id, resource["Properties"].clone())).collect()
}

/// The script of a document's one step.
fn script(document: &Value) -> String {
    let steps = document["Content"]["mainSteps"].as_array().unwrap();
    assert_eq!(steps.len(), 1);
    let lines = steps[0]["inputs"]["runCommand"].as_array().unwrap().iter();
    lines.flat_map(|line| [line.as_str().unwrap(), "\n"]).collect()
}

#[test]
fn documents_are_there_where_there_are_instances() {
    for environment in environments() {
        let there = !documents(&environment).is_empty();
        assert_eq!(there, environment.fleet.instances.is_some(), "{}", environment.name);
    }
}

#[test]
fn documents_are_new_versions_of_themselves_and_named_as_roles_may_run_them() {
    for (id, document) in documents(&environment("prod")) {
        assert!(document["Name"].as_str().unwrap().starts_with("baleen-prod-"), "{id}");
        assert_eq!(document["UpdateMethod"], "NewVersion", "{id}");
        assert_eq!(document["DocumentType"], "Command", "{id}");
        assert_eq!(document["Content"]["schemaVersion"], "2.2", "{id}");
        let bytes = document["Content"].to_string().len();
        assert!(bytes <= LARGEST_DOCUMENT, "{id}: {bytes} bytes");
    }
}

#[test]
fn no_parameter_can_become_a_command() {
    for environment in environments() {
        for (id, document) in documents(&environment) {
            for (name, parameter) in document["Content"]["parameters"].as_object().unwrap() {
                assert_eq!(parameter["interpolationType"], "ENV_VAR", "{id}: {name}");
                let pattern = parameter["allowedPattern"].as_str();
                assert!(
                    pattern.is_none_or(|pattern| pattern.starts_with('^') && pattern.ends_with('$')),
                    "{id}: {name}"
                );
                assert!(pattern.is_some() || parameter["allowedValues"].is_array(), "{id}: {name}");
                assert!(parameter["description"].is_string(), "{id}: {name}");
            }
            assert!(!script(&document).contains("{{"), "{id}");
        }
    }
}

#[test]
fn scripts_read_the_parameters_that_their_documents_have() {
    for (id, document) in documents(&environment("prod")) {
        let script = script(&document);
        let words: Vec<_> = script.split(|c: char| c.is_whitespace() || c == '(').collect();
        let reads = words.windows(2).filter(|pair| ["parameter", "optional", "decode_key"].contains(&pair[0]));
        let read: BTreeSet<_> = reads.map(|pair| pair[1]).collect();
        for name in document["Content"]["parameters"].as_object().unwrap().keys() {
            assert!(read.contains(name.as_str()), "{id}: {name}");
        }
    }
}

#[test]
fn scripts_are_bash_that_stops_at_the_first_failure() {
    for (id, document) in documents(&environment("prod")) {
        let script = script(&document);
        assert!(script.starts_with("#!/usr/bin/env bash\n"), "{id}");
        assert!(script.contains("\nset -euo pipefail\n"), "{id}");
        let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(bash.wait().unwrap().success(), "{id}");
    }
}

#[test]
fn the_agent_is_installed_by_the_unit_that_instances_have_from_the_start() {
    let environment = environment("prod");
    let documents = documents(&environment);
    let install = script(&documents.iter().find(|(id, _)| id == "InstallAgent").unwrap().1);
    let template = synth(&environment).stack("fleet-blue").unwrap().template.to_json_compact();
    let start = install.lines().find(|line| line.starts_with("  --visibility-seconds ")).unwrap();
    assert!(template.contains(start.trim_end_matches('\\')), "{start}");
}
