//! Finds the value of every parameter of a stack.

use std::collections::BTreeMap;

use cloud::cloud_formation::StackDescription;
use template::{Assembly, StackTemplate};

use crate::{Error, PlannedParameter, selection};

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

/// Finds where the parameters of a stack have their values from: weak references from the outputs of other stacks, whose
/// values may not be known yet; the author's own from what was given, or else from what the stack has, or else from their
/// default. With `keeps`, all stay what they are.
pub(crate) fn resolve(
    stack: &StackTemplate,
    existing: Option<&StackDescription>,
    given: Option<&BTreeMap<String, String>>,
    outputs: &Outputs,
    keeps: bool,
) -> Result<BTreeMap<String, PlannedParameter>, Error> {
    let mut values = BTreeMap::new();
    let present = |name: &str| existing.is_some_and(|existing| existing.parameters.contains_key(name));
    let declared = stack.template.get("Parameters").and_then(tree::Tree::as_map);
    for reference in &stack.parameters {
        if declared.is_none_or(|declared| declared.get(&reference.parameter).is_none()) {
            continue;
        }
        let value = outputs.get(&reference.stack).and_then(|outputs| outputs.get(&reference.output)).cloned();
        let (stack, output) = (reference.stack.clone(), reference.output.clone());
        let planned = if keeps && present(&reference.parameter) {
            PlannedParameter::Previous
        } else {
            PlannedParameter::Output { stack, output, value }
        };
        values.insert(reference.parameter.clone(), planned);
    }
    for (name, has_default) in authors_parameters(stack) {
        if let Some(value) = given.and_then(|given| given.get(name)) {
            values.insert(name.to_owned(), PlannedParameter::Given { value: value.clone() });
        } else if present(name) {
            values.insert(name.to_owned(), PlannedParameter::Previous);
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
