//! Stack refactoring: resources move within or between stacks, and nothing is touched (AWS page "Stack refactoring").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloud::Result;
use cloud::cloud_formation::{
    ParameterValue, RefactorDescription, RefactorExecutionStatus, RefactorRequest, RefactorStatus, StackOutput,
    StackStatus, TemplateSource,
};
use serde_json::Value;

use crate::compare::differences;
use crate::durations;
use crate::parameters::Parameters;
use crate::refusal::{invalid, refusal};
use crate::stack::{Resource, Revision, Stack};
use crate::state::{Exported, State, Wake};
use crate::template::Template;
use crate::world::Owner;

const CREATE: &str = "cloudformation:CreateStackRefactor";
const EXECUTE: &str = "cloudformation:ExecuteStackRefactor";

/// A move of resources.
#[derive(Clone, Debug)]
pub(crate) struct Refactor {
    request: RefactorRequest,
    /// The templates after the move, in the order of the request's stacks.
    templates: Vec<Arc<Template>>,
    /// The templates that the stacks had when it was asked for; none for stacks that it makes.
    before: Vec<Option<Arc<Template>>>,
    description: RefactorDescription,
}

/// A stack as a move would leave it.
struct After {
    stack: Stack,
    revision: Revision,
    outputs: BTreeMap<String, StackOutput>,
}

impl State {
    pub fn create_refactor(&mut self, request: &RefactorRequest) -> Result<String> {
        let mut templates = Vec::new();
        let mut before = Vec::new();
        for taking_part in &request.stacks {
            let found = self.find(&taking_part.stack).filter(|stack| stack.status != StackStatus::DeleteComplete);
            let current = found.and_then(|stack| stack.revision.as_ref()).map(|revision| revision.template.clone());
            if current.is_none() && !request.creates_stacks {
                return Err(invalid(CREATE, format!("Stack [{}] does not exist", taking_part.stack)));
            }
            if let Some(stack) = found.filter(|stack| stack.is_busy() || !is_whole(&stack.status)) {
                let message = format!("Stack:{} is in {} state and can not be refactored.", stack.id, stack.status);
                return Err(invalid(CREATE, message));
            }
            templates.push(match (&taking_part.template, &current) {
                (TemplateSource::Previous, Some(current)) => current.clone(),
                (source, _) => {
                    let body = self.body(source)?;
                    Arc::new(Template::parse(&body).map_err(|reason| invalid(CREATE, reason))?)
                }
            });
            before.push(current);
        }
        let number = self.next().to_string();
        let id = self.random.uuid(&["refactor", &number]);
        let description = RefactorDescription {
            status: RefactorStatus::CreateInProgress,
            reason: None,
            execution_status: RefactorExecutionStatus::Unavailable,
            execution_reason: None,
        };
        self.refactors.insert(id.clone(), Refactor { request: request.clone(), templates, before, description });
        self.wake_refactor(&id);
        Ok(id)
    }

    fn wake_refactor(&mut self, id: &str) {
        let now = format!("{:?}", self.now);
        let after = durations::up_to(self.settings.change_set, self.random, &["refactor", id, &now]);
        self.wake(after, Wake::Refactor { id: id.to_owned() });
    }

    pub fn describe_refactor(&self, id: &str) -> Result<RefactorDescription> {
        let missing = || missing("cloudformation:DescribeStackRefactor", id);
        self.refactors.get(id).map(|refactor| refactor.description.clone()).ok_or_else(missing)
    }

    pub fn execute_refactor(&mut self, id: &str) -> Result<()> {
        let refactor = self.refactors.get(id).ok_or_else(|| missing(EXECUTE, id))?;
        let is_obsolete = refactor.request.stacks.iter().zip(&refactor.before).any(|(taking_part, before)| {
            let stack = self.find(&taking_part.stack).filter(|stack| stack.status != StackStatus::DeleteComplete);
            let current = stack.and_then(|stack| stack.revision.as_ref()).map(|revision| &revision.template);
            stack.is_some_and(Stack::is_busy)
                || match (current, before) {
                    (Some(current), Some(before)) => !Arc::ptr_eq(current, before),
                    (current, before) => current.is_some() != before.is_some(),
                }
        });
        let Some(refactor) = self.refactors.get_mut(id) else { return Err(missing(EXECUTE, id)) };
        let description = &mut refactor.description;
        if is_obsolete && description.execution_status == RefactorExecutionStatus::Available {
            description.execution_status = RefactorExecutionStatus::Obsolete;
        }
        if description.execution_status != RefactorExecutionStatus::Available {
            let status = &description.execution_status;
            let message =
                format!("StackRefactor [{id}] cannot be executed in its current execution status of [{status}]");
            return Err(invalid(EXECUTE, message));
        }
        description.execution_status = RefactorExecutionStatus::InProgress;
        self.wake_refactor(id);
        Ok(())
    }

    /// The time is over that preparing or carrying out takes.
    pub fn go_on_refactoring(&mut self, id: &str) {
        let Some(refactor) = self.refactors.get(id).cloned() else { return };
        let after = self.after(&refactor);
        let mut description = refactor.description.clone();
        let is_executing = description.execution_status == RefactorExecutionStatus::InProgress;
        match (after, is_executing) {
            (Ok(_), false) => {
                description.status = RefactorStatus::CreateComplete;
                description.execution_status = RefactorExecutionStatus::Available;
            }
            (Err(reason), false) => {
                description.status = RefactorStatus::CreateFailed;
                description.reason = Some(reason);
            }
            (Ok(after), true) => {
                self.move_all(&refactor.request, after);
                description.execution_status = RefactorExecutionStatus::Complete;
            }
            (Err(reason), true) => {
                description.execution_status = RefactorExecutionStatus::Failed;
                description.execution_reason = Some(reason);
            }
        }
        if let Some(refactor) = self.refactors.get_mut(id) {
            refactor.description = description;
        }
    }

    /// Says what the stacks are after a move; an error is why it cannot be.
    fn after(&self, refactor: &Refactor) -> std::result::Result<Vec<After>, String> {
        let mut resources = self.moved(refactor)?;
        let mut all = Vec::new();
        for (taking_part, template) in refactor.request.stacks.iter().zip(&refactor.templates) {
            let own = resources.remove(&taking_part.stack).unwrap_or_default();
            all.push(self.stack_after(&taking_part.stack, template, own)?);
        }
        // What one of them exports, another may import.
        let mut exports = self.exports.clone();
        for after in &mut all {
            let look = |name: &str, attribute: Option<&str>| self.look(&after.stack, name, attribute);
            after.outputs = self.outputs(&after.stack, &after.revision, &look)?;
            exports.retain(|_, exported| exported.stack != after.stack.id);
        }
        for after in &all {
            for output in after.outputs.values() {
                let Some(name) = &output.export else { continue };
                let exported = Exported { value: output.value.clone(), stack: after.stack.id.clone() };
                if exports.insert(name.clone(), exported).is_some() {
                    return Err(format!("Export with name {name} is already exported"));
                }
            }
        }
        self.needed_by_others(&all, &exports)?;
        for after in &all {
            self.unchanged(after, &exports)?;
        }
        Ok(all)
    }

    /// Sorts the resources of the stacks as they are after a move.
    fn moved(&self, refactor: &Refactor) -> std::result::Result<BTreeMap<String, BTreeMap<String, Resource>>, String> {
        let mut resources: BTreeMap<String, BTreeMap<String, Resource>> = BTreeMap::new();
        for taking_part in &refactor.request.stacks {
            let own = self.find(&taking_part.stack).map(|stack| stack.resources.clone()).unwrap_or_default();
            resources.insert(taking_part.stack.clone(), own);
        }
        let mut taken = Vec::new();
        for step in &refactor.request.moves {
            let (stack, logical_id) = (&step.from.stack, &step.from.logical_id);
            let found = resources.get_mut(stack).and_then(|own| own.remove(logical_id));
            let found = found.ok_or_else(|| format!("Resource {logical_id} does not exist in stack {stack}"))?;
            taken.push((step, found));
        }
        for (step, mut resource) in taken {
            let (stack, logical_id) = (&step.to.stack, &step.to.logical_id);
            let own = resources.get_mut(stack).ok_or_else(|| format!("Stack {stack} does not take part"))?;
            logical_id.clone_into(&mut resource.logical_id);
            if own.insert(logical_id.clone(), resource).is_some() {
                return Err(format!("Resource {logical_id} already exists in stack {stack}"));
            }
        }
        Ok(resources)
    }

    fn stack_after(
        &self,
        name: &str,
        template: &Arc<Template>,
        resources: BTreeMap<String, Resource>,
    ) -> std::result::Result<After, String> {
        let current = self.find(name).filter(|stack| stack.status != StackStatus::DeleteComplete);
        let number = format!("refactor-{}", self.refactors.len());
        let id = current.map_or_else(|| self.stack_id(name, &number), |stack| stack.id.clone());
        let previous = current.and_then(|stack| stack.revision.as_ref());
        let nothing = Parameters::default();
        let before = previous.map_or(&nothing, |previous| &previous.parameters);
        let kept = before.given.keys().filter(|name| template.entry("Parameters", name).is_some());
        let given = kept.map(|name| (name.clone(), ParameterValue::Previous)).collect();
        let parameters = Parameters::settle(template, &given, before, &|name| self.stored_parameter(name))?;
        let tags = previous.map(|previous| previous.tags.clone()).unwrap_or_default();
        let revision = Revision { template: template.clone(), parameters, tags };
        let mut stack = Stack::new(name, id, self.now);
        stack.resources = resources;
        Ok(After { stack, revision, outputs: BTreeMap::new() })
    }

    /// Checks that the templates describe what there is, and nothing else.
    fn unchanged(&self, after: &After, exports: &BTreeMap<String, Exported>) -> std::result::Result<(), String> {
        let After { stack, revision, .. } = after;
        let look = |name: &str, attribute: Option<&str>| self.look(stack, name, attribute);
        self.within_exports(stack, revision, exports, &look, |scope| {
            let mut described = BTreeSet::new();
            for (name, definition) in revision.template.resources() {
                if !scope.is_there(definition)? {
                    continue;
                }
                described.insert(name);
                let Some(resource) = stack.resources.get(name) else {
                    return Err(format!(
                        "Stack Refactor does not support adding resource {name} to stack {}",
                        stack.name
                    ));
                };
                if definition["Type"] != resource.resource_type.as_str() {
                    return Err(format!("Stack Refactor does not support changing the type of resource {name}"));
                }
                let properties =
                    scope.evaluate(&definition["Properties"])?.filter(Value::is_object).unwrap_or_default();
                let changed = differences(&resource.resource_type, &resource.properties, &properties);
                if let Some(difference) = changed.first() {
                    return Err(format!(
                        "Stack Refactor does not support modifying property {} of resource {name} in stack {}",
                        difference.name, stack.name
                    ));
                }
            }
            match stack.resources.keys().find(|name| !described.contains(name)) {
                Some(name) => {
                    Err(format!("Stack Refactor does not support deleting resource {name} of stack {}", stack.name))
                }
                None => Ok(()),
            }
        })
    }

    /// Checks that stacks which do not take part find the exports that they use.
    fn needed_by_others(&self, all: &[After], exports: &BTreeMap<String, Exported>) -> std::result::Result<(), String> {
        let takes_part = |id: &str| all.iter().any(|after| after.stack.id == id);
        let others = self.live.values().filter(|id| !takes_part(id)).filter_map(|id| self.stacks.get(id));
        for other in others {
            for name in &other.imports {
                let (before, after) = (self.exports.get(name), exports.get(name));
                if before.map(|exported| &exported.value) != after.map(|exported| &exported.value) {
                    return Err(format!("Export {name} cannot be deleted as it is in use by {}", other.name));
                }
            }
        }
        Ok(())
    }

    fn move_all(&mut self, request: &RefactorRequest, all: Vec<After>) {
        for step in &request.moves {
            let Some(id) = self.find(&step.from.stack).map(|stack| stack.id.clone()) else { continue };
            self.set_resource(&id, &step.from.logical_id, "EXPORT_COMPLETE", None);
        }
        for after in all {
            let After { stack: scratch, revision, outputs } = after;
            let id = scratch.id.clone();
            let is_new = !self.stacks.contains_key(&id);
            let look = |name: &str, attribute: Option<&str>| self.look(&scratch, name, attribute);
            let imports = self.imported(&scratch, &revision, &look);
            for resource in scratch.resources.values() {
                let physical_id = resource.physical_id.as_deref().unwrap_or_default();
                if let Some(thing) = self.world.get_mut(&resource.resource_type, physical_id) {
                    thing.owner = Some(Owner { stack: id.clone(), logical_id: resource.logical_id.clone() });
                }
            }
            let now = self.now;
            self.live.insert(scratch.name.clone(), id.clone());
            let (name, mut resources) = (scratch.name.clone(), scratch.resources);
            for (logical_id, resource) in &mut resources {
                resource.definition = revision.template.resource(logical_id).cloned().unwrap_or_default();
                resource.dependencies = revision.template.own_dependencies(logical_id);
            }
            let stack = self.stacks.entry(id.clone()).or_insert_with(|| Stack::new(&name, id.clone(), now));
            stack.resources = resources;
            stack.revision = Some(revision);
            stack.imports = imports;
            self.publish(&id, outputs);
            for step in request.moves.iter().filter(|step| step.to.stack == name) {
                self.set_resource(&id, &step.to.logical_id, "IMPORT_COMPLETE", None);
            }
            self.set_status(&id, if is_new { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" }, None);
        }
    }
}

fn missing(operation: &'static str, id: &str) -> cloud::Error {
    refusal(operation, "StackRefactorNotFound", format!("StackRefactor [{id}] does not exist"))
}

fn is_whole(status: &StackStatus) -> bool {
    status.is_success() || *status == StackStatus::UpdateRollbackComplete || *status == StackStatus::ReviewInProgress
}
