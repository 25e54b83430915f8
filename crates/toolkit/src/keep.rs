//! Stacks that a deployment leaves alone while their work goes on: what it would have changed there, and what it must not take
//! away from them.

use cloud::cloud_formation::StackDescription;
use template::{Assembly, StackTemplate};
use tree::Tree;

use crate::call::Context;
use crate::{Error, Event, Kept, Plan, PlannedChange};

/// What sets the parts of a name, an ARN or an address off.
const SEPARATORS: [char; 4] = ['/', ':', ',', '?'];

/// Lists the resources, parameters and outputs of a stack that differ between what is deployed and its template, as
/// `Resources.LaunchTemplate`.
pub(crate) async fn differences(context: &Context<'_>, stack: &StackTemplate) -> Result<Vec<String>, Error> {
    let name = stack.stack_name.as_str();
    let cloud_formation = &context.cloud.cloud_formation;
    let deployed = match context.call(async || cloud_formation.template(name).await).await {
        Ok(text) => text,
        Err(error) if error.kind == cloud::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let Ok(deployed) = serde_json::from_str::<serde_json::Value>(&deployed) else {
        return Ok(vec!["the whole template".to_owned()]);
    };
    let Ok(new) = serde_json::from_str::<serde_json::Value>(&stack.template.to_json_compact()) else {
        return Ok(Vec::new());
    };
    let mut differences = Vec::new();
    for section in ["Parameters", "Mappings", "Conditions", "Resources", "Outputs"] {
        let names = |value: &serde_json::Value| -> Vec<String> {
            value[section].as_object().into_iter().flat_map(|members| members.keys().cloned()).collect()
        };
        let mut all = names(&new);
        all.extend(names(&deployed).into_iter().filter(|name| new[section].get(name).is_none()));
        let differs = |name: &&String| deployed[section].get(name.as_str()) != new[section].get(name.as_str());
        differences.extend(all.iter().filter(differs).map(|name| format!("{section}.{name}")));
    }
    Ok(differences)
}

/// Refuses a plan that would take something away that a stack that is left alone works with: values reach a stack only when
/// it is deployed, so that it would go on with what is gone.
pub(crate) async fn guard(context: &Context<'_>, assembly: &Assembly, keep: &[Kept], plan: &Plan) -> Result<(), Error> {
    for kept in keep {
        let Some(stack) = assembly.stack(&kept.stack) else { continue };
        let name = stack.stack_name.as_str();
        let cloud_formation = &context.cloud.cloud_formation;
        let description = context.call(async || cloud_formation.describe_stack(name).await).await?;
        let Some(description) = description else { continue };
        let changes = plan.steps.iter().flat_map(|step| step.changes.iter().map(move |change| (step, change)));
        let of_use = changes.filter(|(step, change)| {
            uses(&description, change) || uses_by_reference(assembly, stack, &step.stack, &change.logical_id)
        });
        for (step, change) in of_use {
            match takes_away(change) {
                Fate::Stays => {}
                Fate::MayGo => context.tell(Event::MayEndanger {
                    kept: kept.stack.clone(),
                    stack: step.stack.clone(),
                    logical_id: change.logical_id.clone(),
                }),
                Fate::Goes => {
                    return Err(Error::Endangered {
                        kept: kept.stack.clone(),
                        reason: kept.reason.clone(),
                        stack: step.stack.clone(),
                        logical_id: change.logical_id.clone(),
                        replaced: change.action != "Remove",
                    });
                }
            }
        }
    }
    Ok(())
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    MayGo,
    Goes,
}

/// Says whether a resource is still there after a change. Where that depends on values that are only known during the
/// update, CloudFormation says so of much that stays what it is.
fn takes_away(change: &PlannedChange) -> Fate {
    match (change.action.as_str(), change.replacement.as_deref()) {
        ("Remove", _) if change.policy_action.as_deref().is_some_and(|policy| policy.starts_with("Retain")) => {
            Fate::Stays
        }
        ("Remove", _) | ("Modify", Some("True")) => Fate::Goes,
        ("Modify", Some("Conditional")) => Fate::MayGo,
        _ => Fate::Stays,
    }
}

/// Says whether a parameter of a stack names what changes.
fn uses(description: &StackDescription, change: &PlannedChange) -> bool {
    let Some(id) = change.physical_id.as_deref().filter(|id| !id.is_empty()) else { return false };
    let names = |value: &String| value == id || value.split(SEPARATORS).any(|part| part == id);
    description.parameters.values().any(names)
}

/// Says whether an output that fills a parameter of a stack refers to a resource. What an emulator or an import calls a
/// resource may not be in the parameter's value.
fn uses_by_reference(assembly: &Assembly, stack: &StackTemplate, producer: &str, logical_id: &str) -> bool {
    let Some(template) = assembly.stack(producer).map(|producer| &producer.template) else { return false };
    let of_producer = stack.parameters.iter().filter(|reference| reference.stack == producer);
    of_producer.into_iter().any(|reference| {
        let value = template.find(["Outputs", reference.output.as_str(), "Value"]);
        value.is_some_and(|value| refers_to(value, logical_id))
    })
}

/// Says whether an output's value refers to a resource, by `Ref` or `Fn::GetAtt`.
fn refers_to(value: &Tree, logical_id: &str) -> bool {
    let text = value.to_json_compact();
    let quoted = format!("\"{logical_id}\"");
    let attribute = format!("\"{logical_id}.");
    text.contains(&quoted) || text.contains(&attribute) || text.contains(&format!("${{{logical_id}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: &str, replacement: Option<&str>, physical_id: &str) -> PlannedChange {
        PlannedChange {
            action: action.into(),
            logical_id: "Jobs".into(),
            physical_id: Some(physical_id.into()),
            resource_type: "AWS::DynamoDB::Table".into(),
            replacement: replacement.map(str::to_owned),
            policy_action: None,
            loses: None,
            properties: Vec::new(),
        }
    }

    #[test]
    fn what_goes_or_is_made_anew_is_taken_away() {
        for (action, replacement, expected) in [
            ("Remove", None, Fate::Goes),
            ("Modify", Some("True"), Fate::Goes),
            ("Modify", Some("False"), Fate::Stays),
            ("Modify", Some("Conditional"), Fate::MayGo),
            ("Add", None, Fate::Stays),
        ] {
            assert_eq!(takes_away(&change(action, replacement, "x")), expected, "{action} {replacement:?}");
        }
        let retained = PlannedChange { policy_action: Some("Retain".into()), ..change("Remove", None, "x") };
        assert_eq!(takes_away(&retained), Fate::Stays);
    }
}
