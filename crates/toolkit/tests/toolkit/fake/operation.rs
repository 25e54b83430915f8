//! The events by which an operation passes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cloud::cloud_formation::{ChangeAction, StackEvent, StackResource, StackStatus};

use super::change_sets::ChangeSet;
use super::{Stack, parse};

/// What happens at one look at the stack: an event, and what it makes of the stack.
#[derive(Clone)]
pub struct Step {
    logical_id: String,
    resource_type: String,
    status: String,
    reason: Option<String>,
    /// The stack as it is afterwards, where it is the last event of a success.
    becomes: Option<Box<ChangeSet>>,
}

const STACK: &str = "AWS::CloudFormation::Stack";

impl Stack {
    /// Lets an event happen.
    pub fn record(&mut self, step: &Step) {
        let Step { logical_id, resource_type, status, reason, becomes } = step;
        let of_stack = resource_type == STACK;
        let physical_id =
            if of_stack { self.id.clone() } else { format!("{}-{}", self.name, logical_id.to_lowercase()) };
        if of_stack {
            self.status = StackStatus::from(status.as_str());
        } else if status == "DELETE_COMPLETE" || status == "DELETE_SKIPPED" {
            self.resources.remove(logical_id);
        } else {
            let resource = StackResource {
                logical_id: logical_id.clone(),
                physical_id: Some(physical_id.clone()),
                resource_type: resource_type.clone(),
                status: status.clone(),
                reason: reason.clone(),
            };
            self.resources.insert(logical_id.clone(), resource);
        }
        if let Some(change_set) = becomes {
            self.template.clone_from(&change_set.template);
            self.parameters.clone_from(&change_set.parameters);
            self.tags.clone_from(&change_set.tags);
        }
        self.events.push(StackEvent {
            id: format!("{}/{}", self.id, self.events.len()),
            time: None,
            stack_id: self.id.clone(),
            logical_id: logical_id.clone(),
            physical_id: Some(physical_id),
            resource_type: resource_type.clone(),
            status: status.clone(),
            reason: reason.clone(),
            client_token: None,
            detailed_status: None,
        });
    }

    /// Begins to execute a change set: the first failing resource fails, the ones after it are cancelled, and what
    /// was done is undone.
    pub fn begin(&mut self, change_set: &ChangeSet, failing: &BTreeMap<String, String>, stubborn: &BTreeSet<String>) {
        let (verb, rollback) = if change_set.creates { ("CREATE", "ROLLBACK") } else { ("UPDATE", "UPDATE_ROLLBACK") };
        let name = self.name.clone();
        self.status = StackStatus::from(format!("{verb}_IN_PROGRESS").as_str());
        let mut steps = VecDeque::from([of_stack(&name, &format!("{verb}_IN_PROGRESS"), None)]);
        let mut failed = None;
        let mut done = Vec::new();
        for change in &change_set.changes {
            let word = match change.action {
                ChangeAction::Add => "CREATE",
                ChangeAction::Remove => "DELETE",
                _ => "UPDATE",
            };
            let event =
                |status: &str, reason| of_resource(&change.logical_id, &change.resource_type, word, status, reason);
            if failed.is_some() {
                steps.push_back(event("FAILED", Some(format!("Resource {} cancelled", noun(word)))));
                continue;
            }
            steps.push_back(event("IN_PROGRESS", None));
            if let Some(reason) = failing.get(&change.logical_id) {
                failed = Some(reason.clone());
                steps.push_back(event("FAILED", Some(reason.clone())));
                done.push(change);
            } else {
                steps.push_back(event("COMPLETE", None));
                done.push(change);
            }
        }
        if failed.is_none() {
            let mut last = of_stack(&name, &format!("{verb}_COMPLETE"), None);
            last.becomes = Some(Box::new(change_set.clone()));
            steps.push_back(last);
            self.steps = steps;
            return;
        }
        let reason = format!("The following resource(s) failed to {}", verb.to_lowercase());
        steps.push_back(of_stack(&name, &format!("{rollback}_IN_PROGRESS"), Some(reason)));
        let is_stuck = done.iter().any(|change| stubborn.contains(&change.logical_id));
        for change in done.iter().rev().filter(|change| change.action == ChangeAction::Add) {
            steps.push_back(of_resource(&change.logical_id, &change.resource_type, "DELETE", "COMPLETE", None));
        }
        let end = if is_stuck { "FAILED" } else { "COMPLETE" };
        steps.push_back(of_stack(&name, &format!("{rollback}_{end}"), None));
        self.steps = steps;
    }

    /// Begins to delete the stack; a bucket that holds objects cannot be deleted.
    pub fn begin_deletion(&mut self, buckets_with_objects: &BTreeSet<String>) {
        let name = self.name.clone();
        let template = parse(&self.template);
        self.status = StackStatus::DeleteInProgress;
        let mut steps = VecDeque::from([of_stack(&name, "DELETE_IN_PROGRESS", None)]);
        let mut failed = false;
        for resource in self.resources.values().rev() {
            let event = |status: &str, reason| {
                of_resource(&resource.logical_id, &resource.resource_type, "DELETE", status, reason)
            };
            let policy = template["Resources"][&resource.logical_id]["DeletionPolicy"].as_str();
            if policy == Some("Retain") {
                steps.push_back(event("SKIPPED", None));
            } else if buckets_with_objects.contains(resource.physical_id.as_deref().unwrap_or_default()) {
                failed = true;
                steps.push_back(event("FAILED", Some("The bucket you tried to delete is not empty".to_owned())));
            } else {
                steps.push_back(event("COMPLETE", None));
            }
        }
        let end = if failed { "DELETE_FAILED" } else { "DELETE_COMPLETE" };
        steps.push_back(of_stack(&name, end, None));
        self.steps = steps;
    }
}

fn noun(word: &str) -> &'static str {
    match word {
        "CREATE" => "creation",
        "DELETE" => "deletion",
        _ => "update",
    }
}

fn of_stack(name: &str, status: &str, reason: Option<String>) -> Step {
    step(name, STACK, status.to_owned(), reason)
}

fn of_resource(logical_id: &str, resource_type: &str, word: &str, status: &str, reason: Option<String>) -> Step {
    step(logical_id, resource_type, format!("{word}_{status}"), reason)
}

fn step(logical_id: &str, resource_type: &str, status: String, reason: Option<String>) -> Step {
    Step { logical_id: logical_id.to_owned(), resource_type: resource_type.to_owned(), status, reason, becomes: None }
}
