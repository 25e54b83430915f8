//! Finds the value of every parameter of a stack.

use std::collections::BTreeMap;

use cloud::cloud_formation::{ParameterValue, StackDescription};
use template::{Assembly, StackTemplate};

use crate::{Error, selection};

/// Outputs of stacks: by stack, then by output.
pub(crate) type Outputs = BTreeMap<String, BTreeMap<String, String>>;

/// Makes sure that every value given, by stack and parameter, is one for a parameter that there is.
pub fn check_parameters(assembly: &Assembly, given: &BTreeMap<String, BTreeMap<String, String>>) -> Result<(), Error> {
    for (name, values) in given {
        let stack = assembly.stack(name).ok_or_else(|| selection::unknown_stack(assembly, name))?;
        let own = authors_parameters(stack);
        if let Some(unknown) = values.keys().find(|name| own.iter().all(|(own, _)| own != name)) {
            return Err(Error::UnknownParameter {
                stack: stack.name.clone(),
                parameter: unknown.clone(),
                known: own.iter().map(|(name, _)| (*name).to_owned()).collect(),
            });
        }
    }
    Ok(())
}

/// Fills the parameters of a stack: weak references from the outputs of other stacks; the author's own from what was
/// given, or else from what the stack has, or else from their default.
pub(crate) fn fill(
    stack: &StackTemplate,
    existing: Option<&StackDescription>,
    given: Option<&BTreeMap<String, String>>,
    outputs: &Outputs,
) -> Result<BTreeMap<String, ParameterValue>, Error> {
    let mut values = BTreeMap::new();
    for reference in &stack.parameters {
        let value = outputs.get(&reference.stack).and_then(|outputs| outputs.get(&reference.output));
        let value = value.ok_or_else(|| Error::MissingOutput {
            stack: stack.name.clone(),
            producer: reference.stack.clone(),
            output: reference.output.clone(),
        })?;
        values.insert(reference.parameter.clone(), ParameterValue::Value(value.clone()));
    }
    for (name, has_default) in authors_parameters(stack) {
        if let Some(value) = given.and_then(|given| given.get(name)) {
            values.insert(name.to_owned(), ParameterValue::Value(value.clone()));
        } else if existing.is_some_and(|existing| existing.parameters.contains_key(name)) {
            values.insert(name.to_owned(), ParameterValue::Previous);
        } else if !has_default {
            return Err(Error::MissingParameter { stack: stack.name.clone(), parameter: name.to_owned() });
        }
    }
    Ok(values)
}

/// Lists the parameters that the author declared, and whether each has a default.
fn authors_parameters(stack: &StackTemplate) -> Vec<(&str, bool)> {
    let Some(parameters) = stack.template.get("Parameters").and_then(tree::Tree::as_map) else { return Vec::new() };
    let is_weak = |name: &str| stack.parameters.iter().any(|reference| reference.parameter == name);
    let own = parameters.iter().filter(|entry| !is_weak(&entry.key));
    own.map(|entry| (entry.key.as_str(), entry.value.get("Default").is_some())).collect()
}
