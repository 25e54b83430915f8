//! What tests of synthesized stacks share.

use std::path::{Path, PathBuf};

use serde_json::Value;
use stacks::app;
use stacks::environment::{self, Environment};
use template::Assembly;

/// Where environments are: those of the repository, and those that are there to be tested only.
fn directories() -> [PathBuf; 2] {
    ["../environments", "tests/environments"].map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// Reads an environment of the repository, or one that is there to be tested only.
pub fn environment(name: &str) -> Environment {
    let is_there = |directory: &PathBuf| environment::names(directory).unwrap().contains(&name.to_owned());
    let directory = directories().into_iter().find(is_there).unwrap_or_else(|| panic!("no environment {name}"));
    Environment::load(&directory, name).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads all of them.
pub fn environments() -> Vec<Environment> {
    let names = directories().into_iter().flat_map(|directory| environment::names(&directory).unwrap());
    names.map(|name| environment(&name)).collect()
}

pub fn synth(environment: &Environment) -> Assembly {
    app(environment).synth().unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// Every resource of every stack: stack, logical id, resource.
pub fn resources(environment: &Environment) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for stack in synth(environment).stacks {
        let template = stack.template.to_json();
        for (id, resource) in template["Resources"].as_object().unwrap() {
            all.push((stack.name.clone(), id.clone(), resource.clone()));
        }
    }
    all
}

pub fn of_type(environment: &Environment, name: &str) -> Vec<(String, Value)> {
    let all = resources(environment).into_iter();
    let found: Vec<_> =
        all.filter(|(_, _, resource)| resource["Type"] == name).map(|(_, id, resource)| (id, resource)).collect();
    assert!(!found.is_empty(), "no {name}");
    found
}

pub fn resource(environment: &Environment, stack: &str, id: &str) -> Value {
    let found = resources(environment).into_iter().find(|(in_stack, found, _)| in_stack == stack && found == id);
    found.unwrap_or_else(|| panic!("no {id} in {stack}")).2
}
