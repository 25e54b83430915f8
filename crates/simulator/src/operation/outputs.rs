//! Outputs and exports of a stack, and what forbids to change them.

use std::collections::{BTreeMap, BTreeSet};

use cloud::cloud_formation::StackOutput;
use serde_json::Value;

use crate::stack::{Revision, Stack};
use crate::state::{Exported, State};
use crate::template::{Looked, imports, text};

impl State {
    /// Evaluates the outputs of a stack.
    pub fn outputs(
        &self,
        stack: &Stack,
        revision: &Revision,
        look: &dyn Fn(&str, Option<&str>) -> Looked,
    ) -> Result<BTreeMap<String, StackOutput>, String> {
        self.within(stack, revision, look, |scope| {
            let mut outputs = BTreeMap::new();
            for (name, definition) in revision.template.section("Outputs").into_iter().flatten() {
                if !scope.is_there(definition)? {
                    continue;
                }
                let value = scope.required(&definition["Value"])?;
                let value = match value {
                    Value::Array(_) | Value::Object(_) | Value::Null => {
                        return Err(format!(
                            "Template format error: The Value field of output {name} must evaluate to type String."
                        ));
                    }
                    scalar => text(&scalar).unwrap_or_default(),
                };
                let export = match definition["Export"].get("Name") {
                    Some(name) => text(&scope.required(name)?),
                    None => None,
                };
                let description = definition["Description"].as_str().map(str::to_owned);
                outputs.insert(name.clone(), StackOutput { value, description, export });
            }
            Ok(outputs)
        })
    }

    /// Lists the names of the exports that a template uses.
    pub fn imported(
        &self,
        stack: &Stack,
        revision: &Revision,
        look: &dyn Fn(&str, Option<&str>) -> Looked,
    ) -> BTreeSet<String> {
        let resources = revision.template.resources().map(|(_, resource)| resource);
        let outputs = revision.template.section("Outputs").into_iter().flatten().map(|(_, output)| output);
        let arguments: Vec<_> = resources.chain(outputs).flat_map(imports).collect();
        self.within(stack, revision, look, |scope| {
            arguments
                .iter()
                .filter_map(|argument| scope.evaluate(argument).ok().flatten().as_ref().and_then(text))
                .collect()
        })
    }

    /// Lists the names of the stacks that use an export.
    pub fn importing(&self, export: &str) -> Vec<String> {
        let stacks = self.live.values().filter_map(|id| self.stacks.get(id));
        stacks.filter(|stack| stack.imports.contains(export)).map(|stack| stack.name.clone()).collect()
    }

    /// Says why a stack cannot have these outputs: another exports the name, or another uses what would change.
    pub fn forbidden(&self, id: &str, outputs: &BTreeMap<String, StackOutput>) -> Option<String> {
        let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
        for output in outputs.values() {
            let Some(name) = output.export.as_deref() else { continue };
            if wanted.insert(name, &output.value).is_some() {
                return Some(format!("Duplicate Export names are not allowed within a stack: {name}"));
            }
            let other = self.exports.get(name).filter(|exported| exported.stack != id);
            if let Some(other) = other.and_then(|other| self.stacks.get(&other.stack)) {
                return Some(format!("Export with name {name} is already exported by stack {}", other.name));
            }
        }
        let own = self.exports.iter().filter(|(_, exported)| exported.stack == id);
        for (name, exported) in own {
            let verb = match wanted.get(name.as_str()) {
                Some(value) if *value == exported.value => continue,
                Some(_) => "updated",
                None => "deleted",
            };
            let users = self.importing(name);
            if !users.is_empty() {
                return Some(in_use(name, verb, &users));
            }
        }
        None
    }

    /// Gives a stack its outputs, and others its exports.
    pub fn publish(&mut self, id: &str, outputs: BTreeMap<String, StackOutput>) {
        self.exports.retain(|_, exported| exported.stack != id);
        for output in outputs.values() {
            if let Some(name) = &output.export {
                let exported = Exported { value: output.value.clone(), stack: id.to_owned() };
                self.exports.insert(name.clone(), exported);
            }
        }
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.outputs = outputs;
        }
    }
}

fn in_use(export: &str, verb: &str, users: &[String]) -> String {
    let users = match users.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => users.join(""),
    };
    format!("Export {export} cannot be {verb} as it is in use by {users}")
}
