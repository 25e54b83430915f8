//! Stack policies: what later updates may do to data, whoever makes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tree::Tree;

use super::{Engine, Node};
use crate::plan::loss::Allowed;
use crate::{Error, Event, StackPolicy};

impl Engine<'_> {
    /// Sets the policy of a stack, where it is another one; what is `allowed` to go is not protected by it.
    pub(super) async fn set_policy(&self, node: &Node, id: &str, allowed: &Allowed) -> Result<(), Error> {
        let Some(policy) = self.options.stack_policy else { return Ok(()) };
        let (context, stack) = (&self.context, node.stack.name.as_str());
        let cloud_formation = &context.cloud.cloud_formation;
        let present = context.call(async || cloud_formation.stack_policy(id).await).await?;
        let excepted: BTreeSet<&str> = allowed.of_stack(stack).collect();
        let protected: Vec<String> = match policy {
            StackPolicy::AllowAll => Vec::new(),
            StackPolicy::ProtectData => {
                stateful(&node.stack.template).filter(|id| !excepted.contains(id)).map(str::to_owned).collect()
            }
        };
        let wanted = document(&protected);
        let present: Option<Value> = present.and_then(|text| serde_json::from_str(&text).ok());
        // A stack without a policy allows everything.
        if present.as_ref() == Some(&wanted) || present.is_none() && protected.is_empty() {
            return Ok(());
        }
        let text = wanted.to_string();
        context.call(async || cloud_formation.set_stack_policy(id, &text).await).await?;
        context.tell(Event::PolicySet { stack: stack.to_owned(), protected });
        Ok(())
    }
}

/// Lists the resources that hold something that cannot be made again, by logical id.
fn stateful(template: &Tree) -> impl Iterator<Item = &str> {
    let resources = template.get("Resources").and_then(Tree::as_map).into_iter().flat_map(|map| map.iter());
    let holds = |resource: &Tree| resource.get("Type").and_then(Tree::as_str).and_then(diff::holds).is_some();
    resources.filter(move |entry| holds(&entry.value)).map(|entry| entry.key.as_str())
}

/// Writes a policy that protects these resources (AWS page "Prevent updates to stack resources").
fn document(protected: &[String]) -> Value {
    let mut statements = vec![json!({ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" })];
    if !protected.is_empty() {
        let resources: Vec<_> = protected.iter().map(|id| format!("LogicalResourceId/{id}")).collect();
        statements.push(json!({
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": resources,
        }));
    }
    json!({ "Statement": statements })
}
