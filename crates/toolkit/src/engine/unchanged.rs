//! Says of a stack that there is nothing to change without asking CloudFormation for a change set.
//!
//! That is sound only where nothing but the template, the parameters and the tags can change it. So it says no where a
//! value is looked up at each deployment (parameters of Systems Manager, dynamic references, outputs of other stacks),
//! where the template is made into another one (macros, `Fn::Transform`), or holds others (nested stacks); where a value
//! is hidden; and where the last operation on the stack did not end as it was meant to.

use std::collections::BTreeMap;

use template::StackTemplate;
use tree::{Node, Tree};

use crate::plan::PlannedParameter;
use crate::plan::steps::Deployed;

/// What makes a template mean another thing each time.
const LOOKED_UP: [&str; 5] =
    ["{{resolve:", "\"Transform\"", "Fn::Transform", "Fn::GetStackOutput", "\"AWS::CloudFormation::Stack\""];

/// CloudFormation's sign for a value that it does not show.
const HIDDEN: &str = "****";

/// Says whether a stack certainly is as these make it.
pub(super) fn is_unchanged(
    stack: &StackTemplate,
    deployed: &Deployed,
    parameters: &BTreeMap<String, PlannedParameter>,
) -> bool {
    let description = &deployed.description;
    if !description.status.is_success() || LOOKED_UP.iter().any(|words| deployed.text.contains(words)) {
        return false;
    }
    let tags: BTreeMap<String, String> = stack.tags.iter().cloned().collect();
    deployed.has(&stack.template) && tags == description.tags && same_parameters(&stack.template, deployed, parameters)
}

fn same_parameters(template: &Tree, deployed: &Deployed, parameters: &BTreeMap<String, PlannedParameter>) -> bool {
    let present = &deployed.description.parameters;
    let declared = template.get("Parameters").and_then(Tree::as_map);
    let declared: Vec<_> = declared.into_iter().flat_map(|parameters| parameters.iter()).collect();
    declared.len() == present.len()
        && declared.iter().all(|entry| {
            let kind = entry.value.get("Type").and_then(Tree::as_str).unwrap_or_default();
            let Some(now) = present.get(&entry.key) else { return false };
            let wanted = match parameters.get(&entry.key) {
                Some(PlannedParameter::Previous) => Some(now.clone()),
                Some(PlannedParameter::Given { value }) => Some(value.clone()),
                Some(PlannedParameter::Output { value, .. }) => value.clone(),
                None => entry.value.get("Default").and_then(text),
            };
            let is_hidden = now == HIDDEN && !matches!(parameters.get(&entry.key), Some(PlannedParameter::Previous));
            !kind.starts_with("AWS::SSM::Parameter::Value") && !is_hidden && wanted.as_ref() == Some(now)
        })
}

/// Writes a default as CloudFormation shows it.
fn text(default: &Tree) -> Option<String> {
    match &default.node {
        Node::String(text) => Some(text.clone()),
        Node::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
