//! Makes resources what the target of an operation says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::run::Begun;
use super::{Decision, nothing};
use crate::compare::{Recreation, differences, recreates};
use crate::durations;
use crate::physical::{self, Identity};
use crate::policy::{Touch, denied};
use crate::settings::Verb;
use crate::stack::{Resource, Revision, Stack};
use crate::state::{State, Wake};
use crate::world::{Owner, Thing};

impl State {
    pub(super) fn begin_apply(&mut self, id: &str, index: usize, logical_id: &str) -> Begun {
        let Some(stack) = self.stacks.get(id) else { return Begun::Done };
        let Some(target) = stack.operation.as_ref().and_then(|operation| operation.target.as_ref()) else {
            return Begun::Done;
        };
        let current = stack.resources.get(logical_id).cloned();
        let decision = match self.wanted(stack, target, logical_id) {
            Ok(wanted) => match self.decide(stack, current.as_ref(), wanted) {
                Ok(decision) => permitted(stack, logical_id, decision),
                Err(unchanged) => {
                    self.keep(id, *unchanged);
                    return Begun::Done;
                }
            },
            Err(reason) => Decision::Fail { reason },
        };
        self.announce(id, logical_id, current.is_some(), &decision);
        let verb = match decision {
            Decision::Create { .. } | Decision::Replace { .. } => Verb::Create,
            _ => Verb::Update,
        };
        self.schedule(id, index, logical_id, verb, decision);
        Begun::Running
    }

    /// Evaluates what a resource is to be.
    pub(crate) fn wanted(&self, stack: &Stack, target: &Revision, logical_id: &str) -> Result<Resource, String> {
        let definition = target.template.resource(logical_id).cloned().unwrap_or_default();
        let resource_type = target.template.resource_type(logical_id).to_owned();
        let look = |name: &str, attribute: Option<&str>| self.look(stack, name, attribute);
        let properties = self.within(stack, target, &look, |scope| scope.evaluate(&definition["Properties"]))?;
        let is_taggable =
            schemas::schema(&resource_type).is_some_and(|schema| schema.tagging() != schemas::Tagging::None);
        let dependencies = target.template.own_dependencies(logical_id);
        Ok(Resource {
            logical_id: logical_id.to_owned(),
            resource_type,
            physical_id: None,
            status: String::new(),
            reason: None,
            properties: properties.filter(Value::is_object).unwrap_or_else(nothing),
            tags: if is_taggable { target.tags.clone() } else { BTreeMap::new() },
            definition,
            dependencies,
            generation: 0,
            changed: Duration::ZERO,
        })
    }

    /// Decides what is to be done; an error is the resource where there is nothing to do.
    fn decide(
        &self,
        stack: &Stack,
        current: Option<&Resource>,
        mut wanted: Resource,
    ) -> Result<Decision, Box<Resource>> {
        let Some((current, physical_id)) = current.and_then(|current| Some((current, current.physical_id.clone()?)))
        else {
            return Ok(self.create(stack, wanted, current.map_or(0, |current| current.generation + 1)));
        };
        if current.status == "CREATE_FAILED" {
            return Ok(self.create(stack, wanted, current.generation + 1));
        }
        wanted.generation = current.generation;
        wanted.physical_id = Some(physical_id.clone());
        let changed = differences(&wanted.resource_type, &current.properties, &wanted.properties);
        let worst = changed.iter().map(|difference| difference.recreation).max();
        let is_recreated = match worst {
            Some(Recreation::Always) => true,
            Some(Recreation::Conditionally) => recreates(&wanted.resource_type, &wanted.definition),
            _ => false,
        };
        if is_recreated {
            let generation = current.generation + 1;
            return Ok(match self.create(stack, wanted, generation) {
                Decision::Create { identity, .. } if identity.is_named && identity.physical_id == physical_id => {
                    custom_named(&physical_id)
                }
                Decision::Create { resource, identity } => Decision::Replace { resource, identity },
                other => other,
            });
        }
        if changed.is_empty() && current.tags == wanted.tags && !current.status.ends_with("FAILED") {
            wanted.status.clone_from(&current.status);
            wanted.reason.clone_from(&current.reason);
            wanted.changed = current.changed;
            return Err(Box::new(wanted));
        }
        Ok(Decision::Update { resource: Box::new(wanted) })
    }

    /// Decides how a thing is made: unless there is one of its name.
    fn create(&self, stack: &Stack, mut wanted: Resource, generation: u32) -> Decision {
        wanted.generation = generation;
        let salt = format!("{}-{generation}-{:?}", stack.id, self.now);
        let maker = self.maker(stack, &wanted.logical_id, &salt);
        let identity = physical::identity(&wanted.resource_type, &wanted.properties, maker);
        match self.taken(stack, &wanted, &identity) {
            Some(reason) => Decision::Fail { reason },
            None => Decision::Create { resource: Box::new(wanted), identity },
        }
    }

    /// Says why a thing cannot be made beside those that there are.
    fn taken(&self, stack: &Stack, wanted: &Resource, identity: &Identity) -> Option<String> {
        let (resource_type, name) = (&wanted.resource_type, &identity.physical_id);
        let existing = self.world.get(resource_type, name)?;
        let is_own = |owner: &Owner| owner.stack == stack.id && owner.logical_id == wanted.logical_id;
        match &existing.owner {
            // What is left of an attempt that failed is made anew.
            Some(owner) if is_own(owner) && wanted.generation > 0 && !is_current(stack, wanted, name) => None,
            Some(owner) if is_own(owner) => match custom_named(name) {
                Decision::Fail { reason } => Some(reason),
                _ => None,
            },
            Some(owner) => Some(format!("{name} already exists in stack {}", owner.stack)),
            None => Some(format!(
                "Resource handler returned message: \"Resource of type '{resource_type}' with identifier '{name}' already exists.\" (HandlerErrorCode: AlreadyExists)"
            )),
        }
    }

    /// Keeps a resource that does not change; its definition may.
    fn keep(&mut self, id: &str, resource: Resource) {
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.resources.insert(resource.logical_id.clone(), resource);
        }
    }

    /// Says that work on a resource begins.
    fn announce(&mut self, id: &str, logical_id: &str, is_there: bool, decision: &Decision) {
        let (status, reason) = match decision {
            Decision::Replace { .. } => {
                let reason = "Requested update requires the creation of a new physical resource; hence creating one.";
                ("UPDATE_IN_PROGRESS", Some(reason.to_owned()))
            }
            Decision::Create { .. } => ("CREATE_IN_PROGRESS", None),
            Decision::Fail { .. } if !is_there => ("CREATE_IN_PROGRESS", None),
            _ => ("UPDATE_IN_PROGRESS", None),
        };
        let Some(stack) = self.stacks.get_mut(id) else { return };
        match decision {
            Decision::Create { resource, identity } => {
                let old = stack.resources.insert(logical_id.to_owned(), (**resource).clone());
                // What an attempt before has begun to make is not needed.
                let is_other =
                    |old: &Resource| old.physical_id.as_ref().is_some_and(|old| *old != identity.physical_id);
                stack.replaced.extend(old.filter(is_other));
            }
            // What cannot even be evaluated has a name and a type.
            Decision::Fail { .. } if !is_there => {
                let target = stack.operation.as_ref().and_then(|operation| operation.target.as_ref());
                let definition =
                    target.and_then(|target| target.template.resource(logical_id)).cloned().unwrap_or_default();
                stack.resources.insert(logical_id.to_owned(), unmade(logical_id, definition));
            }
            _ => {}
        }
        self.set_resource(id, logical_id, status, reason);
    }

    /// Lets a task end after the time that it takes.
    pub(crate) fn schedule(&mut self, id: &str, index: usize, logical_id: &str, verb: Verb, decision: Decision) {
        let makes = matches!(decision, Decision::Create { .. } | Decision::Replace { .. });
        let now = format!("{:?}", self.now);
        let words = [id, logical_id, now.as_str()];
        let resource_type = match &decision {
            Decision::Create { resource, .. }
            | Decision::Replace { resource, .. }
            | Decision::Update { resource }
            | Decision::Import { resource }
            | Decision::Restore { resource } => resource.resource_type.clone(),
            Decision::Delete(doomed) => doomed.resource.resource_type.clone(),
            Decision::Fail { .. } => String::new(),
        };
        let duration = if resource_type.is_empty() {
            durations::up_to(Duration::from_secs(2), self.random, &words)
        } else {
            durations::of(&resource_type, verb, self.random, &words)
        };
        let Some(operation) = self.operation(id) else { return };
        operation.tasks[index].decision = Some(decision);
        let (stack, operation) = (id.to_owned(), operation.number);
        if makes {
            self.wake(duration / 4, Wake::Initiated { stack: stack.clone(), operation, task: index });
        }
        self.wake(duration, Wake::Finished { stack, operation, task: index });
    }

    /// The service has begun to make a thing: it has its id.
    pub fn initiated(&mut self, id: &str, number: u64, index: usize) {
        if !self.is_running(id, number, index) {
            return;
        }
        let Some(task) = self.operation(id).map(|operation| &operation.tasks[index]) else { return };
        let (logical_id, decision) = (task.logical_id.clone(), task.decision.clone());
        let (mut resource, identity, is_replacement) = match decision {
            Some(Decision::Create { resource, identity }) => (resource, identity, false),
            Some(Decision::Replace { resource, identity }) => (resource, identity, true),
            _ => return,
        };
        let physical_id = identity.physical_id.clone();
        self.world.put(Thing {
            resource_type: resource.resource_type.clone(),
            physical_id: physical_id.clone(),
            properties: resource.properties.clone(),
            attributes: identity.attributes,
            owner: Some(Owner { stack: id.to_owned(), logical_id: logical_id.clone() }),
            made: self.now,
        });
        let status = if is_replacement { "UPDATE_IN_PROGRESS" } else { "CREATE_IN_PROGRESS" };
        resource.physical_id = Some(physical_id);
        if let Some(stack) = self.stacks.get_mut(id) {
            let old = stack.resources.insert(logical_id.clone(), *resource);
            if let (true, Some(old)) = (is_replacement, old) {
                stack.replaced.push(old);
            }
        }
        self.set_resource(id, &logical_id, status, Some("Resource creation Initiated".to_owned()));
    }

    /// Ends making or changing a resource.
    pub(super) fn end_apply(&mut self, id: &str, index: usize, logical_id: &str, decision: Decision) {
        let (verb, status) = match &decision {
            Decision::Create { .. } => (Verb::Create, "CREATE"),
            Decision::Replace { .. } => (Verb::Create, "UPDATE"),
            Decision::Fail { .. } => {
                let status = self.stacks.get(id).and_then(|stack| stack.resources.get(logical_id));
                let is_new = status.is_none_or(|resource| resource.status.starts_with("CREATE"));
                (Verb::Update, if is_new { "CREATE" } else { "UPDATE" })
            }
            _ => (Verb::Update, "UPDATE"),
        };
        let struck = match &decision {
            Decision::Fail { reason } => Some(reason.clone()),
            _ => self.strike(id, logical_id, verb, false),
        };
        if let Some(reason) = struck {
            if status == "CREATE" {
                self.unmake(id, logical_id);
            }
            self.set_resource(id, logical_id, &format!("{status}_FAILED"), Some(reason));
            self.end_task(id, index, true);
            return;
        }
        if let Decision::Update { resource } = decision {
            self.change(id, *resource);
        }
        self.set_resource(id, logical_id, &format!("{status}_COMPLETE"), None);
        self.end_task(id, index, false);
    }

    /// Takes back a thing that its service could not make.
    fn unmake(&mut self, id: &str, logical_id: &str) {
        let resource = self.stacks.get_mut(id).and_then(|stack| stack.resources.get_mut(logical_id));
        let Some((resource_type, physical_id)) =
            resource.and_then(|resource| Some((resource.resource_type.clone(), resource.physical_id.take()?)))
        else {
            return;
        };
        self.world.remove(&resource_type, &physical_id);
    }

    /// Changes a thing in place.
    pub(super) fn change(&mut self, id: &str, resource: Resource) {
        let physical_id = resource.physical_id.as_deref().unwrap_or_default();
        if let Some(thing) = self.world.get_mut(&resource.resource_type, physical_id) {
            thing.properties.clone_from(&resource.properties);
            physical::count_update(&resource.resource_type, &mut thing.attributes);
        }
        if let Some(stack) = self.stacks.get_mut(id) {
            let status = stack.resources.get(&resource.logical_id).map(|current| current.status.clone());
            let resource = Resource { status: status.unwrap_or_default(), ..resource };
            stack.resources.insert(resource.logical_id.clone(), resource);
        }
    }
}

fn custom_named(name: &str) -> Decision {
    Decision::Fail {
        reason: format!(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and update the stack again."
        ),
    }
}

/// Holds what is to be done against the policy of the stack.
fn permitted(stack: &Stack, logical_id: &str, decision: Decision) -> Decision {
    let (touch, resource) = match &decision {
        Decision::Update { resource } => (Touch::Modify, resource),
        Decision::Replace { resource, .. } => (Touch::Replace, resource),
        _ => return decision,
    };
    match denied(stack, logical_id, &resource.resource_type, touch) {
        Some(reason) => Decision::Fail { reason },
        None => decision,
    }
}

fn is_current(stack: &Stack, wanted: &Resource, name: &str) -> bool {
    let current = stack.resources.get(&wanted.logical_id);
    current.is_some_and(|current| current.physical_id.as_deref() == Some(name) && current.status != "CREATE_FAILED")
}

/// A resource of which nothing is known but its definition.
pub(crate) fn unmade(logical_id: &str, definition: Value) -> Resource {
    Resource {
        logical_id: logical_id.to_owned(),
        resource_type: definition["Type"].as_str().unwrap_or_default().to_owned(),
        physical_id: None,
        status: String::new(),
        reason: None,
        properties: nothing(),
        tags: BTreeMap::new(),
        definition,
        dependencies: std::collections::BTreeSet::new(),
        generation: 0,
        changed: Duration::ZERO,
    }
}
